#include <cstdint>
#include <cstdio>
#include <exception>
#include <optional>
#include <span>
#include <string>
#include <type_traits>

#include <tandem/tandem.h>

// Prints what decides each field of a policy in a process of its own, for the tests of the environment.
//
// usage: report [LAYER]
//
// LAYER (call, scope or process) sets all fields to values that no test puts into the environment. Prints a line for
// each field, "FIELD VALUE LAYER", twice, then what came of an evaluation: "evaluated 42". Whatever fails prints one
// line instead: "error TEXT".
namespace td = tandem;

namespace {

template <class Value>
void print(const char* field, const td::setting<Value>& what) {
  std::string value;
  if constexpr (std::is_same_v<Value, bool>) {
    value = what.value ? "on" : "off";
  } else if constexpr (requires { td::to_string(what.value); }) {
    value = td::to_string(what.value);
  } else {
    value = std::to_string(what.value);
  }
  std::printf("%s %s %s\n", field, value.c_str(), td::to_string(what.layer).c_str());
}

void print_all(const td::policy& call) {
  const td::resolved_policy decided = td::policy_of_this_thread(call);
  print("workers", decided.workers);
  print("device", decided.device);
  print("strictness", decided.strictness);
  print("determinism", decided.determinism);
  print("transfers", decided.transfers);
  print("host_memory_bytes", decided.host_memory_bytes);
  print("device_memory_bytes", decided.device_memory_bytes);
  print("fast_math", decided.fast_math);
  print("pinned", decided.pinned);
}

template <class Work>
void attempt(Work&& work) {
  try {
    work();
  } catch (const td::policy_error& error) {
    std::printf("error %s\n", error.what());
  } catch (const std::exception& error) {
    std::printf("another error %s\n", error.what());
  }
}

}  // namespace

int main(int argc, char** argv) {
  const std::string layer = argc > 1 ? argv[1] : "";
  const td::policy all = {.workers = 11,
                          .device = td::device::cpu,
                          .strictness = td::strictness::preferred,
                          .determinism = td::determinism::relaxed,
                          .transfers = td::transfers::forbidden,
                          .host_memory_bytes = 1111,
                          .device_memory_bytes = 2222,
                          .fast_math = true,
                          .pinned = true};
  constexpr std::int64_t sixes[] = {6, 6, 6, 6, 6, 6};
  const td::expr operand = td::array(std::span<const std::int64_t>(sixes), {6});
  const td::policy call = layer == "call" ? all : td::policy{};
  std::optional<td::scoped_policy> scope;
  attempt([&] {
    if (layer == "scope") scope.emplace(all);
    if (layer == "process") td::set_default_policy(all);
  });
  for (int i = 0; i < 2; ++i) attempt([&] { print_all(call); });
  attempt([&] {
    const td::ndarray result = td::eval(td::sum(operand + 1), call);
    std::printf("evaluated %lld\n", static_cast<long long>(*result.data<const std::int64_t>()));
  });
}
