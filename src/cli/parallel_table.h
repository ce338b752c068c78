#pragma once

#include <string>
#include <string_view>

namespace tandem::cli {

/// Text as a cell of a Markdown table.
std::string table_cell(std::string_view text);

/// Tables, one a group of functions: what work each function is, and what of it is shared out among the workers.
std::string parallel_table();

}  // namespace tandem::cli
