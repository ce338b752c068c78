#include "regret/machines.h"

#include <stdexcept>
#include <string>
#include <vector>

namespace bench::regret {

namespace {

namespace simulation = tandem::backend::simulation;

std::vector<machine> make() {
  std::vector<machine> made;
  for (const host_table& each : host_tables()) {
    // Cores without end beside a card that is for testing, too.
    const std::string_view device = each.name == "many-cores" ? "gen4-card" : each.name;
    made.push_back({each.name, &each, &simulation::find_profile(device), each.is_for_testing});
  }
  return made;
}

}  // namespace

std::span<const machine> machines() {
  static const std::vector<machine> all = make();
  return all;
}

const machine& machine_called(std::string_view name) {
  std::string names;
  for (const machine& each : machines()) {
    if (each.name == name) return each;
    names += (names.empty() ? "" : ", ") + std::string(each.name);
  }
  throw std::invalid_argument("there is no machine '" + std::string(name) + "'; there are " + names);
}

}  // namespace bench::regret
