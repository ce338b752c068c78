#pragma once

#include <stdexcept>

// How the command ends.
namespace tandem::cli {

inline constexpr int exit_success = 0;
inline constexpr int exit_failure = 1;
inline constexpr int exit_usage = 2;

/// The command was called in a way that it does not understand: exit status 2.
class usage_error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// The command was understood but failed: exit status 1. An empty text fails without a message.
class failure : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

}  // namespace tandem::cli
