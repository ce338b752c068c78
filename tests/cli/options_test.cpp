#include <regex>
#include <string>
#include <vector>

#include "cli/command.h"

namespace {

void expect_usage_error(const std::vector<std::string>& arguments, const std::string& message) {
  const outcome result = run(arguments);
  std::string shown;
  for (const std::string& argument : arguments) shown += argument + " ";
  EXPECT_EQ(result.status, 2) << shown;
  EXPECT_EQ(result.out, "") << shown;
  EXPECT_EQ(result.err.substr(0, result.err.find(" (see")), "tandem: " + message) << shown;
  EXPECT_EQ(result.err.find('\n'), result.err.size() - 1) << shown;
}

}  // namespace

TEST(options, wrong_use_exits_with_2_and_one_line) {
  expect_usage_error({}, "a command is missing: eval, scale, explain, calibrate, whatif, replay, info, ops or help");
  expect_usage_error({"eva"}, "there is no command 'eva'; did you mean 'eval'?");
  expect_usage_error({"frobnicate"},
                     "there is no command 'frobnicate'; the commands are eval, scale, explain, calibrate, whatif, "
                     "replay, info, ops and help");
  expect_usage_error({"eval"}, "an expression is missing");
  expect_usage_error({"eval", "x=1"}, "an expression is missing");
  expect_usage_error({"eval", "x", "y"}, "'y' is not NAME=VALUE, and the expression is 'x'");
  expect_usage_error({"eval", "x", "1y=2"}, "'1y=2' is not NAME=VALUE, and the expression is 'x'");
  expect_usage_error({"eval", "x", "=2"}, "'=2' is not NAME=VALUE, and the expression is 'x'");
  expect_usage_error({"eval", "x", "x="}, "'x=' needs a file or a value");
  expect_usage_error({"eval", "x", "x=1", "x=2"}, "'x' is given twice");
  expect_usage_error({"eval", "x", "None=1"}, "'None' cannot be the name of an input");
  expect_usage_error({"eval", "x", "and=1"}, "'and' cannot be the name of an input");
  expect_usage_error({"eval", "1", "-o"}, "-o needs a value");
  expect_usage_error({"eval", "1", "-o", "a.npy", "-o", "b.npy"}, "-o is given twice");
  expect_usage_error({"eval", "1", "-o", "a.txt"}, "the output must end in .npy or .npz; given 'a.txt'");
  expect_usage_error({"eval", "1", "--workers", "0"},
                     "--workers takes a number of cores, 1 to 1024, -1 for all permitted ones, or auto; given '0'");
  expect_usage_error({"eval", "1", "--workers=x"},
                     "--workers takes a number of cores, 1 to 1024, -1 for all permitted ones, or auto; given 'x'");
  expect_usage_error(
      {"eval", "1", "--workers", "99999999999"},
      "--workers takes a number of cores, 1 to 1024, -1 for all permitted ones, or auto; given '99999999999'");
  expect_usage_error({"eval", "1", "--workers", "1025"},
                     "--workers takes a number of cores, 1 to 1024, -1 for all permitted ones, or auto; given '1025'");
  expect_usage_error({"eval", "1", "--time=3"}, "--time takes no value");
  expect_usage_error({"eval", "1", "--tim"}, "there is no option '--tim'; did you mean '--time'?");
  expect_usage_error({"eval", "-x", "x=1"},
                     "there is no option '-x'; put -- before an expression that begins with '-'");
  expect_usage_error({"eval", "x", "--batch", "f"}, "with --batch, expressions, inputs and outputs stand in the file");
  expect_usage_error({"calibrat"}, "there is no command 'calibrat'; did you mean 'calibrate'?");
  expect_usage_error({"calibrate", "x"}, "calibrate takes options only; given 'x'");
  expect_usage_error({"calibrate", "--quik"}, "there is no option '--quik'; did you mean '--quick'?");
  expect_usage_error({"calibrate", "--quick=1"}, "--quick takes no value");
  expect_usage_error({"calibrate", "-o"}, "-o needs a value");
  expect_usage_error({"calibrate", "--output="}, "--output needs a value");
  expect_usage_error({"calibrate", "-o", "a", "-o", "b"}, "-o is given twice");
  expect_usage_error({"calibrate", "--device", "auto"}, "--device: auto is no device that could be measured");
  expect_usage_error({"calibrate", "--show", "--quick"},
                     "calibrate --show measures nothing, and takes no other option");
  expect_usage_error({"scal"}, "there is no command 'scal'; did you mean 'scale'?");
  expect_usage_error({"scale"}, "an expression is missing");
  expect_usage_error({"scale", "x=1"}, "an expression is missing");
  expect_usage_error({"scale", "x", "y"}, "'y' is not NAME=VALUE, and the expression is 'x'");
  expect_usage_error({"scale", "x", "--max", "0"}, "--max takes a number from 1 to 1024; given '0'");
  expect_usage_error({"scale", "x", "--max=1025"}, "--max takes a number from 1 to 1024; given '1025'");
  expect_usage_error({"scale", "x", "--max", "1", "--max", "1"}, "--max is given twice");
  expect_usage_error({"scale", "x", "--rounds", "2.5"}, "--rounds takes a number from 1 to 1000; given '2.5'");
  expect_usage_error({"scale", "x", "--rounds", "1", "--rounds", "1"}, "--rounds is given twice");
  for (const std::string wrong : {"0", "-1", "nan", "inf", "1s", ""}) {
    expect_usage_error({"scale", "x", "--seconds", wrong},
                       "--seconds takes a number above 0, at most 3600; given '" + wrong + "'");
  }
  expect_usage_error({"scale", "x", "-o", "a.svg", "-o", "a.png"},
                     "an output must end in .csv, .json or .svg; given 'a.png'");
  expect_usage_error({"scale", "x", "--json=1"}, "--json takes no value");
  expect_usage_error({"scale", "x", "--second", "1"}, "there is no option '--second'; did you mean '--seconds'?");
  expect_usage_error({"scale", "x", "--workers", "1"},
                     "there is no option '--workers'; put -- before an expression that begins with '-'");
  expect_usage_error({"explain"}, "an expression is missing");
  expect_usage_error({"explain", "a=f32[3]"}, "an expression is missing");
  expect_usage_error({"explain", "a", "b"}, "'b' is not NAME=VALUE, and the expression is 'a'");
  expect_usage_error({"explain", "a", "a=f33[3]"}, "'f33[3]': there is no dtype 'f33'");
  for (const std::string wrong :
       {"f32[3,x]", "f32[-1]", "f32[1.5]", "f32[3 4]", "f32[,]", "f32[99999999999999999999]"}) {
    expect_usage_error({"explain", "a", "a=" + wrong},
                       "'" + wrong + "': expected extents between the brackets, as in f32[4096,4096]");
  }
  expect_usage_error({"explain", "1", "--workers", "0"},
                     "--workers takes a number of cores, 1 to 1024, -1 for all permitted ones, or auto; given '0'");
  expect_usage_error({"explain", "1", "--device"}, "--device needs a value");
  expect_usage_error({"explain", "1", "--devic=gpu"}, "there is no option '--devic'; did you mean '--device'?");
  expect_usage_error({"ops", "--mark"}, "ops takes no argument but --markdown or --parallel; given '--mark'");
  expect_usage_error({"help", "eva"}, "there is no command or function 'eva'; did you mean 'eval'?");
  expect_usage_error({"help", "arcsin"}, "there is no command or function 'arcsin'; did you mean 'asin'?");
  expect_usage_error({"help", "eval", "ops"}, "help takes one command or function");
}

