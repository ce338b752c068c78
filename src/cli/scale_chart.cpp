#include "cli/scale_chart.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "cli/quantities.h"
#include "cli/scale_notes.h"
#include "cli/utf8.h"

namespace tandem::cli {

namespace {

constexpr double width = 880;
constexpr double height = 580;
constexpr double left = 76;
constexpr double right = 844;
constexpr double top = 118;
constexpr double bottom = 460;

constexpr std::string_view ink = "#22272e";
constexpr std::string_view faint = "#5b6470";
constexpr std::string_view grid = "#e4e7eb";
constexpr std::string_view measured_colour = "#1b5fa7";
constexpr std::string_view law_colour = "#c8452d";

// At most `most` characters, the last an ellipsis if some are left out.
std::string shortened(std::string_view text, std::size_t most) {
  std::size_t characters = 0;
  std::size_t kept_bytes = 0;
  for (std::size_t at = 0; at < text.size();) {
    if (++characters == most) kept_bytes = at;
    at += std::max<std::size_t>(1, character_bytes(text.substr(at)));
  }
  return characters <= most ? std::string(text) : std::string(text.substr(0, kept_bytes)) + "\xE2\x80\xA6";
}

// A step of 1, 2 or 5 times a power of ten with which at most `most` steps fill the range.
double step_for(double range, int most) {
  const double rough = range / most;
  const double power = std::pow(10, std::floor(std::log10(rough)));
  for (const double factor : {1.0, 2.0, 5.0}) {
    if (factor * power >= rough * (1 - 1e-9)) return factor * power;
  }
  return 10 * power;
}

class chart {
 public:
  explicit chart(const scale_result& result) : result_(result) {
    double highest = 1;
    for (const scale_row& row : result.rows) {
      highest = std::max(highest, result.rows.front().median_s / row.lower_quartile_s);
      largest_ = std::max(largest_, row.workers);
    }
    if (result.fit) highest = std::max(highest, std::min(law(largest_), 2 * highest));
    // The ideal sets the height where the work comes near to it; else it leaves through the top.
    const double margin = std::max(0.25, 0.04 * largest_);
    x_begin_ = std::max(0.0, 1 - margin);
    x_end_ = largest_ + margin;
    y_end_ = std::max(1.3, std::min(1.06 * std::max<double>(largest_, highest), 1.35 * highest));
  }

  std::string draw() {
    open();
    heading();
    axes();
    curves();
    points();
    legend();
    caption();
    return text_ + "</svg>\n";
  }

 private:
  double x(double workers) const { return left + (right - left) * (workers - x_begin_) / (x_end_ - x_begin_); }
  double y(double speedup) const { return bottom - (bottom - top) * speedup / y_end_; }
  double law(double workers, double errors = 0) const {
    const double s = result_.fit->serial_fraction + errors * result_.fit->standard_error.value_or(0);
    // The denominator reaches 0 for a fraction that is far below 0.
    return 1 / std::max(1e-6, s + (1 - s) / workers);
  }

  void line(double x1, double y1, double x2, double y2, std::string_view style) {
    text_ += fmt::format("<line x1=\"{:.1f}\" y1=\"{:.1f}\" x2=\"{:.1f}\" y2=\"{:.1f}\" {}/>\n", x1, y1, x2, y2, style);
  }
  void write(double at_x, double at_y, std::string_view style, std::string_view content) {
    text_ += fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" {}>{}</text>\n", at_x, at_y, style, xml_text(content));
  }

  void open() {
    text_ += fmt::format(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0} {1}\" width=\"{0}\" height=\"{1}\" "
        "font-family=\"Helvetica, Arial, 'Liberation Sans', 'DejaVu Sans', sans-serif\" fill=\"{2}\">\n",
        width, height, ink);
    text_ += fmt::format("<title>Speed-up of {}</title>\n", xml_text(result_.expression));
    text_ += fmt::format("<rect width=\"{}\" height=\"{}\" fill=\"#ffffff\"/>\n", width, height);
    text_ += fmt::format("<clipPath id=\"plot\"><rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\"/></clipPath>\n",
                         left, top, right - left, bottom - top);
  }

