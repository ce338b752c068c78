#include "plan/decision_log.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cmath>
#include <concepts>
#include <cstring>
#include <nlohmann/json.hpp>
#include <span>

#include <tandem/errors.h>

#include "plan/profile_text.h"

namespace tandem::plan {

namespace {

constexpr std::size_t block_bytes = std::size_t{64} << 10;

template <class Number>
  requires std::integral<Number> || std::floating_point<Number>
void append_number(std::string& to, Number value) {
  char digits[32];
  const auto end = std::to_chars(digits, digits + sizeof digits, value).ptr;
  to.append(digits, end);
}

void append(std::string& to, bool value) { to += value ? "true" : "false"; }
template <std::integral Number>
  requires(!std::same_as<Number, bool>)
void append(std::string& to, Number value) {
  append_number(to, value);
}
template <std::floating_point Number>
void append(std::string& to, Number value) {
  if (std::isfinite(value)) {
    append_number(to, value);
  } else {
    to += "null";
  }
}
// Names of devices and call sites come from outside: bytes that are no UTF-8 become U+FFFD.
void append(std::string& to, std::string_view text) {
  to += nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

void append(std::string& to, const operand_state& of) {
  to += '[';
  append(to, of.id);
  to += ',';
  append(to, of.bytes);
  to += ',';
  append(to, of.valid_on);
  to += of.is_pinned ? ",true," : ",false,";
  if (of.credit_us == nullptr) {
    to += "null";
  } else {
    append(to, of.credit_us->load(std::memory_order_relaxed));
  }
  to += ',';
  append(to, of.version);
  to += ']';
}

void append(std::string& to, const stage_task& of);

template <class Item>
void append(std::string& to, std::span<const Item> items) {
  to += '[';
  bool is_first = true;
  for (const Item& each : items) {
    if (!is_first) to += ',';
    is_first = false;
    append(to, each);
  }
  to += ']';
}

template <class Value>
void field(std::string& to, std::string_view name_with_quotes, const Value& value) {
  to += ',';
  to += name_with_quotes;
  to += ':';
  append(to, value);
}

void append(std::string& to, const stage_task& of) {
  to += "{\"class\":\"";
  to += to_string(of.main);
  to += '"';
  field(to, "\"operation\"", of.operation);
  field(to, "\"dtype\"", name(of.type));
  field(to, "\"operations\"", std::span<const double>(of.operations));
  field(to, "\"bytes\"", of.bytes);
  if (of.batch != 0) {
    const double extents[] = {of.m, of.n, of.k, of.batch};
    field(to, "\"m_n_k_batch\"", std::span<const double>(extents));
  }
  to += '}';
}

// On one line, with all digits. What constants are valid for says nothing here, but a profile must have it.
void append_profile(std::string& to, profile of) {
  const validators nothing{{"constants", "of the process that wrote this"}};
  if (of.valid_for.empty()) of.valid_for = nothing;
  for (named_device_profile& each : of.devices) {
    if (each.valid_for.empty()) each.valid_for = nothing;
  }
  to += nlohmann::json::parse(text_of(of, digits::all)).dump();
}

int open_log(const std::string& path) {
  // Without O_NONBLOCK, a FIFO that nobody reads would be waited for.
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NONBLOCK, 0666);
  if (file < 0) throw io_error(fmt::format("decision log: cannot open '{}': {}", path, std::strerror(errno)));
  struct stat found{};
  if (::fstat(file, &found) == 0 && (S_ISREG(found.st_mode) || S_ISCHR(found.st_mode))) return file;
  ::close(file);
  throw io_error(fmt::format("decision log: '{}' is neither a regular file nor a character device", path));
}

}  // namespace

std::string_view to_string(asking how) noexcept {
  constexpr std::string_view names[] = {"nothing", "work", "everything"};
  return names[static_cast<std::size_t>(how)];
}

decision_log::decision_log(const std::string& path, const log_header& header)
    : path_(path), file_(open_log(path)), host_(header.constants) {
  host_.devices.clear();
  try {
    buffer_.reserve(block_bytes + block_bytes / 4);
    buffer_ += "{\"kind\":\"header\"";
    field(buffer_, "\"format\"", log_format);
    field(buffer_, "\"version\"", std::string_view(header.version));
    buffer_ += ",\"settings\":{\"learns\":";
    append(buffer_, header.settings.learns);
    field(buffer_, "\"exploration\"", header.settings.exploration);
    buffer_ += '}';
    field(buffer_, "\"from_start\"", header.is_from_start);
    buffer_ += ",\"profile\":";
    append_profile(buffer_, host_);
    buffer_ += "}\n";
    flush();
  } catch (...) {
    ::close(file_);
    throw;
  }
  if (error_ == 0) return;
  ::close(file_);
  throw io_error(fmt::format("decision log: cannot write to '{}': {}", path_, std::strerror(error_)));
}

decision_log::~decision_log() {
  flush();
  if (file_ >= 0) ::close(file_);
}

int decision_log::site_number(std::string_view site) {
  if (site.empty()) return 0;
  const auto [found, is_new] = sites_.try_emplace(std::string(site), static_cast<int>(sites_.size()) + 1);
  if (!is_new) return found->second;
  buffer_ += "{\"kind\":\"site\"";
  field(buffer_, "\"number\"", found->second);
  field(buffer_, "\"text\"", site);
  buffer_ += "}\n";
  return found->second;
}

std::uint64_t decision_log::task_number(const evaluation& what) {
  const auto [found, is_new] = tasks_.try_emplace(what.definition, tasks_.size() + 1);
  if (!is_new) return found->second;
  buffer_ += "{\"kind\":\"task\"";
  field(buffer_, "\"number\"", found->second);
  // Not as a number: many readers of JSON have only doubles.
  field(buffer_, "\"structure\"", std::string_view(fmt::format("{:016x}", what.structure)));
  field(buffer_, "\"name\"", what.name);
  field(buffer_, "\"text\"", what.text);
  field(buffer_, "\"temporary_bytes\"", what.what.temporary_bytes);
  field(buffer_, "\"result_bytes\"", what.what.result_bytes);
  field(buffer_, "\"stages\"", std::span<const stage_task>(what.what.stages));
  buffer_ += "}\n";
  return found->second;
}

void decision_log::on_device(const named_device_profile& what) {
  if (file_ < 0) return;
  buffer_ += "{\"kind\":\"device\"";
  field(buffer_, "\"name\"", std::string_view(what.device));
  buffer_ += ",\"profile\":";
  profile with_it = host_;
  with_it.devices.push_back(what);
  append_profile(buffer_, with_it);
  end_line();
}

void decision_log::on_failure(std::uint64_t number) {
  if (file_ < 0 || !has(number)) return;
  buffer_ += "{\"kind\":\"failure\"";
  field(buffer_, "\"number\"", number);
  end_line();
}

void decision_log::on_evaluation(const evaluation& what) {
  if (file_ < 0) return;
  if (first_number_ == 0) first_number_ = what.number;
  const int site = site_number(what.site);
  const std::uint64_t number = task_number(what);
  std::string& to = buffer_;
  to += "{\"kind\":\"evaluation\"";
  field(to, "\"number\"", what.number);
  field(to, "\"task\"", number);
  field(to, "\"planned\"", what.planned);
  if (site != 0) field(to, "\"site\"", site);
  field(to, "\"reads\"", what.reads);
  field(to, "\"operands\"", what.operands);
  field(to, "\"writes\"", what.writes);
  field(to, "\"writes_all\"", what.writes_all);
  field(to, "\"new\"", what.is_new);
  field(to, "\"worker_limit\"", what.worker_limit);
  field(to, "\"allowed\"", what.allowed);
  field(to, "\"free_bytes\"", what.free_bytes);
  field(to, "\"cold_us\"", what.cold_us);
  to += ",\"asked\":\"";
  to += to_string(what.asked);
  to += '"';
  field(to, "\"runs\"", what.runs);
  field(to, "\"place\"", what.place);
  field(to, "\"workers\"", what.workers);
  to += ",\"cause\":\"";
  to += to_string(what.why);
  to += '"';
  field(to, "\"predicted_us\"", what.predicted_us);
  field(to, "\"predicted_work_us\"", what.predicted_work_us);
  end_line();
}

void decision_log::on_outcome(std::uint64_t number, double measured_us) {
  if (file_ < 0 || !has(number)) return;
  buffer_ += "{\"kind\":\"outcome\"";
  field(buffer_, "\"number\"", number);
  field(buffer_, "\"measured_us\"", measured_us);
  end_line();
}

void decision_log::on_copy(int place, bool to_device, bool is_pinned, std::int64_t bytes, double measured_us) {
  if (file_ < 0) return;
  buffer_ += "{\"kind\":\"copy\"";
  field(buffer_, "\"place\"", place);
  field(buffer_, "\"to_device\"", to_device);
  field(buffer_, "\"pinned\"", is_pinned);
  field(buffer_, "\"bytes\"", bytes);
  field(buffer_, "\"measured_us\"", measured_us);
  end_line();
}

void decision_log::on_host_read(std::uint64_t id) {
  if (file_ < 0) return;
  buffer_ += "{\"kind\":\"host_read\"";
  field(buffer_, "\"id\"", id);
  end_line();
}

void decision_log::on_host_write(std::uint64_t id) {
  if (file_ < 0) return;
  buffer_ += "{\"kind\":\"host_write\"";
  field(buffer_, "\"id\"", id);
  end_line();
}

void decision_log::on_free(std::uint64_t id) {
  if (file_ < 0) return;
  buffer_ += "{\"kind\":\"free\"";
  field(buffer_, "\"id\"", id);
  end_line();
}

void decision_log::end_line() {
  buffer_ += "}\n";
  if (buffer_.size() >= block_bytes) flush();
}

void decision_log::flush() noexcept {
  if (file_ < 0) return;
  const char* from = buffer_.data();
  std::size_t left = buffer_.size();
  while (left > 0) {
    const ::ssize_t written = ::write(file_, from, left);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) {
      error_ = written < 0 ? errno : EIO;
      abandon();
      return;
    }
    from += written;
    left -= static_cast<std::size_t>(written);
  }
  buffer_.clear();
}

void decision_log::close() {
  flush();
  if (file_ >= 0 && ::close(file_) != 0 && errno != EINTR) error_ = errno;
  file_ = -1;
  if (error_ == 0) return;
  throw io_error(fmt::format("decision log: cannot write to '{}': {}; what came later is not in it", path_,
                             std::strerror(error_)));
}

void decision_log::abandon() noexcept {
  buffer_.clear();
  if (file_ >= 0) ::close(file_);
  file_ = -1;
}

}  // namespace tandem::plan
