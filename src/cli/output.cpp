#include "cli/output.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "cli/status.h"

namespace tandem::cli {

void write_output(std::string_view text) {
  errno = 0;
  if (std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fflush(stdout) == 0) return;
  if (errno == EPIPE) throw failure("");
  throw failure(fmt::format("cannot write to standard output: {}", std::strerror(errno)));
}

}  // namespace tandem::cli
