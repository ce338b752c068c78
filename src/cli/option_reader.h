#pragma once

#include <functional>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tandem::cli {

/// Reads the options of a command, each with a value (attached by '=' or the next argument) or without one. What an
/// option is written to must outlive the reader.
class option_reader {
 public:
  using names = std::initializer_list<std::string_view>;
  /// Takes the value of an option, whose name is the one that was given.
  using value_taker = std::function<void(std::string_view name, std::string value)>;

  explicit option_reader(std::span<const std::string> arguments) : arguments_(arguments) {}
  option_reader(const option_reader&) = delete;
  option_reader& operator=(const option_reader&) = delete;

  /// An option without a value, which sets `to`.
  void flag(names all, bool& to);
  /// An option whose value may be given several times.
  void each(names all, value_taker take);
  /// An option whose value is given at most once: `to` becomes `parse(name, value)`.
  template <class To, class Parse>
  void once(names all, To& to, Parse parse) {
    each(all, [&to, parse](std::string_view name, std::string value) { to = parse(name, std::move(value)); });
    options_.back().may_repeat = false;
  }
  /// Likewise, a text.
  void once(names all, std::optional<std::string>& to);

  /// Reads options until there is an argument that is none of them; null at the end. Throws: `usage_error`.
  const std::string* next_other();
  /// The next argument, whatever it is; null at the end.
  const std::string* next();

  /// For an argument that looks like an option: there is none of that name. `advice` is given if no option's name is
  /// near; it may be "". Throws: `usage_error`.
  [[noreturn]] void refuse(std::string_view argument, std::string_view advice = "") const;

 private:
  struct option {
    std::vector<std::string_view> all_names;
    bool* set = nullptr;
    value_taker take;
    bool may_repeat = true;
    bool is_given = false;
  };

  bool read(std::string_view argument);

  std::span<const std::string> arguments_;
  std::size_t next_ = 0;
  std::vector<option> options_;
};

}  // namespace tandem::cli
