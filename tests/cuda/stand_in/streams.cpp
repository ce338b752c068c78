#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <utility>
#include <vector>

#include "cuda/stand_in/gpu.h"
#include "cuda/stand_in/state.h"

// Streams, events, errors, and what there is to know of a device.

struct CUstream_st {
  struct piece {
    std::function<void()> act;
    double takes_ms;
  };
  unsigned long long id = 0;
  std::deque<piece> work;
  double time_ms = 0;
  std::uint64_t given = 0;
  std::uint64_t done = 0;
  bool is_destroyed = false;
  bool is_captured = false;
};

struct CUevent_st {
  bool notes_time = false;
  std::shared_ptr<tandem::testing::stand_in::record> last;
};

namespace tandem::testing::stand_in {

namespace {

struct failure_plan {
  std::string function;
  cudaError_t status;
  int skipped;
};

struct global {
  std::recursive_mutex guard;
  std::vector<std::unique_ptr<CUstream_st>> streams;
  std::vector<failure_plan> failures;
  std::map<std::string, int, std::less<>> calls;
  cudaError_t lost = cudaSuccess;
  bool reads_host_pages = false;
};

global& all() {
  static global& made = *new global;
  return made;
}

thread_local cudaError_t last_error = cudaSuccess;
thread_local int current_device = 0;
/// Threads of which the mode is that one; in another, calls that a capture forbids fail.
thread_local cudaStreamCaptureMode capture_mode = cudaStreamCaptureModeGlobal;

cudaStream_t new_stream() {
  auto made = std::make_unique<CUstream_st>();
  made->id = all().streams.size() + 100;
  all().streams.push_back(std::move(made));
  return all().streams.back().get();
}

bool is_lost(cudaError_t status) noexcept {
  return status == cudaErrorIllegalAddress || status == cudaErrorLaunchFailure || status == cudaErrorAssert;
}

void do_next(CUstream_st& stream) {
  const CUstream_st::piece work = std::move(stream.work.front());
  stream.work.pop_front();
  stream.time_ms += work.takes_ms;
  try {
    work.act();
  } catch (const std::exception& error) {
    ADD_FAILURE() << "work of a stream failed: " << error.what();
    all().lost = cudaErrorLaunchFailure;
  }
  ++stream.done;
}

}  // namespace

std::recursive_mutex& guard() { return all().guard; }

call::call(const char* function) : lock_(guard()), failure_(cudaSuccess) {
  global& state = all();
  ++state.calls[function];
  for (auto each = state.failures.begin(); each != state.failures.end(); ++each) {
    if (each->function != function || each->skipped-- > 0) continue;
    failure_ = failed(each->status);
    state.failures.erase(each);
    return;
  }
  if (state.lost != cudaSuccess) failure_ = failed(state.lost);
}

cudaError_t failed(cudaError_t status) noexcept {
  last_error = status;
  if (is_lost(status)) all().lost = status;
  return status;
}

cudaStream_t resolve(cudaStream_t handle) {
  static const cudaStream_t legacy = new_stream();
  static thread_local const cudaStream_t per_thread = new_stream();
  if (handle == nullptr || handle == cudaStreamLegacy) return legacy;
  if (handle == cudaStreamPerThread) return per_thread;
  EXPECT_FALSE(handle->is_destroyed) << "a stream that was destroyed is used";
  return handle;
}

void give(cudaStream_t stream, std::function<void()> work, double takes_ms) {
  stream->work.push_back({std::move(work), takes_ms});
  ++stream->given;
}

void drain(cudaStream_t stream, const record* until) {
  while (!stream->work.empty() && (until == nullptr || !until->is_reached)) do_next(*stream);
}

void drain_all() {
  for (std::size_t i = 0; i < all().streams.size(); ++i) drain(all().streams[i].get());
}

std::uint64_t given(cudaStream_t stream) { return stream->given; }
std::uint64_t done(cudaStream_t stream) { return stream->done; }

void fail_call(const std::string& function, cudaError_t status, int skipped) {
  const std::lock_guard lock(guard());
  all().failures.push_back({function, status, skipped});
}

void repair() {
  const std::lock_guard lock(guard());
  all().failures.clear();
  all().lost = cudaSuccess;
}

int calls_of(const std::string& function) {
  const std::lock_guard lock(guard());
  const auto found = all().calls.find(function);
  return found == all().calls.end() ? 0 : found->second;
}

void forget_calls() {
  const std::lock_guard lock(guard());
  all().calls.clear();
}

void set_reads_host_pages(bool reads) {
  const std::lock_guard lock(guard());
  all().reads_host_pages = reads;
}

bool reads_host_pages() { return all().reads_host_pages; }

void capture(cudaStream_t stream, bool is_captured) {
  const std::lock_guard lock(guard());
  stream->is_captured = is_captured;
}

bool is_forbidden() {
  const auto is_captured = [](const auto& each) { return each->is_captured; };
  return capture_mode == cudaStreamCaptureModeGlobal && std::ranges::any_of(all().streams, is_captured);
}

std::int64_t pending() {
  const std::lock_guard lock(guard());
  std::int64_t count = 0;
  for (const auto& each : all().streams) count += static_cast<std::int64_t>(each->work.size());
  return count;
}

cudaStream_t make_stream() {
  const std::lock_guard lock(guard());
  return new_stream();
}

void destroy_stream(cudaStream_t stream) {
  const std::lock_guard lock(guard());
  // CUDA goes on with what was given.
  stream->is_destroyed = true;
}

}  // namespace tandem::testing::stand_in

