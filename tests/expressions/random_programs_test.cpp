#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <tandem/tandem.h>

#include "arrays/model.h"
#include "support/elements.h"

// Random graphs of work of every kind, evaluated in one go and one operation at a time. Integers wrap exactly, so that
// the order in which a reduction reads its elements does not matter.
namespace tandem::testing {
namespace {

struct operand {
  expr lazy;
  ndarray stepwise;
};

// An array of its own with the same elements: nothing of the layout is handed on.
ndarray fresh(const ndarray& from) {
  const ndarray copy = empty(from.shape(), from.dtype());
  const std::vector<std::byte> bytes = bytes_of(from);
  if (!bytes.empty()) {
    with_dtype(from.dtype(),
               [&]<class T>() { std::memcpy(static_cast<void*>(copy.data<T>()), bytes.data(), bytes.size()); });
  }
  return copy;
}

constexpr std::int64_t most_elements = 4000;

// One operation with its arguments drawn: called twice, with operands that were and were not evaluated.
using drawn = std::function<expr(const expr& x, const expr& y)>;

class drawing {
 public:
  drawing(const dims& x, const dims& y, dtype type, random_numbers& random)
      : x_(x), y_(y), type_(type), random_(random) {}

  // Nothing, if the operation that was drawn does not fit the operands.
  std::optional<std::pair<std::string, drawn>> draw() {
    switch (random_.between(0, 27)) {
      case 0:
        return reduction("sum", [](const expr& x, const reduce_options& o) {
          return sum(x, {.axis = o.axis, .keepdims = o.keepdims});
        });
      case 1:
        return reduction("prod", [](const expr& x, const reduce_options& o) {
          return prod(x, {.axis = o.axis, .keepdims = o.keepdims});
        });
      case 2: return if_any(reduction("max", [](const expr& x, const reduce_options& o) { return max(x, o); }));
      case 3: return if_any(reduction("min", [](const expr& x, const reduce_options& o) { return min(x, o); }));
      case 4: return reduction("count", [](const expr& x, const reduce_options& o) { return count_nonzero(x, o); });
      case 5: return reduction("all", [](const expr& x, const reduce_options& o) { return all(x, o); });
      case 6: return if_any(search());
      case 7: return scan();
      case 8: return named("flip", [](const expr& x, const expr&) { return flip(x); });
      case 9: return roll_one();
      case 10: return permute();
      case 11: return named("flatten", [](const expr& x, const expr&) { return reshape(x, {x.size()}); });
      case 12: return part();
      case 13: return part();
      case 14: return repeat_some();
      case 15: return with_axis("repeat", [](const expr& x, std::int64_t axis) { return repeat(x, 2, axis); });
      case 16: return tiles();
      case 17: return named("expand", [](const expr& x, const expr&) { return expand_dims(x, -1); });
      case 18: return joined();
      case 19: return named("stack", [](const expr& x, const expr&) { return stack({x, x * 2, x}, -1); });
      case 20: return matrices("tril", [](const expr& x) { return tril(x, 1); });
      case 21: return matrices("product", [](const expr& x) { return matmul(x, matrix_transpose(x)); });
      case 22: return converted();
      case 23: return both("where", [](const expr& x, const expr& y) { return where(y > 3, x, y); });
      case 24: return both("maximum", [](const expr& x, const expr& y) { return maximum(x, y); });
      case 25: return both("subtract", [](const expr& x, const expr& y) { return astype(x, int64) - y; });
      default: return both("add", [](const expr& x, const expr& y) { return x * 3 + y; });
    }
  }

 private:
  using choice = std::optional<std::pair<std::string, drawn>>;

  static choice named(std::string title, drawn what) { return std::pair(std::move(title), std::move(what)); }
  int rank() const { return x_.size(); }
  bool empty() const { return x_.contains(0); }

  choice if_any(choice what) const { return empty() ? std::nullopt : std::move(what); }

