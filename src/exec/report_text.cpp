#include <fmt/format.h>
#include <tandem/report.h>

#include <string_view>
#include <utility>

namespace tandem {

namespace {

// Lines of a label and a value; a label that is "" continues the one before.
class table {
 public:
  void add(std::string_view label, std::string_view value) { text_ += fmt::format("{:<16}  {}\n", label, value); }
  // Values of one label, each on a line.
  void add(std::string_view label, const std::vector<std::string>& values, std::string_view if_none) {
    if (values.empty()) add(label, if_none);
    for (const std::string& value : values) add(std::exchange(label, ""), value);
  }
  std::string take() { return std::move(text_); }

 private:
  std::string text_;
};

std::string size_text(std::int64_t bytes) {
  return fmt::format("{:.1f} GiB", static_cast<double>(bytes) / (1024.0 * 1024.0 * 1024.0));
}

std::string or_unknown(const std::string& text) { return text.empty() ? "unknown" : text; }

std::string_view file_name(std::string_view file) { return file.substr(file.rfind('/') + 1); }

void add_machine(const machine& of, table& rows) {
  std::string sets;
  for (const instruction_set_info& each : of.instruction_sets) {
    sets += fmt::format("{}{}{}", sets.empty() ? "" : ", ", each.name,
                        each.in_use   ? " (in use)"
                        : each.usable ? ""
                                      : " (not on this processor)");
  }
  rows.add("tandem", of.version);
  rows.add("processor", or_unknown(of.processor));
  rows.add("cores", fmt::format("{}, permitted: {}", of.cores, of.permitted_cores));
  std::vector<std::string> limits;
  for (const core_limit& each : of.core_limits) {
    limits.push_back(
        fmt::format("{} by {}: {}{}", each.cores, each.name, each.source, each.decides ? " (decides)" : ""));
  }
  rows.add("core limits", limits, "none known");
  rows.add("memory", size_text(of.memory_bytes));
  rows.add("memory pool",
           of.memory_pool_on ? fmt::format("on, keeps at most {}", size_text(of.memory_pool_limit_bytes)) : "off");
  rows.add("instruction sets", sets);
  rows.add("TANDEM_ISA", of.wished_instruction_set.value_or("not set"));
  rows.add("OpenMP", or_unknown(of.openmp.file));
  rows.add("BLAS", or_unknown(of.blas.file));
  rows.add("", of.blas.configuration);
  for (const backend_info& each : of.backends) rows.add(each.name, each.built ? "built" : "not built");
}

std::string library_text(const loaded_library& of) {
  std::string text = of.name;
  for (const std::string& part : {of.version, of.threading, of.kernels}) {
    if (!part.empty()) text += (part == of.version ? " " : ", ") + part;
  }
  if (of.threads) text += fmt::format(", {} thread{}", *of.threads, *of.threads == 1 ? "" : "s");
  return fmt::format("{}, {}, {}", text, of.at_work ? "at work" : "idle", of.file);
}

// A line for each user and provider: "libtandem.so.0: omp_get_max_threads, __kmpc_fork_call by libomp.so.5".
std::vector<std::string> calls_text(const std::vector<served_call>& calls) {
  std::vector<std::string> lines;
  std::vector<bool> done(calls.size());
  for (std::size_t i = 0; i < calls.size(); ++i) {
    if (done[i]) continue;
    std::string names;
    for (std::size_t k = i; k < calls.size(); ++k) {
      if (calls[k].user != calls[i].user || calls[k].provider != calls[i].provider) continue;
      names += (names.empty() ? "" : ", ") + calls[k].call;
      done[k] = true;
    }
    lines.push_back(fmt::format("{}: {} by {}", file_name(calls[i].user), names, file_name(calls[i].provider)));
  }
  return lines;
}

}  // namespace

std::string to_string(const runtime_facts& facts) {
  table rows;
  add_machine(facts.machine, rows);
  std::vector<std::string> policy;
  for (const policy_setting& each : facts.policy) {
    policy.push_back(fmt::format("{}: {} ({})", each.name, each.value, each.source));
  }
  rows.add("policy", policy, "");
  rows.add("workers", fmt::format("{}", facts.workers));
  if (facts.gpus.usable.empty()) rows.add("GPUs", "none used: " + facts.gpus.why_unused);
  for (const device_info& each : facts.gpus.usable) {
    std::string text = fmt::format("{}: {}", to_string(each.which), each.model);
    for (const auto& [word, value] : each.facts) text += fmt::format(", {} {}", word, value);
    rows.add("GPU", text);
  }
  if (!facts.gpus.driver.empty()) rows.add("", facts.gpus.driver);

  std::vector<std::string> libraries;
  for (const loaded_library& each : facts.libraries) libraries.push_back(library_text(each));
  rows.add("libraries", libraries, "no OpenMP runtime and no BLAS library");
  rows.add("calls", calls_text(facts.serves), "none into OpenMP or BLAS");
  std::vector<std::string> variables;
  for (const environment_variable& each : facts.thread_variables) variables.push_back(each.name + "=" + each.value);
  rows.add("thread settings", variables, "no variable is set");

  if (facts.problems.empty()) rows.add("problems", "none known");
  for (const known_problem& each : facts.problems) {
    rows.add("problem", fmt::format("{}: {}", each.code, each.message));
    rows.add("", "remedy: " + each.remedy);
  }
  return rows.take();
}

}  // namespace tandem
