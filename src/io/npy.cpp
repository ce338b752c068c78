#include <sys/mman.h>

#include <fmt/format.h>

#include <cerrno>
#include <system_error>
#include <utility>
#include <vector>

#include <tandem/errors.h>
#include <tandem/io.h>

#include "io/file.h"
#include "io/npy_elements.h"
#include "io/npy_header.h"
#include "io/npy_stream.h"
#include "memory/storage.h"

namespace tandem {

namespace {

using namespace io;

// The file's elements in place. The mapping is private: a page that is written to becomes a copy.
std::shared_ptr<detail::storage> map_elements(const descriptor& file, const npy_header& header,
                                              std::string_view where) {
  // Offsets of mappings are multiples of a page: the header is mapped as well.
  const auto mapped_bytes = static_cast<std::size_t>(header.data_offset + header.data_bytes);
  // Without MAP_NORESERVE a file larger than free memory could not be mapped for writing.
  void* base = ::mmap(nullptr, mapped_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_NORESERVE, file.number(), 0);
  if (base == MAP_FAILED) {
    throw io_error(
        fmt::format("{}: cannot map {} bytes: {}", where, mapped_bytes, std::generic_category().message(errno)));
  }
  const auto unmap = [base, mapped_bytes] { ::munmap(base, mapped_bytes); };
  try {
    return detail::storage::adopt(static_cast<std::byte*>(base) + header.data_offset, header.data_bytes, unmap);
  } catch (...) {
    unmap();
    throw;
  }
}

}  // namespace

ndarray load(const std::string& path) {
  const std::string where = fmt::format("load: {}", path);
  const input_file input = open_input(path, where);
  std::int64_t position = 0;
  const byte_reader read = [&](std::byte* to, std::size_t size) {
    const std::size_t count = read_at(input.file, position, to, size, where);
    position += static_cast<std::int64_t>(count);
    return count;
  };
  const npy_header header = read_npy_header(read, where);
  const std::int64_t present = input.size_bytes - header.data_offset;
  if (present < header.data_bytes) {
    throw io_error(fmt::format("{}: has {} bytes of elements, but shape {} of {} bytes each needs {}", where, present,
                               to_string(header.shape), header.item_bytes, header.data_bytes));
  }

  const bool is_aligned = header.data_offset % item_size(real_part(header.type)) == 0;
  if (header.size == 0 || header.is_half || header.is_swapped || !is_aligned) {
    // Not mapped as well, which would hold the file's size once more. The size is confirmed; float16 doubles it.
    return make_array(read_elements(header, read, header.size * item_size(header.type), where), header);
  }
  std::shared_ptr<detail::storage> memory = map_elements(input.file, header, where);
  // Only pages with such bytes become copies.
  if (header.type == dtype::bool_) normalize_bools(memory->data(), header.size);
  return make_array(std::move(memory), header);
}

void save(const std::string& path, const ndarray& array) {
  std::vector<std::byte> buffer;
  npy_stream stream(array, buffer);
  replacement_file file(path, fmt::format("save: {}", path));
  for (auto bytes = stream.next(); !bytes.empty(); bytes = stream.next()) file.write(bytes.data(), bytes.size());
  file.commit();
}

}  // namespace tandem
