#include "plan/decision_reader.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstring>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>

#include <tandem/errors.h>
#include <tandem/policy.h>

#include "plan/cut_text.h"
#include "plan/json_text.h"
#include "plan/profile_text.h"

namespace tandem::plan {

namespace {

using nlohmann::json;

// More than any program needs that the library makes, and few enough that no line takes long or much memory.
constexpr std::size_t most_line_bytes = std::size_t{16} << 20;
constexpr int most_depth = 16;
constexpr std::size_t most_operands = 65'536;
constexpr std::size_t most_stages = 65'536;
constexpr std::size_t most_text_bytes = std::size_t{64} << 10;
constexpr double most_number = 1e30;
constexpr auto last_work_class = static_cast<work_class>(work_class_count - 1);

// The value whose name the text is; `last` is the last one.
template <class Enum>
std::optional<Enum> named(std::string_view text, Enum last) {
  for (int i = 0; i <= static_cast<int>(last); ++i) {
    if (to_string(static_cast<Enum>(i)) == text) return static_cast<Enum>(i);
  }
  return std::nullopt;
}

int open_log(const std::string& path) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (file < 0) throw io_error(fmt::format("decision log: cannot open '{}': {}", path, std::strerror(errno)));
  struct stat found{};
  if (::fstat(file, &found) == 0 && S_ISREG(found.st_mode)) return file;
  ::close(file);
  throw io_error(fmt::format("decision log: '{}' is not a regular file", path));
}

}  // namespace

// The fields of a line, which know where they are for errors.
class decision_reader::line_fields {
 public:
  line_fields(const std::string& path, std::int64_t line, const std::string& text) : path_(path), line_(line) {
    const auto shallow = [&](int depth, json::parse_event_t, const json&) {
      if (depth > most_depth) fail("", fmt::format("it is nested deeper than {}", most_depth));
      return true;
    };
    try {
      fields_ = json::parse(text, shallow);
    } catch (const json::exception& problem) {
      // Which quotes the line: as much as it likes, with bytes that a terminal may obey.
      std::string reason;
      for (const char c : std::string_view(problem.what()).substr(0, 200)) reason += c >= ' ' && c < '\x7f' ? c : '?';
      fail("", "it is no JSON: " + reason);
    }
    if (!fields_.is_object()) fail("", "it is no JSON object");
  }

  [[noreturn]] void fail(const std::string& field, const std::string& what) const {
    throw io_error(
        fmt::format("decision log: '{}', line {}{}{}: {}", path_, line_, field.empty() ? "" : ", ", field, what));
  }
  [[noreturn]] void refuse(const std::string& field, const json& given, std::string_view expected) const {
    fail(field, fmt::format("expected {}, found {}", expected, beginning_of(given)));
  }

  bool has(const char* field) const { return fields_.contains(field); }
  const json& value(const std::string& field) const {
    const auto found = fields_.find(field);
    if (found == fields_.end()) fail(field, "the field is missing");
    return *found;
  }
  const json& member(const json& of, const std::string& field, const std::string& where) const {
    if (!of.is_object()) refuse(where, of, "an object");
    const auto found = of.find(field);
    if (found == of.end()) fail(where + "." + field, "the field is missing");
    return *found;
  }

  std::int64_t integer(const json& from, const std::string& where, std::int64_t least, std::int64_t most) const {
    const bool is_number = from.is_number_unsigned() ? from.get<std::uint64_t>() <= static_cast<std::uint64_t>(most)
                                                     : from.is_number_integer() && from.get<std::int64_t>() <= most;
    if (!is_number || from.get<std::int64_t>() < least) {
      refuse(where, from, fmt::format("an integer from {} to {}", least, most));
    }
    return from.get<std::int64_t>();
  }
  std::int64_t integer(const std::string& field, std::int64_t least, std::int64_t most) const {
    return integer(value(field), field, least, most);
  }
  std::uint64_t identifier(const json& from, const std::string& where) const {
    if (!from.is_number_unsigned()) refuse(where, from, "an integer from 0 on");
    return from.get<std::uint64_t>();
  }
  std::uint64_t identifier(const std::string& field) const { return identifier(value(field), field); }
  bool boolean(const json& from, const std::string& where) const {
    if (!from.is_boolean()) refuse(where, from, "true or false");
    return from.get<bool>();
  }
  bool boolean(const std::string& field) const { return boolean(value(field), field); }
  double number(const json& from, const std::string& where) const {
    if (from.is_null()) return std::numeric_limits<double>::infinity();
    if (!from.is_number()) refuse(where, from, "a number, or null for an infinite one");
    const double found = from.get<double>();
    if (!(found >= 0) || found > most_number) refuse(where, from, fmt::format("a number from 0 to {}", most_number));
    return found;
  }
  double number(const std::string& field) const { return number(value(field), field); }
  double finite(const json& from, const std::string& where) const {
    if (from.is_null()) refuse(where, from, "a number");
    return number(from, where);
  }
  double finite(const std::string& field) const { return finite(value(field), field); }
  std::string text(const json& from, const std::string& where) const {
    if (!from.is_string()) refuse(where, from, "a text");
    const std::string& found = from.get_ref<const std::string&>();
    if (found.size() > most_text_bytes) fail(where, fmt::format("a text of {} bytes is too long", found.size()));
    return found;
  }
  std::string text(const std::string& field) const { return text(value(field), field); }
  const json& list(const json& from, const std::string& where, std::size_t most) const {
    if (!from.is_array()) refuse(where, from, "a list");
    if (from.size() > most) fail(where, fmt::format("a list of {} is longer than {}", from.size(), most));
    return from;
  }
  const json& list(const std::string& field, std::size_t most) const { return list(value(field), field, most); }

