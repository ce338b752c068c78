#include <cstdio>
#include <exception>
#include <string>

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

int main() {
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
