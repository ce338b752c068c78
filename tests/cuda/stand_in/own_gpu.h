#pragma once

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <tandem/expr.h>
#include <tandem/ndarray.h>

#include "cuda/runtime/gpu.h"
#include "cuda/runtime/gpu_executable.h"
#include "cuda/runtime/gpu_memory.h"
#include "cuda/runtime/kernel_store.h"
#include "cuda/stand_in/device.h"
#include "cuda/stand_in/gpu.h"
#include "memory/storage.h"
#include "ops/compile.h"

namespace tandem::testing::stand_in {

/// A GPU of a test's own: it may fail, and has compiled nothing. Of the same device as all others, so that what it has
/// allocated must be given back. Lives as long as the process, as the module's do: queues of threads point to it.
class own_gpu {
 public:
  /// `folder` is of the disk cache.
  static own_gpu& make(const std::string& folder = "") {
    opened_module();
    return *new own_gpu(folder);
  }

  cuda::gpu where{0};
  cuda::gpu_memory memory{where};
  cuda::kernel_store kernels;

 private:
  explicit own_gpu(const std::string& folder) : kernels(where, folder) {}
};

/// A contiguous float32 program with its operands on a device, ready to run as often as one likes.
class placed_program {
 public:
  placed_program(own_gpu& on, const expr& value, cuda::compile_mode mode) : on_(on) {
    ops::compiled made = ops::compile(value.node());
    const std::vector<ndarray> arrays = std::move(made.operands);
    numbers_ = std::move(made.numbers);
    const cuda::gpu_scope scope(on.where, "prepare");
    code_ = std::make_unique<cuda::gpu_executable>(std::move(made.code), on.where, on.kernels, mode);
    const ops::program& program = code_->program();
    operands_.resize(program.buffers.size(), {nullptr});
    for (std::size_t i = 0; i < operands_.size(); ++i) {
      const ops::buffer& buffer = program.buffers[i];
      if (buffer.use == ops::buffer::role::temporary) continue;
      const std::int64_t size = buffer.use == ops::buffer::role::input ? arrays[i].storage()->size_bytes()
                                                                       : buffer.size * item_size(buffer.type);
      operands_[i].data = on.memory.allocate(size);
      blocks_.push_back({operands_[i].data, size});
      if (buffer.use == ops::buffer::role::input)
        on.memory.copy_in(arrays[i].storage()->data(), operands_[i].data, size);
      if (buffer.use == ops::buffer::role::output) output_ = blocks_.back();
    }
  }
  placed_program(const placed_program&) = delete;
  placed_program& operator=(const placed_program&) = delete;
  ~placed_program() {
    for (const auto& [block, size] : blocks_) on_.memory.release(block, size, {});
  }

  const cuda::gpu_executable& code() const { return *code_; }

  void run() const {
    const cuda::gpu_scope scope(on_.where, "run");
    code_->run({operands_, numbers_}, nullptr, on_.memory);
  }
  std::vector<float> result() const {
    std::vector<float> values(static_cast<std::size_t>(output_.second) / sizeof(float));
    on_.memory.copy_out(output_.first, reinterpret_cast<std::byte*>(values.data()), output_.second);
    return values;
  }
  /// Spoils the result, to see that the next run makes it.
  void spoil() const {
    const std::vector<std::byte> bytes(static_cast<std::size_t>(output_.second), std::byte{0xff});
    on_.memory.copy_in(bytes.data(), output_.first, output_.second);
  }

 private:
  own_gpu& on_;
  std::unique_ptr<cuda::gpu_executable> code_;
  std::vector<backend::operand> operands_;
  std::vector<scalar> numbers_;
  std::vector<std::pair<std::byte*, std::int64_t>> blocks_;
  std::pair<std::byte*, std::int64_t> output_;
};

/// The elements of a float32 array.
inline std::vector<float> values_of(const ndarray& array) {
  const float* const begin = array.data<float>();
  return {begin, begin + array.size()};
}

}  // namespace tandem::testing::stand_in