 private:
  const std::string& path_;
  std::int64_t line_;
  json fields_;
};

decision_reader::decision_reader(const std::string& path) : path_(path) {
  const int file = open_log(path);
  file_ = ::fdopen(file, "rb");
  if (file_ == nullptr) {
    ::close(file);
    throw io_error(fmt::format("decision log: cannot read '{}': {}", path, std::strerror(errno)));
  }
  try {
    std::string line;
    if (!next_line(line, most_line_bytes)) {
      throw io_error(fmt::format("decision log: '{}' has no header: it is empty, or ends within the first line", path));
    }
    read_header(line_fields(path_, line_, line));
    sites_.push_back(std::make_unique<std::string>());
  } catch (...) {
    std::fclose(file_);
    throw;
  }
}

decision_reader::~decision_reader() { std::fclose(file_); }

bool decision_reader::next_line(std::string& line, std::size_t most_bytes) {
  line.clear();
  ++line_;
  for (;;) {
    const int c = ::getc_unlocked(file_);
    if (c == '\n') return true;
    if (c == EOF) break;
    if (line.size() == most_bytes) {
      throw io_error(fmt::format("decision log: '{}', line {}: it is longer than {} bytes", path_, line_, most_bytes));
    }
    line.push_back(static_cast<char>(c));
  }
  if (std::ferror(file_) != 0) {
    throw io_error(fmt::format("decision log: cannot read '{}': {}", path_, std::strerror(errno)));
  }
  --line_;
  is_cut_off_ = !line.empty();
  return false;
}

profile_parts decision_reader::profile_of(const line_fields& from) {
  profile_parts parts = read_profile_text(from.value("profile").dump());
  if (!parts.problems.empty()) from.fail("profile." + parts.problems.front(), "the profile is of no use");
  if (!parts.host) from.fail("profile", "it has no host");
  return parts;
}

void decision_reader::read_header(const line_fields& from) {
  if (from.text("kind") != "header") from.refuse("kind", from.value("kind"), "\"header\"");
  const std::int64_t format = from.integer("format", 1, std::numeric_limits<std::int64_t>::max());
  if (format > log_format) {
    from.fail("format", fmt::format("{} is newer than {}, the newest that this version of the library reads", format,
                                    log_format));
  }
  header_.version = from.text("version");
  const json& settings = from.value("settings");
  header_.settings.learns = from.boolean(from.member(settings, "learns", "settings"), "settings.learns");
  header_.settings.exploration = from.finite(from.member(settings, "exploration", "settings"), "settings.exploration");
  if (header_.settings.exploration > 1) {
    from.refuse("settings.exploration", from.member(settings, "exploration", "settings"), "a number from 0 to 1");
  }
  header_.is_from_start = from.boolean("from_start");
  profile_parts parts = profile_of(from);
  header_.constants.valid_for = std::move(parts.valid_for);
  header_.constants.host = std::move(*parts.host);
}

