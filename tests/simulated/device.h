#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include <tandem/creation.h>
#include <tandem/elementwise.h>

#include "backend/backend.h"
#include "backend/simulated/memory.h"
#include "ops/compile.h"

// Simulated devices for one test each, and work for them.
namespace tandem::testing {

/// A memory that no other test knows, of the small card.
inline std::unique_ptr<backend::simulation::simulated_memory> new_memory(std::uint64_t seed = 1) {
  return std::make_unique<backend::simulation::simulated_memory>(backend::simulation::find_profile("gen3-card"),
                                                                 "sim:test", seed);
}

inline std::vector<std::byte> bytes_like(std::int64_t size, unsigned seed) {
  std::vector<std::byte> bytes(static_cast<std::size_t>(size));
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::byte>(i * 7 + seed);
  return bytes;
}

inline std::vector<std::byte> read_back(memory::device_memory& from, const std::byte* block, std::int64_t size) {
  std::vector<std::byte> bytes(static_cast<std::size_t>(size));
  from.copy_out(block, bytes.data(), size);
  return bytes;
}

/// x = x + x in place, for int32.
class doubling {
 public:
  doubling(backend::backend& where, std::int64_t count) : where_(where) {
    const ndarray x = ones({count}, int32);
    code_ = where.prepare(ops::compile_into((x + x).node(), x.layout()).code);
  }
  void run(std::byte* block) const {
    const std::vector<backend::operand> operands(code_->program().buffers.size(), {block});
    where_.run(*code_, {operands, {}}, policy_of_this_thread());
  }

  const ops::program& program() const { return code_->program(); }

 private:
  backend::backend& where_;
  std::shared_ptr<const backend::executable> code_;
};

}  // namespace tandem::testing