  void heading() {
    text_ += fmt::format(
        "<text x=\"{}\" y=\"38\" font-size=\"20\" font-weight=\"bold\">Speed-up of <tspan font-family=\"'DejaVu Sans "
        "Mono', Menlo, Consolas, monospace\" font-size=\"18\">{}</tspan></text>\n",
        left, xml_text(shortened(result_.expression, 56)));
    std::string inputs;
    for (const auto& [name, what] : result_.inputs)
      inputs += fmt::format("{}{}: {}", inputs.empty() ? "" : ",  ", name, what);
    write(left, 62, fmt::format("font-size=\"13\" fill=\"{}\"", faint), shortened(inputs, 112));
  }

  void axes() {
    const std::string numbers = fmt::format("font-size=\"13\" fill=\"{}\"", faint);
    const double y_step = step_for(y_end_, 8);
    for (int i = 0; i * y_step <= y_end_; ++i) {
      const double at = y(i * y_step);
      line(left, at, right, at, fmt::format("stroke=\"{}\"", i == 0 ? faint : grid));
      write(left - 10, at + 4.5, numbers + " text-anchor=\"end\"", fmt::format("{:g}", i * y_step));
    }
    int x_step = 1;
    while (largest_ > 16 * x_step) x_step *= 2;
    for (int i = x_step; i <= x_end_; i += x_step) {
      line(x(i), bottom, x(i), bottom + 5, fmt::format("stroke=\"{}\"", faint));
      write(x(i), bottom + 22, numbers + " text-anchor=\"middle\"", fmt::format("{}", i));
    }
    write((left + right) / 2, bottom + 46, "font-size=\"14\" text-anchor=\"middle\"", "workers");
    const double middle = (top + bottom) / 2;
    text_ += fmt::format(
        "<text transform=\"translate(26 {:.1f}) rotate(-90)\" font-size=\"14\" text-anchor=\"middle\">speed-up against "
        "1 worker</text>\n",
        middle);
    if (largest_ > result_.permitted_cores) {
      const double at = x(result_.permitted_cores);
      line(at, top, at, bottom, fmt::format("stroke=\"{}\" stroke-dasharray=\"1.5 4\"", faint));
      write(at + 6, bottom - 10, fmt::format("font-size=\"12\" fill=\"{}\"", faint),
            fmt::format("{} permitted core{}", result_.permitted_cores, result_.permitted_cores == 1 ? "" : "s"));
    }
  }

  // The law with its serial fraction off by that many standard errors, from `from` to `to` workers.
  std::string path(double from, double to, double errors) const {
    constexpr int pieces = 96;
    std::string points;
    for (int i = 0; i <= pieces; ++i) {
      const double workers = from + (to - from) * i / pieces;
      // What lies above the plot is cut off there.
      points += fmt::format("{}{:.1f},{:.1f}", points.empty() ? "" : " ", x(workers),
                            y(std::min(law(workers, errors), 3 * y_end_)));
    }
    return points;
  }

  void curves() {
    text_ += "<g clip-path=\"url(#plot)\" fill=\"none\">\n";
    line(x(x_begin_), y(x_begin_), x(x_end_), y(x_end_),
         fmt::format("stroke=\"{}\" stroke-width=\"1.5\" stroke-dasharray=\"7 5\"", faint));
    if (result_.fit) {
      const double last = result_.fit->largest_count;
      if (result_.fit->standard_error) {
        text_ += fmt::format("<polygon points=\"{} {}\" fill=\"{}\" fill-opacity=\"0.16\"/>\n", path(1, last, -1),
                             path(last, 1, 1), law_colour);
      }
      text_ +=
          fmt::format("<polyline points=\"{}\" stroke=\"{}\" stroke-width=\"2\"/>\n", path(1, last, 0), law_colour);
    }
    text_ += "</g>\n";
  }

  void error_bar(double at, double low, double high) {
    const std::string stroke = fmt::format("stroke=\"{}\" stroke-width=\"1.5\"", measured_colour);
    line(at, low, at, high, stroke);
    line(at - 5, low, at + 5, low, stroke);
    line(at - 5, high, at + 5, high, stroke);
  }

  void dot(double at_x, double at_y) {
    text_ += fmt::format("<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"4.5\" fill=\"{}\"/>\n", at_x, at_y, measured_colour);
  }
  void ring(double at_x, double at_y) {
    text_ +=
        fmt::format("<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"9\" fill=\"none\" stroke=\"{}\" stroke-width=\"1.5\"/>\n",
                    at_x, at_y, measured_colour);
  }

