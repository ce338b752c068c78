#include "codegen/emulator/kernels.h"

#include <dlfcn.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <sstream>
#include <stdexcept>
#include <variant>

#include <unistd.h>

#include "cuda/codegen/headers.h"

namespace tandem::testing {

namespace {

namespace files = std::filesystem;

void write_text(const files::path& to, const std::string& text) {
  files::create_directories(to.parent_path());
  std::ofstream out(to, std::ios::binary);
  out << text;
  if (!out.flush()) throw std::runtime_error("cannot write " + to.string());
}

std::string text_of(const files::path& from) {
  std::ifstream in(from, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

// One translation unit. Each kernel has a namespace of its own already.
std::string joined(std::span<const cuda::kernel* const> kernels) {
  std::ostringstream text;
  for (const cuda::kernel* const each : kernels) {
    text << each->text() << "extern \"C\" void call_" << each->name << "(const void* words) { td_call(&in_"
         << each->name << "::" << each->name << ", words); }\n";
  }
  return text.str();
}

std::string number_of(const std::string& text) {
  char digits[17];
  std::snprintf(digits, sizeof digits, "%016zx", std::hash<std::string>()(text));
  return digits;
}

template <class T>
T symbol(void* library, const std::string& name) {
  return reinterpret_cast<T>(dlsym(library, name.c_str()));
}

}  // namespace

void host_kernels::make_ready(std::span<const cuda::lowered_program* const> programs) {
  std::map<std::string, const cuda::kernel*> missing;
  for (const cuda::lowered_program* const program : programs) {
    for (const cuda::step& step : program->steps) {
      const auto* const launch = std::get_if<cuda::launch>(&step);
      if (launch == nullptr) continue;
      const cuda::kernel& code = *launch->code;
      const auto [at, added] = keys_.try_emplace(code.name, code.key);
      if (at->second != code.key)
        throw std::runtime_error("kernels '" + at->second + "' and '" + code.key + "' have the same name " + code.name);
      if (!loaded_.contains(code.name)) missing.try_emplace(code.name, &code);
    }
  }
  std::vector<const cuda::kernel*> batch;
  for (const auto& [name, code] : missing) {
    batch.push_back(code);
    if (batch.size() == 100) {
      compile(batch);
      batch.clear();
    }
  }
  if (!batch.empty()) compile(batch);
}

void host_kernels::compile(std::span<const cuda::kernel* const> kernels) {
  const std::string flags =
      " -std=c++20 -O0 -g0 -w -shared -fPIC -ffp-contract=off -fno-strict-aliasing -fno-exceptions -Wl,-Bsymbolic";
  std::string headers;
  for (const cuda::header& each : cuda::headers()) headers += std::string(each.name) + std::string(each.text);
  const std::string shim = TANDEM_EMULATOR_SHIM;
  const std::string text = joined(kernels);
  const std::string compiler = TANDEM_CXX_COMPILER;
  const files::path folder =
      files::path(TANDEM_EMULATOR_FOLDER) / number_of(text + headers + text_of(shim) + compiler + flags);
  const files::path library = folder / "kernels.so";
  if (!files::exists(library)) {
    for (const cuda::header& each : cuda::headers()) {
      write_text(folder / "include" / std::string(each.name), std::string(each.text));
    }
    write_text(folder / "kernels.cpp", text);
    // Under another name until it is whole: tests may run beside each other.
    const files::path made = folder / ("made_" + std::to_string(getpid()) + ".so");
    const files::path messages = folder / "messages.txt";
    const std::string command = compiler + flags + " -include " + shim + " -I " + (folder / "include").string() + " " +
                                (folder / "kernels.cpp").string() + " -o " + made.string() + " > " + messages.string() +
                                " 2>&1";
    if (std::system(command.c_str()) != 0) {
      throw std::runtime_error("kernels do not compile for the host: " + command + "\n" + text_of(messages));
    }
    files::rename(made, library);
  }
  void* const loaded = dlopen(library.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (loaded == nullptr) throw std::runtime_error(dlerror());
  auto* const gpu = symbol<td_emulated_gpu*>(loaded, "td_gpu");
  auto* const shared_begin = symbol<std::byte* (*)()>(loaded, "td_shared_begin");
  auto* const shared_end = symbol<std::byte* (*)()>(loaded, "td_shared_end");
  for (const cuda::kernel* const each : kernels) {
    const auto call = symbol<void (*)(const void*)>(loaded, "call_" + each->name);
    if (call == nullptr || gpu == nullptr) throw std::runtime_error("no " + each->name + " in " + library.string());
    loaded_[each->name] = {call, gpu, shared_begin(), shared_end()};
  }
}

const host_kernel& host_kernels::at(const cuda::kernel& which) const {
  const auto at = loaded_.find(which.name);
  if (at == loaded_.end()) throw std::runtime_error("kernel " + which.name + " was not made ready");
  return at->second;
}

}  // namespace tandem::testing