using namespace tandem::testing::stand_in;

extern "C" {

cudaError_t cudaGetLastError() { return std::exchange(last_error, cudaSuccess); }

const char* cudaGetErrorName(cudaError_t error) {
  switch (error) {
    case cudaSuccess: return "cudaSuccess";
    case cudaErrorMemoryAllocation: return "cudaErrorMemoryAllocation";
    case cudaErrorInvalidValue: return "cudaErrorInvalidValue";
    case cudaErrorIllegalAddress: return "cudaErrorIllegalAddress";
    case cudaErrorLaunchFailure: return "cudaErrorLaunchFailure";
    default: return "cudaErrorOther";
  }
}

const char* cudaGetErrorString(cudaError_t error) {
  return error == cudaErrorIllegalAddress ? "an illegal memory access was encountered" : "a text of the stand-in";
}

cudaError_t cudaGetDeviceCount(int* count) {
  TANDEM_STAND_IN_CALL;
  *count = 1;
  return cudaSuccess;
}

cudaError_t cudaGetDevice(int* device) {
  *device = current_device;
  return cudaSuccess;
}

cudaError_t cudaSetDevice(int device) {
  TANDEM_STAND_IN_CALL;
  if (device != 0) return failed(cudaErrorInvalidDevice);
  current_device = device;
  return cudaSuccess;
}

cudaError_t cudaDriverGetVersion(int* version) {
  *version = 13000;
  return cudaSuccess;
}

cudaError_t cudaRuntimeGetVersion(int* version) {
  *version = CUDART_VERSION;
  return cudaSuccess;
}

cudaError_t cudaDeviceGetAttribute(int* value, cudaDeviceAttr attribute, int) {
  TANDEM_STAND_IN_CALL;
  switch (attribute) {
    case cudaDevAttrComputeCapabilityMajor: *value = 9; return cudaSuccess;
    case cudaDevAttrComputeCapabilityMinor: *value = 0; return cudaSuccess;
    case cudaDevAttrMultiProcessorCount: *value = multiprocessors; return cudaSuccess;
    case cudaDevAttrClockRate: *value = 1'000'000; return cudaSuccess;
    case cudaDevAttrMemoryClockRate: *value = 2'000'000; return cudaSuccess;
    case cudaDevAttrGlobalMemoryBusWidth: *value = 1024; return cudaSuccess;
    case cudaDevAttrSingleToDoublePrecisionPerfRatio: *value = 2; return cudaSuccess;
    case cudaDevAttrMemoryPoolsSupported: *value = 1; return cudaSuccess;
    case cudaDevAttrPageableMemoryAccess: *value = all().reads_host_pages ? 1 : 0; return cudaSuccess;
    default: return failed(cudaErrorInvalidValue);
  }
}

cudaError_t cudaGetDeviceProperties(cudaDeviceProp* properties, int) {
  TANDEM_STAND_IN_CALL;
  *properties = {};
  std::copy_n("Stand-in", 9, properties->name);
  properties->major = 9;
  properties->multiProcessorCount = multiprocessors;
  properties->totalGlobalMem = memory_bytes;
  return cudaSuccess;
}

cudaError_t cudaDeviceGetPCIBusId(char* text, int, int) {
  std::copy_n("0000:01:00.0", 13, text);
  return cudaSuccess;
}

cudaError_t cudaStreamCreateWithFlags(cudaStream_t* stream, unsigned flags) {
  TANDEM_STAND_IN_CALL;
  EXPECT_EQ(flags, static_cast<unsigned>(cudaStreamNonBlocking));
  *stream = new_stream();
  return cudaSuccess;
}

cudaError_t cudaThreadExchangeStreamCaptureMode(cudaStreamCaptureMode* mode) {
  std::swap(*mode, capture_mode);
  return cudaSuccess;
}

cudaError_t cudaStreamIsCapturing(cudaStream_t stream, cudaStreamCaptureStatus* status) {
  TANDEM_STAND_IN_CALL;
  *status = resolve(stream)->is_captured ? cudaStreamCaptureStatusActive : cudaStreamCaptureStatusNone;
  return cudaSuccess;
}

cudaError_t cudaStreamGetDevice(cudaStream_t stream, int* device) {
  TANDEM_STAND_IN_CALL;
  resolve(stream);
  *device = 0;
  return cudaSuccess;
}

cudaError_t cudaStreamGetId(cudaStream_t stream, unsigned long long* id) {
  TANDEM_STAND_IN_CALL;
  *id = resolve(stream)->id;
  return cudaSuccess;
}

cudaError_t cudaStreamWaitEvent(cudaStream_t stream, cudaEvent_t event, unsigned) {
  TANDEM_STAND_IN_CALL;
  if (event->last != nullptr) {
    give(resolve(stream), [point = event->last] { drain(point->in, point.get()); }, 0);
  }
  return cudaSuccess;
}

cudaError_t cudaEventCreateWithFlags(cudaEvent_t* event, unsigned flags) {
  TANDEM_STAND_IN_CALL;
  EXPECT_TRUE(flags == cudaEventDisableTiming || flags == cudaEventDefault) << flags;
  *event = new CUevent_st{.notes_time = flags == cudaEventDefault, .last = nullptr};
  return cudaSuccess;
}

cudaError_t cudaEventDestroy(cudaEvent_t event) {
  TANDEM_STAND_IN_CALL;
  delete event;
  return cudaSuccess;
}

cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t stream) {
  TANDEM_STAND_IN_CALL;
  event->last = std::make_shared<record>(record{resolve(stream)});
  const auto note = [point = event->last] {
    point->is_reached = true;
    point->time_ms = point->in->time_ms;
  };
  give(event->last->in, note, 0);
  return cudaSuccess;
}

