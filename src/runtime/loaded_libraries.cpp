#include "runtime/loaded_libraries.h"

#include <dlfcn.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <memory>
#include <optional>
#include <tuple>

#include "runtime/loaded_objects.h"

namespace tandem::runtime {

namespace {

constexpr bool contains(std::string_view text, std::string_view part) noexcept {
  return text.find(part) != std::string_view::npos;
}

bool is_product(std::string_view call) noexcept { return contains(call, "dgemm") || contains(call, "zgemm"); }

bool is_watched(std::string_view function) {
  return function == "omp_get_max_threads" || function == "fork" || starts_threads(function) || is_product(function);
}

// A reference to an object that is loaded already; what the object is asked stays in place meanwhile.
class handle {
 public:
  explicit handle(const loaded_object& of)
      : held_(::dlopen(of.is_program ? nullptr : of.file.c_str(), RTLD_LAZY | RTLD_NOLOAD)), of_(of) {}
  handle(const handle&) = delete;
  handle& operator=(const handle&) = delete;
  ~handle() {
    if (held_ != nullptr) ::dlclose(held_);
  }

  // A function as this object, or what it depends on, defines it. For the program: as all that was linked or opened
  // globally does.
  std::uintptr_t find(const reference& what) const noexcept {
    if (held_ == nullptr) return 0;
    void* const found = what.version.empty() ? ::dlsym(held_, what.function.c_str())
                                             : ::dlvsym(held_, what.function.c_str(), what.version.c_str());
    return reinterpret_cast<std::uintptr_t>(found);
  }

  // A function that this very object defines, under the first of the names.
  template <class Function, class Names>
  Function* own(const Names& names) const noexcept {
    for (const auto& name : names) {
      void* const found = held_ == nullptr ? nullptr : ::dlsym(held_, std::data(name));
      if (of_.contains(reinterpret_cast<std::uintptr_t>(found))) return reinterpret_cast<Function*>(found);
    }
    return nullptr;
  }

