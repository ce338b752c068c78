#include "cli/scale_notes.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "cli/quantities.h"

using namespace tandem::cli;

namespace {

// Times without noise.
scale_result made_up(const std::vector<double>& medians_s, int permitted_cores) {
  scale_result result{};
  result.permitted_cores = permitted_cores;
  result.rounds = 3;
  std::vector<count_times> fitted;
  for (std::size_t i = 0; i < medians_s.size(); ++i) {
    result.times.push_back({static_cast<int>(i) + 1, std::vector<double>(3, medians_s[i])});
    if (result.times.back().workers <= permitted_cores) fitted.push_back(result.times.back());
  }
  result.rows = rows_of(result.times);
  result.best = best_count(result.rows, result.rounds);
  result.fit = fit_amdahl(fitted);
  return result;
}

std::string joined_notes(const scale_result& result) {
  std::string text;
  for (const std::string& note : notes_of(result)) text += note + "\n";
  return text;
}

// Whether a note begins with the word.
bool has(const scale_result& result, const std::string& word) {
  return ("\n" + joined_notes(result)).find("\n" + word) != std::string::npos;
}

int causes(const scale_result& result) {
  int count = 0;
  for (const char* word :
       {"Too small", "Memory-bound", "Contended", "Throttled", "Not shared out", "Serial:", "Up to"}) {
    count += has(result, word) ? 1 : 0;
  }
  return count;
}

}  // namespace

TEST(scale_notes, good_scaling_needs_no_explanation) {
  const scale_result result = made_up({1, 0.52, 0.36, 0.28}, 4);
  EXPECT_EQ(causes(result), 0) << joined_notes(result);
  EXPECT_TRUE(has(result, "Best: 4 workers, 3.57 times as fast as 1 worker.")) << joined_notes(result);
  // T(p) = 0.04 + 0.96 / p
  EXPECT_TRUE(
      has(result, "Serial fraction by Amdahl's law: 0.040000 +- 0.000000; more workers give at most 25.0 times"))
      << joined_notes(result);
}

TEST(scale_notes, two_counts_are_fitted_exactly) {
  EXPECT_NE(joined_notes(made_up({1, 0.6}, 2)).find("the fit itself goes through both times exactly"),
            std::string::npos);
  EXPECT_EQ(joined_notes(made_up({1, 0.6, 0.5}, 3)).find("goes through both"), std::string::npos);
}

TEST(scale_notes, one_core_has_no_fit) {
  scale_result result = made_up({1}, 1);
  EXPECT_EQ(joined_notes(result), "One core is permitted, so no serial fraction can be fitted.\n");
  result.core_limit = "the affinity mask decides";
  EXPECT_EQ(joined_notes(result),
            "One core is permitted, so no serial fraction can be fitted: the affinity mask decides.\n");
  EXPECT_EQ(joined_notes(made_up({1}, 4)),
            "One number of workers was measured, so no serial fraction can be fitted.\n");
}

TEST(scale_notes, small_work) {
  const scale_result result = made_up({15e-6, 15e-6}, 2);
  EXPECT_TRUE(has(result, "Too small: one worker needs 15.0 us")) << joined_notes(result);
  EXPECT_TRUE(has(result, "Best: 1 worker")) << joined_notes(result);
  EXPECT_EQ(causes(result), 1);
}

TEST(scale_notes, memory_is_named_with_the_measured_rates) {
  scale_result result = made_up({1, 0.9}, 2);
  result.moved_bytes = 18'000'000'000;
  result.roof = memory_roof{200'000'000, {{1, 19e9}, {2, 21e9}}};
  EXPECT_TRUE(has(result,
                  "Memory-bound: each input and result moved once are 18.0 GB, so 2 workers move at least 20.0 GB/s; "
                  "x + 1.0 over 200 MB reaches 21.0 GB/s with as many (1 worker: 18.0 GB/s and 19.0 GB/s); more cores "
                  "cannot help."))
      << joined_notes(result);
  EXPECT_EQ(causes(result), 1);
  result.roof->rates[1].bytes_per_s = 30e9;
  EXPECT_NE(joined_notes(result).find("memory leaves at most a factor of 1.5"), std::string::npos);
  result.roof->rates[1].bytes_per_s = 41e9;
  EXPECT_FALSE(has(result, "Memory-bound")) << joined_notes(result);
}