void decision_reader::read_task(const line_fields& from) {
  const auto next = static_cast<std::int64_t>(tasks_.size()) + 1;
  from.integer("number", next, next);
  auto made = std::make_unique<definition>();
  const std::string structure = from.text("structure");
  const auto read = std::from_chars(structure.data(), structure.data() + structure.size(), made->structure, 16);
  if (structure.empty() || read.ec != std::errc() || read.ptr != structure.data() + structure.size()) {
    from.refuse("structure", from.value("structure"), "up to 16 hexadecimal digits");
  }
  made->name = from.text("name");
  made->text = from.text("text");
  constexpr std::int64_t most_bytes = std::numeric_limits<std::int64_t>::max();
  made->what.temporary_bytes = from.integer("temporary_bytes", 0, most_bytes);
  made->what.result_bytes = from.integer("result_bytes", 0, most_bytes);
  const json& stages = from.list("stages", most_stages);
  for (std::size_t i = 0; i < stages.size(); ++i) {
    const std::string where = fmt::format("stages[{}]", i);
    const auto part = [&](const char* field) -> const json& { return from.member(stages[i], field, where); };
    stage_task stage{};
    const std::optional<work_class> main = named(from.text(part("class"), where + ".class"), last_work_class);
    if (!main) from.refuse(where + ".class", part("class"), "a class of work");
    stage.main = *main;
    stage.operation = static_cast<std::uint16_t>(
        from.integer(part("operation"), where + ".operation", 0, std::numeric_limits<std::uint16_t>::max()));
    try {
      stage.type = parse_dtype(from.text(part("dtype"), where + ".dtype"));
    } catch (const dtype_error&) {
      from.refuse(where + ".dtype", part("dtype"), "a dtype");
    }
    const json& operations = from.list(part("operations"), where + ".operations", work_class_count);
    if (operations.size() != work_class_count) {
      from.refuse(where + ".operations", operations, fmt::format("{} numbers", work_class_count));
    }
    for (std::size_t k = 0; k < operations.size(); ++k) {
      stage.operations[k] = from.finite(operations[k], fmt::format("{}.operations[{}]", where, k));
    }
    stage.bytes = from.finite(part("bytes"), where + ".bytes");
    if (stages[i].contains("m_n_k_batch")) {
      const json& extents = from.list(part("m_n_k_batch"), where + ".m_n_k_batch", 4);
      if (extents.size() != 4) from.refuse(where + ".m_n_k_batch", extents, "4 numbers");
      double* const to[] = {&stage.m, &stage.n, &stage.k, &stage.batch};
      for (std::size_t k = 0; k < 4; ++k) *to[k] = from.finite(extents[k], fmt::format("{}.m_n_k_batch[{}]", where, k));
    }
    made->what.stages.push_back(stage);
  }
  tasks_.push_back(std::move(made));
}

void decision_reader::read_device(const line_fields& from, observer& to) {
  if (devices_ + 1 == most_places) from.fail("kind", fmt::format("there are more than {} devices", most_places - 1));
  const std::string name = from.text("name");
  const profile_parts parts = profile_of(from);
  if (parts.devices.size() != 1 || parts.devices.front().device != name) {
    from.fail("profile.devices", fmt::format("expected {} and no other", shown(name)));
  }
  ++devices_;
  to.on_device(parts.devices.front());
}

void decision_reader::read_site(const line_fields& from) {
  const auto next = static_cast<std::int64_t>(sites_.size());
  from.integer("number", next, next);
  sites_.push_back(std::make_unique<std::string>(from.text("text")));
}

operand_state decision_reader::operand_of(const line_fields& from, const void* value, const std::string& where) {
  const json& parts = from.list(*static_cast<const json*>(value), where, 6);
  if (parts.size() != 6) from.refuse(where, parts, "[id, bytes, valid on, is pinned, credit in us, version]");
  operand_state found;
  found.id = from.identifier(parts[0], where + "[0]");
  found.bytes = from.integer(parts[1], where + "[1]", 0, std::numeric_limits<std::int64_t>::max());
  const place_set there = (place_set{2} << devices_) - 1;
  found.valid_on = static_cast<place_set>(from.integer(parts[2], where + "[2]", 0, there));
  found.is_pinned = from.boolean(parts[3], where + "[3]");
  if (!parts[4].is_null()) {
    if (credits_used_ == credits_.size()) credits_.push_back(std::make_unique<std::atomic<float>>(0.0F));
    std::atomic<float>& credit = *credits_[credits_used_++];
    if (!parts[4].is_number() || !std::isfinite(parts[4].get<float>()))
      from.refuse(where + "[4]", parts[4], "a number");
    credit.store(parts[4].get<float>(), std::memory_order_relaxed);
    found.credit_us = &credit;
  }
  found.version = from.identifier(parts[5], where + "[5]");
  return found;
}

