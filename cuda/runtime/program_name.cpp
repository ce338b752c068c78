#include "cuda/runtime/program_name.h"

#include <mutex>
#include <string_view>
#include <unordered_set>
#include <variant>

namespace tandem::cuda {

namespace {

struct stage_name {
  std::string_view operator()(const ops::elementwise_stage& what) const {
    if (what.chain.code.empty()) return "copy";
    const ops::instruction& last = what.chain.code.back();
    return last.converts ? "convert" : ops::info(last.which).name;
  }
  std::string_view operator()(const ops::reduce_stage& what) const { return ops::info(what.which).name; }
  std::string_view operator()(const ops::arg_stage& what) const { return what.largest ? "argmax" : "argmin"; }
  std::string operator()(const ops::scan_stage& what) const {
    return "scan of " + std::string(ops::info(what.which).name);
  }
  std::string_view operator()(const ops::matmul_stage&) const { return "matmul"; }
  std::string_view operator()(const ops::repeat_stage&) const { return "repeat"; }
};

}  // namespace

std::string program_name(const ops::program& what) {
  constexpr std::size_t most = 4;
  std::string name;
  for (std::size_t i = 0; i < what.stages.size() && i <= most; ++i) {
    if (i > 0) name += ", ";
    if (i == most) {
      name += "...";
    } else {
      name += std::visit([](const auto& stage) { return std::string(stage_name()(stage)); }, what.stages[i]);
    }
  }
  return name;
}

const std::string& kept_name(const std::string& name) {
  // Never destroyed; elements of such a set stay where they are.
  static std::mutex& guard = *new std::mutex;
  static auto& names = *new std::unordered_set<std::string>;
  const std::lock_guard lock(guard);
  return *names.insert(name).first;
}

}  // namespace tandem::cuda
