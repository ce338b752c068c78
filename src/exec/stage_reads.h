#pragma once

#include <variant>

#include "ops/program.h"

namespace tandem::exec {

/// Calls `use(region)` for each region that a stage reads.
template <class Use>
void for_each_read(const ops::stage& of, Use&& use) {
  std::visit(
      [&](const auto& stage) {
        if constexpr (requires { stage.chain; }) {
          for (const ops::region& source : stage.chain.sources) use(source);
        } else {
          use(stage.x);
        }
        if constexpr (requires { stage.y; }) use(stage.y);
        if constexpr (requires { stage.ends; }) use(stage.ends);
      },
      of);
}

}  // namespace tandem::exec
