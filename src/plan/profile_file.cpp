#include "plan/profile_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <utility>

#include <tandem/errors.h>

#include "plan/priors.h"
#include "runtime/cache_folder.h"
#include "runtime/cores.h"
#include "runtime/system.h"

namespace tandem::plan {

namespace {

constexpr const char* variable = "TANDEM_PROFILE";
constexpr std::string_view remedy = "shipped constants serve; 'tandem calibrate' measures this machine";

class descriptor {
 public:
  explicit descriptor(int handle) noexcept : handle_(handle) {}
  descriptor(const descriptor&) = delete;
  descriptor& operator=(const descriptor&) = delete;
  ~descriptor() {
    if (handle_ >= 0) ::close(handle_);
  }
  int handle() const noexcept { return handle_; }
  /// Throws nothing; the error is in errno.
  bool close() noexcept { return ::close(std::exchange(handle_, -1)) == 0; }

 private:
  int handle_;
};

std::string reason(int error) { return std::generic_category().message(error); }

std::string file_name(const std::string& path) { return std::filesystem::path(path).filename().string(); }

// Bytes that a file or a driver says, as JSON can hold them.
std::string kept_text(std::string text) {
  constexpr std::size_t most = 400;
  if (text.size() > most) text.resize(most);
  for (char& c : text) {
    if (c < ' ' || c > '~') c = '?';
  }
  return text;
}

}  // namespace

std::optional<std::string> content_of(const std::string& file, bool must_be, std::string& problem) {
  // A pipe without a writer would be waited for.
  const descriptor opened(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (opened.handle() < 0) {
    if (must_be || (errno != ENOENT && errno != ENOTDIR)) problem = "it cannot be read: " + reason(errno);
    return std::nullopt;
  }
  struct stat about{};
  if (::fstat(opened.handle(), &about) != 0 || !S_ISREG(about.st_mode)) {
    problem = "it is no file";
    return std::nullopt;
  }
  // It may grow meanwhile.
  std::string text(most_profile_bytes + 1, '\0');
  std::size_t size = 0;
  while (size < text.size()) {
    const ssize_t bytes = ::read(opened.handle(), text.data() + size, text.size() - size);
    if (bytes < 0 && errno == EINTR) continue;
    if (bytes < 0) {
      problem = "it cannot be read: " + reason(errno);
      return std::nullopt;
    }
    if (bytes == 0) break;
    size += static_cast<std::size_t>(bytes);
  }
  if (size > most_profile_bytes) {
    problem = fmt::format("it has more than {} bytes", most_profile_bytes);
    return std::nullopt;
  }
  text.resize(size);
  return text;
}

std::string profile_file() {
  if (const char* const wish = std::getenv(variable)) return wish;
  const std::string folder = runtime::cache_folder_name();
  return folder.empty() ? "" : (std::filesystem::path(folder) / "profile.json").string();
}

validators find_host_validators() {
  const backend::description cpu = backend::cpu().describe();
  validators found{{"processor", runtime::processor_name()}};
  std::string quota = "none";
  std::string permitted = "1";
  for (const core_limit& each : runtime::core_limits()) {
    if (each.name == "cgroup quota") quota = fmt::format("{}", each.cores);
    if (each.decides) permitted = fmt::format("{}", each.cores);
  }
  found.emplace_back("permitted cores", permitted);
  found.emplace_back("quota", quota);
  found.emplace_back("openmp", file_name(runtime::openmp_file()));
  found.emplace_back("blas", cpu.blas.configuration);
  // Which threads it has is in its folder's name.
  found.emplace_back("blas file", cpu.blas.file);
  for (const instruction_set_info& each : cpu.instruction_sets) {
    if (each.in_use) found.emplace_back("instruction set", each.name);
  }
  return readable(std::move(found));
}

validators readable(validators of) {
  for (auto& [name, value] : of) value = kept_text(std::move(value));
  return of;
}

std::string difference(const validators& of_file, const validators& here) {
  const auto value_in = [](const validators& all, const std::string& name) {
    const auto found = std::ranges::find(all, name, &validators::value_type::first);
    return found == all.end() ? nullptr : &found->second;
  };
  for (const auto& [name, value] : here) {
    const std::string* const before = value_in(of_file, name);
    if (before == nullptr) return fmt::format("{}: not known then, here {}", name, value);
    if (*before != value) return fmt::format("{}: {}, here {}", name, *before, value);
  }
  for (const auto& [name, value] : of_file) {
    if (value_in(here, name) == nullptr) return fmt::format("{}: {}, not known here", name, value);
  }
  return "";
}

loaded_profile load_profile(const std::string& file, bool must_be) {
  loaded_profile made;
  const auto complain = [&](std::string_view what) {
    made.problems.push_back(fmt::format("{}: {}; {}", kept_text(file), what, remedy));
  };
  if (!file.empty()) {
    std::string problem;
    const std::optional<std::string> text = content_of(file, must_be, problem);
    if (!problem.empty()) complain(problem);
    if (text) {
      made.file = file;
      profile_parts parts = read_profile_text(*text);
      for (const std::string& each : parts.problems) complain(each);
      made.constants.devices = std::move(parts.devices);
      if (parts.host) {
        validators here = find_host_validators();
        if (const std::string differs = difference(parts.valid_for, here); !differs.empty()) {
          complain(fmt::format("the host was measured with another {}", differs));
        } else {
          made.constants.host = std::move(*parts.host);
          made.constants.valid_for = std::move(here);
          made.host_is_calibrated = true;
        }
      }
    }
  }
  if (!made.host_is_calibrated) made.constants.host = prior_for(find_host_facts());
  return made;
}

loaded_profile load_profile() { return load_profile(profile_file(), std::getenv(variable) != nullptr); }

validators find_validators(backend::backend& of) {
  validators found = of.hints().identity;
  std::erase_if(found, [](const auto& each) { return each.first == "device"; });
  found.insert(found.begin(), {"device", of.describe().device});
  return readable(std::move(found));
}

std::optional<device_profile> constants_of(loaded_profile& from, std::string_view device, const validators& here) {
  for (const named_device_profile& each : from.constants.devices) {
    if (each.device != device) continue;
    const std::string differs = difference(each.valid_for, here);
    if (differs.empty()) return each.constants;
    from.problems.push_back(
        fmt::format("{}: {} was measured with another {}; {}", kept_text(from.file), each.device, differs, remedy));
  }
  return std::nullopt;
}

namespace {

[[noreturn]] void refuse_to_write(const std::string& file, std::string_view why) {
  throw io_error(fmt::format("cannot write {}: {}", file, why));
}

// The file that takes its place: where links lead, lest they be replaced. Devices, pipes and folders are never
// replaced, which somebody who may do everything could.
std::string file_to_replace(const std::string& file) {
  constexpr int most_links = 40;
  std::filesystem::path found = file;
  std::error_code error;
  for (int i = 0; std::filesystem::is_symlink(found, error); ++i) {
    const std::filesystem::path target = std::filesystem::read_symlink(found, error);
    if (error || i == most_links) refuse_to_write(file, reason(error ? error.value() : ELOOP));
    found = found.parent_path() / target;
  }
  struct stat about{};
  if (::stat(file.c_str(), &about) != 0 || S_ISREG(about.st_mode)) return found.string();
  refuse_to_write(file, S_ISDIR(about.st_mode) ? reason(EISDIR) : "it is no regular file");
}

// A file of another name in the same folder, only for its owner.
std::string make_beside(const std::string& target, const std::string& file, int& handle) {
  std::string beside = target + ".XXXXXX";
  handle = ::mkostemp(beside.data(), O_CLOEXEC);
  if (handle < 0) refuse_to_write(file, reason(errno));
  return beside;
}

}  // namespace

void check_writable(const std::string& file) {
  int handle = -1;
  const std::string beside = make_beside(file_to_replace(file), file, handle);
  ::close(handle);
  ::unlink(beside.c_str());
}

void write_profile(const profile& what, const std::string& file) { write_whole(text_of(what), file); }

void write_whole(const std::string& text, const std::string& file) {
  const std::string target = file_to_replace(file);
  int handle = -1;
  const std::string beside = make_beside(target, file, handle);
  descriptor opened(handle);
  const auto fail = [&] {
    const int error = errno;
    ::unlink(beside.c_str());
    refuse_to_write(file, reason(error));
  };
  std::size_t done = 0;
  while (done < text.size()) {
    const ssize_t bytes = ::write(opened.handle(), text.data() + done, text.size() - done);
    if (bytes < 0 && errno == EINTR) continue;
    if (bytes < 0) fail();
    done += static_cast<std::size_t>(bytes);
  }
  // On disk before it has the name, lest a loss of power leave an empty file.
  if (::fsync(opened.handle()) != 0 || !opened.close() || ::rename(beside.c_str(), target.c_str()) != 0) fail();
}

}  // namespace tandem::plan
