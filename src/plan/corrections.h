#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

// What evaluations teach about predictions.
namespace tandem::plan {

/// A factor on predictions, learned from what was measured. Thread safety: any thread.
class correction {
 public:
  double factor() const noexcept { return factor_.load(std::memory_order_relaxed); }
  /// Relative deviation of measurements from what was predicted for them.
  double sigma() const noexcept { return sigma_.load(std::memory_order_relaxed); }
  int samples() const noexcept { return samples_.load(std::memory_order_relaxed); }
  /// One more measurement: the measured time over the predicted one without the factor. Of the last three the median
  /// counts, so that one that went wrong changes nothing; the factor goes a fifth of the way, and stays between
  /// 1/`most` and `most`.
  void learn(double ratio, double most) noexcept;
  /// As if nothing had been learned.
  void forget() noexcept;
  /// As it was in another process.
  void restore(double factor, double sigma, int samples) noexcept;

 private:
  std::atomic<float> factor_{1};
  std::atomic<float> sigma_{0};
  std::atomic<int> samples_{0};
  std::array<std::atomic<float>, 2> last_{1.0F, 1.0F};
};

/// Values by 64-bit keys, in a table that does not grow: where it is full, a new key takes the place of an old one, and
/// who still has that one's address goes on with the new one's value. Addresses stay. Thread safety: any thread.
template <class Value, std::size_t Slots>
class fixed_table {
 public:
  Value& operator[](std::uint64_t key) noexcept {
    const std::uint64_t wanted = key == 0 ? 1 : key;
    const std::size_t first = (wanted * 0x9e3779b97f4a7c15) >> 32;
    for (std::size_t tried = 0; tried < most_steps; ++tried) {
      slot& here = slots_[(first + tried) % Slots];
      std::uint64_t found = here.key.load(std::memory_order_acquire);
      if (found == 0 && here.key.compare_exchange_strong(found, wanted, std::memory_order_acq_rel)) return here.value;
      if (found == wanted) return here.value;
    }
    // A different one each time, so that keys do not push out one another for ever.
    slot& old = slots_[(first + replaced_.fetch_add(1, std::memory_order_relaxed) % most_steps) % Slots];
    old.key.store(wanted, std::memory_order_release);
    old.value.forget();
    return old.value;
  }

  /// Calls `use(key, value)` for each; one whose key is exchanged meanwhile may be of either.
  template <class Use>
  void for_each(Use&& use) const {
    for (const slot& each : slots_) {
      if (const std::uint64_t key = each.key.load(std::memory_order_acquire); key != 0) use(key, each.value);
    }
  }

 private:
  static constexpr std::size_t most_steps = 16;
  struct slot {
    std::atomic<std::uint64_t> key{0};
    Value value;
  };
  std::array<slot, Slots> slots_;
  std::atomic<std::size_t> replaced_{0};
};

}  // namespace tandem::plan
