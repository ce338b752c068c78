#pragma once

/// Marks what the library exports; all else is hidden.
#define TANDEM_API __attribute__((visibility("default")))
