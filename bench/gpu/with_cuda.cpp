#include <cublas_v2.h>
#include <cuda_runtime_api.h>
#include <dlfcn.h>

#include <algorithm>
#include <complex>
#include <cstddef>
#include <optional>
#include <stdexcept>
#include <utility>
#include <vector>

#include "gpu/yardsticks.h"

namespace bench {

namespace {

namespace td = tandem;

void check(cudaError_t status, const char* what) {
  if (status == cudaSuccess) return;
  throw std::runtime_error(std::string(what) + ": " + cudaGetErrorString(status));
}

void check(cublasStatus_t status, const char* what) {
  if (status == CUBLAS_STATUS_SUCCESS) return;
  throw std::runtime_error(std::string(what) + ": cuBLAS status " + std::to_string(static_cast<int>(status)));
}

// Memory of the device or, page-locked, of the host.
class block {
 public:
  enum class place { device, host };

  block(place where, std::int64_t size_bytes) : where_(where) {
    const auto size = static_cast<std::size_t>(size_bytes);
    check(where == place::device ? cudaMalloc(&data_, size) : cudaMallocHost(&data_, size), "allocating a yardstick");
  }
  block(const block&) = delete;
  block& operator=(const block&) = delete;
  // A failure here has been seen by whoever waited for the work before.
  ~block() { where_ == place::device ? cudaFree(data_) : cudaFreeHost(data_); }

  void* data() const { return data_; }

 private:
  place where_;
  void* data_ = nullptr;
};

using block_ptr = std::shared_ptr<const block>;

class stream {
 public:
  stream() { check(cudaStreamCreateWithFlags(&handle_, cudaStreamNonBlocking), "cudaStreamCreate"); }
  stream(const stream&) = delete;
  stream& operator=(const stream&) = delete;
  ~stream() { cudaStreamDestroy(handle_); }

  cudaStream_t handle() const { return handle_; }
  void wait() const { check(cudaStreamSynchronize(handle_), "waiting for a yardstick"); }

 private:
  cudaStream_t handle_ = nullptr;
};

// Opened when it is first needed, so that everything else is measured where there is no cuBLAS.
class cublas {
 public:
  explicit cublas(cudaStream_t on) {
    const std::string file = "libcublas.so." + std::to_string(CUBLAS_VER_MAJOR);
    library_ = ::dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (library_ == nullptr) library_ = ::dlopen(("/usr/local/cuda/lib64/" + file).c_str(), RTLD_NOW | RTLD_LOCAL);
    if (library_ == nullptr) throw std::runtime_error(file + " cannot be opened");
    load(create_, "cublasCreate_v2");
    load(set_stream_, "cublasSetStream_v2");
    load(sgemm, "cublasSgemm_v2");
    load(dgemm, "cublasDgemm_v2");
    load(cgemm, "cublasCgemm_v2");
    load(zgemm, "cublasZgemm_v2");
    check(create_(&handle_), "cublasCreate");
    check(set_stream_(handle_, on), "cublasSetStream");
  }
  // The handle lives as long as the process: the context may be gone when static objects end.

  cublasHandle_t handle() const { return handle_; }

  decltype(&cublasSgemm_v2) sgemm = nullptr;
  decltype(&cublasDgemm_v2) dgemm = nullptr;
  decltype(&cublasCgemm_v2) cgemm = nullptr;
  decltype(&cublasZgemm_v2) zgemm = nullptr;

 private:
  template <class Function>
  void load(Function& into, const char* name) {
    into = reinterpret_cast<Function>(::dlsym(library_, name));
    if (into == nullptr) throw std::runtime_error(std::string("libcublas has no ") + name);
  }

  void* library_ = nullptr;
  decltype(&cublasCreate_v2) create_ = nullptr;
  decltype(&cublasSetStream_v2) set_stream_ = nullptr;
  cublasHandle_t handle_ = nullptr;
};

// PTX, which the driver translates for whatever GPU there is.
constexpr const char* nothing_ptx =
    ".version 7.0\n.target sm_75\n.address_size 64\n.visible .entry nothing()\n{\n  ret;\n}\n";

// Elements of both signs between -1 and 1, no two neighbours alike: products of zeros run faster than others.
template <class T>
std::vector<T> elements(std::int64_t count) {
  std::vector<T> result(static_cast<std::size_t>(count));
  std::uint64_t state = 1;
  for (T& each : result) {
    state = state * 6364136223846793005U + 1442695040888963407U;
    each = static_cast<T>(static_cast<double>(state >> 11) * 0x1p-52 - 1);
  }
  return result;
}

class cuda_yardsticks final : public yardsticks {
 public:
  explicit cuda_yardsticks(int index) : index_(index) {
    check(cudaSetDevice(index), "cudaSetDevice");
    stream_ = std::make_shared<stream>();
  }

  contestant device_copy(std::int64_t size_bytes) override {
    use();
    auto from = std::make_shared<const block>(block::place::device, size_bytes);
    auto to = std::make_shared<const block>(block::place::device, size_bytes);
    fill(*from, size_bytes);
    return copy(std::move(from), std::move(to), size_bytes, cudaMemcpyDeviceToDevice);
  }

