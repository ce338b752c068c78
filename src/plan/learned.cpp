#include "plan/learned.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <set>
#include <utility>

#include <nlohmann/json.hpp>

#include <tandem/errors.h>

#include "plan/json_text.h"
#include "plan/places.h"
#include "plan/profile_text.h"

namespace tandem::plan {

namespace {

using nlohmann::json;

constexpr std::string_view format_word = "tandem learned factors";
constexpr int most_samples = 1'000'000'000;
constexpr int most_size = 1023;  // of the exponent of a double
constexpr double most_deviation = 4;

// ---- writing

void add_factor(json& to, const learned_factor& of) {
  to["factor"] = five_digits(of.factor);
  to["sigma"] = five_digits(of.sigma);
  to["samples"] = std::min(of.samples, most_samples);
}

// ---- reading

json parsed(std::string_view text) {
  constexpr int most_depth = 8;
  if (text.size() > most_learned_bytes) {
    throw refusal{fmt::format("it has {} bytes, more than {}", text.size(), most_learned_bytes)};
  }
  const auto look = [&](int depth, json::parse_event_t, json&) {
    if (depth > most_depth) throw refusal{fmt::format("it is nested more than {} deep", most_depth)};
    return true;
  };
  try {
    return json::parse(text.begin(), text.end(), look);
  } catch (const json::exception& error) {
    throw no_json(error.what());
  }
}

bool is_plain(std::string_view text, std::size_t most) {
  return !text.empty() && text.size() <= most && std::ranges::all_of(text, [](char c) { return c >= ' ' && c <= '~'; });
}

// A list's entry, or an object whose fields are asked for one by one; what is wrong is remembered with its place.
class fields {
 public:
  fields(const json& of, std::string path, std::vector<std::string>& problems)
      : of_(of), path_(std::move(path)), problems_(problems) {
    if (!of_.is_object()) complain("", fmt::format("{} is no object", shown(of_)));
  }
  bool is_good() const noexcept { return is_good_; }

  const json* at(std::string_view name) {
    if (!of_.is_object()) return nullptr;
    const auto found = of_.find(std::string(name));
    if (found != of_.end()) return &*found;
    complain(name, "is missing");
    return nullptr;
  }
  double number(std::string_view name, double least, double most) {
    const json* const it = at(name);
    if (it == nullptr) return least;
    if (!it->is_number()) return complain(name, fmt::format("{} is no number", shown(*it))), least;
    const double value = it->get<double>();
    if (!(value >= least && value <= most)) {
      complain(name, fmt::format("{} is not between {:g} and {:g}", shown(*it), least, most));
      return least;
    }
    return value;
  }
  int whole(std::string_view name, int least, int most) {
    const json* const it = at(name);
    if (it == nullptr) return least;
    if (!it->is_number_integer()) return complain(name, fmt::format("{} is no whole number", shown(*it))), least;
    return static_cast<int>(number(name, least, most));
  }
  // The number of one of some words.
  template <std::size_t Count>
  std::size_t word(std::string_view name, const std::array<std::string_view, Count>& words) {
    const json* const it = at(name);
    if (it == nullptr) return 0;
    const auto found = it->is_string() ? std::ranges::find(words, it->get_ref<const std::string&>()) : words.end();
    if (found == words.end()) return complain(name, fmt::format("{} was not expected", shown(*it))), 0;
    return static_cast<std::size_t>(found - words.begin());
  }
  learned_factor factor(double most) {
    learned_factor made;
    made.factor = number("factor", 1 / most, most);
    made.sigma = number("sigma", 0, most_deviation);
    made.samples = whole("samples", 1, most_samples);
    return made;
  }
  void complain(std::string_view name, std::string_view what) {
    constexpr std::size_t most_problems = 20;
    is_good_ = false;
    if (problems_.size() >= most_problems) return;
    problems_.push_back(fmt::format("{}{}{}: {}", path_, path_.empty() || name.empty() ? "" : ".", name, what));
  }

