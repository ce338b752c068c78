#include <sstream>
#include <string>
#include <vector>

#include "cli/command.h"

namespace {

struct wrong {
  std::string expression;
  std::string message;
};

// All in one process; each line must fail with its message and nothing else.
void expect_errors(const std::vector<wrong>& examples) {
  std::string lines;
  std::string expected;
  for (std::size_t i = 0; i < examples.size(); ++i) {
    lines += examples[i].expression + "\ta=[1.5, 2.5, 3.5]\tb=[True, False]\tm=[[1, 2], [3, 4]]\tz=[1j, 2j]\n";
    expected += "tandem: line " + std::to_string(i + 1) + ": " + examples[i].message + "\n";
  }
  const outcome result = run({"eval", "--batch", "-"}, lines);
  EXPECT_EQ(result.err, expected);
  EXPECT_EQ(result.out, "");
  EXPECT_EQ(result.status, 1);
}

}  // namespace

TEST(errors, one_line_on_stderr_with_the_column) {
  const outcome result = evaluate({"sum(a, axes=0)", "a=[1, 2]"});
  EXPECT_EQ(result.err, "tandem: column 8: sum has no option 'axes'; did you mean 'axis'?\n");
  EXPECT_EQ(result.out, "");
  EXPECT_EQ(result.status, 1);
}

TEST(errors, grammar) {
  expect_errors({
      {"1 +", "column 4: expected a value, but the expression ends"},
      {" ", "column 2: expected a value, but the expression ends"},
      {"(1 + 2", "column 7: expected ',' or ')' for the '(' in column 1, but the expression ends"},
      {"sum(a]", "column 6: expected ',' or ')' for the '(' in column 4, found ']'"},
      {"a[1:2:3:4]", "column 8: expected ',' or ']' for the '[' in column 2, found ':'"},
      {"a)", "column 2: ')' closes no bracket"},
      {"a b", "column 3: expected an operator before 'b'"},
      {"a 2", "column 3: expected an operator, found '2'"},
      {"a, b", "column 2: expected an operator, found ','"},
      {"a +* b", "column 4: expected a value, found '*'"},
      {"f(*a)", "column 3: expected a value, found '*'"},
      {"(,)", "column 2: expected a value, found ','"},
      {"[1,,2]", "column 4: expected a value, found ','"},
      {"a[]", "column 2: an index is missing"},
      {"a[1,,]", "column 2: an index is missing"},
      {"'abc", "column 5: expected the closing quote, but the expression ends"},
      {"'a\\n'", "column 3: a string has no escapes here"},
      {"a < b < m", "column 7: comparisons cannot be chained: put each in parentheses, as in (a < b) & (b < c)"},
      {"a == 1 | b == 2",
       "column 12: comparisons cannot be chained: put each in parentheses, as in (a == b) & (b == c)"},
      {"a and b", "column 3: 'and' does not work on arrays; use &, with parentheses around comparisons"},
      {"a or b", "column 3: 'or' does not work on arrays; use |, with parentheses around comparisons"},
      {"not a", "column 1: 'not' does not work on arrays; use ~, with parentheses around comparisons"},
      {"a && b", "column 3: write & instead of &&, with parentheses around comparisons"},
      {"a || b", "column 3: write | instead of ||, with parentheses around comparisons"},
      {"!a", "column 1: '!' is no operator; compare with '!=', and write ~x for not"},
      {"a = 1", "column 3: '=' is no operator; compare with '==', and name an argument inside a call"},
      {"a if b else m", "column 3: a condition is written where(condition, x, y)"},
      {"a ? b : m", "column 3: a condition is written where(condition, x, y)"},
      {"lambda x: x", "column 1: only a single expression of operators and calls is supported"},
      {"[x for x in a]", "column 4: only a single expression of operators and calls is supported"},
      {"a(1)", "column 1: there is no function 'a'; 'tandem ops' lists the functions"},
      {"a[0](1)", "column 5: only a function's name can stand before '('"},
      {"sum(axis=0, a)", "column 5: arguments without a name must come before 'axis='"},
      {"sum(a, axis=0, axis=1)", "column 16: sum: 'axis' is given twice"},
      {"\x01", "column 1: expected a value, found '\\x01'"},
  });
}

