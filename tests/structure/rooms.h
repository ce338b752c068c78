#pragma once

#include <array>
#include <span>
#include <string_view>

// Which way arrows point: the table of docs/architecture.md as a program reads it. A file or a public header that is
// missing here fails the test.
namespace tandem::structure {

/// A part of the code and what it may include besides itself.
struct room {
  std::string_view name;
  /// Its folder, with what is below it unless `flat`.
  std::string_view folder;
  bool flat;
  /// Its public headers, below include/tandem/, with a space between two.
  std::string_view public_headers;
  /// Rooms it may include, with a space between two; "public" are the public headers of all rooms.
  std::string_view may_include;
};

inline constexpr std::array rooms{
    room{"core", "src/core", false, "export.h errors.h dtype.h dims.h scalar.h index.h", ""},
    room{"runtime", "src/runtime", false, "device.h devices.h policy.h machine.h report.h", "core"},
    room{"memory", "src/memory", false, "ndarray.h memory.h", "core runtime"},
    room{"ops", "src/ops", false, "expr.h elementwise.h tables/elementwise.inc", "core memory"},
    room{"backend", "src/backend", true, "", "core memory ops runtime"},
    room{"backend/cpu", "src/backend/cpu", false, "", "core runtime memory ops backend"},
    room{"backend/simulated", "src/backend/simulated", false, "simulation.h", "core runtime memory ops backend"},
    room{"cuda", "cuda", false, "", "core runtime memory ops backend"},
    room{"plan", "src/plan", false, "decisions.h whatif.h", "core runtime memory ops backend"},
    room{"exec", "src/exec", false, "planning.h", "core runtime memory ops backend plan"},
    room{"api", "src/api", false,
         "statistics.h creation.h manipulation.h products.h call.h parallel.h parallel_items.h imap.h tandem.h",
         "core runtime memory ops backend plan exec"},
    room{"io", "src/io", false, "io.h", "core memory"},
    room{"cli", "src/cli", false, "", "public"},
};

/// An arrow that the table above forbids and that is wanted nevertheless. Each must be in use.
struct exception {
  /// A room or a file.
  std::string_view from;
  std::string_view to;
  std::string_view reason;
};

inline constexpr std::array exceptions{
    exception{"memory", "include/tandem/expr.h", "ndarray and expr are a pair: each converts to the other"},
    exception{"core", "include/tandem/ndarray.h", "detail::layout is declared there and computed with in core"},
    exception{"include/tandem/expr.h", "include/tandem/policy.h", "eval takes a policy"},
    exception{"include/tandem/tandem.h", "include/tandem/io.h", "tandem.h is the sum of all public headers"},
    exception{"include/tandem/tandem.h", "include/tandem/simulation.h", "tandem.h is the sum of all public headers"},
};

/// A dependency's headers, by how their names begin, and the rooms whose sources may include them. Public headers may
/// include none.
struct dependency {
  std::string_view prefix;
  std::string_view rooms;
};

inline constexpr std::array dependencies{
    dependency{"fmt/", "core runtime memory ops backend backend/cpu backend/simulated cuda plan exec api io cli"},
    dependency{"omp.h", "runtime backend/cpu"},
    dependency{"cblas.h", "backend/cpu"},
    dependency{"zip.h", "io"},
    dependency{"nlohmann/", "plan"},
    dependency{"tao/", "cli"},
    dependency{"cuda_runtime", "cuda"},
    dependency{"cublas", "cuda"},
    dependency{"nvrtc.h", "cuda"},
    dependency{"nvtx3/", "cuda"},
};

}  // namespace tandem::structure
