#include <string>
#include <vector>

#include "cli/command.h"

namespace {

struct example {
  const char* expression;
  const char* printed;
};

// All in one process, each with the inputs that the names below stand for; what it prints, line by line.
std::vector<std::string> printed_lines(const std::vector<example>& examples) {
  std::string lines;
  for (const example& one : examples) {
    lines += std::string(one.expression) +
             "\tx=[1, 2, 3, 4]\tm=[[1, 2, 3], [4, 5, 6]]\tb=[True, False, True]\tf=[0.5, 1.5, "
             "-2.5]\thalf=0.5\tpair=(0, 1)\n";
  }
  const outcome result = run({"eval", "--batch", "-"}, lines);
  EXPECT_EQ(result.err, "");
  EXPECT_EQ(result.status, 0);
  std::vector<std::string> printed;
  std::string line;
  for (const char c : result.out) {
    if (c != '\n') {
      line += c;
    } else {
      printed.push_back(line);
      line.clear();
    }
  }
  return printed;
}

void expect_printed(const std::vector<example>& examples) {
  const std::vector<std::string> printed = printed_lines(examples);
  ASSERT_EQ(printed.size(), examples.size());
  for (std::size_t i = 0; i < examples.size(); ++i)
    EXPECT_EQ(printed[i], examples[i].printed) << examples[i].expression;
}

}  // namespace

// The expected texts here are what Python 3.11 prints.
TEST(grammar, literals) {
  expect_printed({
      {"0", "0"},
      {"00", "0"},
      {"1_000_000", "1000000"},
      {"0xff", "255"},
      {"0XFF", "255"},
      {"0x_ff", "255"},
      {"0o17", "15"},
      {"0b1011", "11"},
      {"9223372036854775807", "9223372036854775807"},
      {"18446744073709551615", "18446744073709551615"},
      {"-9223372036854775808", "-9223372036854775808"},
      {".5", "0.5"},
      {"1.", "1.0"},
      {"1_0.2_5", "10.25"},
      {"1e3", "1000.0"},
      {"1e-3", "0.001"},
      {"2.5E+2", "250.0"},
      {"1e400", "inf"},
      {"1e-400", "0.0"},
      {"2j", "2j"},
      {"1.5e1J", "15j"},
      {"1 + 2j", "(1+2j)"},
      {"True", "True"},
      {"False", "False"},
      {"pi", "3.141592653589793"},
      {"e", "2.718281828459045"},
      {"inf", "inf"},
      {"-inf", "-inf"},
      {"nan", "nan"},
  });
}

TEST(grammar, precedence_and_association) {
  expect_printed({
      {"-2**2", "-4"},
      {"2**-1", "0.5"},
      {"2**-1 * 4", "2.0"},
      {"2**3**2", "512"},
      {"(2**3)**2", "64"},
      {"-2**-2", "-0.25"},
      {"2**-2**2", "0.0625"},
      {"--3", "3"},
      {"~-3", "2"},
      {"-~3", "4"},
      {"~2**2", "-5"},
      {"1 - 2 - 3", "-4"},
      {"1 - (2 - 3)", "2"},
      {"8 / 4 / 2", "1.0"},
      {"8 // 3 * 3 + 8 % 3", "8"},
      {"2 + 3 * 4", "14"},
      {"-3 % 5", "2"},
      {"-3 // 2", "-2"},
      {"7 // -2", "-4"},
      {"7 % -2", "-1"},
      {"1 << 2 + 1", "8"},
      {"16 >> 1 << 2", "32"},
      {"1 | 2 ^ 3 & 2", "1"},
      {"6 & 3 << 1", "6"},
      {"5 ^ 3 | 8", "14"},
      {"1 + 1 == 2", "True"},
      {"2 & 2 == 2", "True"},
      {"(1 < 2) == (3 < 4)", "True"},
      {"1 < 2 & 3", "True"},
      {"3 * -2", "-6"},
      {"3 - -2", "5"},
      {"2 * 3 ** 2 / 9 - 1", "1.0"},
      {" ( ( 1 + 2 ) ) ", "3"},
  });
}

