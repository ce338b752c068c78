#include <fmt/format.h>
#include <tandem/whatif.h>

#include <algorithm>
#include <string>
#include <vector>

#include "plan/cut_text.h"
#include "plan/quantities.h"

namespace tandem {

namespace {

using plan::bytes_text;
using plan::duration_text;
using plan::plain;
using plan::speedup_text;

// Columns of which all but the last are right-aligned.
class table {
 public:
  explicit table(std::vector<std::string> titles) { add(std::move(titles)); }
  void add(std::vector<std::string> cells) {
    widths_.resize(std::max(widths_.size(), cells.size()));
    for (std::size_t i = 0; i < cells.size(); ++i) widths_[i] = std::max(widths_[i], cells[i].size());
    rows_.push_back(std::move(cells));
  }
  std::string text() const {
    std::string lines;
    for (const std::vector<std::string>& row : rows_) {
      for (std::size_t i = 0; i + 1 < row.size(); ++i) lines += fmt::format("{:>{}}  ", row[i], widths_[i] + 2);
      lines += row.back() + "\n";
    }
    return lines;
  }

 private:
  std::vector<std::vector<std::string>> rows_;
  std::vector<std::size_t> widths_;
};

std::string place_of(const whatif_site& of) {
  const std::string expression = plain(plan::middle_cut(of.expression, 90));
  return of.where.empty() ? expression : plain(of.where) + "  " + expression;
}

std::string copies_text(const whatif_copies& of) {
  return of.count == 0 ? "-" : fmt::format("{} ({}x)", bytes_text(of.bytes), of.count);
}

}  // namespace

std::string to_string(const whatif_report& of, int most_rows) {
  const whatif_site& total = of.total;
  std::string text = fmt::format("tandem what-if: this host with {}{}\n", plain(of.device),
                                 of.is_simulated ? " (simulated: no such device was used)" : "");
  text += fmt::format("  device   {}; {} of memory\n", plain(of.device_source), bytes_text(of.device_memory_bytes));
  text += fmt::format("  host     {}\n", plain(of.host_source));
  if (total.evaluations == 0) return text + "  nothing was evaluated\n";
  text += fmt::format(
      "  {}, of which {} would run on the device\n\n"
      "  here, measured      {:>10}{}\n"
      "  there, predicted    {:>10}   {}\n"
      "    on the host       {:>10}\n"
      "    on the device     {:>10}\n"
      "    copies to it      {:>10}   {}\n"
      "    copies from it    {:>10}   {}\n",
      plan::counted(total.evaluations, "evaluation"), total.on_device, duration_text(total.here_us),
      total.unmeasured > 0 ? fmt::format("   ({} of the evaluations predicted)", total.unmeasured) : "",
      duration_text(total.there_us()), speedup_text(total.speedup()) + " as fast", duration_text(total.there_host_us),
      duration_text(total.there_device_us), duration_text(total.to_device.us), copies_text(total.to_device),
      duration_text(total.to_host.us), copies_text(total.to_host));

  text += "\nWhere the time goes, most of it first:\n";
  table sites({"calls", "on device", "here", "predicted", "speed-up", "to device", "to host", "where"});
  const auto shown = static_cast<std::size_t>(std::max(most_rows, 0));
  for (std::size_t i = 0; i < std::min(shown, of.sites.size()); ++i) {
    const whatif_site& each = of.sites[i];
    sites.add({fmt::format("{}", each.evaluations), fmt::format("{}", each.on_device), duration_text(each.here_us),
               duration_text(each.there_us()), speedup_text(each.speedup()), copies_text(each.to_device),
               copies_text(each.to_host), place_of(each)});
  }
  text += sites.text();
  if (of.sites.size() > shown) text += fmt::format("  ... and {} more\n", of.sites.size() - shown);

  if (of.arrays.empty()) {
    text += "\nNo array should move to the device.\n";
  } else {
    text += "\nArrays that take part, largest first:\n";
    table arrays({"arrays", "of", "to device", "to host", "there", "which"});
    for (std::size_t i = 0; i < std::min(shown, of.arrays.size()); ++i) {
      const whatif_array& each = of.arrays[i];
      arrays.add({fmt::format("{}", each.count), each.bytes == 0 ? "-" : bytes_text(each.bytes),
                  copies_text(each.to_device), copies_text(each.to_host), each.advice,
                  plain(plan::middle_cut(each.what, 110))});
    }
    text += arrays.text();
    if (of.arrays.size() > shown) text += fmt::format("  ... and {} more\n", of.arrays.size() - shown);
  }
  return text +
         "\nTimes there are predictions: nothing overlaps in them, and programs count as compiled. Work that stays on\n"
         "the host takes as long there as it took here.\n";
}

}  // namespace tandem