TEST(errors, literals) {
  expect_errors({
      {"2x", "column 1: '2x' is not a number"},
      {"1__0", "column 1: '1__0' is not a number"},
      {"1_", "column 1: '1_' is not a number"},
      {"0x", "column 1: '0x' is not a number"},
      {"0xfg", "column 1: '0xfg' is not a number"},
      {"0b12", "column 1: '0b12' is not a number"},
      {"1e", "column 1: '1e' is not a number"},
      {"1_e5", "column 1: '1_e5' is not a number"},
      {"1.5.2", "column 4: expected an operator, found '.'"},
      {"012", "column 1: the integer 012 must not begin with 0; an octal number is written 0o17"},
      {"1 + 18446744073709551616", "column 5: the integer 18446744073709551616 does not fit 64 bits"},
      {"0x1_0000_0000_0000_0000", "column 1: the integer 0x1_0000_0000_0000_0000 does not fit 64 bits"},
      {"2**64", "column 2: 2 ** 64 does not fit 64 bits"},
      {"3 * 2**63", "column 3: 3 * 9223372036854775808 does not fit 64 bits"},
      {"-9223372036854775809", "column 1: 0 - 9223372036854775809 does not fit 64 bits"},
      {"1 << 64", "column 3: 1 << 64 does not fit 64 bits"},
      {"1 << -1", "column 3: a shift by -1 bits"},
      {"1 // 0", "column 3: division by zero: 1 // 0"},
      {"1 / 0", "column 3: division by zero: 1 / 0"},
      {"1 % 0", "column 3: division by zero: 1 % 0"},
      {"0 ** -1", "column 3: 0 to a negative power"},
  });
}

// Columns count characters, not bytes.
TEST(errors, columns_behind_characters_of_several_bytes) {
  expect_errors({
      {"sum('\u00e9\U0001F600') + $", "column 13: expected a value, found '$'"},
      {"\u03b1 + 1", "column 1: expected a value, found '\u03b1'"},
      {"'\xff' + $", "column 7: expected a value, found '$'"},
      {"\xff", "column 1: expected a value, found '\\xff'"},
  });
}

TEST(errors, names) {
  expect_errors({
      {"am + 1", "column 1: unknown name 'am'; did you mean 'a'?; given are a, b, m, z"},
      {"1 + data", "column 5: unknown name 'data'; given are a, b, m, z"},
      {"a * True_", "column 5: unknown name 'True_'; did you mean 'True'?; given are a, b, m, z"},
      {"astype(a, float)", "column 11: unknown name 'float'; did you mean 'float64'?; given are a, b, m, z"},
      {"astype(a, flaot32)", "column 11: unknown name 'flaot32'; did you mean 'float32'?; given are a, b, m, z"},
      {"sum + 1", "column 1: 'sum' is a function; write sum(...)"},
      {"np.sin(a)", "column 4: functions have no prefix here: write sin without 'np.'"},
      {"a.T",
       "column 3: '.T': arrays have no attributes or methods here; write matrix_transpose(a) or permute_dims(a, ...)"},
      {"a.sum()", "column 3: '.sum': arrays have no attributes or methods here; write sum(a)"},
      {"(a + 1).cumsum()",
       "column 9: '.cumsum': arrays have no attributes or methods here; did you mean 'cumulative_sum'?"},
      {"a.foo", "column 3: '.foo': arrays have no attributes or methods here; use functions ('tandem ops' lists them)"},
  });
  EXPECT_EQ(evaluate({"x"}).err, "tandem: column 1: unknown name 'x'; none are given\n");
}

TEST(errors, functions) {
  expect_errors({
      {"arcsin(a)", "column 1: there is no function 'arcsin'; did you mean 'asin'?"},
      {"1 + power(a, 2)", "column 5: there is no function 'power'; did you mean 'pow'?"},
      {"concatenate([a, a])", "column 1: there is no function 'concatenate'; did you mean 'concat'?"},
      {"transpose(m)", "column 1: there is no function 'transpose'; did you mean 'permute_dims'?"},
      {"absolute(a)", "column 1: there is no function 'absolute'; did you mean 'abs'?"},
      {"ravel(m)", "column 1: there is no function 'ravel'; write reshape(x, (-1,))"},
      {"float32(a)", "column 1: there is no function 'float32'; write astype(x, float32)"},
      {"summ(a)", "column 1: there is no function 'summ'; did you mean 'sum'?"},
      {"frobnicate(a)", "column 1: there is no function 'frobnicate'; 'tandem ops' lists the functions"},
      {"mean(a, keepdim=True)", "column 9: mean has no option 'keepdim'; did you mean 'keepdims'?"},
  });
}

