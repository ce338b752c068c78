#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>
#include <vector>

#include <tandem/planning.h>
#include <tandem/report.h>
#include <tandem/tandem.h>

// Prints what the planner does in a process of its own, for the tests of the environment.
//
// Lines: "places PLACE..." of the candidates; "small PLACE VALUE" and "large PLACE VALUE", where two evaluations were
// done and what came of them; "calibrated yes|no"; "problem TEXT" for each known problem of the profile. Whatever
// fails prints "error TEXT" in place of its line.
namespace td = tandem;

namespace {

template <class Work>
void attempt(Work&& work) {
  try {
    work();
  } catch (const td::error& error) {
    std::printf("error %s\n", error.what());
  } catch (const std::exception& error) {
    std::printf("another error %s\n", error.what());
  }
}

void evaluate(const char* name, const td::ndarray& a, const td::policy& rules) {
  const td::expr product = td::matmul(a, a);
  const td::explanation why = td::explain(product, rules);
  const td::device place = why.candidates.at(static_cast<std::size_t>(why.chosen)).place;
  const td::ndarray result = td::eval(product, rules);
  std::printf("%s %s %g\n", name, result.is_on(place) ? td::to_string(place).c_str() : "elsewhere",
              static_cast<double>(result.at<const float>({0, 0})));
}

}  // namespace

// What a process learns: lines "before US" and "after US" with what a product is predicted to take on the CPU before
// and after it was done 20 times; "factor-before TEXT" and "factor-after TEXT", where the correction is from. "problem
// TEXT" as below. With "forked", only a forked child ends by exit().
int learn(bool is_forked) {
  const td::policy rules{.workers = 1, .device = td::device::cpu};
  attempt([&] {
    const td::ndarray a = td::ones({512, 512}, td::float32);
    const auto show = [&](const char* when) {
      const td::explanation why = td::explain(td::matmul(a, a), rules);
      std::printf("%s %.17g\n", when, why.candidates.at(0).total_us);
      for (const td::cost_term& each : why.candidates.at(0).terms) {
        if (each.from.find("learned") != std::string::npos) std::printf("factor-%s %s\n", when, each.from.c_str());
      }
    };
    show("before");
    for (int i = 0; i < 20; ++i) td::eval(td::matmul(a, a), rules);
    show("after");
  });
  attempt([&] {
    for (const td::known_problem& each : td::runtime_report().problems) {
      if (each.code == "profile") std::printf("problem %s\n", each.message.c_str());
    }
  });
  std::fflush(stdout);
  if (!is_forked) return 0;
  const pid_t child = fork();
  if (child == 0) std::exit(0);
  waitpid(child, nullptr, 0);
  _exit(0);
}

// Assigns to arrays what is read from them: the value of such an assignment is made in memory of its own. Large ones,
// and small ones that the host reads now and then, and that go to another device. Prints "sum VALUE".
int assign() {
  attempt([&] {
    const td::ndarray large = td::eval(td::arange(0, 250'000, 1, td::float32));
    const td::ndarray small = td::eval(td::arange(0, 300, 1, td::float32));
    double sum = 0;
    for (int i = 0; i < 12; ++i) {
      large(td::slice(1, td::none)) = large(td::slice(0, -1)) * 0.5 + i;
      small.assign(small / td::sum(small));
      const td::ndarray made = small * i;
      if (i % 4 == 1) made.to(td::device::simulated("coupled:1"));
      if (i % 4 == 2) large.prefetch(td::device::simulated("coupled:1"));
      if (i % 3 == 0) sum += td::eval(td::sum(made)).item<double>();
    }
    sum += td::eval(td::sum(large)).item<double>();
    std::printf("sum %g\n", sum);
  });
  return 0;
}

// Evaluates something and leaves its folder. Prints "left".
int leave() {
  attempt([&] {
    const td::ndarray made = td::ones({3, 3});
    std::printf(chdir("/") == 0 && made.size() == 9 ? "left\n" : "stayed\n");
  });
  return 0;
}

// Prints "cause CAUSE" of an explanation.
int explain_cause() {
  attempt(
      [&] { std::printf("cause %s\n", td::explain(td::expr(td::placeholder({3}, td::float64)) + 1).cause.c_str()); });
  return 0;
}

// Names more candidates than can be. Prints "error TEXT" for nine devices; "eight", if the first eight are taken then;
// "error TEXT" for another one beside three of them; "three" for these.
int crowd() {
  const auto name = [](std::vector<td::device> some) { td::set_candidate_devices(some); };
  std::vector<td::device> devices;
  for (int i = 0; i < 9; ++i) devices.push_back(td::device::simulated("h200:" + std::to_string(i)));
  attempt([&] { name(devices); });
  devices.pop_back();
  attempt([&] {
    name(devices);
    std::printf("eight\n");
  });
  devices.erase(devices.begin() + 3, devices.end());
  std::vector<td::device> with_another = devices;
  with_another.push_back(td::device::simulated("coupled"));
  attempt([&] { name(with_another); });
  attempt([&] {
    name(devices);
    std::printf("three\n");
  });
  return 0;
}

int main(int count, char** words) {
  if (count > 1 && words[1] == std::string("crowd")) return crowd();
  if (count > 1 && words[1] == std::string("cause")) return explain_cause();
  if (count > 1 && words[1] == std::string("leave")) return leave();
  if (count > 1 && words[1] == std::string("assign")) return assign();
  if (count > 1) return learn(words[1] == std::string("forked"));
  const td::policy alone{.workers = 1};
  attempt([&] {
    std::string places = "places";
    for (const td::place_candidate& each : td::explain(td::expr(td::ones({3})) + 1).candidates) {
      places += " " + td::to_string(each.place);
    }
    std::printf("%s\n", places.c_str());
  });
  attempt([&] { evaluate("small", td::ones({3, 3}, td::float32), alone); });
  attempt([&] { evaluate("large", td::ones({1500, 1500}, td::float32), alone); });
  attempt([&] {
    // What this process goes by, and what the next one would.
    std::printf("calibrated %s\n", td::current_profile().is_calibrated ? "yes" : "no");
    for (const td::known_problem& each : td::runtime_report().problems) {
      if (each.code == "profile") std::printf("problem %s\n", each.message.c_str());
    }
  });
}
