#include "exec/report.h"

#include <tandem/report.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>
#include <string_view>
#include <utility>

#include "runtime/gpus.h"
#include "runtime/known_problems.h"
#include "runtime/loaded_libraries.h"
#include "runtime/workers.h"

namespace tandem {

namespace {

// When the library was loaded: a child made by fork() has another one.
const pid_t first_process = ::getpid();

}  // namespace

runtime_facts runtime_report() {
  runtime_facts found;
  // First, because it asks the system which cores this thread is permitted.
  found.machine = machine_info();
  found.gpus = runtime::find_gpus();

  runtime::process_facts facts;
  runtime::process_libraries loaded = runtime::find_loaded_libraries();
  facts.libraries = std::move(loaded.libraries);
  facts.calls = std::move(loaded.calls);
  facts.tandem_file = std::move(loaded.tandem_file);
  facts.fork_callers = std::move(loaded.fork_callers);
  facts.is_forked_child = ::getpid() != first_process;
  facts.permitted_cores = found.machine.permitted_cores;
  // MERGE: facts.quota = the one of machine.core_limits whose name is "cgroup quota"; and policy_of_this_thread(), for
  // the number of workers here and for a member of runtime_facts with each field and its source.
  facts.tandem_workers = runtime::workers_of({});
  for (const std::string& name : runtime::heeded_variables()) {
    if (const char* value = std::getenv(name.c_str())) {
      facts.variables.emplace(name, value);
      found.thread_variables.push_back({name, value});
    }
  }
  if (const char* wish = std::getenv("TANDEM_INFO")) facts.variables.emplace("TANDEM_INFO", wish);

  found.problems = runtime::known_problems(facts);
  found.libraries = std::move(facts.libraries);
  found.serves = std::move(facts.calls);
  return found;
}

namespace exec {

void print_info() noexcept {
  const char* const wish = std::getenv("TANDEM_INFO");
  if (wish == nullptr || *wish == '\0' || std::string_view(wish) == "0") return;
  try {
    std::string text;
    try {
      text = to_string(runtime_report());
    } catch (const std::exception& failure) {
      text = std::string("tandem: TANDEM_INFO: no report: ") + failure.what() + "\n";
    }
    std::fwrite(text.data(), 1, text.size(), stderr);
  } catch (...) {  // no memory for the text: whoever evaluates meets that, too
  }
}

}  // namespace exec

}  // namespace tandem
