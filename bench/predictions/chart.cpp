#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <string_view>
#include <vector>

#include "predictions/point.h"

namespace bench::predictions {

namespace {

constexpr double width = 880;
constexpr double height = 760;
constexpr double left = 86;
constexpr double right = 844;
constexpr double top = 118;
constexpr double bottom = 640;

constexpr std::string_view ink = "#22272e";
constexpr std::string_view faint = "#5b6470";
constexpr std::string_view grid = "#e4e7eb";
constexpr std::string_view band = "#1b5fa7";

// Kinds differ by colour and by shape.
struct style {
  std::string_view colour;
  std::string_view shape;
};
constexpr style styles[] = {{"#1b5fa7", "circle"},   {"#c8452d", "square"}, {"#2f8f5b", "diamond"},
                            {"#8a4fb0", "triangle"}, {"#b27a00", "circle"}, {"#3b3f46", "square"}};

std::string time_text(double us) {
  if (us < 1000) return fmt::format("{:g} \xC2\xB5s", us);
  return us < 1e6 ? fmt::format("{:g} ms", us / 1e3) : fmt::format("{:g} s", us / 1e6);
}

class chart {
 public:
  chart(const std::vector<point>& points, const std::string& caption, int most_workers)
      : points_(points), caption_(caption), most_workers_(most_workers) {
    double least = 1e300;
    double most = 0;
    for (const point& each : points) {
      least = std::min({least, each.predicted_us, each.measured_us});
      most = std::max({most, each.predicted_us, each.measured_us});
      if (std::ranges::find(kinds_, each.kind) == kinds_.end()) kinds_.push_back(each.kind);
    }
    begin_ = std::floor(std::log10(least) * 2 - 0.2) / 2;
    end_ = std::ceil(std::log10(most) * 2 + 0.2) / 2;
  }

  std::string draw() {
    open();
    axes();
    band_and_line();
    for (const point& each : points_) mark(x(each.measured_us), y(each.predicted_us), style_of(each.kind), each);
    legend();
    write(left, height - 42, note(), finding());
    write(left, height - 20, note(), caption_);
    return text_ + "</svg>\n";
  }

 private:
  double x(double us) const { return left + (right - left) * (std::log10(us) - begin_) / (end_ - begin_); }
  double y(double us) const { return bottom - (bottom - top) * (std::log10(us) - begin_) / (end_ - begin_); }
  static std::string note() { return fmt::format("font-size=\"12\" fill=\"{}\"", faint); }
  const style& style_of(const std::string& kind) const {
    const auto number = static_cast<std::size_t>(std::ranges::find(kinds_, kind) - kinds_.begin());
    return styles[number % std::size(styles)];
  }

  void write(double at_x, double at_y, std::string_view how, std::string_view content) {
    text_ += fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" {}>{}</text>\n", at_x, at_y, how, safe(content));
  }
  static std::string safe(std::string_view text) {
    std::string made;
    for (const char c : text) {
      made += c == '<' ? "&lt;" : c == '>' ? "&gt;" : c == '&' ? "&amp;" : std::string(1, c);
    }
    return made;
  }
  void line(double x1, double y1, double x2, double y2, std::string_view how) {
    text_ += fmt::format("<line x1=\"{:.1f}\" y1=\"{:.1f}\" x2=\"{:.1f}\" y2=\"{:.1f}\" {}/>\n", x1, y1, x2, y2, how);
  }

  void open() {
    text_ += fmt::format(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0} {1}\" width=\"{0}\" height=\"{1}\" "
        "font-family=\"Helvetica, Arial, 'Liberation Sans', 'DejaVu Sans', sans-serif\" fill=\"{2}\">\n",
        width, height, ink);
    text_ += "<title>Predicted and measured times</title>\n";
    text_ += fmt::format("<rect width=\"{}\" height=\"{}\" fill=\"#ffffff\"/>\n", width, height);
    text_ += fmt::format("<clipPath id=\"plot\"><rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\"/></clipPath>\n",
                         left, top, right - left, bottom - top);
    write(left, 38, "font-size=\"20\" font-weight=\"bold\"", "What the planner predicts, and what it takes");
    write(left, 62, fmt::format("font-size=\"13\" fill=\"{}\"", faint),
          fmt::format("{} expressions on the CPU, each with {}", points_.size(),
                      most_workers_ == 1  ? "one worker"
                      : most_workers_ < 1 ? "the number of workers that the planner chose"
                                          : fmt::format("at most {} workers", most_workers_)));
  }

  void axes() {
    const std::string numbers = fmt::format("font-size=\"13\" fill=\"{}\"", faint);
    for (int power = static_cast<int>(std::ceil(begin_)); power <= end_; ++power) {
      const double us = std::pow(10, power);
      line(left, y(us), right, y(us), fmt::format("stroke=\"{}\"", grid));
      line(x(us), top, x(us), bottom, fmt::format("stroke=\"{}\"", grid));
      write(left - 10, y(us) + 4.5, numbers + " text-anchor=\"end\"", time_text(us));
      write(x(us), bottom + 22, numbers + " text-anchor=\"middle\"", time_text(us));
    }
    line(left, bottom, right, bottom, fmt::format("stroke=\"{}\"", faint));
    line(left, top, left, bottom, fmt::format("stroke=\"{}\"", faint));
    write((left + right) / 2, bottom + 46, "font-size=\"14\" text-anchor=\"middle\"", "measured (median)");
    text_ += fmt::format(
        "<text transform=\"translate(24 {:.1f}) rotate(-90)\" font-size=\"14\" "
        "text-anchor=\"middle\">predicted</text>\n",
        (top + bottom) / 2);
  }

