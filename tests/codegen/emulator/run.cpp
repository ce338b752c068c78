#include "codegen/emulator/run.h"

#include <algorithm>
#include <complex>
#include <cstring>
#include <stdexcept>
#include <string>
#include <variant>
#include <vector>

#include "codegen/emulator/memory.h"
#include "core/element.h"

namespace tandem::testing {

namespace {

class lowered_run {
 public:
  lowered_run(const cuda::lowered_program& what, const host_kernels& kernels, std::span<std::byte* const> buffers,
              std::span<const scalar> numbers, const emulated_run& how)
      : what_(what), kernels_(kernels), numbers_(numbers), how_(how), data_(buffers.begin(), buffers.end()) {
    data_.resize(what.buffers.size(), nullptr);
    temporaries_.resize(what.buffers.size());
  }

  void run() {
    for (std::size_t number = 0; number < what_.steps.size(); ++number) {
      for (std::size_t i = 0; i < what_.buffers.size(); ++i) {
        const auto& buffer = what_.buffers[i];
        if (buffer.use != ops::buffer::role::temporary || buffer.first_step != static_cast<int>(number)) continue;
        temporaries_[i] = guarded_memory(buffer.size_bytes);
        data_[i] = temporaries_[i].data();
      }
      std::visit([&](const auto& step) { run_step(step); }, what_.steps[number]);
      for (std::size_t i = 0; i < what_.buffers.size(); ++i) {
        const auto& buffer = what_.buffers[i];
        if (!temporaries_[i].is_intact()) {
          throw std::runtime_error("step " + std::to_string(number) + " wrote beside temporary " + std::to_string(i));
        }
        if (buffer.use != ops::buffer::role::temporary || buffer.last_step != static_cast<int>(number)) continue;
        temporaries_[i] = guarded_memory();
        data_[i] = nullptr;
      }
    }
  }

 private:
  std::byte* data(int buffer) const {
    if (buffer < 0 || static_cast<std::size_t>(buffer) >= data_.size() ||
        data_[static_cast<std::size_t>(buffer)] == nullptr) {
      throw std::runtime_error("a step uses buffer " + std::to_string(buffer) + " outside of its life");
    }
    return data_[static_cast<std::size_t>(buffer)];
  }

  void run_step(const cuda::launch& step) const {
    if (static_cast<int>(step.words.size()) != step.code->words) {
      throw std::runtime_error("kernel " + step.code->key + " takes " + std::to_string(step.code->words) +
                               " words, given " + std::to_string(step.words.size()));
    }
    if (step.blocks < 1 || step.words.size() > 512) throw std::runtime_error("bad launch of " + step.code->key);
    std::vector<std::int64_t> words;
    for (const cuda::word& each : step.words) {
      if (each.buffer >= 0) static_cast<void>(data(each.buffer));  // it must live
      words.push_back(static_cast<std::int64_t>(cuda::bits_of(each, data_, numbers_)));
    }
    const std::int64_t blocks = step.strides_by_grid ? std::min(step.blocks, how_.most_blocks) : step.blocks;
    launch_on_host(kernels_.at(*step.code), words.data(), step.code->threads_per_block, blocks, how_.order);
  }

  void run_step(const cuda::product& step) const {
    core::visit_dtype(step.type, [&]<class T>() {
      if constexpr (std::is_floating_point_v<T> || std::is_same_v<T, std::complex<float>> ||
                    std::is_same_v<T, std::complex<double>>) {
        multiply<T>(step);
      } else {
        throw std::runtime_error("a product of integers is not for cuBLAS");
      }
    });
  }

  // What cuBLAS takes: a stride of 1, and another that covers the extent.
  static void check(const cuda::product::operand& of, std::int64_t rows, std::int64_t columns, const char* what) {
    const bool by_rows = of.column_stride == 1 && of.row_stride >= std::max<std::int64_t>(1, columns);
    const bool by_columns = of.row_stride == 1 && of.column_stride >= std::max<std::int64_t>(1, rows);
    if (by_rows || by_columns) return;
    throw std::runtime_error(std::string("cuBLAS does not take the strides of ") + what + ": " +
                             std::to_string(of.row_stride) + ", " + std::to_string(of.column_stride));
  }

  template <class T>
  void multiply(const cuda::product& step) const {
    check(step.x, step.m, step.k, "x");
    check(step.y, step.k, step.n, "y");
    check(step.target, step.m, step.n, "the target");
    std::int64_t batches = 1;
    for (const std::int64_t extent : step.batch_extents) batches *= extent;
    for (std::int64_t b = 0; b < batches; ++b) {
      const auto first = [&](const cuda::product::operand& of) {
        std::int64_t offset = of.offset;
        std::int64_t rest = b;
        for (std::size_t axis = step.batch_extents.size(); axis-- > 0;) {
          offset += rest % step.batch_extents[axis] * of.batch_strides.at(axis);
          rest /= step.batch_extents[axis];
        }
        return reinterpret_cast<T*>(data(of.buffer)) + offset;
      };
      const T* const x = first(step.x);
      const T* const y = first(step.y);
      T* const to = first(step.target);
      for (std::int64_t i = 0; i < step.m; ++i) {
        for (std::int64_t j = 0; j < step.n; ++j) {
          T sum = 0;
          for (std::int64_t k = 0; k < step.k; ++k) {
            sum += x[i * step.x.row_stride + k * step.x.column_stride] *
                   y[k * step.y.row_stride + j * step.y.column_stride];
          }
          to[i * step.target.row_stride + j * step.target.column_stride] = sum;
        }
      }
    }
  }

  const cuda::lowered_program& what_;
  const host_kernels& kernels_;
  std::span<const scalar> numbers_;
  const emulated_run& how_;
  std::vector<std::byte*> data_;
  std::vector<guarded_memory> temporaries_;
};

}  // namespace

void run_lowered(const cuda::lowered_program& what, const host_kernels& kernels, std::span<std::byte* const> buffers,
                 std::span<const scalar> numbers, const emulated_run& how) {
  lowered_run(what, kernels, buffers, numbers, how).run();
}

}  // namespace tandem::testing
