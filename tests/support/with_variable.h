#pragma once

#include <stdlib.h>

#include <optional>
#include <string>
#include <utility>

namespace tandem::testing {

/// A variable of the environment that has another value, or is not set, while this lives, and then what it was before.
/// No other thread may read the environment when this begins and ends.
class with_variable {
 public:
  with_variable(std::string name, const std::optional<std::string>& value) : name_(std::move(name)) {
    if (const char* const before = ::getenv(name_.c_str())) before_ = before;
    set(value);
  }
  with_variable(const with_variable&) = delete;
  with_variable& operator=(const with_variable&) = delete;
  ~with_variable() { set(before_); }

 private:
  void set(const std::optional<std::string>& value) const {
    if (value) {
      ::setenv(name_.c_str(), value->c_str(), 1);
    } else {
      ::unsetenv(name_.c_str());
    }
  }

  std::string name_;
  std::optional<std::string> before_;
};

}  // namespace tandem::testing
