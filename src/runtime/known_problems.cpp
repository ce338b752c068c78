#include "runtime/known_problems.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <string_view>

#include "runtime/loaded_libraries.h"

namespace tandem::runtime {

namespace {

using libraries = std::vector<const loaded_library*>;

std::string count_text(int count, std::string_view what) {
  return fmt::format("{} {}{}", count, what, count == 1 ? "" : "s");
}

std::string join(const std::vector<std::string>& parts) {
  std::string text;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    text += (i == 0 ? "" : i + 1 == parts.size() ? " and " : ", ") + parts[i];
  }
  return text;
}

// "libgomp (/usr/lib/libgomp.so.1, 4 threads)"
std::string described(const loaded_library& of) {
  std::string text = of.name + " (" + of.file;
  if (!of.version.empty()) text += ", " + of.version;
  if (!of.threading.empty()) text += ", " + of.threading;
  if (of.threads) text += ", " + count_text(*of.threads, "thread");
  return text + ")";
}

std::string described(const libraries& all) {
  std::vector<std::string> parts;
  for (const loaded_library* each : all) parts.push_back(described(*each));
  return join(parts);
}

// Those whose parallel regions a runtime runs.
std::vector<std::string> users_of(const loaded_library& runtime, const process_facts& facts) {
  std::vector<std::string> users;
  for (const served_call& each : facts.calls) {
    if (each.provider != runtime.file || !starts_threads(each.call)) continue;
    if (std::ranges::find(users, each.user) == users.end()) users.push_back(each.user);
  }
  return users;
}

libraries openmp_at_work(const process_facts& facts) {
  libraries found;
  for (const loaded_library& each : facts.libraries) {
    if (each.api == "openmp" && each.at_work) found.push_back(&each);
  }
  return found;
}

libraries openblas(const process_facts& facts) {
  libraries found;
  for (const loaded_library& each : facts.libraries) {
    if (each.name == "OpenBLAS") found.push_back(&each);
  }
  return found;
}

// An OpenBLAS that keeps threads of its own, which it starts when it is loaded.
libraries openblas_with_threads(const process_facts& facts) {
  libraries found;
  for (const loaded_library* each : openblas(facts)) {
    if (each->threading == "pthreads" && each->threads != 1) found.push_back(each);
  }
  return found;
}

bool is_used_by(const std::string& user, const loaded_library& library, const process_facts& facts) {
  return std::ranges::any_of(
      facts.calls, [&](const served_call& each) { return each.user == user && each.provider == library.file; });
}

// The runtime at work that can serve all, tandem's if there are several: libomp and libiomp5 have libgomp's entry
// points, too. "" if there is none.
std::string preloadable(const process_facts& facts) {
  std::string file;
  for (const loaded_library* each : openmp_at_work(facts)) {
    const bool has_all = each->name != "libgomp";
    if (has_all && (file.empty() || is_used_by(facts.tandem_file, *each, facts))) file = each->file;
  }
  return file;
}

std::string one_runtime(const process_facts& facts) {
  const std::string preload = preloadable(facts);
  return "let one OpenMP runtime serve all: compile the application with -fopenmp, but link it with libomp (-lomp) "
         "instead of -fopenmp" +
         (preload.empty() ? "" : ", or start it with LD_PRELOAD=" + preload);
}

std::string runs(const libraries& runtimes, const process_facts& facts) {
  std::vector<std::string> parts;
  for (const loaded_library* each : runtimes) {
    parts.push_back(fmt::format("{} for {}", described(*each), join(users_of(*each, facts))));
  }
  return join(parts);
}

using problems = std::vector<known_problem>;

void find_two_openmp(const process_facts& facts, problems& found) {
  const libraries all = openmp_at_work(facts);
  if (all.size() < 2) return;
  const auto has = [&](std::string_view name) {
    return std::ranges::any_of(all, [&](const loaded_library* each) { return each->name == name; });
  };
  const bool has_intel = has("libiomp5");
  std::string message = fmt::format("{} OpenMP runtimes are at work: {}; each has threads of its own for {}",
                                    all.size(), runs(all, facts), count_text(facts.permitted_cores, "permitted core"));
  if (has_intel && has("libomp")) {
    const auto allowed = facts.variables.find("KMP_DUPLICATE_LIB_OK");
    message +=
        fmt::format("; whichever of libomp and libiomp5 starts second ends the process with \"OMP: Error #15\"{}",
                    allowed == facts.variables.end()
                        ? ""
                        : fmt::format(" unless KMP_DUPLICATE_LIB_OK, which is {}, lets both run", allowed->second));
  }
  found.push_back({has_intel ? "libiomp-and-another" : "two-openmp", message, one_runtime(facts)});
}

void find_two_openblas(const process_facts& facts, problems& found) {
  const libraries all = openblas(facts);
  if (all.size() < 2) return;
  std::string used;
  for (const loaded_library* each : all) {
    if (is_used_by(facts.tandem_file, *each, facts)) used = each->file;
  }
  found.push_back({"two-openblas",
                   fmt::format("{} OpenBLAS are loaded: {}; each has buffers and a number of threads of its own",
                               all.size(), described(all)),
                   used.empty() ? "let all parts of the application use the same OpenBLAS"
                                : fmt::format("let all parts of the application use the one that serves tandem, {}: "
                                              "link them with it, or use packages that are built with it",
                                              used)});
}

void find_openblas_with_threads(const process_facts& facts, problems& found) {
  const libraries runtimes = openmp_at_work(facts);
  if (runtimes.empty()) return;
  // The OpenMP build brings libgomp, which must not come first.
  const std::string preload = preloadable(facts);
  for (const loaded_library* each : openblas_with_threads(facts)) {
    found.push_back(
        {"openblas-pthreads",
         fmt::format("{} has threads of its own beside the OpenMP loops of {}: both compete for {}, tandem's number of "
                     "workers does not reach it, and products of matrices may depend on the number of threads in "
                     "their last places",
                     described(*each), described(runtimes), count_text(facts.permitted_cores, "permitted core")),
         fmt::format(
             "load OpenBLAS's OpenMP build instead (Debian: libopenblas0-openmp; start the application with its "
             "folder in LD_LIBRARY_PATH{}), or set OPENBLAS_NUM_THREADS=1",
             preload.empty() ? "" : " and LD_PRELOAD=" + preload)});
  }
}

// Whether anything but tandem, which says its number of workers, makes a runtime work with the number of threads that
// it takes by itself: another user, or one who calls a BLAS that is a user.
bool has_users_of_its_own(const loaded_library& runtime, const process_facts& facts) {
  const auto is_blas = [&](const std::string& file) {
    return std::ranges::any_of(facts.libraries,
                               [&](const loaded_library& each) { return each.api == "blas" && each.file == file; });
  };
  for (const std::string& user : users_of(runtime, facts)) {
    if (user == facts.tandem_file) continue;
    if (!is_blas(user)) return true;
    for (const served_call& each : facts.calls) {
      if (each.provider == user && each.user != facts.tandem_file && !is_blas(each.user)) return true;
    }
  }
  return false;
}

void find_quota_below_threads(const process_facts& facts, problems& found) {
  if (!facts.quota) return;
  const int cores = facts.quota->cores;
  std::vector<std::string> pools;
  std::vector<std::string> remedies;
  if (facts.tandem_workers > cores) {
    pools.push_back(count_text(facts.tandem_workers, "worker") + " of tandem");
    remedies.push_back(fmt::format("policy.workers = {}", cores));
  }
  for (const loaded_library* each : openmp_at_work(facts)) {
    if (each->threads.value_or(1) <= cores || !has_users_of_its_own(*each, facts)) continue;
    pools.push_back(described(*each));
    remedies.push_back(fmt::format("OMP_NUM_THREADS={}", cores));
  }
  for (const loaded_library* each : openblas_with_threads(facts)) {
    if (each->threads.value_or(1) <= cores) continue;
    pools.push_back(described(*each));
    remedies.push_back(fmt::format("OPENBLAS_NUM_THREADS={}", cores));
  }
  if (pools.empty()) return;
  const auto repeated = std::ranges::unique(remedies);
  remedies.erase(repeated.begin(), repeated.end());
  found.push_back(
      {"quota-below-threads",
       fmt::format("the cgroup's quota is {} ({}), and there are more threads: {}; the kernel stops them all "
                   "for the rest of a period when the quota is used up",
                   count_text(cores, "core"), facts.quota->source, join(pools)),
       fmt::format("set {}, or raise the quota", join(remedies))});
}

std::string in_lower_case(std::string text) {
  std::ranges::transform(text, text.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

// "OMP_PROC_BIND is true", or what else makes OpenMP runtimes bind threads to cores; "" if nothing does. OMP_PROC_BIND
// may be a list, for nested regions.
std::string what_binds(const process_facts& facts) {
  for (const char* name : {"OMP_PROC_BIND", "OMP_PLACES", "GOMP_CPU_AFFINITY", "KMP_AFFINITY"}) {
    const auto variable = facts.variables.find(name);
    if (variable == facts.variables.end()) continue;
    const std::string value = in_lower_case(variable->second);
    if (value.find_first_not_of(" \t") == std::string::npos) continue;
    if (variable->first == "OMP_PROC_BIND" && value.starts_with("false")) return "";
    const bool is_off = value.find("none") != std::string::npos || value.find("disabled") != std::string::npos;
    if (variable->first == "KMP_AFFINITY" && is_off) continue;
    return fmt::format("{} is {}", name, variable->second);
  }
  return "";
}

void find_bound_pools(const process_facts& facts, problems& found) {
  const std::string reason = what_binds(facts);
  if (reason.empty()) return;
  libraries pools = openmp_at_work(facts);
  // libgomp binds the thread that loads it, also where nobody uses it.
  for (const loaded_library& each : facts.libraries) {
    if (each.name == "libgomp" && !each.at_work) pools.push_back(&each);
  }
  for (const loaded_library* each : openblas_with_threads(facts)) pools.push_back(each);
  if (pools.size() < 2) return;
  found.push_back(
      {"bound-pools",
       fmt::format("{} with several thread pools: {}; each binds threads to the same first cores, libgomp already the "
                   "thread that loads it, and what that thread starts inherits its one core; this thread is permitted "
                   "{}",
                   reason, described(pools), count_text(facts.permitted_cores, "core")),
       "unset " + reason.substr(0, reason.find(' '))});
}

void find_libgomp_before_fork(const process_facts& facts, problems& found) {
  if (facts.fork_callers.empty() && !facts.is_forked_child) return;
  for (const loaded_library* each : openmp_at_work(facts)) {
    if (each->name != "libgomp") continue;
    const std::string how =
        facts.is_forked_child
            ? "this process was made by fork()"
            : join(facts.fork_callers) + (facts.fork_callers.size() == 1 ? " calls fork()" : " call fork()");
    found.push_back({"libgomp-before-fork",
                     fmt::format("{} runs parallel regions of {}, and {}: its threads do not exist in a child, where "
                                 "the next parallel region waits for them for ever if the parent had one before",
                                 described(*each), join(users_of(*each, facts)), how),
                     one_runtime(facts) +
                         ", which starts its threads anew in a child; or fork before the first parallel region, or "
                         "start a new program in the child (in Python: multiprocessing's \"spawn\")"});
  }
}

void find_wrong_wish(const process_facts& facts, problems& found) {
  const auto wish = facts.variables.find("TANDEM_INFO");
  if (wish == facts.variables.end() || wish->second.empty() || wish->second == "0" || wish->second == "1") return;
  found.push_back({"tandem-info",
                   fmt::format("TANDEM_INFO is '{}'; expected 1, or 0 or nothing for no report", wish->second),
                   "set TANDEM_INFO=1, or unset it"});
}

}  // namespace

const std::vector<std::string>& heeded_variables() {
  static const std::vector<std::string> names = {
      "OMP_NUM_THREADS",     "OMP_THREAD_LIMIT",   "OMP_DYNAMIC",       "OMP_MAX_ACTIVE_LEVELS", "OMP_PROC_BIND",
      "OMP_PLACES",          "OMP_WAIT_POLICY",    "OMP_SCHEDULE",      "GOMP_CPU_AFFINITY",     "GOMP_SPINCOUNT",
      "KMP_AFFINITY",        "KMP_BLOCKTIME",      "KMP_HW_SUBSET",     "KMP_DUPLICATE_LIB_OK",  "OPENBLAS_NUM_THREADS",
      "GOTO_NUM_THREADS",    "OPENBLAS_MAIN_FREE", "OPENBLAS_CORETYPE", "MKL_NUM_THREADS",       "MKL_DYNAMIC",
      "MKL_THREADING_LAYER", "BLIS_NUM_THREADS",   "FLEXIBLAS"};
  return names;
}

std::vector<known_problem> known_problems(const process_facts& facts) {
  problems found;
  find_two_openmp(facts, found);
  find_two_openblas(facts, found);
  find_openblas_with_threads(facts, found);
  find_quota_below_threads(facts, found);
  find_bound_pools(facts, found);
  find_libgomp_before_fork(facts, found);
  find_wrong_wish(facts, found);
  return found;
}

}  // namespace tandem::runtime