  void band_and_line() {
    const double low = std::pow(10, begin_);
    const double high = std::pow(10, end_);
    text_ += "<g clip-path=\"url(#plot)\">\n";
    text_ += fmt::format(
        "<polygon points=\"{:.1f},{:.1f} {:.1f},{:.1f} {:.1f},{:.1f} {:.1f},{:.1f}\" fill=\"{}\" "
        "fill-opacity=\"0.09\"/>\n",
        x(low), y(low / 2), x(high), y(high / 2), x(high), y(high * 2), x(low), y(low * 2), band);
    line(x(low), y(low), x(high), y(high),
         fmt::format("stroke=\"{}\" stroke-width=\"1.5\" stroke-dasharray=\"7 5\"", faint));
    text_ += "</g>\n";
  }

  void mark(double at_x, double at_y, const style& how, bool is_pale) {
    const std::string fill = fmt::format("fill=\"{}\" fill-opacity=\"{}\"", how.colour, is_pale ? 0.35 : 0.85);
    if (how.shape == "circle") {
      text_ += fmt::format("<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"4.5\" {}/>\n", at_x, at_y, fill);
    } else if (how.shape == "square") {
      text_ += fmt::format("<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"8\" height=\"8\" {}/>\n", at_x - 4, at_y - 4, fill);
    } else {
      // A diamond has a corner below, a triangle a side.
      const double below = how.shape == "diamond" ? 5.5 : 4;
      const std::string base =
          how.shape == "diamond"
              ? fmt::format("{:.1f},{:.1f} {:.1f},{:.1f} {:.1f},{:.1f}", at_x + 5.5, at_y, at_x, at_y + below,
                            at_x - 5.5, at_y)
              : fmt::format("{:.1f},{:.1f} {:.1f},{:.1f}", at_x + 5.2, at_y + below, at_x - 5.2, at_y + below);
      text_ += fmt::format("<polygon points=\"{:.1f},{:.1f} {}\" {}/>\n", at_x, at_y - 5.5, base, fill);
    }
  }
  // With what it is, where a reader's pointer rests on it.
  void mark(double at_x, double at_y, const style& how, const point& of) {
    text_ += "<g>";
    text_ += fmt::format("<title>{}, {}: predicted {:.3g} \xC2\xB5s, measured {:.3g} \xC2\xB5s</title>\n",
                         safe(of.expression), of.size, of.predicted_us, of.measured_us);
    mark(at_x, at_y, how, of.is_disturbed);
    text_ += "</g>\n";
  }

  // Keys from left to right; a letter is taken to be 6.9 wide.
  void legend() {
    constexpr double at_y = 92;
    double at = left + 8;
    const auto label = [&](std::string_view content) {
      write(at + 12, at_y + 4.5, "font-size=\"13\"", content);
      at += 12 + 6.9 * static_cast<double>(content.size()) + 20;
    };
    for (const std::string& kind : kinds_) {
      mark(at, at_y, style_of(kind), false);
      label(kind);
    }
    text_ +=
        fmt::format("<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"20\" height=\"14\" fill=\"{}\" fill-opacity=\"0.09\"/>\n",
                    at - 10, at_y - 7, band);
    line(at - 10, at_y + 7, at + 10, at_y - 7,
         fmt::format("stroke=\"{}\" stroke-width=\"1.5\" stroke-dasharray=\"4 3\"", faint));
    label("equal, factor of 2");
  }

  std::string finding() const {
    const auto within = std::ranges::count_if(points_, [](const point& each) { return each.factor() <= 2; });
    return fmt::format(
        "Factor between the two: median {:.2f}, 90th percentile {:.2f}, worst {:.2f}; {} of {} within a factor of 2.",
        quantile_of_factors(points_, 0.5), quantile_of_factors(points_, 0.9), quantile_of_factors(points_, 1), within,
        points_.size());
  }

  const std::vector<point>& points_;
  const std::string& caption_;
  int most_workers_;
  std::vector<std::string> kinds_;
  double begin_;
  double end_;
  std::string text_;
};

}  // namespace

double quantile_of_factors(const std::vector<point>& points, double part) {
  std::vector<double> factors;
  for (const point& each : points) factors.push_back(each.factor());
  std::ranges::sort(factors);
  return factors[static_cast<std::size_t>(std::ceil(part * static_cast<double>(factors.size() - 1)))];
}

std::string chart_of(const std::vector<point>& points, const std::string& caption, int most_workers) {
  return chart(points, caption, most_workers).draw();
}

std::string table_of(const std::vector<point>& points) {
  std::string text = "kind,expression,size,workers,predicted_us,measured_us,disturbed\n";
  for (const point& each : points) {
    text += fmt::format("{},\"{}\",{},{},{:.4g},{:.4g},{}\n", each.kind, each.expression, each.size, each.workers,
                        each.predicted_us, each.measured_us, each.is_disturbed ? 1 : 0);
  }
  return text;
}

}  // namespace bench::predictions
