#include "plan/real_subjects.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <span>
#include <thread>
#include <utility>
#include <variant>
#include <vector>

#include <tandem/errors.h>

#include "core/element.h"
#include "core/strided.h"
#include "memory/host_pool.h"
#include "plan/priors.h"
#include "runtime/cores.h"
#include "runtime/system.h"

namespace tandem::plan {

namespace {

using ops::buffer;

// Bytes of each of a program's buffers that it touches; 0 for temporaries.
std::vector<std::int64_t> sizes_of(const ops::program& what) {
  std::vector<std::int64_t> sizes(what.buffers.size(), 0);
  const auto look = [&](const ops::region& at) {
    const buffer& of = what.buffers[static_cast<std::size_t>(at.buffer)];
    if (of.use == buffer::role::temporary) return;
    std::int64_t& size = sizes[static_cast<std::size_t>(at.buffer)];
    size = std::max(size, core::range_of(at.at).end * item_size(of.type));
  };
  for (const ops::stage& each : what.stages) {
    std::visit(
        [&](const auto& stage) {
          if constexpr (requires { stage.chain; }) {
            for (const ops::region& source : stage.chain.sources) look(source);
          } else {
            look(stage.x);
          }
          if constexpr (requires { stage.y; }) look(stage.y);
          if constexpr (requires { stage.ends; }) look(stage.ends);
          look(stage.target);
        },
        each);
  }
  return sizes;
}

// Numbers around 1: none that processors are slow with, and none that becomes such a number by what probes do.
void fill_with_numbers(std::byte* to, dtype type, std::int64_t size_bytes) {
  const std::int64_t count = size_bytes / item_size(type);
  core::visit_dtype(type, [&]<class T>() {
    T* const elements = reinterpret_cast<T*>(to);
    for (std::int64_t i = 0; i < count; ++i) {
      if constexpr (std::is_integral_v<T>) {
        elements[i] = static_cast<T>(1 + i % 3);
      } else {
        elements[i] = T(static_cast<float>(0.75 + 0.0625 * static_cast<double>(i % 8)));
      }
    }
  });
}

// A number that every dtype has.
std::vector<scalar> numbers_for(const ops::program& what) {
  return std::vector<scalar>(static_cast<std::size_t>(what.number_count), true);
}

class host_block {
 public:
  host_block() = default;
  explicit host_block(std::int64_t size_bytes)
      : size_bytes_(size_bytes), data_(size_bytes > 0 ? memory::allocate_block(size_bytes) : nullptr) {}
  host_block(host_block&& other) noexcept
      : size_bytes_(std::exchange(other.size_bytes_, 0)), data_(std::exchange(other.data_, nullptr)) {}
  host_block& operator=(host_block&&) = delete;
  ~host_block() {
    if (data_ != nullptr) memory::free_block(data_, size_bytes_);
  }
  std::byte* data() const noexcept { return data_; }
  std::int64_t size_bytes() const noexcept { return size_bytes_; }

