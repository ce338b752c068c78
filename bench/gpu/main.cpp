#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "gpu/first_use.h"
#include "gpu/table.h"
#include "gpu/works.h"
#include "gpu/yardsticks.h"

namespace {

namespace td = tandem;
using namespace bench;

constexpr const char* usage =
    R"(usage: bench_gpu [--device DEVICE] [--csv FILE] [--only TEXT] [--quick] [--rounds N] [--list]

Measures tandem on a GPU beside what CUDA does itself: copies within the device, page-locked copies, cuBLAS, and
launches of an empty kernel. Prints a table, with the target of each figure.

  --device DEVICE  gpu (the default), gpu:N, or a simulated device such as sim:h200, whose figures are made up
  --csv FILE       writes the table to FILE, too, as comma-separated values
  --only TEXT      only works whose names contain TEXT; may be given several times
  --quick          small sizes and few rounds, to see that it works; no target is meant for them
  --rounds N       how often each is measured; the figures are medians (15)
  --list           prints the names of the works

Each figure is the median of rounds, in each of which tandem and its yardstick have a turn of at least 20 ms; "spread"
is the distance from the fastest to the slowest round. Rates count each operand and the result once. Exit status: 0 if
everything was measured, 1 if something failed, 2 for wrong arguments.
)";

class usage_error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

struct options {
  std::string device = "gpu";
  std::string csv;
  std::vector<std::string> only;
  int rounds = 0;
  bool is_quick = false;
  bool lists = false;
  bool is_first_use = false;
};

options parsed(const std::vector<std::string>& arguments) {
  options result;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string& name = arguments[i];
    const auto value = [&]() -> const std::string& {
      if (i + 1 == arguments.size()) throw usage_error(name + " needs a value");
      return arguments[++i];
    };
    if (name == "--device") {
      result.device = value();
    } else if (name == "--csv") {
      result.csv = value();
    } else if (name == "--only") {
      result.only.push_back(value());
    } else if (name == "--rounds") {
      const std::string& text = value();
      const bool is_number = !text.empty() && text.size() < 5 && text.find_first_not_of("0123456789") == text.npos;
      result.rounds = is_number ? std::stoi(text) : 0;
      if (result.rounds < 1) throw usage_error("--rounds needs a number from 1 to 9999, and not '" + text + "'");
    } else if (name == "--quick") {
      result.is_quick = true;
    } else if (name == "--list") {
      result.lists = true;
    } else if (name == "--first-use") {
      result.is_first_use = true;
    } else {
      throw usage_error("unknown argument '" + name + "'");
    }
  }
  return result;
}

std::vector<work> chosen_works(const options& wish) {
  const std::string program = std::filesystem::read_symlink("/proc/self/exe").string();
  std::vector<work> all;
  for (const std::vector<work>& some :
       {elementwise_works(wish.is_quick), sum_works(wish.is_quick), product_works(wish.is_quick),
        transfer_works(wish.is_quick), latency_works(), first_use_works(program)}) {
    all.insert(all.end(), some.begin(), some.end());
  }
  if (!wish.only.empty()) {
    std::erase_if(all, [&](const work& each) {
      const auto is_in = [&](const std::string& part) { return each.name.find(part) != std::string::npos; };
      return std::ranges::none_of(wish.only, is_in);
    });
    if (all.empty()) throw usage_error("no work has such a name; --list prints them");
  }
  return all;
}

run_description description_of(const td::device& where, const setting& in) {
  const td::device_info found = td::describe(where);
  run_description result;
  result.device = (found.is_simulated ? "simulated: " : "") + found.model + " (" + td::to_string(where) + ")";
  for (const auto& [what, text] : found.facts) result.facts += (result.facts.empty() ? "" : "; ") + what + ": " + text;
  if (in.by != nullptr) result.facts += (result.facts.empty() ? "" : "; ") + in.by->versions();
  result.is_simulated = found.is_simulated;
  result.is_quick = in.is_quick;
  return result;
}

int run(const options& wish) {
  const td::device where = td::device::named(wish.device);
  if (where.kind() != td::device::kind::gpu && where.kind() != td::device::kind::simulated) {
    throw usage_error("--device needs a GPU or a simulated device, and not '" + wish.device + "'");
  }
  if (wish.lists) {
    for (const work& each : chosen_works(wish)) std::printf("%s\n", each.name.c_str());
    return 0;
  }
  const td::scoped_policy everything({.device = where});
  if (wish.is_first_use) {
    use_for_the_first_time(where);
    return 0;
  }
  const std::vector<work> works = chosen_works(wish);
  setting in{.where = where, .how = {}, .is_quick = wish.is_quick, .by = nullptr, .why_not = ""};
  if (in.is_quick) in.how = {.rounds = 3, .turn_us = 0};
  // The same simulated work takes the same time, but for the noise, and long in reality.
  if (where.kind() == td::device::kind::simulated) in.how = {.rounds = 3, .turn_us = 0};
  if (wish.rounds > 0) in.how.rounds = wish.rounds;
  td::describe(where);  // throws if it is not there
  const found_yardsticks yardsticks = find_yardsticks(where);
  in.by = yardsticks.all.get();
  in.why_not = yardsticks.why_not;

  // Opened first, so that a wrong name costs no measurement.
  std::ofstream csv;
  if (!wish.csv.empty()) {
    csv.open(wish.csv);
    if (!csv) throw std::runtime_error("cannot write " + wish.csv);
  }
  std::vector<row> rows;
  bool failed = false;
  for (const work& each : works) {
    std::fprintf(stderr, "%s\n", each.name.c_str());
    row made;
    made.name = each.name;
    try {
      each.measure(in, made);
    } catch (const std::exception& error) {
      made.failure = error.what();
      failed = true;
    }
    rows.push_back(std::move(made));
    td::trim_device_memory(where);
  }
  const run_description of = description_of(where, in);
  if (csv.is_open()) {
    csv << csv_table(rows, of);
    csv.close();
    if (!csv) throw std::runtime_error("cannot write " + wish.csv);
  }
  std::printf("%s", text_table(rows, of).c_str());
  return failed ? 1 : 0;
}

}  // namespace

int main(int argc, char** argv) {
  // What is measured are fused kernels, and not what does their work while they are compiled.
  ::setenv("TANDEM_CUDA_COMPILE", "wait", 0);
  try {
    const std::vector<std::string> arguments(argv + 1, argv + argc);
    if (std::ranges::any_of(arguments, [](const auto& each) { return each == "--help" || each == "-h"; })) {
      std::fputs(usage, stdout);
      return 0;
    }
    return run(parsed(arguments));
  } catch (const usage_error& error) {
    std::fprintf(stderr, "bench_gpu: %s\n\n%s", error.what(), usage);
    return 2;
  } catch (const td::argument_error& error) {
    std::fprintf(stderr, "bench_gpu: %s\n", error.what());
    return 2;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "bench_gpu: %s\n", error.what());
    return 1;
  }
}
