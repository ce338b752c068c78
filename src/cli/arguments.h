#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tandem::cli {

/// Reads the arguments of a command that takes an expression, inputs NAME=VALUE and options, in any order. An argument
/// that begins with '-' and cannot be an option, such as -x**2, is the expression; `--` makes all later ones so.
class argument_reader {
 public:
  argument_reader(const argument_reader&) = delete;
  argument_reader& operator=(const argument_reader&) = delete;

 protected:
  /// `options` are the names of all options, for advice.
  argument_reader(std::span<const std::string> arguments, std::span<const std::string_view> options)
      : arguments_(arguments), options_(options) {}
  virtual ~argument_reader() = default;

  /// Reads all arguments. Throws: `usage_error`.
  void read_all();

  /// Reads the option of that name by the functions below; false if there is none of that name.
  virtual bool read_option(std::string_view name) = 0;
  /// The value of the option that is being read, attached by '=' or the next argument. Throws: `usage_error`.
  std::string value();
  /// Takes the option that is being read as one without a value. Throws: `usage_error`.
  void flag(bool& option) const;
  /// Throws: `usage_error` if the option that is being read has been `given` before.
  void once(bool given) const;

  std::optional<std::string> expression_;
  /// In the order given.
  std::vector<std::pair<std::string, std::string>> inputs_;

 private:
  bool try_option(std::string_view argument);
  void read_operand(const std::string& argument);

  std::span<const std::string> arguments_;
  std::span<const std::string_view> options_;
  std::size_t next_ = 0;
  std::string_view name_;
  std::optional<std::string> attached_;
};

/// Whether an input can have that name.
bool is_identifier(std::string_view name) noexcept;

}  // namespace tandem::cli
