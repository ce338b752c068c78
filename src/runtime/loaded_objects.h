#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

// The dynamic linker's list of what is loaded in the process, and where the calls between these objects lead.
namespace tandem::runtime {

/// A function that an object uses and that another one defines.
struct reference {
  std::string function;
  /// The version that the object asks for; "" if it does not care.
  std::string version;
  /// Where calls lead; 0 if the dynamic linker has not looked yet, which it does when the first call is made.
  std::uintptr_t address = 0;
};

/// The program or a shared library.
struct loaded_object {
  struct range {
    std::uintptr_t begin;
    std::uintptr_t end;
  };

  std::string file;
  bool is_program = false;
  std::vector<range> ranges;
  /// The name by which others need it; "" if it has none. And the names of what it needs itself.
  std::string name;
  std::vector<std::string> needed;
  std::vector<reference> references;

  bool contains(std::uintptr_t address) const noexcept;
};

/// All objects of the caller's namespace (`dlmopen` makes others), in the order in which they were loaded, with their
/// references to functions that `is_wanted` chooses. Where calls lead is read from the tables that the dynamic linker
/// filled in, so that symbol versions, the order of loading and RTLD_DEEPBIND are accounted for. Functions that an
/// object got by `dlsym` are not seen.
/// Throws: std::bad_alloc, and what `is_wanted` throws.
std::vector<loaded_object> loaded_objects(bool (*is_wanted)(std::string_view function));

}  // namespace tandem::runtime