TEST(options, any_order) {
  EXPECT_EQ(evaluate({"x=1", "--workers", "1", "x + y", "y=2"}).out, "3\n");
  EXPECT_EQ(evaluate({"--workers=-1", "7"}).out, "7\n");
}

// The command reads what the library reads in TANDEM_WORKERS, and refuses what that refuses.
TEST(options, workers_are_those_of_the_variable) {
  for (const std::string value : {"1", "1024", "-1", "auto", "automatic", "Auto", "0", "1025", "-2", "-1000", "2.0",
                                  " 1", "1 ", "auto ", "autom", "all"}) {
    const with_variable workers("TANDEM_WORKERS", value);
    const bool is_accepted = evaluate({"1 + ones(2)"}).status == 0;
    for (const std::vector<std::string>& arguments :
         {std::vector<std::string>{"eval", "1", "--workers", value}, {"explain", "1", "--workers=" + value}}) {
      EXPECT_EQ(run(arguments).status, is_accepted ? 0 : 2) << arguments[0] << " '" << value << "'";
    }
  }
}

TEST(options, automatic_workers_stand_above_the_variable) {
  const with_variable workers("TANDEM_WORKERS", "none");
  EXPECT_EQ(run({"explain", "a + a", "a=f32[8]"}).status, 1);
  const outcome result = run({"explain", "a + a", "a=f32[8]", "--workers", "auto"});
  EXPECT_EQ(result.status, 0) << result.err;
}

TEST(options, expressions_that_begin_with_a_minus) {
  EXPECT_EQ(evaluate({"-x**2", "x=3"}).out, "-9\n");
  EXPECT_EQ(evaluate({"-1"}).out, "-1\n");
  EXPECT_EQ(evaluate({"-(1)"}).out, "-1\n");
  EXPECT_EQ(evaluate({"x=3", "--", "-x"}).out, "-3\n");
  EXPECT_EQ(evaluate({"--", "--1"}).out, "1\n");
}

TEST(options, comparisons_are_no_inputs) { EXPECT_EQ(evaluate({"x==1", "x=1"}).out, "True\n"); }

TEST(options, help_and_version) {
  for (const std::vector<std::string>& arguments : {std::vector<std::string>{"--help"},
                                                    {"-h"},
                                                    {"help"},
                                                    {"help", "eval"},
                                                    {"eval", "--help"},
                                                    {"eval", "-h"},
                                                    {"help", "scale"},
                                                    {"scale", "--help"},
                                                    {"help", "explain"},
                                                    {"explain", "--help"},
                                                    {"help", "calibrate"},
                                                    {"calibrate", "-h"},
                                                    {"help", "whatif"},
                                                    {"help", "replay"},
                                                    {"help", "ops"},
                                                    {"ops", "--help"}}) {
    const outcome result = run(arguments);
    EXPECT_EQ(result.status, 0) << arguments[0];
    EXPECT_EQ(result.err, "") << arguments[0];
    EXPECT_NE(result.out.find("tandem"), std::string::npos) << arguments[0];
    for (std::size_t begin = 0; begin < result.out.size();) {
      const std::size_t end = result.out.find('\n', begin);
      EXPECT_LE(end - begin, 80u) << result.out.substr(begin, end - begin);
      begin = end + 1;
    }
  }
  EXPECT_EQ(run({"help", "sum"}).out.substr(0, 6), "sum(x,");
  EXPECT_TRUE(std::regex_match(run({"--version"}).out, std::regex("tandem \\d+\\.\\d+\\.\\d+\n")));
}
