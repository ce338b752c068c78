#include "backend/simulated/compiled_programs.h"

#include <mutex>
#include <variant>

namespace tandem::backend::simulation {

namespace {

// FNV-1a of what decides a program's kernels.
class key_maker {
 public:
  std::uint64_t key() const noexcept { return key_; }

  void add(std::uint64_t value) noexcept { key_ = (key_ ^ value) * 0x100000001b3; }
  void add(dtype type) noexcept { add(static_cast<std::uint64_t>(type)); }
  void add(int value) noexcept { add(static_cast<std::uint64_t>(value)); }

  void add(const ops::fused_chain& chain) noexcept {
    add(chain.shape.size());
    add(chain.type);
    add(static_cast<std::uint64_t>(chain.constants.size()));
    for (const dtype each : chain.source_types) add(each);
    for (const ops::instruction& each : chain.code) {
      add(each.converts ? 256 : static_cast<int>(each.which));
      add(each.operand_type);
      add(each.result_type);
      for (int i = 0; i < each.arity; ++i) add(each.operands[i]);
    }
  }
  void add(const ops::stage& of) noexcept {
    add(static_cast<std::uint64_t>(of.index()));
    std::visit(
        [&](const auto& s) {
          if constexpr (requires { s.chain; }) {
            add(s.chain);
          } else {
            add(s.type);
          }
          if constexpr (requires { s.which; }) add(static_cast<int>(s.which));
          if constexpr (requires { s.largest; }) add(s.largest ? 1 : 0);
          if constexpr (requires { s.axis; }) add(s.axis);
          if constexpr (requires { s.axes; }) {
            for (const std::int64_t axis : s.axes) add(static_cast<int>(axis));
          }
        },
        of);
  }

 private:
  std::uint64_t key_ = 0xcbf29ce484222325;
};

std::uint64_t key_of(const ops::program& what) noexcept {
  key_maker key;
  for (const ops::stage& each : what.stages) key.add(each);
  return key.key();
}

}  // namespace

bool compiled_programs::contains(const ops::program& what) const {
  const std::lock_guard lock(guard_);
  return keys_.contains(key_of(what));
}

bool compiled_programs::add(const ops::program& what) {
  const std::lock_guard lock(guard_);
  return keys_.insert(key_of(what)).second;
}

void compiled_programs::clear() noexcept {
  const std::lock_guard lock(guard_);
  keys_.clear();
}

}  // namespace tandem::backend::simulation
