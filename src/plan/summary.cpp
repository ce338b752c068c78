#include "plan/summary.h"

#include <fmt/format.h>

#include <array>
#include <string_view>

#include "plan/quantities.h"

namespace tandem::plan {

namespace {

std::string time(const constant& of) { return three_digits(of.value) + " us"; }

std::string byte_count(double value) {
  constexpr double kib = 1024;
  if (value < kib) return fmt::format("{:.0f} B", value);
  if (value >= kib * kib) return fmt::format("{:.3g} MiB", value / kib / kib);
  return fmt::format("{:.3g} KiB", value / kib);
}

std::string plain(double value) { return fmt::format("{:.0f}", value); }

// "28.1 GB/s with 1, 45.0 GB/s with 2".
template <class Text, class Size = decltype(plain)&>
std::string points(const curve& of, Text&& text, std::string_view unit, std::string_view with, Size&& size = plain) {
  std::string line;
  for (std::size_t i = 0; i < of.at.size(); ++i) {
    line += fmt::format("{}{}{} {} {}", i > 0 ? ", " : "", text(of.values[i].value), unit, with, size(of.at[i]));
  }
  return line;
}

void add(std::string& to, std::string_view name, const std::string& value) {
  to += fmt::format("  {:<16}{}\n", name, value);
}

void add_operations(std::string& to, const std::array<std::array<constant, width_count>, work_class_count>& rates) {
  for (std::size_t i = 0; i < rates.size(); ++i) {
    const auto of = static_cast<work_class>(i);
    if (of == work_class::product) continue;
    add(to, to_string(of),
        fmt::format("{}op/s of 4 bytes, {}op/s of 8", with_prefix(rates[i][0].value), with_prefix(rates[i][1].value)));
  }
}

void add_products(std::string& to, std::string_view name, const std::array<curve, width_count>& rates) {
  for (std::size_t width = 0; width < rates.size(); ++width) {
    add(to, fmt::format("{} f{}", name, width == 0 ? 32 : 64), points(rates[width], with_prefix, "FLOP/s", "at"));
  }
}

std::string link_line(const link_profile& of) {
  return fmt::format("{}, then {}", time(of.latency_us), points(of.bytes_per_s, with_prefix, "B/s", "at", byte_count));
}

}  // namespace

std::string summary_of(const profile& of) {
  const host_profile& host = of.host;
  std::string text = fmt::format("cpu: {}, {}\n", host.source, counted(host.cores, "core"));
  add(text, "call", time(host.call_us));
  add(text, "fork", points(host.fork_us, three_digits, " us", "with"));
  add(text, "speedup", points(host.speedup, three_digits, "", "with"));
  constexpr std::array<std::string_view, level_count> levels{"core caches", "shared cache", "memory"};
  for (std::size_t i = 0; i < levels.size(); ++i) {
    std::string line = points(host.bytes_per_s[i], with_prefix, "B/s", "with");
    if (i < host.level_bytes.size()) line = fmt::format("{}: {}", byte_count(host.level_bytes[i]), line);
    add(text, levels[i], line);
  }
  add_operations(text, host.operations_per_s);
  add_products(text, "1 worker", host.product_alone);
  if (host.cores > 1) add_products(text, fmt::format("{} workers", host.cores), host.product_together);
  for (const named_device_profile& each : of.devices) {
    const device_profile& device = each.constants;
    text += fmt::format("{}: {}\n", each.device, device.source);
    add(text, "launch",
        fmt::format("{}, kernel {}, wait {}, allocation {}", time(device.launch_us), time(device.kernel_us),
                    time(device.synchronize_us), time(device.allocate_us)));
    add(text, "memory", points(device.bytes_per_s, with_prefix, "B/s", "at", byte_count));
    add_operations(text, device.operations_per_s);
    add_products(text, "product", device.product);
    constexpr std::array<std::array<std::string_view, 2>, 2> ways{
        {{"in, pageable", "in, pinned"}, {"out, pageable", "out, pinned"}}};
    for (std::size_t to = 0; to < ways.size(); ++to) {
      for (std::size_t kind = 0; kind < ways[to].size(); ++kind)
        add(text, ways[to][kind], link_line(device.link[to][kind]));
    }
  }
  return text;
}

}  // namespace tandem::plan