  choice reduction(const std::string& title, expr (*make)(const expr&, const reduce_options&)) {
    axes over;
    if (rank() > 0 && random_.chance(70)) {
      dims list;
      for (int axis = 0; axis < rank(); ++axis) {
        if (random_.chance(50)) list.push_back(axis);
      }
      over = axes(list);
    }
    const bool keepdims = random_.chance(40);
    return named(title, [=](const expr& x, const expr&) { return make(x, {.axis = over, .keepdims = keepdims}); });
  }

  choice search() {
    std::optional<std::int64_t> axis;
    if (rank() > 0 && random_.chance(70)) axis = random_.between(-rank(), rank() - 1);
    const bool largest = random_.chance(50);
    const bool keepdims = random_.chance(30);
    return named("search", [=](const expr& x, const expr&) {
      return largest ? argmax(x, {.axis = axis, .keepdims = keepdims})
                     : argmin(x, {.axis = axis, .keepdims = keepdims});
    });
  }

  choice with_axis(const std::string& title, expr (*make)(const expr&, std::int64_t)) {
    if (rank() == 0) return std::nullopt;
    const std::int64_t axis = random_.between(0, rank() - 1);
    return named(title, [=](const expr& x, const expr&) { return make(x, axis); });
  }

  choice scan() {
    if (rank() == 0) return std::nullopt;
    const scan_options how{
        .axis = random_.between(0, rank() - 1), .dtype = std::nullopt, .include_initial = random_.chance(30)};
    const bool sums = random_.chance(60);
    return named("scan",
                 [=](const expr& x, const expr&) { return sums ? cumulative_sum(x, how) : cumulative_prod(x, how); });
  }

  choice roll_one() {
    const std::int64_t by = random_.between(-9, 9);
    if (rank() == 0 || random_.chance(30))
      return named("roll", [=](const expr& x, const expr&) { return roll(x, {by}); });
    const std::int64_t axis = random_.between(0, rank() - 1);
    return named("roll", [=](const expr& x, const expr&) { return roll(x, {by}, axis); });
  }

  choice permute() {
    dims order;
    while (order.size() < rank()) {
      const std::int64_t axis = random_.between(0, rank() - 1);
      if (!order.contains(axis)) order.push_back(axis);
    }
    return named("permute", [=](const expr& x, const expr&) { return permute_dims(x, order); });
  }

  choice part() {
    const std::vector<index> at = random_index(x_, random_);
    return named("part", [=](const expr& x, const expr&) { return x.view(at); });
  }

  choice repeat_some() {
    if (rank() == 0) return std::nullopt;
    const std::int64_t axis = random_.between(0, rank() - 1);
    std::vector<std::int64_t> counts;
    for (std::int64_t i = 0; i < x_[axis]; ++i) counts.push_back(random_.between(0, 2));
    const ndarray times = array(std::span<const std::int64_t>(counts), {x_[axis]});
    return named("repeat by counts", [=](const expr& x, const expr&) { return repeat(x, times, axis); });
  }

  choice tiles() {
    dims times;
    for (int i = 0; i < rank(); ++i) times.push_back(random_.between(1, 2));
    return named("tile", [=](const expr& x, const expr&) { return tile(x, times); });
  }

  choice joined() {
    if (rank() == 0) return std::nullopt;
    const std::int64_t axis = random_.between(0, rank() - 1);
    const bool with_other = x_ == y_;
    return named("concat", [=](const expr& x, const expr& y) {
      return with_other ? concat({x + 1, y, x}, axis) : concat({x, flip(x), x * x}, axis);
    });
  }

  choice matrices(const std::string& title, expr (*make)(const expr&)) {
    if (rank() < 2) return std::nullopt;
    return named(title, [=](const expr& x, const expr&) { return make(x); });
  }

  choice converted() {
    const dtype to = random_.one_of(integer_dtypes);
    return named("convert", [=](const expr& x, const expr&) { return astype(x, to); });
  }