 private:
  std::int64_t size_bytes_ = 0;
  std::byte* data_ = nullptr;
};

double real_time_us() noexcept {
  return std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

class host_probe final : public probe {
 public:
  explicit host_probe(const ops::program& what)
      : code_(backend::cpu().prepare(what)), numbers_(numbers_for(what)), workers_(what.stages.size(), 1) {
    const std::vector<std::int64_t> sizes = sizes_of(what);
    for (std::size_t i = 0; i < sizes.size(); ++i) {
      blocks_.emplace_back(sizes[i]);
      if (sizes[i] > 0) fill_with_numbers(blocks_.back().data(), what.buffers[i].type, sizes[i]);
      operands_.push_back({blocks_.back().data()});
    }
  }

  double run_us(int workers) override {
    // Exactly so many, whether they pay or not.
    std::ranges::fill(workers_, static_cast<std::int16_t>(workers));
    rules_.workers.value = workers;
    const double begin_us = real_time_us();
    backend::cpu().run(*code_, {operands_, numbers_}, rules_, workers_);
    return real_time_us() - begin_us;
  }

 private:
  std::shared_ptr<const backend::executable> code_;
  std::vector<host_block> blocks_;
  std::vector<backend::operand> operands_;
  std::vector<scalar> numbers_;
  std::vector<std::int16_t> workers_;
  resolved_policy rules_;
};

class real_host final : public host_subject {
 public:
  int cores() const override { return facts_.cores; }
  std::array<double, level_count - 1> level_bytes() const override { return prior_for(facts_).level_bytes; }
  double now_us() const override { return real_time_us(); }

  std::unique_ptr<probe> prepare(const ops::program& what) override {
    // To have the system swap would measure disks.
    constexpr std::int64_t most_part = 4;
    std::int64_t bytes = 0;
    for (const std::int64_t each : sizes_of(what)) bytes += each;
    const std::int64_t free_bytes = runtime::free_memory_bytes();
    if (free_bytes > 0 && bytes > free_bytes / most_part) {
      throw out_of_memory(fmt::format("calibrate: {} bytes for a measurement, and {} are free; at most a {}th is used",
                                      bytes, free_bytes, most_part));
    }
    return std::make_unique<host_probe>(what);
  }

 private:
  host_facts facts_ = find_host_facts();
};

// A block of a device's memory.
class device_block {
 public:
  device_block(memory::device_memory& where, std::int64_t size_bytes)
      : where_(where), size_bytes_(size_bytes), data_(size_bytes > 0 ? where.allocate(size_bytes) : nullptr) {}
  device_block(device_block&& other) noexcept
      : where_(other.where_), size_bytes_(other.size_bytes_), data_(std::exchange(other.data_, nullptr)) {}
  device_block& operator=(device_block&&) = delete;
  ~device_block() {
    if (data_ != nullptr) where_.release(data_, size_bytes_, {});
  }
  std::byte* data() const noexcept { return data_; }

 private:
  memory::device_memory& where_;
  std::int64_t size_bytes_;
  std::byte* data_;
};

class device_probe final : public probe {
 public:
  device_probe(backend::backend& device, const ops::program& what)
      : device_(device), code_(device.prepare(what)), numbers_(numbers_for(what)) {
    const std::vector<std::int64_t> sizes = sizes_of(what);
    for (std::size_t i = 0; i < sizes.size(); ++i) {
      blocks_.emplace_back(device.memory(), sizes[i]);
      if (what.buffers[i].use == buffer::role::input) fill(blocks_.back().data(), what.buffers[i].type, sizes[i]);
      operands_.push_back({blocks_.back().data()});
    }
    wait();
    wait_for_compiler();
  }

  double run_us(int) override { return run_many_us(1); }

  double run_many_us(int times) {
    const double begin_us = device_.memory().time_us();
    for (int i = 0; i < times; ++i) device_.run(*code_, {operands_, numbers_}, rules_);
    wait();
    return device_.memory().time_us() - begin_us;
  }

  double give_us() {
    const double begin_us = device_.memory().time_us();
    device_.run(*code_, {operands_, numbers_}, rules_);
    const double end_us = device_.memory().time_us();
    wait();
    return end_us - begin_us;
  }

 private:
  void wait() { device_.memory().make_mark()->wait(); }

  // Programs are done otherwise while their kernels are compiled. If they do not compile, that is what everybody gets.
  void wait_for_compiler() const {
    using namespace std::chrono_literals;
    const auto end = std::chrono::steady_clock::now() + 5s;
    while (!code_->is_settled() && std::chrono::steady_clock::now() < end) std::this_thread::sleep_for(1ms);
  }

  // In pieces, so that the host needs little memory for it.
  void fill(std::byte* to, dtype type, std::int64_t size_bytes) {
    constexpr std::int64_t piece = std::int64_t{1} << 22;
    const host_block numbers(std::min(size_bytes, piece));
    if (size_bytes == 0) return;
    fill_with_numbers(numbers.data(), type, numbers.size_bytes());
    for (std::int64_t done = 0; done < size_bytes; done += piece) {
      device_.memory().copy_in(numbers.data(), to + done, std::min(piece, size_bytes - done));
    }
    wait();
  }

  backend::backend& device_;
  std::shared_ptr<const backend::executable> code_;
  std::vector<device_block> blocks_;
  std::vector<backend::operand> operands_;
  std::vector<scalar> numbers_;
  resolved_policy rules_;
};

// Host memory for copies, which may be pinned for the device.
class copied_block {
 public:
  copied_block(memory::device_memory& device, std::int64_t size_bytes, bool wants_pinned)
      : device_(device),
        block_(size_bytes),
        is_pinned_(wants_pinned && device.pin(block_.data(), block_.size_bytes())) {
    std::memset(block_.data(), 1, static_cast<std::size_t>(size_bytes));
  }
  copied_block(const copied_block&) = delete;
  copied_block& operator=(const copied_block&) = delete;
  ~copied_block() {
    if (is_pinned_) device_.unpin(block_.data(), block_.size_bytes());
  }
  std::byte* data() const noexcept { return block_.data(); }
  std::int64_t size_bytes() const noexcept { return block_.size_bytes(); }

 private:
  memory::device_memory& device_;
  host_block block_;
  bool is_pinned_;
};

class real_device final : public device_subject {
 public:
  real_device(backend::backend& device, bool is_simulated) : device_(device), is_simulated_(is_simulated) {}

  double now_us() const override { return device_.memory().time_us(); }
  std::int64_t free_bytes() override { return device_.memory().information().free_bytes; }
  double largest_product() const override { return is_simulated_ ? 2048 : 8192; }
  double largest_bytes() const override { return is_simulated_ ? 1.6e7 : 3e9; }

  std::unique_ptr<probe> prepare(const ops::program& what) override {
    return std::make_unique<device_probe>(device_, what);
  }
  double run_many_us(probe& what, int times) override { return static_cast<device_probe&>(what).run_many_us(times); }
  double give_us(probe& what) override { return static_cast<device_probe&>(what).give_us(); }

  // A block that was kept is what most allocations get: the first one, which asks the driver, is not counted.
  double allocate_us(std::int64_t size_bytes) override {
    const double begin_us = now_us();
    const device_block made(device_.memory(), size_bytes);
    return now_us() - begin_us;
  }

  double synchronize_us() override {
    const double begin_us = now_us();
    wait();
    return now_us() - begin_us;
  }

  // Until the last byte has arrived.
  double copy_us(direction to, memory_kind kind, std::int64_t size_bytes) override {
    const copied_block& host = host_memory(kind, size_bytes);
    if (device_side_ == nullptr || device_side_bytes_ < size_bytes) {
      device_side_.reset();
      device_side_ = std::make_unique<device_block>(device_.memory(), size_bytes);
      device_side_bytes_ = size_bytes;
    }
    wait();
    const double begin_us = now_us();
    if (to == direction::to_device) {
      device_.memory().copy_in(host.data(), device_side_->data(), size_bytes);
      wait();
    } else {
      device_.memory().copy_out(device_side_->data(), host.data(), size_bytes);
    }
    return now_us() - begin_us;
  }

 private:
  void wait() { device_.memory().make_mark()->wait(); }

  const copied_block& host_memory(memory_kind kind, std::int64_t size_bytes) {
    std::unique_ptr<copied_block>& block = host_side_[static_cast<std::size_t>(kind)];
    if (block == nullptr || block->size_bytes() < size_bytes) {
      block.reset();
      block = std::make_unique<copied_block>(device_.memory(), size_bytes, kind == memory_kind::pinned);
    }
    return *block;
  }

  backend::backend& device_;
  bool is_simulated_;
  std::array<std::unique_ptr<copied_block>, 2> host_side_;
  std::unique_ptr<device_block> device_side_;
  std::int64_t device_side_bytes_ = 0;
};

}  // namespace

std::unique_ptr<host_subject> this_host() { return std::make_unique<real_host>(); }

std::unique_ptr<device_subject> subject_of(backend::backend& device, bool is_simulated) {
  return std::make_unique<real_device>(device, is_simulated);
}

}  // namespace tandem::plan