cudaError_t cudaEventElapsedTime(float* milliseconds, cudaEvent_t begin, cudaEvent_t end) {
  TANDEM_STAND_IN_CALL;
  TANDEM_STAND_IN_FORBIDDEN_IN_CAPTURES;
  for (const cudaEvent_t each : {begin, end}) {
    if (!each->notes_time || each->last == nullptr) return failed(cudaErrorInvalidResourceHandle);
    if (!each->last->is_reached) return failed(cudaErrorNotReady);
  }
  *milliseconds = static_cast<float>(end->last->time_ms - begin->last->time_ms);
  return cudaSuccess;
}

cudaError_t cudaEventQuery(cudaEvent_t event) {
  TANDEM_STAND_IN_CALL;
  TANDEM_STAND_IN_FORBIDDEN_IN_CAPTURES;
  if (event->last == nullptr || event->last->is_reached) return cudaSuccess;
  // One piece more: who asks again and again gets there in the end.
  do_next(*event->last->in);
  return event->last->is_reached ? cudaSuccess : failed(cudaErrorNotReady);
}

cudaError_t cudaEventSynchronize(cudaEvent_t event) {
  TANDEM_STAND_IN_CALL;
  TANDEM_STAND_IN_FORBIDDEN_IN_CAPTURES;
  if (event->last != nullptr) drain(event->last->in, event->last.get());
  return all().lost == cudaSuccess ? cudaSuccess : failed(all().lost);
}

}  // extern "C"
