#include <gtest/gtest.h>

#include <atomic>
#include <cstdint>
#include <limits>
#include <memory>
#include <mutex>
#include <set>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include <tandem/tandem.h>

#include "support/elements.h"

// parallel_for and parallel_map: which calls are made, what they give, and how they end early.
namespace {

using namespace tandem;
using tandem::testing::elements_of;
using tandem::testing::mentions;
using tandem::testing::text_of;

TEST(ParallelFor, CallsOnceForEachInteger) {
  for (const std::int64_t count : {0, 1, 2, 3, 7, 1000, 12345}) {
    for (const int workers : {1, 2, 3, 8}) {
      for (const std::int64_t chunk : {0, 1, 5, 100000}) {
        std::vector<std::atomic<int>> calls(static_cast<std::size_t>(count));
        parallel_for(count, [&](std::int64_t i) { ++calls[static_cast<std::size_t>(i)]; },
                     {.chunk = chunk, .rules = {.workers = workers}});
        for (const auto& each : calls) ASSERT_EQ(each, 1) << count << " " << workers << " " << chunk;
      }
    }
  }
}

TEST(ParallelFor, RangesCountUpAndDown) {
  const auto called_with = [](const index_range& range) {
    std::multiset<std::int64_t> seen;
    std::mutex guard;
    parallel_for(range, [&](std::int64_t i) {
      const std::lock_guard lock(guard);
      seen.insert(i);
    });
    return std::vector<std::int64_t>(seen.begin(), seen.end());
  };
  using list = std::vector<std::int64_t>;
  EXPECT_EQ(called_with({10, 14}), (list{10, 11, 12, 13}));
  EXPECT_EQ(called_with({0, 10, 3}), (list{0, 3, 6, 9}));
  EXPECT_EQ(called_with({5, 0, -2}), (list{1, 3, 5}));
  EXPECT_EQ(called_with({-2, 2}), (list{-2, -1, 0, 1}));
  EXPECT_EQ(called_with({2, 2}), list{});
  EXPECT_EQ(called_with({3, 2}), list{});
  EXPECT_EQ(called_with(-4), list{});
  constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
  constexpr std::int64_t least = std::numeric_limits<std::int64_t>::min();
  EXPECT_EQ(called_with({most - 1, most}), list{most - 1});
  EXPECT_EQ(called_with({least, most, most}), (list{least, -1, most - 1}));
  EXPECT_TRUE(mentions(text_of<argument_error>([&] { called_with({0, 5, 0}); }), {"parallel_for", "step 0"}));
  EXPECT_TRUE(mentions(text_of<argument_error>([&] { called_with({least, most}); }), {"parallel_for", "too many"}));
}

TEST(ParallelFor, GoesThroughLists) {
  std::vector<std::string> words = {"one", "two", "three"};
  parallel_for(words, [](std::string& word) { word += "!"; });
  EXPECT_EQ(words, (std::vector<std::string>{"one!", "two!", "three!"}));
  std::atomic<int> letters{0};
  parallel_for(std::vector<std::string>{"ab", "c"},
               [&](const std::string& word) { letters += static_cast<int>(word.size()); });
  EXPECT_EQ(letters, 3);
}

TEST(ParallelFor, NeverHasMoreCallsAtATimeThanWorkers) {
  for (const int workers : {1, 2, 3}) {
    std::atomic<int> now{0};
    std::atomic<int> most{0};
    parallel_for(200,
                 [&](std::int64_t) {
                   const int mine = ++now;
                   int before = most;
                   while (before < mine && !most.compare_exchange_weak(before, mine)) {
                   }
                   std::this_thread::sleep_for(std::chrono::microseconds(100));
                   --now;
                 },
                 {.chunk = 1, .rules = {.workers = workers}});
    EXPECT_LE(most, workers);
    if (workers > 1) {
      EXPECT_GT(most, 1) << "nothing ran at the same time";
    }
  }
}

TEST(ParallelFor, PassesTheFirstExceptionOnAndStops) {
  for (const int workers : {1, 2, 4}) {
    std::atomic<int> calls{0};
    const std::string text = text_of<std::runtime_error>([&] {
      parallel_for(1'000'000,
                   [&](std::int64_t i) {
                     ++calls;
                     if (i == 3) throw std::runtime_error("third");
                     std::this_thread::sleep_for(std::chrono::microseconds(10));
                   },
                   {.chunk = 10, .rules = {.workers = workers}});
    });
    EXPECT_EQ(text, "third");
    EXPECT_LT(calls, 500'000) << workers << " workers went on";
  }
  // Of several, that of the items nearest the beginning.
  std::atomic<int> waiting{0};
  EXPECT_EQ(text_of<std::runtime_error>([&] {
              parallel_for(2,
                           [&](std::int64_t i) {
                             ++waiting;
                             while (waiting < 2) std::this_thread::yield();
                             throw std::runtime_error(std::to_string(i));
                           },
                           {.chunk = 1, .rules = {.workers = 2}});
            }),
            "0");
}

TEST(ParallelFor, ObjectsThatAreNoExceptionsPassToo) {
  EXPECT_THROW(parallel_for(10,
                            [](std::int64_t i) {
                              if (i == 5) throw 5;
                            }),
               int);
}

TEST(ParallelFor, AStopEndsIt) {
  for (const int workers : {1, 2}) {
    std::stop_source source;
    std::atomic<int> calls{0};
    const std::string text = text_of<stopped>([&] {
      parallel_for(1'000'000,
                   [&](std::int64_t) {
                     if (++calls == 100) source.request_stop();
                   },
                   {.rules = {.workers = workers}, .stop = source.get_token()});
    });
    EXPECT_TRUE(mentions(text, {"parallel_for", "1000000"}));
    EXPECT_LT(calls, 1000);
  }
  std::stop_source before;
  before.request_stop();
  EXPECT_THROW(parallel_for(5, [](std::int64_t) { FAIL(); }, {.stop = before.get_token()}), stopped);
  EXPECT_NO_THROW(parallel_for(0, [](std::int64_t) { FAIL(); }, {.stop = before.get_token()}));
  // In the last call it changes nothing.
  std::stop_source last;
  EXPECT_NO_THROW(parallel_for(1, [&](std::int64_t) { last.request_stop(); }, {.stop = last.get_token()}));
}

TEST(ParallelFor, ImpossibleOptionsAreErrors) {
  const auto nothing = [](std::int64_t) { FAIL() << "called"; };
  EXPECT_TRUE(
      mentions(text_of<argument_error>([&] { parallel_for(5, nothing, {.chunk = -1}); }), {"parallel_for", "-1"}));
  EXPECT_TRUE(
      mentions(text_of<policy_error>([&] { parallel_for(5, nothing, {.rules = {.workers = 0}}); }), {"workers is 0"}));
}

TEST(ParallelMap, NumbersBecomeAnArray) {
  const ndarray squares = parallel_map(1000, [](std::int64_t i) { return static_cast<double>(i * i); });
  EXPECT_EQ(squares.dtype(), float64);
  ASSERT_EQ(squares.shape(), dims{1000});
  for (std::int64_t i = 0; i < 1000; ++i) ASSERT_EQ(squares.at<double>({i}), static_cast<double>(i * i));
  const ndarray odd = parallel_map(1001, [](std::int64_t i) { return i % 2 == 1; });
  EXPECT_EQ(odd.dtype(), bool_);
  EXPECT_EQ(ndarray(sum(odd)).item<std::int64_t>(), 500);
  EXPECT_EQ(
      parallel_map({4, 10, 2}, [](std::int64_t i) { return static_cast<std::int8_t>(i); }).to_vector<std::int8_t>(),
      (std::vector<std::int8_t>{4, 6, 8}));
  EXPECT_EQ(parallel_map(0, [](std::int64_t i) { return i; }).shape(), dims{0});
}

// Neither default-constructible nor copyable.
class token {
 public:
  explicit token(std::int64_t value) : value_(std::make_unique<std::int64_t>(value)) {}
  std::int64_t value() const { return *value_; }

 private:
  std::unique_ptr<std::int64_t> value_;
};

TEST(ParallelMap, OtherResultsBecomeAVector) {
  const std::vector<token> tokens = parallel_map(100, [](std::int64_t i) { return token(i); });
  ASSERT_EQ(tokens.size(), 100U);
  for (std::size_t i = 0; i < tokens.size(); ++i) EXPECT_EQ(tokens[i].value(), static_cast<std::int64_t>(i));
  const std::vector<std::string> words = {"a", "bc"};
  EXPECT_EQ(parallel_map(words, [](const std::string& word) { return word + word; }),
            (std::vector<std::string>{"aa", "bcbc"}));
}

double plus(double x, double y) { return x + y; }

TEST(ParallelMap, TakesElementsOfArraysThatBroadcast) {
  const ndarray column = array<double>({{1}, {2}});
  const ndarray row = array<double>({10, 20, 30});
  const ndarray both = parallel_map({column, row}, [](double x, double y) { return x + y; });
  EXPECT_EQ(both.shape(), (dims{2, 3}));
  EXPECT_EQ(elements_of<double>(both), (std::vector<double>{11, 21, 31, 12, 22, 32}));
  EXPECT_EQ(elements_of<double>(parallel_map({column, row}, plus)), elements_of<double>(both));
  EXPECT_EQ(elements_of<double>(parallel_map({column, row}, &plus)), elements_of<double>(both));
  // Strided, reversed, and converted to what the function takes.
  const ndarray grid = reshape(arange(12), {3, 4});
  const ndarray view = permute_dims(grid(slice(none, none, -1), slice(1, none, 2)), {1, 0});
  const ndarray doubled = parallel_map(view, [](double x) { return static_cast<float>(2 * x); });
  EXPECT_EQ(doubled.dtype(), float32);
  EXPECT_EQ(doubled.shape(), (dims{2, 3}));
  EXPECT_EQ(elements_of<float>(doubled), (std::vector<float>{18, 10, 2, 22, 14, 6}));
  EXPECT_EQ(parallel_map(zeros({0, 3}), [](double x) { return x; }).shape(), (dims{0, 3}));
  EXPECT_EQ(parallel_map(ndarray(expr(2.5) * ones({})), [](double x) { return x; }).item<double>(), 2.5);
  const std::vector<std::string> texts =
      parallel_map(array<int>({{1, 2}, {3, 4}}), [](int x) { return std::to_string(x); });
  EXPECT_EQ(texts, (std::vector<std::string>{"1", "2", "3", "4"}));
}

TEST(ParallelMap, TakesSlicesAlongTheFirstAxis) {
  const ndarray grid = reshape(arange(6), {3, 2});
  const ndarray sums = parallel_map(grid, [](const ndarray& row) { return ndarray(sum(row)).item<std::int64_t>(); });
  EXPECT_EQ(elements_of<std::int64_t>(sums), (std::vector<std::int64_t>{1, 5, 9}));
  const std::vector<ndarray> both =
      parallel_map({grid, ndarray(ones({3}))}, [](const ndarray& row, ndarray one) { return ndarray(row + one); });
  ASSERT_EQ(both.size(), 3U);
  EXPECT_EQ(elements_of<double>(both[2]), (std::vector<double>{5, 6}));
}

TEST(ParallelMap, RefusesArraysThatDoNotFit) {
  const ndarray three = ones({3});
  const auto text = [&](std::initializer_list<ndarray> arrays, auto function) {
    return text_of<error>([&] { parallel_map(arrays, function); });
  };
  static_cast<void>(text);
  EXPECT_TRUE(mentions(text_of<shape_error>([&] { parallel_map({three, ones({4})}, plus); }),
                       {"parallel_map", "(3,)", "(4,)"}));
  EXPECT_TRUE(
      mentions(text_of<argument_error>([&] { parallel_map({three}, plus); }), {"parallel_map", "1 array", "2"}));
  EXPECT_TRUE(mentions(text_of<dtype_error>([&] { parallel_map(three, [](int x) { return x; }); }),
                       {"parallel_map", "float64", "int32", "astype"}));
  const auto first = [](const ndarray& slice) { return slice.size(); };
  EXPECT_TRUE(mentions(text_of<shape_error>([&] { parallel_map(ndarray(ones({})), first); }), {"parallel_map", "()"}));
  const auto pair = [](const ndarray& x, const ndarray& y) { return x.size() + y.size(); };
  EXPECT_TRUE(mentions(text_of<shape_error>([&] { parallel_map({three, ones({4})}, pair); }), {"3", "4", "slices"}));
}

TEST(ParallelMap, AnExceptionLeavesNothing) {
  const std::int64_t before = host_memory().in_use_bytes;
  EXPECT_THROW(parallel_map(100'000,
                            [](std::int64_t i) {
                              if (i == 70'000) throw std::runtime_error("x");
                              return static_cast<double>(i);
                            }),
               std::runtime_error);
  EXPECT_EQ(host_memory().in_use_bytes, before);
}

TEST(ParallelMap, GivesTheSameForEveryNumberOfWorkersAndChunk) {
  const ndarray x = reshape(arange(20000), {100, 200});
  const auto one = [&](int workers, std::int64_t chunk) {
    return elements_of<double>(
        parallel_map(x, [](const ndarray& row) { return ndarray(sum(sin(astype(row, float64)))).item<double>(); },
                     {.chunk = chunk, .rules = {.workers = workers}}));
  };
  const std::vector<double> expected = one(1, 0);
  for (const int workers : {2, 3, 8}) {
    for (const std::int64_t chunk : {0, 1, 7}) EXPECT_EQ(one(workers, chunk), expected);
  }
}

}  // namespace