  // Operations on two operands, the second being cut to the shape of the first if they do not broadcast.
  choice both(const std::string& title, expr (*make)(const expr&, const expr&)) {
    const bool numbers = type_ == bool_;
    bool fits = x_.size() == y_.size() || x_.empty() || y_.empty();
    for (int i = 0; fits && i < std::min(x_.size(), y_.size()); ++i) fits = x_[i] == y_[i] || x_[i] == 1 || y_[i] == 1;
    return named(title, [=](const expr& x, const expr& y) {
      const expr left = numbers ? astype(x, int16) : x;
      return fits ? make(left, astype(y, int32)) : make(left, astype(sum(y), int32));
    });
  }

  const dims& x_;
  const dims& y_;
  dtype type_;
  random_numbers& random_;
};

class random_program {
 public:
  explicit random_program(random_numbers& random) : random_(random) {
    for (int i = 0; i < 3; ++i) {
      const ndarray leaf = random_array(random.one_of(integer_dtypes), random_shape(3, 6, random), random);
      operands_.push_back({leaf, leaf});
    }
  }

  void grow(int operations) {
    for (int tried = 0; operations > 0 && tried < 500; ++tried) {
      const operand x = pick();
      const operand y = pick();
      const auto what = drawing(x.lazy.shape(), y.lazy.shape(), x.lazy.dtype(), random_).draw();
      if (!what) continue;
      const expr lazy = what->second(x.lazy, y.lazy);
      if (lazy.size() > most_elements || lazy.rank() > 6 || !(is_integer(lazy.dtype()) || lazy.dtype() == bool_))
        continue;
      trail_ += what->first + " " + to_string(lazy.shape()) + "; ";
      const ndarray stepwise = fresh(eval(what->second(x.stepwise, y.stepwise)));
      operands_.push_back({lazy, stepwise});
      --operations;
    }
  }

  operand pick() {
    if (random_.chance(50)) return operands_[operands_.size() - 1 - static_cast<std::size_t>(random_.between(0, 1))];
    return random_.one_of(operands_);
  }
  const operand& last() const { return operands_.back(); }
  std::size_t size() const { return operands_.size(); }
  const std::string& trail() const { return trail_; }

 private:
  random_numbers& random_;
  std::vector<operand> operands_;
  std::string trail_;
};

TEST(RandomPrograms, GiveWhatTheirStepsGive) {
  random_numbers random(381);
  std::size_t operations = 0;
  for (int round = 0; round < 3000; ++round) {
    random_program work(random);
    work.grow(static_cast<int>(random.between(2, 14)));
    operations += work.size() - 3;
    const int workers = static_cast<int>(random.between(1, 3));
    ASSERT_TRUE(same(eval(work.last().lazy, {.workers = workers}), work.last().stepwise))
        << "round " << round << ": " << work.trail();
    for (int i = 0; i < 2; ++i) {  // some results are kept now
      const operand part = work.pick();
      ASSERT_TRUE(same(eval(part.lazy), part.stepwise)) << "round " << round << ": " << work.trail();
    }
  }
  EXPECT_GT(operations, 15000U);
}

TEST(RandomPrograms, GiveTheSameWhenAssigned) {
  random_numbers random(382);
  for (int round = 0; round < 1000; ++round) {
    random_program work(random);
    work.grow(static_cast<int>(random.between(1, 8)));
    const expr& lazy = work.last().lazy;
    dims larger = lazy.shape();
    std::vector<index> at;
    for (std::int64_t& extent : larger) {
      extent *= 2;
      at.emplace_back(slice(-1, none, -2));
    }
    const ndarray memory = zeros(larger, lazy.dtype());
    const ndarray target = memory.view(at);
    target.assign(lazy);
    ASSERT_TRUE(same(target, work.last().stepwise)) << "round " << round << ": " << work.trail();
  }
}

}  // namespace
}  // namespace tandem::testing
