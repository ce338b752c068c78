#include "plan/profile_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <initializer_list>
#include <set>
#include <utility>

#include <nlohmann/json.hpp>

#include <tandem/errors.h>

#include "plan/json_text.h"
#include "plan/limits.h"

namespace tandem::plan {

namespace {

using nlohmann::json;

constexpr std::string_view format_word = "tandem profile";
constexpr std::array<std::string_view, width_count> width_words{"narrow", "wide"};
constexpr std::array<std::string_view, level_count> level_words{"core_caches", "shared_cache", "memory"};

const std::array<std::string_view, work_class_count> class_words = [] {
  std::array<std::string_view, work_class_count> words{};
  for (std::size_t i = 0; i < words.size(); ++i) words[i] = to_string(static_cast<work_class>(i));
  return words;
}();

// ---- writing

class writer {
 public:
  explicit writer(bool is_exact) : is_exact_(is_exact) {}

  double rounded(double value) const { return is_exact_ ? value : five_digits(value); }

  json written(const constant& of) const {
    return {{"value", rounded(of.value)},
            {"sigma", rounded(of.sigma)},
            {"samples", of.samples},
            {"from", origin_words[static_cast<std::size_t>(of.from)]}};
  }

  json written(const curve& of) const {
    json made{{"at", json::array()}, {"values", json::array()}};
    for (const double at : of.at) made["at"].push_back(rounded(at));
    for (const constant& each : of.values) made["values"].push_back(written(each));
    return made;
  }

  json written(const link_profile& of) const {
    return {{"latency_us", written(of.latency_us)}, {"bytes_per_s", written(of.bytes_per_s)}};
  }

  template <class Item, std::size_t Count>
  json written(const std::array<Item, Count>& of, const std::array<std::string_view, Count>& words) const {
    json made;
    for (std::size_t i = 0; i < Count; ++i) made[std::string(words[i])] = written(of[i]);
    return made;
  }

  json written(const std::array<std::array<constant, width_count>, work_class_count>& of) const {
    json made;
    for (std::size_t i = 0; i < of.size(); ++i) made[std::string(class_words[i])] = written(of[i], width_words);
    return made;
  }

  json written(const validators& of) const {
    json made = json::object();
    for (const auto& [name, value] : of) made[name] = value;
    return made;
  }

  json written(const host_profile& of) const {
    return {{"source", of.source},
            {"cores", of.cores},
            {"level_bytes", of.level_bytes},
            {"call_us", written(of.call_us)},
            {"fork_us", written(of.fork_us)},
            {"bytes_per_s", written(of.bytes_per_s, level_words)},
            {"operations_per_s", written(of.operations_per_s)},
            {"speedup", written(of.speedup)},
            {"product_alone", written(of.product_alone, width_words)},
            {"product_together", written(of.product_together, width_words)}};
  }

  json written(const device_profile& of) const {
    json link;
    for (std::size_t to = 0; to < direction_words.size(); ++to) {
      link[std::string(direction_words[to])] = written(of.link[to], kind_words);
    }
    return {{"source", of.source},
            {"launch_us", written(of.launch_us)},
            {"kernel_us", written(of.kernel_us)},
            {"synchronize_us", written(of.synchronize_us)},
            {"allocate_us", written(of.allocate_us)},
            {"bytes_per_s", written(of.bytes_per_s)},
            {"operations_per_s", written(of.operations_per_s)},
            {"product", written(of.product, width_words)},
            {"link", std::move(link)}};
  }