  contestant pinned_copy(std::int64_t size_bytes, bool to_device) override {
    use();
    auto device = std::make_shared<const block>(block::place::device, size_bytes);
    auto host = std::make_shared<const block>(block::place::host, size_bytes);
    auto* const bytes = static_cast<unsigned char*>(host->data());
    std::fill(bytes, bytes + size_bytes, static_cast<unsigned char>(0x5a));
    fill(*device, size_bytes);
    return to_device ? copy(std::move(host), std::move(device), size_bytes, cudaMemcpyHostToDevice)
                     : copy(std::move(device), std::move(host), size_bytes, cudaMemcpyDeviceToHost);
  }

  contestant product(td::dtype type, std::int64_t n) override {
    use();
    if (!cublas_) cublas_.emplace(stream_->handle());
    const std::int64_t size_bytes = n * n * td::item_size(type);
    auto x = filled(type, n * n);
    auto y = filled(type, n * n);
    auto z = std::make_shared<const block>(block::place::device, size_bytes);
    return {[this, x, y, z, type, n] { multiply(type, static_cast<int>(n), x->data(), y->data(), z->data()); },
            [on = stream_] { on->wait(); }};
  }

  contestant launch() override {
    use();
    cudaLibrary_t library = nullptr;
    check(cudaLibraryLoadData(&library, nothing_ptx, nullptr, nullptr, 0, nullptr, nullptr, 0), "cudaLibraryLoadData");
    cudaKernel_t kernel = nullptr;
    check(cudaLibraryGetKernel(&kernel, library, "nothing"), "cudaLibraryGetKernel");
    return {[on = stream_, kernel] {
              check(
                  cudaLaunchKernel(reinterpret_cast<const void*>(kernel), dim3(1), dim3(32), nullptr, 0, on->handle()),
                  "cudaLaunchKernel");
            },
            [on = stream_] { on->wait(); }};
  }

  std::string versions() const override {
    int driver = 0;
    check(cudaDriverGetVersion(&driver), "cudaDriverGetVersion");
    const auto text = [](int version) {
      return std::to_string(version / 1000) + "." + std::to_string(version % 1000 / 10);
    };
    return "yardsticks: CUDA " + text(CUDART_VERSION) + ", driver for CUDA " + text(driver);
  }

 private:
  // Other code may have made another device the thread's.
  void use() const { check(cudaSetDevice(index_), "cudaSetDevice"); }

  // What is prepared goes by another stream, which ours does not wait for.
  static void finish() { check(cudaDeviceSynchronize(), "preparing a yardstick"); }

  static void fill(const block& on_device, std::int64_t size_bytes) {
    check(cudaMemset(on_device.data(), 0x5a, static_cast<std::size_t>(size_bytes)), "cudaMemset");
    finish();
  }

  contestant copy(block_ptr from, block_ptr to, std::int64_t size_bytes, cudaMemcpyKind kind) const {
    return {[on = stream_, from = std::move(from), to = std::move(to), size_bytes, kind] {
              check(cudaMemcpyAsync(to->data(), from->data(), static_cast<std::size_t>(size_bytes), kind, on->handle()),
                    "cudaMemcpyAsync");
            },
            [on = stream_] { on->wait(); }};
  }

  template <class T>
  static block_ptr filled_with(std::int64_t count, int parts) {
    const std::vector<T> values = elements<T>(count * parts);
    const auto size_bytes = static_cast<std::int64_t>(values.size() * sizeof(T));
    auto result = std::make_shared<const block>(block::place::device, size_bytes);
    check(cudaMemcpy(result->data(), values.data(), static_cast<std::size_t>(size_bytes), cudaMemcpyHostToDevice),
          "cudaMemcpy");
    finish();
    return result;
  }

  static block_ptr filled(td::dtype type, std::int64_t count) {
    switch (type) {
      case td::dtype::float32: return filled_with<float>(count, 1);
      case td::dtype::float64: return filled_with<double>(count, 1);
      case td::dtype::complex64: return filled_with<float>(count, 2);
      case td::dtype::complex128: return filled_with<double>(count, 2);
      default: throw std::runtime_error("cuBLAS has no products of " + std::string(td::name(type)));
    }
  }

  void multiply(td::dtype type, int n, const void* x, const void* y, void* z) const {
    const auto run = [&](auto function, auto one, auto zero) {
      using T = decltype(one);
      check(function(cublas_->handle(), CUBLAS_OP_N, CUBLAS_OP_N, n, n, n, &one, static_cast<const T*>(x), n,
                     static_cast<const T*>(y), n, &zero, static_cast<T*>(z), n),
            "a product by cuBLAS");
    };
    switch (type) {
      case td::dtype::float32: run(cublas_->sgemm, 1.0F, 0.0F); break;
      case td::dtype::float64: run(cublas_->dgemm, 1.0, 0.0); break;
      case td::dtype::complex64: run(cublas_->cgemm, cuComplex{1, 0}, cuComplex{0, 0}); break;
      default: run(cublas_->zgemm, cuDoubleComplex{1, 0}, cuDoubleComplex{0, 0}); break;
    }
  }

  int index_;
  std::shared_ptr<const stream> stream_;
  std::optional<cublas> cublas_;
};

}  // namespace

found_yardsticks find_yardsticks(const td::device& where) {
  if (where.kind() != td::device::kind::gpu) return {nullptr, "not measured: the device is no GPU"};
  try {
    return {std::make_unique<cuda_yardsticks>(where.index()), ""};
  } catch (const std::exception& error) {
    return {nullptr, std::string("not measured: ") + error.what()};
  }
}

}  // namespace bench