// The library tells what is wrong; the command tells where. Only the place and the gist are tested here.
TEST(errors, what_the_library_refuses_has_the_column_of_its_operator_call_or_index) {
  const std::vector<wrong> examples = {
      {"1 + (a + b)", "column 8: add: cannot broadcast (3,) with (2,)"},
      {"a @ b", "column 3: matmul"},
      {"2 * sum(a, axis=1)", "column 5: sum: axis 1 is out of range"},
      {"a[0] + a[3]", "column 9: index: 3 is out of range"},
      {"a[0, 0]", "column 2: index: 2 indices for an array of shape (3,)"},
      {"tensordot(a, a, x_axes=0)", "column 1: tensordot: x_axes needs y_axes beside it"},
      {"tensordot(a, a, y_axes=(0,))", "column 1: tensordot: y_axes needs x_axes beside it"},
      {"a[::0]", "column 2: index: a slice's step must not be 0"},
      {"a[1.0]", "column 2: index: expected an integer, given 1.0"},
      {"a[0.5:]", "column 2: slice: expected an integer, given 0.5"},
      {"a[b]", "column 2: index: arrays, lists and masks as an index are not supported"},
      {"a[[0, 1]]", "column 2: index: arrays, lists and masks as an index are not supported"},
      {"a[a > 1]", "column 2: index: arrays, lists and masks as an index are not supported"},
      {"a['x']", "column 2: index: expected integers, slices, None or ..., given a string"},
      {"a & a", "column 3: bitwise_and"},
      {"1 + -b", "column 5: negative"},
      {"z < z", "column 3: less"},
      {"a + ...", "column 3: add: expected an array or a number, given '...'"},
      {"a + None", "column 3: add: expected an array or a number, given None"},
      {"a + 'text'", "column 3: add: expected an array or a number, given a string"},
      {"a + float32", "column 3: add: expected an array or a number, given a dtype"},
      {"a + [1, [2]]", "column 3: add: numbers beside lists make no array"},
      {"a + [[1], 2]", "column 3: add: numbers beside lists make no array"},
      {"a + [[1], [2, 3]]", "column 3: add: lists of 1 and 2 items make no array"},
      {"a + [a + 1, a]", "column 3: add: a list of arrays is no array"},
      {"sum(...)", "column 1: sum: '...' is only possible in an index"},
      {"sum(a, axis=0.5)", "column 1: sum: argument 'axis' must be"},
      {"sum(a, axis='x')", "column 1: sum: argument 'axis' must be"},
      {"sum()", "column 1: sum: argument 'x' is missing"},
      {"sin(a, a)", "column 1: sin takes 1 argument, given 2"},
      {"astype(z, float64)", "column 1: astype"},
      {"zeros((-1,))", "column 1: zeros: negative extent"},
      {"astype(a, 'float33')", "column 1: 'float33' is not a dtype"},
      {"astype([1], int8) + 300", "column 19: "},
      {"unstack(m)[2]", "column 11: index: 2 is out of range for a list of 2 arrays"},
      {"unstack(m)[:]", "column 11: index: a list of arrays takes one integer"},
      {"float32", "the expression gives a dtype and not an array"},
      {"'text'", "the expression gives a string and not an array"},
  };
  std::string lines;
  for (const wrong& one : examples)
    lines += one.expression + "\ta=[1.5, 2.5, 3.5]\tb=[True, False]\tm=[[1, 2], [3, 4]]\tz=[1j, 2j]\n";
  const outcome result = run({"eval", "--batch", "-"}, lines);
  EXPECT_EQ(result.out, "");
  EXPECT_EQ(result.status, 1);
  std::istringstream messages(result.err);
  for (std::size_t i = 0; i < examples.size(); ++i) {
    std::string message;
    ASSERT_TRUE(std::getline(messages, message)) << examples[i].expression;
    const std::string expected = "tandem: line " + std::to_string(i + 1) + ": " + examples[i].message;
    EXPECT_EQ(message.substr(0, expected.size()), expected) << examples[i].expression << ": " << message;
  }
  EXPECT_EQ(messages.peek(), std::istringstream::traits_type::eof());
}

// Neither brackets nor operators may exhaust the stack.
TEST(errors, hostile_expressions) {
  const auto repeated = [](const std::string& text, int count) {
    std::string all;
    for (int i = 0; i < count; ++i) all += text;
    return all;
  };
  const std::string too_deep = ": the expression is nested more than 200 deep";
  expect_errors({
      {repeated("(", 60000), "column 201" + too_deep},
      {repeated("[", 60000), "column 201" + too_deep},
      {"0" + repeated("-", 60000) + "a", "column 202" + too_deep},
      {"a" + repeated("**a", 20000), "column 602" + too_deep},
      {repeated("sum(", 15000), "column 804" + too_deep},
      {repeated("a[", 30000), "column 402" + too_deep},
      {repeated("a", 65537), "column 65537: the expression has 65537 bytes, at most 65536 are allowed"},
      {repeated("[", 150) + repeated("]", 150) + " + a", "column 302: an array has at most 32 axes, given 33"},
  });
  EXPECT_EQ(evaluate({repeated("(", 198) + "7" + repeated(")", 198)}).out, "7\n");
  EXPECT_EQ(evaluate({"a" + repeated("+a", 32000), "a=[1]"}).out, "[32001]\n");
  EXPECT_EQ(evaluate({"a" + repeated("[:]", 20000), "a=[1, 2]"}).out, "[1 2]\n");
  EXPECT_EQ(evaluate({"0" + repeated("-", 150) + "a", "a=[1]"}).out, "[1]\n");
  EXPECT_EQ(evaluate({"a" + repeated("+a*2", 10000), "a=[1.5]"}).out, "[30001.5]\n");
}
