#include <regex>
#include <string>
#include <vector>

#include "cli/command.h"

// tandem explain, and what `tandem eval --explain` says.

namespace {

outcome explain(std::vector<std::string> arguments) {
  // Neither what was measured here nor how many cores there are.
  const with_variable profile("TANDEM_PROFILE", "");
  arguments.insert(arguments.begin(), "explain");
  arguments.insert(arguments.end(), {"--workers", "1"});
  return run(arguments);
}

bool has_line(const std::string& text, const std::string& pattern) {
  return std::regex_search(text, std::regex("(^|\n)" + pattern + "(\n|$)"));
}

TEST(explain, chooses_the_place_by_the_size) {
  const outcome small = explain({"a @ b", "a=f32[128,128]", "b=f32[128,128]", "--device", "sim:h200"});
  ASSERT_EQ(small.status, 0) << small.err;
  EXPECT_EQ(small.err, "");
  EXPECT_TRUE(has_line(small.out, "matmul: float32 \\(128, 128\\)")) << small.out;
  EXPECT_TRUE(has_line(small.out, "\\* cpu, 1 worker +[0-9.]+ us")) << small.out;
  EXPECT_TRUE(has_line(small.out, "  sim:h200 \\(simulated\\) +[0-9.]+ us")) << small.out;
  EXPECT_TRUE(has_line(small.out, " +copy in: 65\\.54 kB +[0-9.]+ +prior.*")) << small.out;
  EXPECT_TRUE(has_line(small.out, "chosen: cpu \\((transfer|launch|compute)-bound\\): .*")) << small.out;

  const outcome large = explain({"a @ b", "a=f32[4096,4096]", "b=f32[4096,4096]", "--device", "sim:h200"});
  ASSERT_EQ(large.status, 0) << large.err;
  EXPECT_TRUE(has_line(large.out, "  cpu, 1 worker +[0-9.]+ us")) << large.out;
  EXPECT_TRUE(has_line(large.out, "\\* sim:h200 \\(simulated\\) +[0-9.]+ us")) << large.out;
  EXPECT_TRUE(has_line(large.out, "chosen: sim:h200 \\(compute-bound\\): .*")) << large.out;
}

TEST(explain, needs_shapes_and_allocates_nothing) {
  const outcome result = explain({"sum(exp(a) * b, axis=1)", "a=float64[1000000,1000000]", "b=f32[1]"});
  ASSERT_EQ(result.status, 0) << result.err;
  EXPECT_TRUE(has_line(result.out, "sum: float64 \\(1000000,\\)")) << result.out;
  for (const std::string shape : {"i8[]", "bool[0]", "c128[3,0]", "uint16[ 2 , 3 ]"}) {
    EXPECT_EQ(explain({"a", "a=" + shape}).status, 0) << shape;
  }
}

TEST(explain, takes_files_and_values_too) {
  const temporary_folder folder;
  ASSERT_EQ(evaluate({"ones((10, 10))", "-o", folder / "x.npy"}).status, 0);
  const outcome result = explain({"x @ y * z", "x=" + folder / "x.npy", "y=f64[10,7]", "z=[2]"});
  ASSERT_EQ(result.status, 0) << result.err;
  EXPECT_TRUE(has_line(result.out, "multiply: float64 \\(10, 7\\)")) << result.out;
}

TEST(explain, tells_of_each_array_of_a_list) {
  const outcome result = explain({"[a + 1, a @ a]", "a=f32[8,8]"});
  ASSERT_EQ(result.status, 0) << result.err;
  EXPECT_TRUE(has_line(result.out, "add: float32 \\(8, 8\\)")) << result.out;
  EXPECT_TRUE(has_line(result.out, "matmul: float32 \\(8, 8\\)")) << result.out;
}

TEST(explain, several_devices) {
  const outcome result = explain({"a + 1", "a=f32[8]", "--device", "sim:h200", "--device=sim:coupled"});
  ASSERT_EQ(result.status, 0) << result.err;
  EXPECT_TRUE(has_line(result.out, "  sim:h200 .*")) << result.out;
  EXPECT_TRUE(has_line(result.out, "  sim:coupled .*")) << result.out;
}

TEST(explain, errors_are_one_line) {
  for (const auto& [arguments, part] : std::vector<std::pair<std::vector<std::string>, std::string>>{
           {{"a @ b", "a=f32[3,4]", "b=f32[3,4]"}, "inner extents differ, 4 and 3"},
           {{"a @ b", "a=f32[3,4]"}, "unknown name 'b'"},
           {{"a", "a=missing.npy"}, "missing.npy"},
           {{"a", "a=f32[4611686018427387904,8]"}, "more than 2^63 - 1"},
           {{"a + 1", "a=f32[3]", "--device", "sim:no-such-machine"}, "no profile 'no-such-machine'"},
           {{"a + 1", "a=f32[3]", "--device", "cpu"}, "cpu"},
       }) {
    const outcome result = explain(arguments);
    EXPECT_NE(result.status, 0) << part;
    EXPECT_EQ(result.out, "") << part;
    EXPECT_NE(result.err.find(part), std::string::npos) << result.err;
    EXPECT_EQ(result.err.find('\n'), result.err.size() - 1) << result.err;
  }
}

TEST(explain, eval_tells_prediction_and_outcome_beside_the_result) {
  const with_variable candidates("TANDEM_CANDIDATES", "sim:h200");
  const with_variable profile("TANDEM_PROFILE", "");
  const outcome small = evaluate({"sum(a @ a)", "a=ones((3, 3))", "--explain", "--workers", "1"});
  ASSERT_EQ(small.status, 0) << small.err;
  EXPECT_EQ(small.out, "27.0\n");
  EXPECT_TRUE(has_line(small.err, "sum: float64 \\(\\)")) << small.err;
  EXPECT_TRUE(has_line(small.err, "\\* cpu, 1 worker +[0-9.]+ us")) << small.err;
  EXPECT_TRUE(has_line(small.err, "outcome: [0-9.]+ us on cpu")) << small.err;

  const outcome large = evaluate({"sum(a @ a)", "a=ones((1000, 1000))", "--explain", "--workers", "1"});
  EXPECT_EQ(large.out, "1000000000.0\n");
  EXPECT_TRUE(has_line(large.err, "\\* sim:h200 \\(simulated\\) +[0-9.]+ us")) << large.err;
  EXPECT_TRUE(has_line(large.err, "outcome: [0-9.]+ us on sim:h200.*")) << large.err;

  const outcome demanded = evaluate({"a + 1", "a=[1, 2]", "--explain", "--device", "sim:h200"});
  EXPECT_EQ(demanded.out, "[2 3]\n");
  EXPECT_TRUE(has_line(demanded.err, "chosen: sim:h200 \\(forced\\): .*")) << demanded.err;
  EXPECT_TRUE(has_line(demanded.err, "outcome: [0-9.]+ us on sim:h200.*")) << demanded.err;
}

TEST(explain, eval_without_it_says_nothing_of_that) {
  const with_variable candidates("TANDEM_CANDIDATES", "sim:h200");
  EXPECT_EQ(evaluate({"1 + 1"}).err, "");
}

TEST(calibrate, writes_a_profile_and_info_tells_of_a_damaged_one) {
  const temporary_folder folder;
  const std::string file = folder / "profile.json";
  const outcome made = run({"calibrate", "--quick", "--device", "cpu", "-o", file});
  ASSERT_EQ(made.status, 0) << made.err;
  const with_variable profile("TANDEM_PROFILE", file);
  const outcome shown = run({"calibrate", "--show"});
  EXPECT_EQ(shown.status, 0);
  EXPECT_EQ(shown.err, "");
  EXPECT_TRUE(shown.out.starts_with(file + "\n")) << shown.out;
  EXPECT_EQ(run({"info"}).out.find("profile:"), std::string::npos);
  const outcome reasons = run({"explain", "a @ a", "a=f64[700,700]"});
  EXPECT_NE(reasons.out.find("calibrated, "), std::string::npos) << reasons.out;

  write_text(file, read_text(file).substr(0, 500));
  const outcome damaged = run({"info"});
  EXPECT_EQ(damaged.status, 0);
  EXPECT_NE(damaged.out.find("profile: " + file + ": "), std::string::npos) << damaged.out;
  EXPECT_NE(run({"calibrate", "--show"}).err.find(file), std::string::npos);
  EXPECT_EQ(evaluate({"1 + 1"}).out, "2\n");
}

}  // namespace