 private:
  void* held_;
  const loaded_object& of_;
};

// Builds with 64-bit integers and those bundled with SciPy have names of their own.
std::array<std::string, 6> openblas_names(const std::string& name) {
  return {name, name + "64_", name + "_64_", "scipy_" + name, "scipy_" + name + "64_", "scipy_" + name + "_64_"};
}

std::string text_or_empty(const char* text) { return text == nullptr ? "" : text; }

void ask_openblas(const handle& at, loaded_library& library) {
  if (auto* config = at.own<char*()>(openblas_names("openblas_get_config"))) {
    library.configuration = text_or_empty(config());
    // "OpenBLAS 0.3.21 NO_LAPACKE DYNAMIC_ARCH ..."
    constexpr std::string_view begin = "OpenBLAS ";
    if (library.configuration.starts_with(begin)) {
      const std::size_t end = library.configuration.find(' ', begin.size());
      library.version = library.configuration.substr(begin.size(), end - begin.size());
    }
  }
  if (auto* kernels = at.own<char*()>(openblas_names("openblas_get_corename"))) {
    library.kernels = text_or_empty(kernels());
  }
  if (auto* threading = at.own<int()>(openblas_names("openblas_get_parallel"))) {
    constexpr std::array<const char*, 3> words = {"sequential", "pthreads", "OpenMP"};
    const int number = threading();
    if (number >= 0 && number < 3) library.threading = words[static_cast<std::size_t>(number)];
  }
  if (auto* threads = at.own<int()>(openblas_names("openblas_get_num_threads"))) library.threads = threads();
}

bool is_of_llvm(const loaded_library& library) noexcept {
  return library.name == "libomp" || library.name == "libiomp5";
}

// libgomp is ready when it is loaded. LLVM's runtime and Intel's, which is made of the same sources, start when they
// are first asked anything: they end the process if two of them start, and bind the asking thread to a core if they are
// to bind threads. What tandem or another object will start anyway may be asked.
bool may_ask_threads(const loaded_library& library, const std::vector<loaded_library>& all) {
  if (!library.at_work) return false;
  if (!is_of_llvm(library)) return true;
  for (const char* binding : {"OMP_PROC_BIND", "OMP_PLACES", "KMP_AFFINITY"}) {
    if (std::getenv(binding) != nullptr) return false;
  }
  return std::ranges::count_if(all, [](const loaded_library& each) { return is_of_llvm(each); }) == 1;
}

void ask(const loaded_object& object, loaded_library& library, const std::vector<loaded_library>& all) {
  const handle at(object);
  if (library.api == "openmp") {
    if (!may_ask_threads(library, all)) return;
    auto* const threads = at.own<int()>(std::array{std::string_view("omp_get_max_threads")});
    // libomp 19 makes a negative number of an OMP_NUM_THREADS that is none.
    if (const int told = threads == nullptr ? 0 : threads(); told > 0) library.threads = told;
  } else if (library.name == "OpenBLAS") {
    ask_openblas(at, library);
  } else if (library.name == "BLIS") {
    if (auto* version = at.own<const char*()>(std::array{std::string_view("bli_info_get_version_str")})) {
      library.version = text_or_empty(version());
    }
  }
}

// The OpenBLAS of some distributions is called libblas.
bool is_openblas(const loaded_object& object) {
  return handle(object).own<char*()>(openblas_names("openblas_get_config")) != nullptr;
}

const loaded_object* object_at(const std::vector<loaded_object>& objects, std::uintptr_t address) {
  const auto at = std::ranges::find_if(objects, [&](const loaded_object& each) { return each.contains(address); });
  return address == 0 || at == objects.end() ? nullptr : &*at;
}

bool needs(const loaded_object& user, const loaded_object& other) {
  const std::string_view file = std::string_view(other.file).substr(other.file.rfind('/') + 1);
  return std::ranges::any_of(user.needed, [&](const std::string& name) { return name == other.name || name == file; });
}

// The object that an object was loaded for: the first in the dynamic linker's list that needs it, directly or not.
const loaded_object& opened_for(const loaded_object& what, const std::vector<loaded_object>& objects) {
  const auto end = static_cast<std::size_t>(&what - objects.data()) + 1;
  for (std::size_t root = 0; root + 1 < end; ++root) {
    std::vector<std::size_t> reached = {root};
    std::vector<bool> seen(end);
    for (std::size_t i = 0; i < reached.size(); ++i) {
      if (reached[i] + 1 == end) return objects[root];
      for (std::size_t next = root + 1; next < end; ++next) {
        if (seen[next] || !needs(objects[reached[i]], objects[next])) continue;
        seen[next] = true;
        reached.push_back(next);
      }
    }
  }
  return what;
}

// Where a reference leads or, if the dynamic linker has not looked yet, will lead: to what the program's scope has,
// else to what was opened together with the object. That is wrong for an object that was opened with RTLD_DEEPBIND, if
// its calls were not all looked up at once.
const loaded_object* provider_of(const reference& what, const loaded_object& user,
                                 const std::vector<loaded_object>& objects) {
  if (what.address != 0) return object_at(objects, what.address);
  if (const std::uintptr_t address = handle(objects.front()).find(what)) return object_at(objects, address);
  return object_at(objects, handle(opened_for(user, objects)).find(what));
}

bool is_user(const std::string& file, const std::vector<served_call>& calls) {
  return std::ranges::any_of(calls, [&](const served_call& each) { return each.user == file; });
}

}  // namespace

bool starts_threads(std::string_view call) noexcept {
  return call.starts_with("GOMP_parallel") || call.starts_with("GOMP_teams_reg") || call.starts_with("__kmpc_fork_");
}

library_kind kind_of(std::string_view file) noexcept {
  struct row {
    std::string_view prefix;
    library_kind kind;
  };
  // A longer prefix before one that it begins with.
  constexpr std::array rows{
      row{"libgomp", {"libgomp", "openmp"}},
      row{"libiomp5", {"libiomp5", "openmp"}},
      row{"libomp", {"libomp", "openmp"}},
      row{"libopenblas", {"OpenBLAS", "blas"}},
      row{"libscipy_openblas", {"OpenBLAS", "blas"}},
      row{"libmkl_rt", {"MKL", "blas"}},
      row{"libmkl_core", {"MKL", "blas"}},
      row{"libblis", {"BLIS", "blas"}},
      row{"libflexiblas", {"FlexiBLAS", "blas"}},
      row{"libatlas", {"ATLAS", "blas"}},
      row{"libtatlas", {"ATLAS", "blas"}},
      row{"libsatlas", {"ATLAS", "blas"}},
      row{"libblas.so", {"BLAS", "blas"}},
  };
  const std::string_view name = file.substr(file.rfind('/') + 1);
  for (const row& each : rows) {
    if (!name.starts_with(each.prefix)) continue;
    // libomptarget is no runtime of loops, libgomp-plugin-nvptx neither.
    const std::string_view rest = name.substr(each.prefix.size());
    if (each.kind.api == "openmp" && (rest.starts_with("target") || rest.starts_with("-plugin"))) break;
    return each.kind;
  }
  return {"", ""};
}

process_libraries find_loaded_libraries() {
  const std::vector<loaded_object> objects = loaded_objects(is_watched);
  process_libraries found;
  if (const auto* own = object_at(objects, reinterpret_cast<std::uintptr_t>(&find_loaded_libraries))) {
    found.tandem_file = own->file;
  }

  std::vector<const loaded_object*> places;
  for (const loaded_object& object : objects) {
    const library_kind kind = object.is_program ? library_kind{} : kind_of(object.file);
    if (kind.name.empty()) continue;
    loaded_library library;
    library.name = kind.name == "BLAS" && is_openblas(object) ? "OpenBLAS" : kind.name;
    library.api = kind.api;
    library.file = object.file;
    found.libraries.push_back(std::move(library));
    places.push_back(&object);
  }

  for (const loaded_object& user : objects) {
    for (const reference& each : user.references) {
      if (each.function == "fork") continue;
      const loaded_object* const provider = provider_of(each, user, objects);
      if (provider == nullptr || provider == &user) continue;
      const auto library = std::ranges::find(places, provider);
      if (library == places.end()) continue;
      loaded_library& serving = found.libraries[static_cast<std::size_t>(library - places.begin())];
      serving.at_work = serving.at_work || starts_threads(each.function) || is_product(each.function);
      const auto is_same = [&](const served_call& other) {
        return std::tie(other.call, other.user, other.provider) == std::tie(each.function, user.file, provider->file);
      };
      if (std::ranges::none_of(found.calls, is_same)) found.calls.push_back({each.function, user.file, provider->file});
    }
  }

  for (std::size_t i = 0; i < places.size(); ++i) ask(*places[i], found.libraries[i], found.libraries);

  // Libraries of the system that can start programs are not meant.
  for (const loaded_object& object : objects) {
    const bool forks = std::ranges::any_of(object.references, [](const auto& each) { return each.function == "fork"; });
    if (forks && (object.is_program || is_user(object.file, found.calls) || contains(object.file, "/libpython"))) {
      found.fork_callers.push_back(object.file);
    }
  }
  return found;
}

}  // namespace tandem::runtime