// Python's integers do not wrap; what does not fit 64 bits is an error (see errors_test.cpp), never a wrong number.
TEST(grammar, numbers_among_themselves_are_exact) {
  expect_printed({
      {"2**63", "9223372036854775808"},
      {"2**63 - 1", "9223372036854775807"},
      {"2**63 + 2**62 + (2**62 - 1)", "18446744073709551615"},
      {"-2**63", "-9223372036854775808"},
      {"-2**63 // -1", "9223372036854775808"},
      {"18446744073709551615 % 10", "5"},
      {"18446744073709551615 > -1", "True"},
      {"9223372036854775807 == 9223372036854775808", "False"},
      {"1 / 3", "0.3333333333333333"},
      {"9007199254740993 / 1", "9007199254740992.0"},
      {"7 / 2", "3.5"},
      {"True + True", "2"},
      {"-True", "-1"},
      {"True & False", "False"},
      {"True | False", "True"},
      {"True ^ True", "False"},
      {"~True", "False"},
      {"10**19", "10000000000000000000"},
      {"(-3)**3", "-27"},
      {"(-1)**1000000001", "-1"},
      {"0**0", "1"},
      {"0.1 + 0.2", "0.30000000000000004"},
      {"2.0**0.5", "1.4142135623730951"},
      {"-7.5 // 2", "-4.0"},
      {"-7.5 % 2", "0.5"},
      {"(1+2j) * (3-1j)", "(5+5j)"},
      {"sqrt(2) ** 2 > 2", "True"},
      {"abs(-3) ** -1", "0.3333333333333333"},
      {"1 << 63", "9223372036854775808"},
      {"-1 >> 200", "-1"},
      {"-1 & 255", "255"},
  });
}

TEST(grammar, arrays_and_lists) {
  expect_printed({
      {"[1, 2, 3]", "[1 2 3]"},
      {"[1, 2.5]", "[1.  2.5]"},
      {"[True, False]", "[ True False]"},
      {"[True, 2]", "[1 2]"},
      {"[1, 2j]", "[1.+0.j 0.+2.j]"},
      {"[]", "[]"},
      {"[[]]", "[]"},
      {"[18446744073709551615]", "[18446744073709551615]"},
      {"[-1, -2 + 3, 2**3, pi / pi]", "[-1.  1.  8.  1.]"},
      {"x + 1", "[2 3 4 5]"},
      {"x * half", "[0.5 1.  1.5 2. ]"},
      {"x / 2", "[0.5 1.  1.5 2. ]"},
      {"2 ** x", "[ 2  4  8 16]"},
      {"x ** 2 - x", "[ 0  2  6 12]"},
      {"(-x)", "[-1 -2 -3 -4]"},
      {"+x", "[1 2 3 4]"},
      {"~x", "[-2 -3 -4 -5]"},
      {"x @ x", "30"},
      {"m @ [1, 0, -1]", "[-2 -2]"},
      {"x % 3 == 0", "[False False  True False]"},
      {"(x > 1) & (x < 4)", "[False  True  True False]"},
      {"(x == 1) | (x == 4)", "[ True False False  True]"},
      {"~b", "[False  True False]"},
      {"b ^ True", "[False  True False]"},
      {"x << 1 >> 1", "[1 2 3 4]"},
      {"x + [10, 20, 30, 40]", "[11 22 33 44]"},
      {"x // 2 * 2", "[0 2 2 4]"},
  });
}

TEST(grammar, indices) {
  expect_printed({
      {"x[0]", "1"},
      {"x[-1]", "4"},
      {"x[1:]", "[2 3 4]"},
      {"x[:2]", "[1 2]"},
      {"x[:]", "[1 2 3 4]"},
      {"x[::-1]", "[4 3 2 1]"},
      {"x[3:0:-2]", "[4 2]"},
      {"x[1 + 1]", "3"},
      {"x[2 - 3:]", "[4]"},
      {"x[None][0]", "[1 2 3 4]"},
      {"x[newaxis, ..., 0]", "[1]"},
      {"m[1, ::2]", "[4 6]"},
      {"m[..., 0]", "[1 4]"},
      {"m[:, 1]", "[2 5]"},
      {"m[1][2]", "6"},
      {"m[0,]", "[1 2 3]"},
      {"x[10:]", "[]"},
      {"(x + x)[1:3]", "[4 6]"},
      {"-x[1:][0]", "-2"},
      {"x[0] ** x[1]", "1"},
      {"[5, 6, 7][1]", "6"},
      {"m[1:, None, ::-2]", "[[[6 4]]]"},
  });
}