 private:
  bool is_exact_;
};

// ---- reading

std::string shown_name(std::string_view name) { return shown(json(name)); }

// The values of a text, or what keeps it from being one.
json parsed(std::string_view text) {
  constexpr int most_depth = 16;
  if (text.size() > most_profile_bytes) {
    throw refusal{fmt::format("it has {} bytes, and a profile at most {}", text.size(), most_profile_bytes)};
  }
  std::vector<std::set<std::string, std::less<>>> names;
  const auto look = [&](int depth, json::parse_event_t event, json& value) {
    if (depth > most_depth) throw refusal{fmt::format("it is nested more than {} deep", most_depth)};
    switch (event) {
      case json::parse_event_t::object_start: names.emplace_back(); break;
      case json::parse_event_t::object_end: names.pop_back(); break;
      case json::parse_event_t::key:
        if (!names.back().insert(value.get_ref<const std::string&>()).second) {
          throw refusal{fmt::format("an object has two members {}", shown(value))};
        }
        break;
      default: break;
    }
    return true;
  };
  try {
    return json::parse(text.begin(), text.end(), look);
  } catch (const json::exception& error) {
    // "[json.exception.parse_error.101] parse error at line 3, column 2: syntax error while parsing ..."
    std::string_view reason = error.what();
    if (const std::size_t end = reason.find("] "); end != reason.npos) reason.remove_prefix(end + 2);
    throw no_json(reason);
  }
}

class reader {
 public:
  explicit reader(std::vector<std::string>& problems) : problems_(problems) {}

  void complain(std::string_view path, std::string_view what) {
    constexpr std::size_t most_problems = 20;
    is_good_ = false;
    if (problems_.size() < most_problems) problems_.push_back(fmt::format("{}: {}", path, what));
  }
  /// Whether nothing was wrong since this was last asked.
  bool was_good() { return std::exchange(is_good_, true); }

  // Null, with a problem, if there is no such member.
  const json* member(const json& of, std::string_view path, std::string_view name) {
    if (!of.is_object()) return nullptr;
    const auto found = of.find(std::string(name));
    if (found != of.end()) return &*found;
    complain(below(path, name), "is missing");
    return nullptr;
  }
  static std::string below(std::string_view path, std::string_view name) {
    return path.empty() ? std::string(name) : fmt::format("{}.{}", path, name);
  }

  // An object with these members and no others.
  bool check_object(const json& value, std::string_view path, std::span<const std::string_view> names) {
    if (!value.is_object()) {
      complain(path.empty() ? "the file" : path, fmt::format("{} is no object", shown(value)));
      return false;
    }
    for (const auto& each : value.items()) {
      if (std::ranges::find(names, std::string_view(each.key())) == names.end()) {
        complain(path.empty() ? "the file" : path, fmt::format("{} is no member of it", shown_name(each.key())));
      }
    }
    return true;
  }

  void read(double& to, const json& value, std::string_view path, double least, double most) {
    if (!value.is_number()) return complain(path, fmt::format("{} is no number", shown(value)));
    const double number = value.get<double>();
    if (!std::isfinite(number)) return complain(path, fmt::format("{} is not finite", shown(value)));
    if (least > 0 && number <= 0) return complain(path, fmt::format("{} is not positive", shown(value)));
    if (number < least || number > most) {
      return complain(path, fmt::format("{} is not between {:g} and {:g}", shown(value), least, most));
    }
    to = number;
  }
  void read(int& to, const json& value, std::string_view path, int least, int most) {
    if (!value.is_number_integer()) return complain(path, fmt::format("{} is no whole number", shown(value)));
    double number = 0;
    read(number, value, path, least, most);
    to = static_cast<int>(number);
  }
  void read(std::string& to, const json& value, std::string_view path) {
    constexpr std::size_t most = 500;
    if (!value.is_string()) return complain(path, fmt::format("{} is no text", shown(value)));
    const auto& text = value.get_ref<const std::string&>();
    if (text.size() > most) return complain(path, fmt::format("it has more than {} bytes", most));
    if (has_control(text)) return complain(path, "it has control characters");
    to = text;
  }

  void read(constant& to, const json& value, std::string_view path, double least, double most) {
    constexpr std::array<std::string_view, 4> names{"value", "sigma", "samples", "from"};
    constexpr int most_samples = 1'000'000;
    if (!check_object(value, path, names)) return;
    if (const json* it = member(value, path, "value")) read(to.value, *it, below(path, "value"), least, most);
    if (const json* it = member(value, path, "sigma")) {
      read(to.sigma, *it, below(path, "sigma"), limits::least_sigma, limits::most_sigma);
    }
    if (const json* it = member(value, path, "samples")) {
      read(to.samples, *it, below(path, "samples"), 0, most_samples);
    }
    if (const json* it = member(value, path, "from")) {
      const auto found =
          it->is_string() ? std::ranges::find(origin_words, it->get_ref<const std::string&>()) : origin_words.end();
      if (found == origin_words.end()) {
        complain(below(path, "from"), fmt::format("{} is neither \"prior\" nor \"calibrated\"", shown(*it)));
      } else {
        to.from = static_cast<origin>(found - origin_words.begin());
      }
    }
  }