TEST(scale_notes, a_busy_machine) {
  scale_result result = made_up({1, 1}, 2);
  result.waiting = 0.48;
  EXPECT_TRUE(has(result, "Contended: with 2 workers")) << joined_notes(result);
  EXPECT_NE(joined_notes(result).find("for 48 % of their time"), std::string::npos);
  EXPECT_EQ(causes(result), 1);
  // The rates are those of a busy machine, too.
  result.moved_bytes = 18'000'000'000;
  result.roof = memory_roof{200'000'000, {{1, 19e9}, {2, 21e9}}};
  EXPECT_EQ(causes(result), 1) << joined_notes(result);
  result.roof.reset();
  result.waiting = 0.02;
  EXPECT_TRUE(has(result, "Not shared out: the times of all counts up to 2 lie within 0.0 %")) << joined_notes(result);
  EXPECT_EQ(causes(result), 1);
}

TEST(scale_notes, a_quota) {
  scale_result result = made_up({1, 0.8}, 2);
  result.stopped = throttling{12, "FILE"};
  result.waiting = 0.3;
  EXPECT_NE(joined_notes(result).find("stopped the process in 12 periods (FILE)"), std::string::npos);
  EXPECT_EQ(causes(result), 1) << joined_notes(result);
  result.stopped->periods = 0;
  result.waiting = 0;
  EXPECT_FALSE(has(result, "Throttled"));
}

TEST(scale_notes, the_serial_part_is_what_is_left) {
  scale_result result = made_up({1, 0.8, 0.75}, 3);
  result.moved_bytes = 1'000'000'000;
  result.roof = memory_roof{200'000'000, {{1, 19e9}, {3, 20e9}}};
  result.waiting = 0.01;
  EXPECT_TRUE(has(result,
                  "Serial: 3 workers are 1.33 times as fast as 1, and the figures do not put it down to its size (one "
                  "worker needs 1.00 s) or memory (at least 1.33 GB/s of 20.0 GB/s) or other threads on the "
                  "cores (waited 1 % of the time)"))
      << joined_notes(result);
  EXPECT_EQ(causes(result), 1);
}

TEST(scale_notes, more_workers_than_cores) {
  scale_result result = made_up({1, 0.5, 0.6, 0.55}, 2);
  result.waiting = 0.5;  // which they may have done for one another
  EXPECT_TRUE(has(result, "Up to 4 workers take turns on the 2 permitted cores")) << joined_notes(result);
  EXPECT_NE(joined_notes(result).find("with 4 the speed-up is 1.82"), std::string::npos);
  EXPECT_EQ(causes(result), 1);
}

TEST(scale_result, the_best_count_is_the_least_of_those_that_are_as_fast) {
  const auto best = [](const std::vector<std::vector<double>>& rounds) {
    std::vector<count_times> times;
    for (std::size_t i = 0; i < rounds.size(); ++i) times.push_back({static_cast<int>(i) + 1, rounds[i]});
    return best_count(rows_of(times), static_cast<int>(rounds[0].size()));
  };
  EXPECT_EQ(best({{1}}), 1);
  EXPECT_EQ(best({{1}, {0.9}}), 2);
  EXPECT_EQ(best({{1}, {0.99}}), 1);
  EXPECT_EQ(best({{1}, {0.5}, {0.495}, {0.6}}), 2);
  EXPECT_EQ(best({{1}, {0.5}, {0.48}, {0.6}}), 3);
  // The deviation of 0.1 makes 1.0 and 0.9 the same.
  EXPECT_EQ(best({{0.9, 1, 1.1}, {0.8, 0.9, 1}}), 1);
}

TEST(quantities, have_three_digits) {
  EXPECT_EQ(time_text(1.2345e-7), "123 ns");
  EXPECT_EQ(time_text(9.996e-6), "10.0 us");
  EXPECT_EQ(time_text(0.9996), "1.00 s");
  EXPECT_EQ(time_text(0.0123), "12.3 ms");
  EXPECT_EQ(time_text(4321), "4321 s");
  EXPECT_EQ(bytes_text(800), "800 B");
  EXPECT_EQ(bytes_text(18'000'000), "18.0 MB");
  EXPECT_EQ(rate_text(21.37e9), "21.4 GB/s");
  EXPECT_EQ(workers_text(1), "1 worker");
}
