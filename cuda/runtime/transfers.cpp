#include "cuda/runtime/transfers.h"

#include <algorithm>

#include "cuda/runtime/process.h"

namespace tandem::cuda {

namespace {

constexpr std::int64_t direct_bytes = 64 << 10;

/// How much goes at a time: a whole block of large copies; of smaller ones a part, so that both sides have something to
/// do at the same time.
std::int64_t part_bytes(std::int64_t size_bytes) noexcept {
  constexpr std::int64_t least = std::int64_t{1} << 20;
  constexpr std::int64_t most = staging_area::block_bytes;
  return std::clamp((size_bytes / 4 + 4095) / 4096 * 4096, least, most);
}

}  // namespace

bool transfers::is_pinned(const std::byte* begin, std::int64_t size_bytes) {
  const auto is_there = [&](const std::byte* address) {
    cudaPointerAttributes found{};
    where_.check(cudaPointerGetAttributes(&found, address), "look at a host address");
    return found.type == cudaMemoryTypeHost || found.type == cudaMemoryTypeManaged;
  };
  // An application may have pinned a part only, of which CUDA copies no more than that.
  return is_there(begin) && is_there(begin + size_bytes - 1);
}

void transfers::copy_in(const std::byte* from, std::byte* to, std::int64_t size_bytes, queue& on) {
  if (size_bytes <= 0) return;
  const char* const operation = "copy to the device";
  const cudaStream_t stream = on.stream();
  const auto give = [&](const std::byte* source, std::int64_t offset, std::int64_t count) {
    where_.check(cudaMemcpyAsync(to + offset, source, static_cast<std::size_t>(count), cudaMemcpyHostToDevice, stream),
                 operation);
    on.gave();
  };
  const bool pinned = is_pinned(from, size_bytes);
  if (pinned || size_bytes <= direct_bytes) {
    give(from, 0, size_bytes);
    // Of other memory CUDA has a copy when the call returns, unless the GPU reads it where it is.
    if (pinned || where_.reads_host_pages()) on.synchronize(operation);
    return;
  }
  staging_areas::lease area = in_.take();
  const std::int64_t part = part_bytes(size_bytes);
  std::size_t turn = 0;
  for (std::int64_t offset = 0; offset < size_bytes; offset += part, turn ^= 1) {
    const std::int64_t count = std::min(part, size_bytes - offset);
    staging_area::block& block = area[turn];
    where_.check(cudaEventSynchronize(block.copied), operation);
    services().copy(from + offset, block.data, count);
    give(block.data, offset, count);
    where_.check(cudaEventRecord(block.copied, stream), operation);
  }
}

void transfers::copy_out(const std::byte* from, std::byte* to, std::int64_t size_bytes, queue& on) {
  const char* const operation = "copy to the host";
  const cudaStream_t stream = on.stream();
  const auto give = [&](std::byte* target, std::int64_t offset, std::int64_t count) {
    where_.check(
        cudaMemcpyAsync(target, from + offset, static_cast<std::size_t>(count), cudaMemcpyDeviceToHost, stream),
        operation);
    on.gave();
  };
  if (size_bytes <= 0) return;
  if (size_bytes <= direct_bytes || is_pinned(to, size_bytes)) {
    give(to, 0, size_bytes);
    on.synchronize(operation);
    return;
  }
  staging_areas::lease area = out_.take();
  const std::int64_t part = part_bytes(size_bytes);
  const auto fill = [&](std::size_t turn, std::int64_t offset) {
    if (offset >= size_bytes) return;
    give(area[turn].data, offset, std::min(part, size_bytes - offset));
    where_.check(cudaEventRecord(area[turn].copied, stream), operation);
  };
  fill(0, 0);
  fill(1, part);
  std::size_t turn = 0;
  for (std::int64_t offset = 0; offset < size_bytes; offset += part, turn ^= 1) {
    where_.check(cudaEventSynchronize(area[turn].copied), operation);
    services().copy(area[turn].data, to + offset, std::min(part, size_bytes - offset));
    fill(turn, offset + 2 * part);
  }
}

}  // namespace tandem::cuda
