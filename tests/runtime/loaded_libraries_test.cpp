#include "runtime/loaded_libraries.h"

#include <gtest/gtest.h>
#include <link.h>
#include <omp.h>
#include <sched.h>

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "runtime/loaded_objects.h"

// What is found in this very process, which is linked as the library is: libomp before OpenBLAS's OpenMP build.

using namespace tandem;
using namespace tandem::runtime;

namespace {

std::string own_file() { return std::filesystem::read_symlink("/proc/self/exe").string(); }

const loaded_library* find(const process_libraries& in, const std::string& name) {
  const auto at = std::ranges::find(in.libraries, name, &loaded_library::name);
  return at == in.libraries.end() ? nullptr : &*at;
}

std::string provider(const process_libraries& in, const std::string& call, const std::string& user) {
  for (const served_call& each : in.calls) {
    if (each.call == call && each.user == user) return each.provider;
  }
  return "";
}

TEST(LoadedLibraries, AreKnownByTheirFiles) {
  const std::vector<std::pair<std::string, std::string>> names = {
      {"/usr/lib/llvm-19/lib/libomp.so.5", "libomp"},
      {"libgomp.so.1", "libgomp"},
      {"/x/torch/lib/libgomp-a34b3233.so.1", "libgomp"},
      {"/opt/intel/libiomp5.so", "libiomp5"},
      {"libopenblas.so.0", "OpenBLAS"},
      {"libopenblasp-r0.3.21.so", "OpenBLAS"},
      {"libopenblas64_p-r0-15028c96.3.21.so", "OpenBLAS"},
      {"/x/numpy.libs/libscipy_openblas64_-ff651d7f.so", "OpenBLAS"},
      {"libmkl_rt.so.2", "MKL"},
      {"libmkl_core.so.2", "MKL"},
      {"libblis.so.4", "BLIS"},
      {"libflexiblas.so.3", "FlexiBLAS"},
      {"libatlas.so.3", "ATLAS"},
      {"/lib/x86_64-linux-gnu/libblas.so.3", "BLAS"},
      {"libomptarget.so.19", ""},
      {"libgomp-plugin-nvptx.so.1", ""},
      {"/home/libomp/application", ""},
      {"libm.so.6", ""},
      {"", ""},
  };
  for (const auto& [file, name] : names) {
    EXPECT_EQ(kind_of(file).name, name) << file;
    const bool is_openmp = name == "libomp" || name == "libgomp" || name == "libiomp5";
    EXPECT_EQ(kind_of(file).api, name.empty() ? "" : is_openmp ? "openmp" : "blas") << file;
  }
}

TEST(LoadedLibraries, AnIdleLibgompIsToldFromLibompAtWork) {
  const process_libraries found = find_loaded_libraries();
  EXPECT_EQ(found.tandem_file, own_file());
  const loaded_library* libomp = find(found, "libomp");
  ASSERT_NE(libomp, nullptr);
  EXPECT_TRUE(libomp->at_work);
  EXPECT_EQ(libomp->threads, omp_get_max_threads());
  const loaded_library* openblas = find(found, "OpenBLAS");
  ASSERT_NE(openblas, nullptr);
  EXPECT_TRUE(openblas->at_work);
  EXPECT_EQ(openblas->threading, "OpenMP");
  EXPECT_TRUE(openblas->configuration.starts_with("OpenBLAS " + openblas->version + " ")) << openblas->configuration;
  EXPECT_NE(openblas->kernels, "");
  EXPECT_GE(openblas->threads.value_or(0), 1);
  const loaded_library* libgomp = find(found, "libgomp");
  ASSERT_NE(libgomp, nullptr) << "OpenBLAS names it";
  EXPECT_FALSE(libgomp->at_work);
  EXPECT_EQ(libgomp->threads, std::nullopt);
}

TEST(LoadedLibraries, CallsLeadWhereTheDynamicLinkerSays) {
  const process_libraries found = find_loaded_libraries();
  const std::string libomp = find(found, "libomp")->file;
  const std::string openblas = find(found, "OpenBLAS")->file;
  EXPECT_EQ(provider(found, "omp_get_max_threads", own_file()), libomp);
  EXPECT_EQ(provider(found, "cblas_zgemm", own_file()), openblas);
  EXPECT_EQ(provider(found, "GOMP_parallel", openblas), libomp);
#if defined(__clang__)
  EXPECT_EQ(provider(found, "__kmpc_fork_call", own_file()), libomp);
#else
  EXPECT_EQ(provider(found, "GOMP_parallel", own_file()), libomp);
#endif
  for (const served_call& each : found.calls) EXPECT_NE(each.user, each.provider) << each.call;
}

TEST(LoadedLibraries, AskingAgainFindsTheSame) {
  const process_libraries before = find_loaded_libraries();
#pragma omp parallel
  {
  }
  const process_libraries after = find_loaded_libraries();  // the calls above are no longer predicted
  ASSERT_EQ(before.calls.size(), after.calls.size());
  for (std::size_t i = 0; i < before.calls.size(); ++i) {
    EXPECT_EQ(before.calls[i].call, after.calls[i].call);
    EXPECT_EQ(before.calls[i].provider, after.calls[i].provider) << before.calls[i].call;
  }
}

TEST(LoadedLibraries, AskingStartsNoThreadAndKeepsTheAffinity) {
  const auto threads = [] {
    const std::filesystem::directory_iterator all("/proc/self/task");
    return std::distance(begin(all), end(all));
  };
  cpu_set_t before;
  cpu_set_t after;
  ASSERT_EQ(sched_getaffinity(0, sizeof before, &before), 0);
  const auto threads_before = threads();
  find_loaded_libraries();
  EXPECT_EQ(threads(), threads_before);
  ASSERT_EQ(sched_getaffinity(0, sizeof after, &after), 0);
  EXPECT_TRUE(CPU_EQUAL(&before, &after));
}

TEST(LoadedObjects, AreThoseOfTheLoader) {
  std::vector<std::string> expected;
  dl_iterate_phdr(
      [](dl_phdr_info* info, std::size_t, void* to) {
        static_cast<std::vector<std::string>*>(to)->push_back(info->dlpi_name);
        return 0;
      },
      &expected);
  ASSERT_FALSE(expected.empty());
  expected.front() = own_file();
  std::vector<std::string> found;
  for (const loaded_object& each : loaded_objects([](std::string_view) { return false; })) {
    found.push_back(each.file);
    EXPECT_TRUE(each.references.empty());
    EXPECT_EQ(each.is_program, each.file == own_file());
  }
  EXPECT_EQ(found, expected);
}

TEST(LoadedObjects, ReferencesHaveVersionsAndAddresses) {
  const auto objects =
      loaded_objects([](std::string_view name) { return name == "cblas_zgemm" || name == "dl_iterate_phdr"; });
  const auto& references = objects.front().references;
  const auto libc = std::ranges::find(references, "dl_iterate_phdr", &reference::function);
  ASSERT_NE(libc, references.end());
  EXPECT_TRUE(libc->version.starts_with("GLIBC_")) << libc->version;
  EXPECT_EQ(libc->address, reinterpret_cast<std::uintptr_t>(&dl_iterate_phdr));
  const auto product = std::ranges::find(references, "cblas_zgemm", &reference::function);
  ASSERT_NE(product, references.end());
  EXPECT_EQ(product->version, "");
}

TEST(LoadedObjects, AFailureOfTheCallersPassesThrough) {
  EXPECT_THROW(loaded_objects([](std::string_view) -> bool { throw std::runtime_error("no"); }), std::runtime_error);
}

}  // namespace
