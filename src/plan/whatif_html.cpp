#include <fmt/format.h>
#include <tandem/whatif.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "plan/cut_text.h"
#include "plan/quantities.h"

// One page that needs nothing from elsewhere: no scripts, no fonts, charts as SVG.
namespace tandem {

namespace {

using plan::bytes_text;
using plan::duration_text;
using plan::speedup_text;

std::string escaped(std::string_view text) {
  std::string made;
  for (const char c : text) {
    switch (c) {
      case '&': made += "&amp;"; break;
      case '<': made += "&lt;"; break;
      case '>': made += "&gt;"; break;
      case '"': made += "&quot;"; break;
      case '\'': made += "&#39;"; break;
      default: made += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? ' ' : c;
    }
  }
  return made;
}

constexpr std::string_view style = R"(
:root { --ink: #1b1f24; --dim: #5b6672; --line: #d7dce1; --ground: #ffffff; --here: #8d99a6; --host: #3b6fb6;
  --device: #2f9e6e; --copies: #e0902c; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e9ec; --dim: #9aa5b1; --line: #3a424b; --ground: #15181c;
  --here: #77828e; --host: #6b9fe6; --device: #4cc48f; --copies: #f0a848; } }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--ground); max-width: 72rem;
  margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; margin-bottom: .2rem; } h2 { font-size: 1.1rem; margin-top: 2.2rem; }
p, figcaption { color: var(--dim); } figure { margin: 0; overflow-x: auto; }
.big { font-size: 2.4rem; color: var(--ink); font-weight: 600; margin: .6rem 0 0; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { text-align: right; padding: .25rem .6rem; border-bottom: 1px solid var(--line); vertical-align: top; }
th { color: var(--dim); font-weight: 500; } th:last-child, td:last-child { text-align: left; overflow-wrap: anywhere; }
.scroll { overflow-x: auto; }
svg text { fill: var(--ink); font: 12px system-ui, sans-serif; } svg .dim { fill: var(--dim); }
.here { fill: var(--here); } .host { fill: var(--host); } .device { fill: var(--device); }
.copies { fill: var(--copies); }
.key { display: inline-block; width: .8em; height: .8em; margin: 0 .35em 0 1em; border-radius: 2px; }
)";

constexpr double chart_width = 1000;
constexpr double label_width = 330;
constexpr double value_width = 110;

std::string rectangle(double x, double y, double width, double height, std::string_view kind,
                      const std::string& title) {
  if (!(width > 0)) return "";
  return fmt::format(
      "<rect x=\"{:.2f}\" y=\"{:.2f}\" width=\"{:.2f}\" height=\"{}\" class=\"{}\"><title>{}</title></rect>\n", x, y,
      width, height, kind, escaped(title));
}

std::string label_of(const whatif_site& of) {
  return of.where.empty() ? of.expression : of.where + "  " + of.expression;
}

// Work and copies of a machine with the device, one after the other.
std::string stacked(const whatif_site& of, double x, double y, double height, double per_us) {
  std::string made;
  const auto part = [&](double us, std::string_view kind, std::string_view what) {
    made += rectangle(x, y, us * per_us, height, kind, fmt::format("{}: {}, predicted", what, duration_text(us)));
    x += us * per_us;
  };
  part(of.there_host_us, "host", "on the host");
  part(of.there_device_us, "device", "on the device");
  part(of.to_device.us + of.to_host.us, "copies", "copies");
  return made;
}

std::string time_chart(const whatif_report& of, std::size_t rows) {
  constexpr double row_height = 46;
  double most_us = 1e-9;
  for (std::size_t i = 0; i < rows; ++i) most_us = std::max({most_us, of.sites[i].here_us, of.sites[i].there_us()});
  const double per_us = (chart_width - label_width - value_width) / most_us;
  std::string made =
      fmt::format("<svg viewBox=\"0 0 {} {}\" width=\"{}\" role=\"img\" aria-label=\"Measured and predicted times\">\n",
                  chart_width, static_cast<double>(rows) * row_height, chart_width);
  for (std::size_t i = 0; i < rows; ++i) {
    const whatif_site& each = of.sites[i];
    const double y = static_cast<double>(i) * row_height;
    made += fmt::format("<text x=\"0\" y=\"{}\">{}<title>{}</title></text>\n", y + 18,
                        escaped(plan::middle_cut(label_of(each), 48)), escaped(each.expression));
    made += fmt::format("<text x=\"0\" y=\"{}\" class=\"dim\">{}, {}</text>\n", y + 34,
                        plan::counted(each.evaluations, "call"), speedup_text(each.speedup()));
    made += rectangle(label_width, y + 6, each.here_us * per_us, 14, "here",
                      fmt::format("here: {}, measured", duration_text(each.here_us)));
    made += fmt::format("<text x=\"{:.2f}\" y=\"{}\" class=\"dim\">{}</text>\n",
                        label_width + each.here_us * per_us + 6, y + 17, duration_text(each.here_us));
    made += stacked(each, label_width, y + 22, 14, per_us);
    made += fmt::format("<text x=\"{:.2f}\" y=\"{}\">{}</text>\n", label_width + each.there_us() * per_us + 6, y + 33,
                        duration_text(each.there_us()));
  }
  return made + "</svg>\n";
}

std::string share_chart(const whatif_site& total) {
  const double all_us = std::max(total.there_us(), 1e-9);
  std::string made = fmt::format(
      "<svg viewBox=\"0 0 {0} 30\" width=\"{0}\" role=\"img\" aria-label=\"Share of the predicted time\">\n",
      chart_width);
  made += stacked(total, 0, 4, 22, chart_width / all_us);
  return made + "</svg>\n";
}

std::string share_text(const whatif_site& total) {
  const double all_us = std::max(total.there_us(), 1e-9);
  const auto part = [&](std::string_view kind, std::string_view what, double us) {
    return fmt::format("<span class=\"key\" style=\"background:var(--{})\"></span>{} {} ({:.0f} %)", kind, what,
                       duration_text(us), 100 * us / all_us);
  };
  return part("host", "on the host", total.there_host_us) + part("device", "on the device", total.there_device_us) +
         part("copies", "copies", total.to_device.us + total.to_host.us);
}

std::string copies_chart(const whatif_report& of, std::size_t rows) {
  constexpr double row_height = 40;
  std::vector<const whatif_site*> with_copies;
  double most = 1;
  for (std::size_t i = 0; i < rows; ++i) {
    const whatif_site& each = of.sites[i];
    if (each.to_device.count + each.to_host.count == 0) continue;
    with_copies.push_back(&each);
    most = std::max({most, static_cast<double>(each.to_device.bytes), static_cast<double>(each.to_host.bytes)});
  }
  if (with_copies.empty()) return "<p>Nothing would be copied.</p>\n";
  const double per_byte = (chart_width - label_width - value_width - 60) / most;
  std::string made = fmt::format("<svg viewBox=\"0 0 {} {}\" width=\"{}\" role=\"img\" aria-label=\"Copies\">\n",
                                 chart_width, static_cast<double>(with_copies.size()) * row_height, chart_width);
  double y = 0;
  for (const whatif_site* each : with_copies) {
    made += fmt::format("<text x=\"0\" y=\"{}\">{}</text>\n", y + 20, escaped(plan::middle_cut(label_of(*each), 48)));
    double line = y + 4;
    const auto bar = [&](const whatif_copies& copies, std::string_view direction) {
      const double width = static_cast<double>(copies.bytes) * per_byte;
      made += rectangle(label_width, line, width, 13, "copies",
                        fmt::format("{}: {} copies, {}", direction, copies.count, duration_text(copies.us)));
      made += fmt::format("<text x=\"{:.2f}\" y=\"{}\" class=\"dim\">{} {}</text>\n", label_width + width + 6,
                          line + 11, direction, bytes_text(copies.bytes));
      line += 16;
    };
    bar(each->to_device, "to device");
    bar(each->to_host, "to host");
    y += row_height;
  }
  return made + "</svg>\n";
}

std::string cell(std::string_view text) { return fmt::format("<td>{}</td>", escaped(text)); }

std::string site_rows(const whatif_report& of, std::size_t rows) {
  std::string made;
  for (std::size_t i = 0; i < rows; ++i) {
    const whatif_site& each = of.sites[i];
    made += "<tr>" + cell(fmt::format("{}", each.evaluations)) + cell(fmt::format("{}", each.on_device)) +
            cell(duration_text(each.here_us)) + cell(duration_text(each.there_us())) +
            cell(speedup_text(each.speedup())) + cell(bytes_text(each.to_device.bytes)) +
            cell(bytes_text(each.to_host.bytes)) +
            cell(each.where.empty() ? each.expression : each.where + "  " + each.expression) + "</tr>\n";
  }
  return made;
}

std::string array_rows(const whatif_report& of, std::size_t rows) {
  std::string made;
  for (std::size_t i = 0; i < rows; ++i) {
    const whatif_array& each = of.arrays[i];
    made += "<tr>" + cell(fmt::format("{}", each.count)) + cell(bytes_text(each.bytes)) +
            cell(fmt::format("{} ({}x)", bytes_text(each.to_device.bytes), each.to_device.count)) +
            cell(fmt::format("{} ({}x)", bytes_text(each.to_host.bytes), each.to_host.count)) + cell(each.advice) +
            cell(each.what) + "</tr>\n";
  }
  return made;
}

std::string more(std::size_t all, std::size_t rows) {
  return all > rows ? fmt::format("<p>... and {} more, which the JSON report has.</p>\n", all - rows) : "";
}

}  // namespace

std::string to_html(const whatif_report& of, int most_rows) {
  const auto most = static_cast<std::size_t>(std::max(most_rows, 0));
  const std::size_t sites = std::min(most, of.sites.size());
  const std::size_t arrays = std::min(most, of.arrays.size());
  const std::size_t in_charts = std::min<std::size_t>(sites, 20);
  const whatif_site& total = of.total;
  const std::string title = fmt::format("What {} would have done", of.device);
  std::string page = fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" "
      "content=\"width=device-width\">\n<title>{0}</title>\n<style>{1}</style>\n</head>\n<body>\n"
      "<h1>{0}</h1>\n<p>Predicted{2} by tandem; the times of this machine are measured.</p>\n",
      escaped(title), style, of.is_simulated ? " for a simulated device, which was not used," : "");
  page += fmt::format("<p class=\"big\">{} as fast</p>\n", speedup_text(total.speedup()));
  page += fmt::format(
      "<p>{} here, measured{}; {} there, predicted. {} evaluations, of which {} would run on the device.<br>\n"
      "Device: {}; {} of memory. Host: {}.</p>\n",
      duration_text(total.here_us),
      total.unmeasured > 0 ? fmt::format(" ({} evaluations predicted)", total.unmeasured) : "",
      duration_text(total.there_us()), total.evaluations, total.on_device, escaped(of.device_source),
      bytes_text(of.device_memory_bytes), escaped(of.host_source));
  page += fmt::format("<h2>Share of the predicted time</h2>\n<figure>{}<figcaption>{}</figcaption></figure>\n",
                      share_chart(total), share_text(total));
  page += fmt::format(
      "<h2>Where the time goes</h2>\n<figure>{}<figcaption><span class=\"key\" style=\"background:var(--here)\"></span>"
      "measured here; below it, what is predicted there</figcaption></figure>\n",
      time_chart(of, in_charts));
  page += fmt::format(
      "<div class=\"scroll\"><table>\n<tr><th>calls</th><th>on device</th><th>measured here</th><th>predicted "
      "there</th>"
      "<th>speed-up</th><th>to device</th><th>to host</th><th>where</th></tr>\n{}</table></div>\n{}",
      site_rows(of, sites), more(of.sites.size(), sites));
  page += fmt::format("<h2>Copies, predicted</h2>\n<figure>{}</figure>\n", copies_chart(of, in_charts));
  page += "<h2>Arrays that take part</h2>\n";
  if (of.arrays.empty()) {
    page += "<p>No array should move to the device.</p>\n";
  } else {
    page += fmt::format(
        "<div class=\"scroll\"><table>\n<tr><th>arrays</th><th>of</th><th>to device</th><th>to host</th><th>there</th>"
        "<th>which</th></tr>\n{}</table></div>\n{}",
        array_rows(of, arrays), more(of.arrays.size(), arrays));
  }
  return page +
         "<p>In predictions nothing overlaps, and programs count as compiled. Work that stays on the host takes as "
         "long "
         "there as it took here.</p>\n</body>\n</html>\n";
}

}  // namespace tandem
