#include "cli/parser.h"

#include <fmt/format.h>
#include <tao/pegtl.hpp>

#include <string>
#include <utility>

#include "cli/hints.h"
#include "cli/location.h"
#include "cli/step_builder.h"

namespace tandem::cli {

namespace {

namespace peg = tao::pegtl;

// The grammar finds tokens and brackets; precedence is step_builder's. Each rule decides by the next characters alone
// and never steps back over one that has told the builder something.
namespace grammar {

struct blanks : peg::star<peg::one<' ', '\t', '\r', '\n'>> {};

// A letter right after a number becomes part of it, so that `2x` is one wrong number and not two right tokens.
struct digits : peg::seq<peg::digit, peg::star<peg::sor<peg::digit, peg::one<'_'>>>> {};
struct fraction : peg::seq<peg::one<'.'>, peg::opt<digits>> {};
struct exponent : peg::seq<peg::one<'e', 'E'>, peg::opt<peg::one<'+', '-'>>, digits> {};
struct prefixed_integer : peg::seq<peg::one<'0'>, peg::one<'x', 'X', 'o', 'O', 'b', 'B'>> {};
struct decimal
    : peg::seq<peg::sor<peg::seq<digits, peg::opt<fraction>>, peg::seq<peg::one<'.'>, digits>>, peg::opt<exponent>> {};
struct number : peg::seq<peg::sor<prefixed_integer, decimal>, peg::star<peg::identifier_other>> {};

template <char Sign>
struct not_before_equals : peg::seq<peg::one<Sign>, peg::not_at<peg::one<'='>>> {};
struct name : peg::identifier {};
struct dots : peg::string<'.', '.', '.'> {};

struct single_quote : peg::one<'\''> {};
struct double_quote : peg::one<'"'> {};
template <char Quote>
struct text_content : peg::star<peg::not_one<Quote, '\n'>> {};
struct text : peg::sor<peg::if_must<single_quote, text_content<'\''>, single_quote>,
                       peg::if_must<double_quote, text_content<'"'>, double_quote>> {};

struct open_group : peg::one<'('> {};
struct open_list : peg::one<'['> {};
struct open_call : peg::one<'('> {};
struct open_index : peg::one<'['> {};
struct close_round : peg::one<')'> {};
struct close_square : peg::one<']'> {};
struct comma : peg::one<','> {};
struct colon : peg::one<':'> {};
struct entry_end : peg::success {};

struct expression;

template <class Close, class Entry>
struct entries
    : peg::sor<peg::at<Close>,
               peg::seq<Entry, blanks, peg::star<comma, blanks, peg::sor<peg::at<Close>, peg::seq<Entry, blanks>>>>> {};

struct plain_entry : peg::seq<peg::must<expression>, entry_end> {};
struct argument_name : peg::identifier {};
struct argument_assignment : peg::seq<peg::identifier, blanks, not_before_equals<'='>> {};
struct argument : peg::seq<peg::opt<peg::at<argument_assignment>, argument_name, blanks, peg::one<'='>, blanks>,
                           peg::must<expression>, entry_end> {};

struct bound_end : peg::at<peg::one<':', ',', ']'>> {};
struct bound : peg::sor<bound_end, peg::must<expression>> {};
struct index_entry
    : peg::seq<bound, blanks, peg::opt<colon, blanks, bound, blanks, peg::opt<colon, blanks, bound, blanks>>,
               entry_end> {};

struct group : peg::if_must<open_group, blanks, entries<close_round, plain_entry>, close_round> {};
struct list : peg::if_must<open_list, blanks, entries<close_square, plain_entry>, close_square> {};
struct call : peg::if_must<open_call, blanks, entries<close_round, argument>, close_round> {};
struct index : peg::if_must<open_index, blanks, entries<close_square, index_entry>, close_square> {};

struct attribute_name : peg::identifier {};
struct attribute : peg::seq<peg::one<'.'>, blanks, attribute_name> {};

struct not_sign : peg::one<'!'> {};
struct prefix : peg::one<'+', '-', '~'> {};
struct infix : peg::sor<peg::string<'*', '*'>, peg::string<'/', '/'>, peg::string<'<', '<'>, peg::string<'>', '>'>,
                        peg::string<'<', '='>, peg::string<'>', '='>, peg::string<'=', '='>, peg::string<'!', '='>,
                        peg::one<'+', '-', '*', '/', '%', '@', '|', '^', '&', '<', '>'>> {};
// What looks like an operator to users of other languages.
struct foreign_infix : peg::sor<peg::string<'&', '&'>, peg::string<'|', '|'>, not_before_equals<'='>,
                                not_before_equals<'!'>, peg::one<'?'>> {};
struct word_infix : peg::identifier {};

struct atom : peg::sor<number, text, dots, name, group, list, not_sign> {};
struct postfix : peg::sor<call, index, attribute> {};
struct operand : peg::seq<peg::star<prefix, blanks>, atom, peg::star<blanks, postfix>> {};
struct operator_between : peg::sor<word_infix, foreign_infix, infix> {};
struct expression : peg::seq<operand, peg::star<blanks, operator_between, blanks, peg::must<operand>>> {};
struct whole : peg::seq<blanks, peg::must<expression>, blanks, peg::must<peg::eof>> {};

}  // namespace grammar

template <class Rule>
struct action : peg::nothing<Rule> {};

// Actions that hand the matched token to the builder.
#define TANDEM_ON(rule, statement)                                      \
  template <>                                                           \
  struct action<grammar::rule> {                                        \
    template <class Input>                                              \
    static void apply(const Input& in, step_builder& builder) {         \
      [[maybe_unused]] const std::string_view token = in.string_view(); \
      statement;                                                        \
    }                                                                   \
  }

void tell_name(step_builder& builder, std::string_view token) {
  if (const std::string_view advice = keyword_advice(token); !advice.empty()) {
    throw expression_error(builder.offset_of(token), std::string(advice));
  }
  builder.operand(step_kind::name, token);
}

void tell_text(step_builder& builder, std::string_view token) {
  const std::string_view content = token.substr(1, token.size() - 2);
  if (const std::size_t backslash = content.find('\\'); backslash != std::string_view::npos) {
    throw expression_error(builder.offset_of(content) + backslash, "a string has no escapes here");
  }
  builder.operand(step_kind::text, content);
}

[[noreturn]] void reject_word(const step_builder& builder, std::string_view token) {
  const std::string_view advice = keyword_advice(token);
  throw expression_error(builder.offset_of(token), !advice.empty()
                                                       ? std::string(advice)
                                                       : fmt::format("expected an operator before '{}'", token));
}

[[noreturn]] void reject_foreign(const step_builder& builder, std::string_view token) {
  const auto text = [&]() -> std::string_view {
    switch (token[0]) {
      case '=': return "'=' is no operator; compare with '==', and name an argument inside a call";
      case '!': return "'!' is no operator; compare with '!=', and write ~x for not";
      case '?': return "a condition is written where(condition, x, y)";
      case '&': return "write & instead of &&, with parentheses around comparisons";
      default: return "write | instead of ||, with parentheses around comparisons";
    }
  };
  throw expression_error(builder.offset_of(token), std::string(text()));
}

TANDEM_ON(number, builder.operand(step_kind::number, token));
TANDEM_ON(name, tell_name(builder, token));
TANDEM_ON(text, tell_text(builder, token));
TANDEM_ON(dots, builder.operand(step_kind::dots, token));
TANDEM_ON(prefix, builder.prefix(token));
TANDEM_ON(infix, builder.infix(token));
TANDEM_ON(word_infix, reject_word(builder, token));
TANDEM_ON(foreign_infix, reject_foreign(builder, token));
TANDEM_ON(not_sign, reject_foreign(builder, token));
TANDEM_ON(attribute_name, builder.attribute(token));
TANDEM_ON(open_group, builder.open(bracket::group, token));
TANDEM_ON(open_list, builder.open(bracket::list, token));
TANDEM_ON(open_call, builder.open(bracket::call, token));
TANDEM_ON(open_index, builder.open(bracket::index, token));
TANDEM_ON(argument_name, builder.argument_name(token));
TANDEM_ON(colon, builder.colon());
TANDEM_ON(comma, builder.comma());
TANDEM_ON(entry_end, builder.entry_end());
TANDEM_ON(close_round, builder.close());
TANDEM_ON(close_square, builder.close());

#undef TANDEM_ON

// What was expected where a rule that must match does not.
template <class Rule>
constexpr std::string_view expected = "";
template <>
constexpr std::string_view expected<grammar::expression> = "a value";
template <>
constexpr std::string_view expected<grammar::operand> = "a value";
template <>
constexpr std::string_view expected<grammar::single_quote> = "the closing quote";
template <>
constexpr std::string_view expected<grammar::double_quote> = "the closing quote";
template <>
constexpr std::string_view expected<grammar::close_round> = "',' or ')'";
template <>
constexpr std::string_view expected<grammar::close_square> = "',' or ']'";
template <>
constexpr std::string_view expected<peg::eof> = "an operator";

[[noreturn]] void reject(std::string_view wanted, std::size_t offset, const step_builder& builder) {
  const std::string_view text = builder.text();
  const std::string found = character_at(text, offset);
  std::string message = fmt::format("expected {}", wanted);
  if (wanted == expected<grammar::close_round> || wanted == expected<grammar::close_square>) {
    message += fmt::format(" for the {} in column {}", character_at(text, builder.open_offset()),
                           column_of(text, builder.open_offset()));
  } else if (wanted == expected<peg::eof> && (found == "')'" || found == "']'")) {
    throw expression_error(offset, fmt::format("{} closes no bracket", found));
  }
  message += found.empty() ? ", but the expression ends" : fmt::format(", found {}", found);
  throw expression_error(offset, message);
}

template <class Rule>
struct control : peg::normal<Rule> {
  template <class Input>
  [[noreturn]] static void raise(const Input& in, step_builder& builder) {
    // Rules that cannot fail are wrapped by if_must, too.
    reject(expected<Rule>.empty() ? "something else" : expected<Rule>,
           static_cast<std::size_t>(in.current() - builder.text().data()), builder);
  }
};

}  // namespace

std::vector<step> parse(std::string_view text) {
  if (text.size() > max_expression_bytes) {
    throw expression_error(max_expression_bytes, fmt::format("the expression has {} bytes, at most {} are allowed",
                                                             text.size(), max_expression_bytes));
  }
  step_builder builder(text);
  peg::memory_input<peg::tracking_mode::lazy> input(text.data(), text.data() + text.size(), "expression");
  peg::parse<grammar::whole, action, control>(input, builder);
  return builder.finish();
}

}  // namespace tandem::cli
