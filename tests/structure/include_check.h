#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

// Reads every #include of a source tree and says which ones the table of rooms forbids.
namespace tandem::structure {

/// Files by their path from the root, with their text.
using tree = std::map<std::string, std::string>;

/// All files under include, src and cuda of a folder.
tree read_tree(const std::filesystem::path& root);

/// One #include directive; `name` is what stands between the quotes or brackets, or the rest of the line if it has
/// none.
struct include {
  enum class form { quotes, brackets, computed };
  std::string name;
  form written_as;
  int line;
};

/// The directives of a text, without those in comments and strings. Preprocessor conditions are not evaluated: an arrow
/// under an #if is an arrow.
std::vector<include> includes_of(std::string_view text);

/// What is wrong, one line for each problem: includes against the table, of files that do not exist, computed ones,
/// files and public headers that the table does not know.
std::vector<std::string> wrong_arrows(const tree& files);

/// Circles of files that include each other, one line for each circle found.
std::vector<std::string> circles(const tree& files);

/// Entries of the table that nothing in the tree needs: public headers that do not exist, exceptions that are not used.
std::vector<std::string> unused_entries(const tree& files);

}  // namespace tandem::structure