 private:
  const json& of_;
  std::string path_;
  std::vector<std::string>& problems_;
  bool is_good_ = true;
};

const std::array<std::string_view, dtype_count> dtype_words = [] {
  std::array<std::string_view, dtype_count> words{};
  for (std::size_t i = 0; i < words.size(); ++i) words[i] = name(static_cast<dtype>(i));
  return words;
}();

template <class Read>
void read_list(const json* list, const std::string& path, std::vector<std::string>& problems, Read&& read_one) {
  if (list == nullptr) return;
  if (!list->is_array()) return problems.push_back(fmt::format("{}: {} is no list", path, shown(*list)));
  for (std::size_t i = 0; i < list->size(); ++i) {
    fields entry((*list)[i], fmt::format("{}[{}]", path, i), problems);
    if (entry.is_good()) read_one(entry);
  }
}

std::optional<validators> read_validators(const json* of, fields& by) {
  constexpr std::size_t most = 40;
  if (of == nullptr) return std::nullopt;
  validators made;
  bool is_good = of->is_object() && !of->empty() && of->size() <= most;
  if (is_good) {
    for (const auto& each : of->items()) {
      is_good = is_good && is_plain(each.key(), 60) && each.value().is_string() &&
                (each.value().get_ref<const std::string&>().empty() ||
                 is_plain(each.value().get_ref<const std::string&>(), 500));
      if (is_good) made.emplace_back(each.key(), each.value().get<std::string>());
    }
  }
  if (is_good) return made;
  by.complain("valid_for", fmt::format("it is no object with 1 to {} texts", most));
  return std::nullopt;
}

std::optional<learned_place> read_place(const std::string& name, const json& of, std::vector<std::string>& problems) {
  if (!is_plain(name, 60)) {
    problems.push_back(fmt::format("places: {} is no name of a place", shown(json(name))));
    return std::nullopt;
  }
  const std::string path = "places." + name;
  fields by(of, path, problems);
  if (!by.is_good()) return std::nullopt;
  learned_place made{name, {}, {}, {}};
  std::optional<validators> valid_for = read_validators(by.at("valid_for"), by);
  const json* const work = by.at("work");
  const json* const links = by.at("links");
  if (!by.is_good() || !valid_for) return std::nullopt;
  made.valid_for = std::move(*valid_for);
  read_list(work, path + ".work", problems, [&](fields& entry) {
    const auto operation = static_cast<std::uint16_t>(entry.whole("operation", 0, 65'535));
    const auto type = static_cast<dtype>(entry.word("dtype", dtype_words));
    const int size = entry.whole("size", 0, most_size);
    const learned_factor learned = entry.factor(most_of_work);
    if (entry.is_good()) made.work.push_back({operation, type, size, learned});
  });
  read_list(links, path + ".links", problems, [&](fields& entry) {
    const auto to = static_cast<direction>(entry.word("direction", direction_words));
    const auto kind = static_cast<memory_kind>(entry.word("memory", kind_words));
    const learned_factor learned = entry.factor(most_of_link);
    if (entry.is_good()) made.links.push_back({to, kind, learned});
  });
  return made;
}

std::string hash_of(const profile& what) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const char c : text_of(what)) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return fmt::format("{:016x}", hash);
}

}  // namespace

std::string text_of(const std::vector<learned_place>& places) {
  json all{{"format", format_word}, {"version", learned_version}, {"places", json::object()}};
  struct entry {
    int samples;
    const std::string* place;
    const char* list;
    json value;
  };
  std::vector<entry> entries;
  for (const learned_place& each : places) {
    if (each.empty()) continue;
    json& place = all["places"][each.name];
    place = {{"valid_for", json::object()}, {"work", json::array()}, {"links", json::array()}};
    for (const auto& [name, value] : each.valid_for) place["valid_for"][name] = value;
    for (const learned_work& one : each.work) {
      json made{{"operation", one.operation}, {"dtype", name(one.type)}, {"size", one.size}};
      add_factor(made, one.learned);
      entries.push_back({one.learned.samples, &each.name, "work", std::move(made)});
    }
    for (const learned_link& one : each.links) {
      json made{{"direction", direction_words[static_cast<std::size_t>(one.to)]},
                {"memory", kind_words[static_cast<std::size_t>(one.kind)]}};
      add_factor(made, one.learned);
      entries.push_back({one.learned.samples, &each.name, "links", std::move(made)});
    }
  }
  std::ranges::sort(entries, std::greater(), &entry::samples);
  const auto written = [](const json& of) { return of.dump(-1, ' ', false, json::error_handler_t::replace); };
  std::size_t size = written(all).size() + 1;
  if (size > most_learned_bytes) {
    throw io_error(
        fmt::format("what was learned of {} places has more than {} bytes", places.size(), most_learned_bytes));
  }
  for (entry& each : entries) {
    const std::size_t more = written(each.value).size() + 1;
    if (size + more > most_learned_bytes) break;
    size += more;
    all["places"][*each.place][each.list].push_back(std::move(each.value));
  }
  return written(all) + "\n";
}

learned_parts read_learned_text(std::string_view text) {
  learned_parts made;
  try {
    const json all = parsed(text);
    if (!all.is_object() || !all.contains("format") || all["format"] != format_word) {
      throw refusal{fmt::format("\"format\" is not \"{}\"", format_word)};
    }
    fields by(all, "", made.problems);
    const json* const version = by.at("version");
    if (version == nullptr) return made;
    if (*version != learned_version) {
      throw refusal{fmt::format("version: {} is not {}, which this tandem reads", shown(*version), learned_version)};
    }
    const json* const places = by.at("places");
    if (places == nullptr) return made;
    if (!places->is_object()) throw refusal{fmt::format("places: {} is no object", shown(*places))};
    for (const auto& each : places->items()) {
      std::optional<learned_place> place = read_place(each.key(), each.value(), made.problems);
      if (place) made.places.push_back(std::move(*place));
    }
  } catch (const refusal& refused) {
    made.problems.push_back(refused.problem);
  }
  return made;
}

std::string fingerprint(const host_profile& of) { return hash_of({{}, of, {}}); }
std::string fingerprint(const device_profile& of) { return hash_of({{}, {}, {{"device", {}, of}}}); }

}  // namespace tandem::plan