  void read(curve& to, const json& value, std::string_view path, double least, double most) {
    constexpr std::array<std::string_view, 2> names{"at", "values"};
    if (!check_object(value, path, names)) return;
    const json* const at = member(value, path, "at");
    const json* const values = member(value, path, "values");
    if (at == nullptr || values == nullptr) return;
    for (const auto& [list, name] : {std::pair{at, "at"}, std::pair{values, "values"}}) {
      if (!list->is_array()) return complain(below(path, name), fmt::format("{} is no list", shown(*list)));
      if (list->empty()) return complain(below(path, name), "it has no points");
      if (list->size() > most_points) {
        return complain(below(path, name), fmt::format("it has {} points, more than {}", list->size(), most_points));
      }
    }
    if (at->size() != values->size()) {
      return complain(path, fmt::format("it has {} sizes and {} values", at->size(), values->size()));
    }
    to.at.assign(at->size(), 0);
    to.values.assign(at->size(), {});
    for (std::size_t i = 0; i < to.at.size(); ++i) {
      const std::string place = fmt::format("{}.at[{}]", path, i);
      read(to.at[i], (*at)[i], place, limits::least_size, limits::most_size);
      if (i > 0 && !(to.at[i] > to.at[i - 1])) {
        complain(place, fmt::format("{} is not more than the one before", shown((*at)[i])));
      }
      read(to.values[i], (*values)[i], fmt::format("{}.values[{}]", path, i), least, most);
    }
  }

  template <class Item, std::size_t Count>
  void read(std::array<Item, Count>& to, const std::array<std::string_view, Count>& words, const json& value,
            std::string_view path, double least, double most) {
    if (!check_object(value, path, words)) return;
    for (std::size_t i = 0; i < Count; ++i) {
      if (const json* it = member(value, path, words[i])) read(to[i], *it, below(path, words[i]), least, most);
    }
  }
  void read(std::array<std::array<constant, width_count>, work_class_count>& to, const json& value,
            std::string_view path) {
    if (!check_object(value, path, class_words)) return;
    for (std::size_t i = 0; i < to.size(); ++i) {
      if (const json* it = member(value, path, class_words[i])) {
        read(to[i], width_words, *it, below(path, class_words[i]), limits::least_per_s, limits::most_per_s);
      }
    }
  }

  void read(validators& to, const json& value, std::string_view path) {
    constexpr std::size_t most = 32;
    if (!value.is_object()) return complain(path, fmt::format("{} is no object", shown(value)));
    if (value.empty() || value.size() > most) {
      return complain(path, fmt::format("it has {} members; 1 to {} were expected", value.size(), most));
    }
    for (const auto& each : value.items()) {
      const std::string place = below(path, printable(each.key()));
      if (each.key().size() > 60 || has_control(each.key())) {
        complain(path, "a name has more than 60 bytes or control characters");
        continue;
      }
      to.emplace_back(each.key(), "");
      read(to.back().second, each.value(), place);
    }
  }

  void read(link_profile& to, const json& value, std::string_view path) {
    constexpr std::array<std::string_view, 2> names{"latency_us", "bytes_per_s"};
    if (!check_object(value, path, names)) return;
    if (const json* it = member(value, path, "latency_us")) read_time(to.latency_us, *it, below(path, "latency_us"));
    if (const json* it = member(value, path, "bytes_per_s")) read_rate(to.bytes_per_s, *it, below(path, "bytes_per_s"));
  }

  template <class Item>
  void read_time(Item& to, const json& value, std::string_view path) {
    read(to, value, path, limits::least_us, limits::most_us);
  }
  template <class Item>
  void read_rate(Item& to, const json& value, std::string_view path) {
    read(to, value, path, limits::least_per_s, limits::most_per_s);
  }

