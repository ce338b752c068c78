#include <gtest/gtest.h>

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <tandem/tandem.h>

#include "support/elements.h"

// Fusion changes no bits: random graphs of operations, evaluated in one go and one operation at a time.
namespace tandem::testing {
namespace {

// The element-wise functions that take arrays only.
std::vector<std::string> elementwise_functions() {
  std::vector<std::string> names;
  for (const function_info& each : functions()) {
    bool arrays_only = each.group == "elementwise";
    for (const parameter& what : each.parameters)
      arrays_only = arrays_only && what.kind == parameter_kind::array && what.required();
    if (arrays_only) names.emplace_back(each.name);
  }
  return names;
}

// Applies a function by name, or says that it does not take these dtypes.
std::optional<expr> applied(const std::string& function, const std::vector<argument>& operands) {
  try {
    return std::get<expr>(call(function, operands));
  } catch (const dtype_error&) {
    return std::nullopt;
  }
}

// An array that broadcasts to `shape`, seen through steps, reversed or transposed.
ndarray random_leaf(const dims& shape, random_numbers& random) {
  dims mine = shape;
  while (!mine.empty() && random.chance(15)) mine.erase(0);
  for (std::int64_t& extent : mine) extent = random.chance(15) ? 1 : extent;
  const dtype type = random.one_of(all_dtypes);
  switch (random.between(0, 4)) {
    case 0: {  // every second along the last axis
      dims wider = mine;
      if (wider.empty()) break;
      wider[wider.size() - 1] = wider.back() * 2;
      return random_array(type, wider, random)(ellipsis, slice(none, none, 2));
    }
    case 1: return eval(flip(random_array(type, mine, random)));
    case 2: {
      dims turned;
      for (int i = mine.size() - 1; i >= 0; --i) turned.push_back(mine[i]);
      return random_array(type, turned, random).transposed();
    }
    default: break;
  }
  return random_array(type, mine, random);
}

argument random_number(random_numbers& random) {
  switch (random.between(0, 3)) {
    case 0: return scalar(random.between(0, 100));
    case 1: return scalar(static_cast<double>(random.between(-40, 40)) / 8);
    case 2: return scalar(random.chance(50));
    default: return scalar(std::complex<double>(0.5, static_cast<double>(random.between(-3, 3))));
  }
}

struct node_pair {
  expr lazy;
  ndarray stepwise;
};

class graph {
 public:
  graph(const dims& shape, random_numbers& random) : random_(random) {
    for (int i = 0; i < 4; ++i) {
      const ndarray leaf = random_leaf(shape, random);
      nodes_.push_back({leaf, leaf});
    }
  }

  void grow(const std::vector<std::string>& names, int operations) {
    int tried = 0;
    while (operations > 0 && ++tried < 1000) {
      if (random_.chance(15)) {
        const node_pair& from = pick();
        const dtype to = random_.one_of(all_dtypes);
        if (is_complex(from.lazy.dtype()) && !is_complex(to) && to != bool_) continue;
        nodes_.push_back({astype(from.lazy, to), eval(astype(from.stepwise, to))});
        --operations;
        continue;
      }
      const std::string& function = random_.one_of(names);
      const function_info& what = *find_function(function);
      std::vector<argument> lazy;
      std::vector<argument> stepwise;
      bool any_array = false;
      for (std::size_t i = 0; i < what.parameters.size(); ++i) {
        const bool last = i + 1 == what.parameters.size();
        if (random_.chance(20) && (any_array || !last)) {
          lazy.push_back(random_number(random_));
          stepwise.push_back(lazy.back());
        } else {
          const node_pair& from = pick();
          lazy.emplace_back(from.lazy);
          stepwise.emplace_back(expr(from.stepwise));
          any_array = true;
        }
      }
      if (!any_array) continue;
      const std::optional<expr> whole = applied(function, lazy);
      const std::optional<expr> step = applied(function, stepwise);
      ASSERT_EQ(whole.has_value(), step.has_value()) << function;
      if (!whole || whole->is_weak()) continue;
      ASSERT_EQ(whole->dtype(), step->dtype()) << function;
      trail_ += function + "(" + std::string(name(whole->dtype())) + ") ";
      nodes_.push_back({*whole, eval(*step)});
      --operations;
    }
  }

  const node_pair& last() const { return nodes_.back(); }
  const std::vector<node_pair>& nodes() const { return nodes_; }
  const std::string& trail() const { return trail_; }

 private:
  // New ones more often than old ones, so that chains grow long.
  const node_pair& pick() {
    if (random_.chance(50)) return nodes_[nodes_.size() - 1 - static_cast<std::size_t>(random_.between(0, 2))];
    return random_.one_of(nodes_);
  }

  random_numbers& random_;
  std::vector<node_pair> nodes_;
  std::string trail_;
};

dims shape_for(int round, random_numbers& random) {
  switch (round % 5) {
    case 0: return {random.between(1, 5), random.between(1, 7), random.between(1, 9)};
    case 1: return {random.one_of(std::vector<std::int64_t>{1, 511, 512, 513, 1025})};
    case 2: return {random.between(1, 40), random.between(1, 60)};
    case 3: return {};
    default: return {random.between(0, 3), random.between(0, 300)};
  }
}

TEST(Fusion, ChangesNoBits) {
  const std::vector<std::string> names = elementwise_functions();
  EXPECT_GT(names.size(), 60U);
  random_numbers random(371);
  std::size_t operations = 0;
  for (int round = 0; round < 1200; ++round) {
    graph work(shape_for(round, random), random);
    work.grow(names, static_cast<int>(random.between(1, 14)));
    ASSERT_TRUE(same(eval(work.last().lazy), work.last().stepwise)) << "round " << round << ": " << work.trail();
    operations += work.nodes().size() - 4;
    // Other parts, now that some results are kept.
    for (int i = 0; i < 2; ++i) {
      const node_pair& part = random.one_of(work.nodes());
      ASSERT_TRUE(same(eval(part.lazy), part.stepwise)) << "round " << round << ": " << work.trail();
    }
  }
  EXPECT_GT(operations, 6000U);
}

TEST(Fusion, ChangesNoBitsOnSeveralWorkers) {
  const std::vector<std::string> names = elementwise_functions();
  random_numbers random(372);
  for (int round = 0; round < 25; ++round) {
    graph work({random.between(150, 200), random.between(150, 300)}, random);
    work.grow(names, 6);
    const int workers = static_cast<int>(random.between(2, 5));
    ASSERT_TRUE(same(eval(work.last().lazy, {.workers = workers}), work.last().stepwise))
        << "round " << round << ": " << work.trail();
  }
}

TEST(Fusion, ChangesNoBitsOfWhatIsAssigned) {
  const std::vector<std::string> names = elementwise_functions();
  random_numbers random(373);
  for (int round = 0; round < 400; ++round) {
    graph work(shape_for(round, random), random);
    work.grow(names, static_cast<int>(random.between(1, 6)));
    const expr& lazy = work.last().lazy;
    // Into every second element of a larger transposed array.
    dims turned;
    for (int i = lazy.rank() - 1; i >= 0; --i) turned.push_back(lazy.shape()[i] * 2);
    const ndarray memory = zeros(turned, lazy.dtype());
    std::vector<index> at(static_cast<std::size_t>(lazy.rank()), index(slice(none, none, 2)));
    const ndarray target = memory.transposed().view(at);
    target.assign(lazy);
    ASSERT_TRUE(same(target, work.last().stepwise)) << "round " << round << ": " << work.trail();
  }
}

}  // namespace
}  // namespace tandem::testing
