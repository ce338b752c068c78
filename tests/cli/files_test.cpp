#include <tandem/tandem.h>

#include <string>
#include <vector>

#include "cli/command.h"

namespace {

std::string saved_text(const std::string& path) { return to_string(tandem::load(path)); }

}  // namespace

TEST(files, inputs_and_output) {
  const temporary_folder folder;
  tandem::save(folder / "a.npy", tandem::array<float>({1, 2, 3}));
  tandem::save_npz(folder / "d.npz", {{"u", tandem::array<int>({1, 2, 3})}, {"v", tandem::array<int>({4, 5, 6})}});
  const outcome result = evaluate({"a * u + v", "a=" + (folder / "a.npy"), "u=" + (folder / "d.npz:u"),
                                   "v=" + (folder / "d.npz:v"), "-o", folder / "r.npy"});
  EXPECT_EQ(result.status, 0);
  EXPECT_EQ(result.err, "");
  EXPECT_EQ(result.out, "");
  EXPECT_EQ(saved_text(folder / "r.npy"), "[ 5.  9. 15.]");
  EXPECT_EQ(folder.names(), (std::vector<std::string>{"a.npy", "d.npz", "r.npy"}));
}

TEST(files, the_only_member_needs_no_name) {
  const temporary_folder folder;
  tandem::save_npz(folder / "one.npz", {{"u", tandem::array<int>({1, 2})}});
  tandem::save_npz(folder / "two.npz", {{"u", tandem::array<int>({1, 2})}, {"v", tandem::array<int>({3})}});
  EXPECT_EQ(evaluate({"x", "x=" + (folder / "one.npz")}).out, "[1 2]\n");
  const outcome several = evaluate({"x", "x=" + (folder / "two.npz")});
  EXPECT_EQ(several.status, 1);
  EXPECT_NE(several.err.find("has 2 arrays; write "), std::string::npos) << several.err;
  EXPECT_NE(several.err.find("for one of: u, v\n"), std::string::npos) << several.err;
}

TEST(files, a_value_that_names_a_file_is_that_file) {
  const temporary_folder folder;
  tandem::save(folder / "noending", tandem::array<int>({7}));
  tandem::save(folder / "with:colon.npy", tandem::array<int>({8}));
  tandem::save_npz(folder / "a.npz:b.npz", {{"u:v", tandem::array<int>({9})}});
  EXPECT_EQ(evaluate({"x", "x=" + (folder / "noending")}).out, "[7]\n");
  EXPECT_EQ(evaluate({"x", "x=" + (folder / "with:colon.npy")}).out, "[8]\n");
  EXPECT_EQ(evaluate({"x", "x=" + (folder / "a.npz:b.npz")}).out, "[9]\n");
}

TEST(files, the_output_may_be_an_input) {
  const temporary_folder folder;
  tandem::save(folder / "a.npy", tandem::array<int>({1, 2, 3}));
  EXPECT_EQ(evaluate({"a[::-1]", "a=" + (folder / "a.npy"), "-o", folder / "a.npy"}).status, 0);
  EXPECT_EQ(saved_text(folder / "a.npy"), "[3 2 1]");
  EXPECT_EQ(folder.names(), std::vector<std::string>{"a.npy"});
}

TEST(files, several_results_go_into_an_npz) {
  const temporary_folder folder;
  EXPECT_EQ(evaluate({"meshgrid([[1, 2], [3, 4]])", "-o", folder / "r.npz"}).status, 0);
  EXPECT_EQ(tandem::npz_members(folder / "r.npz"), (std::vector<std::string>{"arr_0", "arr_1"}));
  EXPECT_EQ(evaluate({"x[1]", "x=" + (folder / "r.npz:arr_1")}).out, "[4 4]\n");
  const outcome result = evaluate({"meshgrid([[1, 2], [3, 4]])", "-o", folder / "r.npy"});
  EXPECT_EQ(result.status, 1);
  EXPECT_NE(result.err.find("the expression gives 2 arrays; a .npz file holds several"), std::string::npos)
      << result.err;
  EXPECT_EQ(evaluate({"1", "-o", folder / "single.npz"}).status, 0);
  EXPECT_EQ(tandem::npz_members(folder / "single.npz"), std::vector<std::string>{"arr_0"});
}

TEST(files, failures_print_one_line_and_nothing_else) {
  const temporary_folder folder;
  write_text(folder / "text.npy", "hello");
  for (const std::vector<std::string>& arguments : {
           std::vector<std::string>{"x", "x=" + (folder / "missing.npy")},
           {"x", "x=" + (folder / "missing.npz:u")},
           {"x", "x=" + (folder / "text.npy")},
           {"1", "-o", folder / "nofolder/r.npy"},
           {"x", "x=1 +"},
           {"x", "x=" + (folder / "missing")},
       }) {
    const outcome result = evaluate(arguments);
    EXPECT_EQ(result.status, 1) << arguments.back();
    EXPECT_EQ(result.out, "") << arguments.back();
    EXPECT_TRUE(result.err.starts_with("tandem: ")) << result.err;
    EXPECT_EQ(result.err.find('\n'), result.err.size() - 1) << result.err;
  }
  EXPECT_EQ(evaluate({"x", "x=3 +"}).err,
            "tandem: x: '3 +' is neither a file nor a value: column 4: expected a value, but the expression ends\n");
  EXPECT_EQ(evaluate({"1", "-o", folder / "text.npy/r.npy"}).status, 1);
  EXPECT_EQ(folder.names(), std::vector<std::string>{"text.npy"});
}

TEST(files, a_failing_expression_leaves_the_old_output) {
  const temporary_folder folder;
  tandem::save(folder / "r.npy", tandem::array<int>({1}));
  EXPECT_EQ(evaluate({"[1, 2] + [1, 2, 3]", "-o", folder / "r.npy"}).status, 1);
  EXPECT_EQ(saved_text(folder / "r.npy"), "[1]");
}

TEST(files, time_is_one_line_on_stderr) {
  const temporary_folder folder;
  const outcome result = evaluate({"zeros((3, 4), dtype=float32)", "--time", "-o", folder / "r.npy"});
  EXPECT_EQ(result.out, "");
  EXPECT_TRUE(result.err.starts_with("load 0.")) << result.err;
  EXPECT_NE(result.err.find(" s, evaluate "), std::string::npos) << result.err;
  EXPECT_TRUE(result.err.ends_with(" s, 12 elements, float32 (3, 4)\n")) << result.err;
  EXPECT_EQ(evaluate({"1", "--time"}).out, "1\n");
}