  void read(host_profile& to, const json& value, std::string_view path) {
    const auto at = [&](std::string_view name) { return member(value, path, name); };
    const auto in = [&](std::string_view name) { return below(path, name); };
    if (const json* it = at("source")) read(to.source, *it, in("source"));
    if (const json* it = at("cores")) read(to.cores, *it, in("cores"), 1, 65'536);
    if (const json* it = at("level_bytes")) read_levels(to.level_bytes, *it, in("level_bytes"));
    if (const json* it = at("call_us")) read_time(to.call_us, *it, in("call_us"));
    if (const json* it = at("fork_us")) read_time(to.fork_us, *it, in("fork_us"));
    if (const json* it = at("bytes_per_s")) {
      read(to.bytes_per_s, level_words, *it, in("bytes_per_s"), limits::least_per_s, limits::most_per_s);
    }
    if (const json* it = at("operations_per_s")) read(to.operations_per_s, *it, in("operations_per_s"));
    if (const json* it = at("speedup")) {
      read(to.speedup, *it, in("speedup"), limits::least_speedup, limits::most_speedup);
    }
    for (const auto& [name, rates] :
         {std::pair{"product_alone", &to.product_alone}, std::pair{"product_together", &to.product_together}}) {
      const json* const it = at(name);
      if (it != nullptr) read(*rates, width_words, *it, in(name), limits::least_per_s, limits::most_per_s);
    }
  }
  void read_levels(std::array<double, level_count - 1>& to, const json& value, std::string_view path) {
    if (!value.is_array() || value.size() != to.size()) {
      return complain(path, fmt::format("{} is no list of {} numbers", shown(value), to.size()));
    }
    for (std::size_t i = 0; i < to.size(); ++i) {
      const std::string place = fmt::format("{}[{}]", path, i);
      read(to[i], value[i], place, limits::least_size, limits::most_size);
      if (i > 0 && to[i] < to[i - 1]) complain(place, fmt::format("{} is less than the one before", shown(value[i])));
    }
  }

  void read(device_profile& to, const json& value, std::string_view path) {
    const auto at = [&](std::string_view name) { return member(value, path, name); };
    const auto in = [&](std::string_view name) { return below(path, name); };
    if (const json* it = at("source")) read(to.source, *it, in("source"));
    for (const auto& [name, time] :
         {std::pair{"launch_us", &to.launch_us}, std::pair{"kernel_us", &to.kernel_us},
          std::pair{"synchronize_us", &to.synchronize_us}, std::pair{"allocate_us", &to.allocate_us}}) {
      if (const json* it = at(name)) read_time(*time, *it, in(name));
    }
    if (const json* it = at("bytes_per_s")) read_rate(to.bytes_per_s, *it, in("bytes_per_s"));
    if (const json* it = at("operations_per_s")) read(to.operations_per_s, *it, in("operations_per_s"));
    if (const json* it = at("product")) {
      read(to.product, width_words, *it, in("product"), limits::least_per_s, limits::most_per_s);
    }
    const json* const link = at("link");
    if (link == nullptr || !check_object(*link, in("link"), direction_words)) return;
    for (std::size_t to_or_from = 0; to_or_from < direction_words.size(); ++to_or_from) {
      const std::string place = below(in("link"), direction_words[to_or_from]);
      const json* const way = member(*link, in("link"), direction_words[to_or_from]);
      if (way == nullptr || !check_object(*way, place, kind_words)) continue;
      for (std::size_t kind = 0; kind < kind_words.size(); ++kind) {
        const json* const it = member(*way, place, kind_words[kind]);
        if (it != nullptr) read(to.link[to_or_from][kind], *it, below(place, kind_words[kind]));
      }
    }
  }

  static bool has_control(std::string_view text) {
    return std::ranges::any_of(text, [](char c) { return (c >= 0 && c < ' ') || c == '\x7f'; });
  }
  // A name in a path: it may be anything.
  static std::string printable(std::string_view name) {
    const bool is_plain = std::ranges::all_of(name, [](char c) { return c > ' ' && c < '\x7f' && c != '.'; });
    return is_plain && name.size() <= 60 ? std::string(name) : shown_name(name);
  }

 private:
  std::vector<std::string>& problems_;
  bool is_good_ = true;
};

constexpr std::array<std::string_view, 11> host_names{
    "valid_for",   "source",           "cores",   "level_bytes",   "call_us",         "fork_us",
    "bytes_per_s", "operations_per_s", "speedup", "product_alone", "product_together"};
constexpr std::array<std::string_view, 10> device_names{
    "valid_for",   "source",      "launch_us",        "kernel_us", "synchronize_us",
    "allocate_us", "bytes_per_s", "operations_per_s", "product",   "link"};
constexpr std::array<std::string_view, 4> file_names{"format", "version", "host", "devices"};

void read_devices(profile_parts& to, const json& value, reader& by) {
  if (!value.is_object()) return by.complain("devices", fmt::format("{} is no object", shown(value)));
  if (value.size() > most_profile_devices) {
    return by.complain("devices", fmt::format("there are {}, more than {}", value.size(), most_profile_devices));
  }
  for (const auto& each : value.items()) {
    const std::string path = reader::below("devices", reader::printable(each.key()));
    by.was_good();
    named_device_profile device;
    device.device = each.key();
    if (each.key().empty() || each.key().size() > 60 || reader::has_control(each.key())) {
      by.complain(path, "is no name of a device");
    }
    if (by.check_object(each.value(), path, device_names)) {
      if (const json* it = by.member(each.value(), path, "valid_for")) {
        by.read(device.valid_for, *it, reader::below(path, "valid_for"));
      }
      by.read(device.constants, each.value(), path);
    }
    if (by.was_good()) to.devices.push_back(std::move(device));
  }
}

}  // namespace

namespace {

// Lines where they fit; none if not even one line does.
std::optional<std::string> written_text(const profile& of, digits how_many) {
  const writer by(how_many == digits::all);
  json all{{"format", format_word}, {"version", profile_version}};
  all["host"] = by.written(of.host);
  all["host"]["valid_for"] = by.written(of.valid_for);
  all["devices"] = json::object();
  for (const named_device_profile& each : of.devices) {
    json& device = all["devices"][each.device];
    device = by.written(each.constants);
    device["valid_for"] = by.written(each.valid_for);
  }
  for (const int indent : {1, -1}) {
    std::string text = all.dump(indent, ' ', false, json::error_handler_t::replace) + "\n";
    if (text.size() <= most_profile_bytes) return text;
  }
  return std::nullopt;
}

}  // namespace

bool fits_in_file(const profile& of) { return written_text(of, digits::five).has_value(); }

std::string text_of(const profile& of, digits how_many) {
  if (std::optional<std::string> text = written_text(of, how_many)) return *std::move(text);
  throw io_error(fmt::format("a profile with {} devices has more than {} bytes; calibrate fewer of them",
                             of.devices.size(), most_profile_bytes));
}

profile_parts read_profile_text(std::string_view text) {
  profile_parts made;
  try {
    const json all = parsed(text);
    reader by(made.problems);
    if (!all.is_object() || !all.contains("format") || all["format"] != format_word) {
      throw refusal{fmt::format("it is no profile: \"format\" is not \"{}\"", format_word)};
    }
    const json* const version = by.member(all, "", "version");
    if (version == nullptr) return made;
    if (*version != profile_version) {
      throw refusal{fmt::format("version: {} is not {}, which this tandem reads", shown(*version), profile_version)};
    }
    by.check_object(all, "", file_names);
    by.was_good();
    const json* const host = by.member(all, "", "host");
    if (host != nullptr && by.check_object(*host, "host", host_names)) {
      host_profile constants;
      validators valid_for;
      if (const json* it = by.member(*host, "host", "valid_for")) by.read(valid_for, *it, "host.valid_for");
      by.read(constants, *host, "host");
      if (by.was_good()) {
        made.host = std::move(constants);
        made.valid_for = std::move(valid_for);
      }
    }
    if (const json* const devices = by.member(all, "", "devices")) read_devices(made, *devices, by);
  } catch (const refusal& refused) {
    made.problems.push_back(refused.problem);
  }
  return made;
}

}  // namespace tandem::plan