  void points() {
    const double one = result_.rows.front().median_s;
    for (const scale_row& row : result_.rows) {
      error_bar(x(row.workers), y(one / row.upper_quartile_s), y(one / row.lower_quartile_s));
      dot(x(row.workers), y(row.speedup));
      if (row.workers == result_.best) ring(x(row.workers), y(row.speedup));
    }
  }

  // Keys from left to right; a letter is taken to be 6.9 wide.
  void legend() {
    constexpr double at_y = 92;
    double at = left + 14;
    const auto label = [&](std::string_view content) {
      write(at + 18, at_y + 4.5, "font-size=\"13\"", content);
      at += 18 + 6.9 * static_cast<double>(content.size()) + 32;
    };
    error_bar(at, at_y + 9, at_y - 9);
    dot(at, at_y);
    label("measured (median, quartiles)");
    ring(at, at_y);
    dot(at, at_y);
    label("best");
    if (result_.fit) {
      if (result_.fit->standard_error) {
        text_ += fmt::format(
            "<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"26\" height=\"14\" fill=\"{}\" fill-opacity=\"0.16\"/>\n", at - 14,
            at_y - 7, law_colour);
      }
      line(at - 14, at_y, at + 12, at_y, fmt::format("stroke=\"{}\" stroke-width=\"2\"", law_colour));
      label(result_.fit->standard_error ? "Amdahl's law, \xC2\xB1 1 standard error" : "Amdahl's law");
    }
    line(at - 14, at_y, at + 12, at_y,
         fmt::format("stroke=\"{}\" stroke-width=\"1.5\" stroke-dasharray=\"7 5\"", faint));
    label("ideal");
  }

  void caption() {
    const std::string style = fmt::format("font-size=\"12\" fill=\"{}\"", faint);
    const auto best = std::find_if(result_.rows.begin(), result_.rows.end(),
                                   [&](const scale_row& row) { return row.workers == result_.best; });
    std::string finding = fmt::format("Best: {}, {}", workers_text(best->workers), time_text(best->median_s));
    if (best->workers > 1) {
      finding += fmt::format(" against {} with 1 (speed-up {})", time_text(result_.rows.front().median_s),
                             three_digits(best->speedup));
    }
    if (result_.fit)
      finding += fmt::format(". Serial fraction by Amdahl's law: {}", serial_fraction_text(*result_.fit, "\xC2\xB1"));
    write(left, height - 42, style, finding + ".");
    write(left, height - 20, style,
          shortened(fmt::format("{}{} permitted core{}  |  {}  |  tandem {}  |  {} round{} of {:g} s for each count",
                                result_.processor.empty() ? "" : result_.processor + ", ", result_.permitted_cores,
                                result_.permitted_cores == 1 ? "" : "s", result_.date, result_.version, result_.rounds,
                                result_.rounds == 1 ? "" : "s", result_.seconds),
                    128));
  }

  const scale_result& result_;
  int largest_ = 1;
  double x_begin_;
  double x_end_;
  double y_end_;
  std::string text_;
};

}  // namespace

std::string scale_chart(const scale_result& result) { return chart(result).draw(); }

std::string xml_text(std::string_view text) {
  std::string safe;
  while (!text.empty()) {
    const std::size_t bytes = character_bytes(text);
    const char c = text.front();
    if (c == '<') {
      safe += "&lt;";
    } else if (c == '>') {
      safe += "&gt;";
    } else if (c == '&') {
      safe += "&amp;";
    } else if (c == '"') {
      safe += "&quot;";
    } else if (c == '\t' || c == '\n' || c == '\r') {
      safe += ' ';
    } else if (bytes == 0 || static_cast<unsigned char>(c) < 0x20 || text.starts_with("\xEF\xBF\xBE") ||
               text.starts_with("\xEF\xBF\xBF")) {
      safe += "\xEF\xBF\xBD";
    } else {
      safe += text.substr(0, bytes);
    }
    text.remove_prefix(bytes == 0 ? 1 : bytes);
  }
  return safe;
}

}  // namespace tandem::cli
