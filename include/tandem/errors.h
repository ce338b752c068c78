#pragma once

#include <stdexcept>

#include <tandem/export.h>

namespace tandem {

/// Base of everything tandem throws on purpose. The text names the operation, what it was given and what it expected.
class TANDEM_API error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Shapes do not fit each other, an axis extent is impossible, or a size overflows 64 bits.
class TANDEM_API shape_error : public error {
 public:
  using error::error;
};

/// An operation is not defined for a dtype, or a value does not fit one.
class TANDEM_API dtype_error : public error {
 public:
  using error::error;
};

/// An index or an axis is out of range or given twice.
class TANDEM_API index_error : public error {
 public:
  using error::error;
};

/// An argument has a value that the operation cannot work with (a zero step, an unknown option).
class TANDEM_API argument_error : public error {
 public:
  using error::error;
};

/// Memory could not be had. The operation that asked for it changed nothing.
class TANDEM_API out_of_memory : public error {
 public:
  using error::error;
};

/// A device failed, is absent, or does not support what was asked of it.
class TANDEM_API device_error : public error {
 public:
  using error::error;
};

/// A file could not be read or written, or its contents are not what its format demands.
class TANDEM_API io_error : public error {
 public:
  using error::error;
};

/// A policy asks for something impossible.
class TANDEM_API policy_error : public error {
 public:
  using error::error;
};

/// Work was stopped, by its stop_token, before it was done.
class TANDEM_API stopped : public error {
 public:
  using error::error;
};

/// An array was written to after an expression captured it and before the expression was evaluated.
class TANDEM_API stale_expression : public error {
 public:
  using error::error;
};

}  // namespace tandem