TEST(grammar, calls) {
  expect_printed({
      {"sum(x)", "10"},
      {"sum(m, axis=0)", "[5 7 9]"},
      {"sum(m, 0)", "[5 7 9]"},
      {"sum(m, axis=(0, 1))", "21"},
      {"sum(m, axis=[0, 1])", "21"},
      {"sum(m, axis=pair)", "21"},
      {"sum(m, axis=-1)", "[ 6 15]"},
      {"sum(m, axis=1 - 2, keepdims=True,)[0]", "[6]"},
      {"sum([1.5, 2.5])", "4.0"},
      {"sum(x, dtype=float32)", "10.0"},
      {"sum(x, dtype='float64') / 4", "2.5"},
      {"astype(f, int8)", "[ 0  1 -2]"},
      {"where(x > 2, x, 0)", "[0 0 3 4]"},
      {"clip(x, 2, 3)", "[2 2 3 3]"},
      {"clip(x, None, 3)", "[1 2 3 3]"},
      {"concat([x, [5]])", "[1 2 3 4 5]"},
      {"concat([x[:1], x[2:]], axis=0)", "[1 3 4]"},
      {"concat((x, x), axis=None)", "[1 2 3 4 1 2 3 4]"},
      {"reshape(m, (3, -1))[2]", "[5 6]"},
      {"reshape(m, (-1,))", "[1 2 3 4 5 6]"},
      {"reshape(m, -1)", "[1 2 3 4 5 6]"},
      {"full((3,), pi / pi)", "[1. 1. 1.]"},
      {"full(3, fill_value=7, dtype=uint8)", "[7 7 7]"},
      {"arange(3)", "[0 1 2]"},
      {"arange(1, 2, step=0.5)", "[1.  1.5]"},
      {"linspace(0, 1, 3)", "[0.  0.5 1. ]"},
      {"meshgrid([x, [7, 8]], indexing='ij')[1][0]", "[7 8]"},
      {"unstack(m)[-1]", "[4 5 6]"},
      {"max(abs(f)) - min(f)", "5.0"},
      {"roll(x, 1)", "[4 1 2 3]"},
      {"repeat(x, 2)", "[1 1 2 2 3 3 4 4]"},
      {"repeat(x, [0, 1, 0, 2])", "[2 4 4]"},
      {"flip(x)", "[4 3 2 1]"},
      {"tensordot(m, m)", "91"},
      {"tensordot(m, m, x_axes=1, y_axes=-1)[1]", "[32 77]"},
      {"tensordot(m, m, x_axes=(0, 1), y_axes=(0, 1))", "91"},
  });
}

// A number without an array takes the dtype of the arrays it meets, through any arithmetic on numbers alone.
TEST(grammar, several_integers_are_a_shape) {
  expect_printed({
      {"sum(ones(2, 3, 4))", "24.0"},
      {"sum(ones(2, 3), axis=1)", "[3. 3.]"},
      {"sum(zeros(2, 3) + 1, axis=0)", "[2. 2. 2.]"},
      {"ones(2, 1, int8)[:, 0]", "[1 1]"},
      {"ones(2, 1, dtype=int8)[:, 0]", "[1 1]"},
      {"empty(5, 0)", "[]"},
      // Not where a second integer means something else.
      {"ones(2, int8)", "[1 1]"},
      {"full(2, 3)", "[3 3]"},
      {"arange(2, 4)", "[2 3]"},
      {"eye(2, 1)[:, 0]", "[1. 0.]"},
  });
  EXPECT_EQ(evaluate({"zeros(2, 3.5)"}).err.substr(0, 51), "tandem: column 1: zeros: argument 'dtype' must be a");
  EXPECT_NE(evaluate({"zeros(2, 3, int8, 4)"}).err.find("zeros takes 2 arguments"), std::string::npos);
}

TEST(grammar, numbers_are_weak) {
  const temporary_folder folder;
  const std::vector<std::pair<std::string, std::string>> expected = {
      {"ones(1, dtype=float32) * 2.5", "float32"},
      {"ones(1, dtype=float32) * (2.5 ** 2 + sqrt(2))", "float32"},
      {"ones(1, dtype=float32) * half", "float32"},
      {"ones(1, dtype=int8) + 1", "int8"},
      {"ones(1, dtype=int8) + (1 + 2 * 3)", "int8"},
      {"ones(1, dtype=int8) + True", "int8"},
      {"ones(1, dtype=int8) + 1.0", "float64"},
      {"ones(1, dtype=float32) + 1j", "complex64"},
      {"ones(1, dtype=bool) + 1", "int64"},
      {"2", "int64"},
      {"2.0", "float64"},
      {"2**63", "uint64"},
      {"True", "bool"},
      {"2j", "complex128"},
  };
  for (const auto& [expression, type] : expected) {
    const outcome result = evaluate({expression, "half=0.5", "-o", folder / "r.npy", "--time"});
    EXPECT_NE(result.err.find(", " + type + " ("), std::string::npos) << expression << ": " << result.err;
  }
}

TEST(grammar, names_may_hide_constants_and_functions) {
  EXPECT_EQ(evaluate({"e + pi", "e=1", "pi=2"}).out, "3\n");
  EXPECT_EQ(evaluate({"sum(sum)", "sum=[1, 2]"}).out, "3\n");
  EXPECT_EQ(evaluate({"float32 + 1", "float32=1"}).out, "2\n");
  EXPECT_EQ(evaluate({"_a1 * Z", "_a1=2", "Z=3"}).out, "6\n");
}

TEST(grammar, blanks_and_lines) {
  EXPECT_EQ(evaluate({" \t[1,\n 2 , ] [ 0 ]\r\n + sum ( [ 1 ] , axis = 0 ) "}).out, "2\n");
}

TEST(grammar, several_results_are_printed_one_after_the_other) {
  EXPECT_EQ(evaluate({"meshgrid([[1, 2], [3]])"}).out, "[[1 2]]\n[[3 3]]\n");
  EXPECT_EQ(evaluate({"(min(x), max(x), x)", "x=[3, 1]"}).out, "1\n3\n[3 1]\n");
}
