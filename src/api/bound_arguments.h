#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include <tandem/call.h>

namespace tandem::api {

/// The arguments of one call, one for each parameter (none for a parameter left at a default of None), each of its
/// parameter's kind. Reads them as C++ values.
class bound_arguments {
 public:
  /// Binds positional and named arguments to the parameters of `function`. Throws: `argument_error`.
  bound_arguments(const function_info& function, std::span<const argument> positional,
                  std::span<const std::pair<std::string, argument>> named);

  bool given(std::size_t i) const { return !std::holds_alternative<none_t>(values_[i]); }

  expr array(std::size_t i) const;
  std::vector<expr> arrays(std::size_t i) const;
  scalar number(std::size_t i) const;
  std::int64_t integer(std::size_t i) const;
  dims integers(std::size_t i) const;
  bool boolean(std::size_t i) const;
  std::string text(std::size_t i) const;
  std::optional<dtype> type(std::size_t i) const;
  std::optional<std::int64_t> optional_integer(std::size_t i) const;
  std::optional<dims> optional_integers(std::size_t i) const;

 private:
  void set(std::size_t i, const argument& value);

  const function_info& function_;
  std::vector<argument> values_;
};

}  // namespace tandem::api