void decision_reader::read_evaluation(const line_fields& from, observer& to) {
  constexpr std::int64_t most_number_of_evaluations = std::int64_t{1} << 53;
  const auto number = static_cast<std::uint64_t>(
      from.integer("number", static_cast<std::int64_t>(last_number_) + 1, most_number_of_evaluations));
  const auto which = static_cast<std::uint64_t>(from.integer("task", 1, static_cast<std::int64_t>(tasks_.size())));
  const definition& found = *tasks_[which - 1];
  const std::int64_t site =
      from.has("site") ? from.integer("site", 0, static_cast<std::int64_t>(sites_.size()) - 1) : 0;
  credits_used_ = 0;
  std::vector<operand_state> reads;
  const json& operands = from.list("reads", most_operands);
  for (std::size_t i = 0; i < operands.size(); ++i) {
    reads.push_back(operand_of(from, &operands[i], fmt::format("reads[{}]", i)));
  }
  std::vector<std::int16_t> numbers;
  const json& list = from.list("operands", most_operands);
  if (list.size() != reads.size()) from.refuse("operands", list, fmt::format("{} numbers", reads.size()));
  for (std::size_t i = 0; i < list.size(); ++i) {
    numbers.push_back(static_cast<std::int16_t>(
        from.integer(list[i], fmt::format("operands[{}]", i), 0, std::numeric_limits<std::int16_t>::max())));
  }
  const operand_state writes = operand_of(from, &from.value("writes"), "writes");
  const auto places = std::int64_t{devices_} + 1;
  std::vector<std::int64_t> free_bytes;
  const json& free = from.list("free_bytes", most_places);
  for (std::size_t i = 0; i < free.size(); ++i) {
    free_bytes.push_back(
        from.integer(free[i], fmt::format("free_bytes[{}]", i), 0, std::numeric_limits<std::int64_t>::max()));
  }
  std::vector<double> cold_us;
  const json& cold = from.list("cold_us", most_places);
  for (std::size_t i = 0; i < cold.size(); ++i) cold_us.push_back(from.number(cold[i], fmt::format("cold_us[{}]", i)));
  std::vector<std::int16_t> workers;
  const json& shares = from.list("workers", most_stages);
  for (std::size_t i = 0; i < shares.size(); ++i) {
    workers.push_back(
        static_cast<std::int16_t>(from.integer(shares[i], fmt::format("workers[{}]", i), 1, max_workers)));
  }
  if (!workers.empty() && workers.size() != found.what.stages.size()) {
    from.refuse("workers", shares, fmt::format("one number for each of {} stages, or none", found.what.stages.size()));
  }
  const std::optional<asking> asked = named(from.text("asked"), asking::everything);
  if (!asked) from.refuse("asked", from.value("asked"), "nothing, work or everything");
  const std::optional<cause> why = named(from.text("cause"), cause::exploration);
  if (!why) from.refuse("cause", from.value("cause"), "a cause of decisions");
  const auto allowed = static_cast<place_set>(from.integer("allowed", 0, all_places));
  if (const place_set known = (place_set{2} << devices_) - 1; (allowed & known) == 0) {
    from.refuse("allowed", from.value("allowed"), "a set with the host or a device that the log tells of");
  }
  const evaluation told{number,
                        which,
                        found.structure,
                        from.identifier("planned"),
                        found.what,
                        found.name,
                        found.text,
                        *sites_[static_cast<std::size_t>(site)],
                        reads,
                        numbers,
                        writes,
                        from.boolean("writes_all"),
                        from.boolean("new"),
                        static_cast<int>(from.integer("worker_limit", 1, max_workers)),
                        allowed,
                        free_bytes,
                        cold_us,
                        *asked,
                        from.boolean("runs"),
                        static_cast<int>(from.integer("place", 0, places - 1)),
                        workers,
                        *why,
                        from.number("predicted_us"),
                        from.number("predicted_work_us")};
  last_number_ = number;
  to.on_evaluation(told);
}

void decision_reader::read_event(const line_fields& from, observer& to) {
  const std::string kind = from.text("kind");
  if (kind == "evaluation") {
    read_evaluation(from, to);
  } else if (kind == "outcome") {
    const auto number = from.integer("number", 1, static_cast<std::int64_t>(last_number_));
    to.on_outcome(static_cast<std::uint64_t>(number), from.finite("measured_us"));
  } else if (kind == "failure") {
    to.on_failure(static_cast<std::uint64_t>(from.integer("number", 1, static_cast<std::int64_t>(last_number_))));
  } else if (kind == "device") {
    read_device(from, to);
  } else if (kind == "task") {
    read_task(from);
  } else if (kind == "site") {
    read_site(from);
  } else if (kind == "copy") {
    const auto place = from.integer("place", 1, devices_);
    to.on_copy(static_cast<int>(place), from.boolean("to_device"), from.boolean("pinned"),
               from.integer("bytes", 0, std::numeric_limits<std::int64_t>::max()), from.finite("measured_us"));
  } else if (kind == "host_read") {
    to.on_host_read(from.identifier("id"));
  } else if (kind == "host_write") {
    to.on_host_write(from.identifier("id"));
  } else if (kind == "free") {
    to.on_free(from.identifier("id"));
  } else {
    from.refuse("kind", from.value("kind"),
                "evaluation, outcome, failure, device, task, site, copy, host_read, host_write or free");
  }
}

void decision_reader::read(observer& to) {
  std::string line;
  while (next_line(line, most_line_bytes)) read_event(line_fields(path_, line_, line), to);
}

}  // namespace tandem::plan
