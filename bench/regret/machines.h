#pragma once

#include <span>
#include <string_view>

#include "backend/simulated/profiles.h"
#include "regret/host_tables.h"

// The machines on which choices are judged.
namespace bench::regret {

struct machine {
  std::string_view name;
  const host_table* host;
  const tandem::backend::simulation::machine_profile* device;
  /// "gen4-card", "laptop" and "many-cores": the others are for choosing the planner's constants, these three for
  /// finding out what it is worth. Nothing may be chosen by what happens on them.
  bool is_for_testing;
};

std::span<const machine> machines();
/// Throws: `std::invalid_argument` that lists the names there are.
const machine& machine_called(std::string_view name);

}  // namespace bench::regret
