#include <gtest/gtest.h>

#include <climits>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include <tandem/tandem.h>

#include "policy/default_guard.h"
#include "support/elements.h"

// Which layer decides which field: the call before scopes, inner scopes before outer ones, scopes before the process.
namespace tandem::testing {
namespace {

// One field: how a policy sets it to one of four values, and how a decided policy shows it.
struct field_case {
  const char* title;
  std::function<void(policy&, int)> set;
  std::function<std::string(int)> shown;
  std::function<std::pair<std::string, policy_layer>(const resolved_policy&)> decided;
};

template <class Value>
std::string text(Value value) {
  if constexpr (!std::is_arithmetic_v<Value>) {
    return tandem::to_string(value);
  } else {
    return std::to_string(value);
  }
}

template <class Value>
field_case make_case(const char* title, std::optional<Value> policy::* member, setting<Value> resolved_policy::* result,
                     std::vector<Value> values) {
  return {title, [=](policy& rules, int i) { rules.*member = values[static_cast<std::size_t>(i) % values.size()]; },
          [=](int i) { return text(values[static_cast<std::size_t>(i) % values.size()]); },
          [=](const resolved_policy& from) { return std::pair(text((from.*result).value), (from.*result).layer); }};
}

std::vector<field_case> all_fields() {
  return {make_case<int>("workers", &policy::workers, &resolved_policy::workers,
                         {1, max_workers, all_permitted_cores, automatic_workers}),
          make_case<device>("device", &policy::device, &resolved_policy::device,
                            {device::cpu, device::gpu(2), device::gpu(0), device::automatic}),
          make_case<strictness>("strictness", &policy::strictness, &resolved_policy::strictness,
                                {strictness::preferred, strictness::strict}),
          make_case<determinism>("determinism", &policy::determinism, &resolved_policy::determinism,
                                 {determinism::relaxed, determinism::repeatable}),
          make_case<transfers>("transfers", &policy::transfers, &resolved_policy::transfers,
                               {transfers::forbidden, transfers::implicit}),
          make_case<std::int64_t>("host memory", &policy::host_memory_bytes, &resolved_policy::host_memory_bytes,
                                  {0, 1, unlimited - 1, unlimited}),
          make_case<std::int64_t>("device memory", &policy::device_memory_bytes, &resolved_policy::device_memory_bytes,
                                  {unlimited, 7, 0, 8}),
          make_case<bool>("fast math", &policy::fast_math, &resolved_policy::fast_math, {true, false}),
          make_case<bool>("pinned", &policy::pinned, &resolved_policy::pinned, {true, false})};
}

policy with(const field_case& field, int value) {
  policy rules;
  field.set(rules, value);
  return rules;
}

TEST(Layers, OfEachFieldDecideFromTheCallDown) {
  const default_guard guard;
  for (const field_case& field : all_fields()) {
    SCOPED_TRACE(field.title);
    const auto expect = [&](const policy& call, int value, policy_layer layer) {
      const auto [shown, decided_by] = field.decided(policy_of_this_thread(call));
      EXPECT_EQ(shown, field.shown(value));
      EXPECT_EQ(decided_by, layer);
    };
    set_default_policy(with(field, 0));
    expect({}, 0, policy_layer::process);
    expect(with(field, 1), 1, policy_layer::call);
    {
      const scoped_policy outer(with(field, 1));
      expect({}, 1, policy_layer::scope);
      expect(with(field, 0), 0, policy_layer::call);
      {
        const scoped_policy inner(with(field, 2));
        expect({}, 2, policy_layer::scope);
        expect(with(field, 3), 3, policy_layer::call);
        const scoped_policy empty({});
        expect({}, 2, policy_layer::scope);
        set_default_policy(with(field, 3));
        expect({}, 2, policy_layer::scope);
      }
      expect({}, 1, policy_layer::scope);
    }
    expect({}, 3, policy_layer::process);
    set_default_policy({});
    EXPECT_GE(field.decided(policy_of_this_thread()).second, policy_layer::environment);
  }
}

// Each field is set by one layer alone; the layers take turns.
TEST(Layers, DecideFieldsOneByOne) {
  const default_guard guard;
  const std::vector<field_case> fields = all_fields();
  constexpr policy_layer layers[] = {policy_layer::call, policy_layer::scope, policy_layer::scope,
                                     policy_layer::process};
  for (std::size_t shift = 0; shift < 4; ++shift) {
    policy rules[4];
    for (std::size_t i = 0; i < fields.size(); ++i) fields[i].set(rules[(i + shift) % 4], static_cast<int>(i + shift));
    set_default_policy(rules[3]);
    const scoped_policy outer(rules[2]);
    const scoped_policy inner(rules[1]);
    const resolved_policy decided = policy_of_this_thread(rules[0]);
    for (std::size_t i = 0; i < fields.size(); ++i) {
      const auto [shown, layer] = fields[i].decided(decided);
      EXPECT_EQ(shown, fields[i].shown(static_cast<int>(i + shift))) << fields[i].title << " " << shift;
      EXPECT_EQ(layer, layers[(i + shift) % 4]) << fields[i].title << " " << shift;
    }
  }
}

TEST(Layers, OfProgressAreTheSame) {
  const default_guard guard;
  const ndarray a = ones({100});
  progress of_process;
  progress of_scope;
  progress of_call;
  EXPECT_EQ(policy_of_this_thread().progress.value, nullptr);
  EXPECT_EQ(policy_of_this_thread().progress.layer, policy_layer::library);
  set_default_policy({.progress = &of_process});
  EXPECT_EQ(policy_of_this_thread().progress.value, &of_process);
  EXPECT_EQ(policy_of_this_thread().progress.layer, policy_layer::process);
  {
    const scoped_policy scope({.progress = &of_scope});
    const scoped_policy other({.workers = 1});
    EXPECT_EQ(policy_of_this_thread().progress.value, &of_scope);
    EXPECT_EQ(policy_of_this_thread().progress.layer, policy_layer::scope);
    EXPECT_EQ(policy_of_this_thread({.progress = &of_call}).progress.value, &of_call);
    EXPECT_EQ(policy_of_this_thread({.progress = &of_call}).progress.layer, policy_layer::call);
    EXPECT_EQ(policy_of_this_thread({.progress = &of_call}).workers.value, 1);
    static_cast<void>(eval(expr(a) + 1));
  }
  EXPECT_EQ(of_scope.done(), 100);
  EXPECT_EQ(of_process.total(), 0);
}

TEST(Layers, DecideWhatAnEvaluationDoes) {
  const default_guard guard;
  const ndarray a = ones({10});
  const auto is_refused = [&](const policy& call) {
    try {
      static_cast<void>(eval(expr(a) + 1, call));
      return false;
    } catch (const out_of_memory&) {
      return true;
    }
  };
  set_default_policy({.host_memory_bytes = 79});
  EXPECT_TRUE(is_refused({}));
  EXPECT_FALSE(is_refused({.host_memory_bytes = 80}));
  {
    const scoped_policy enough({.host_memory_bytes = 80});
    EXPECT_FALSE(is_refused({}));
    EXPECT_TRUE(is_refused({.host_memory_bytes = 0}));
    const scoped_policy other({.workers = 2});
    EXPECT_FALSE(is_refused({}));
  }
  EXPECT_TRUE(is_refused({}));
  set_default_policy({.workers = 1});
  EXPECT_FALSE(is_refused({}));
}

TEST(ScopedPolicy, EndsWithAnException) {
  try {
    const scoped_policy outer({.workers = 3});
    const scoped_policy inner({.workers = 5});
    throw std::runtime_error("leave");
  } catch (const std::runtime_error&) {
  }
  EXPECT_NE(policy_of_this_thread().workers.layer, policy_layer::scope);
}

TEST(ScopedPolicy, ThatIsRefusedLeavesWhatWas) {
  const scoped_policy outer({.workers = 3});
  EXPECT_THROW(scoped_policy({.workers = 0}), policy_error);
  EXPECT_EQ(policy_of_this_thread().workers.value, 3);
  {
    const scoped_policy inner({.fast_math = true});
    EXPECT_THROW(scoped_policy({.host_memory_bytes = -1}), policy_error);
    EXPECT_EQ(policy_of_this_thread().workers.value, 3);
    EXPECT_TRUE(policy_of_this_thread().fast_math.value);
  }
  EXPECT_FALSE(policy_of_this_thread({.fast_math = false}).fast_math.value);
  EXPECT_EQ(policy_of_this_thread().workers.value, 3);
}

TEST(ScopedPolicy, KeepsACopyOfItsRules) {
  policy rules{.workers = 3};
  const scoped_policy scope(rules);
  rules.workers = 4;
  EXPECT_EQ(policy_of_this_thread().workers.value, 3);
}

TEST(ScopedPolicy, NestsDeeply) {
  std::vector<std::unique_ptr<scoped_policy>> scopes;
  for (int depth = 0; depth < 1000; ++depth) {
    scopes.push_back(std::make_unique<scoped_policy>(depth % 2 == 0 ? policy{.workers = depth + 1}
                                                                    : policy{.host_memory_bytes = depth}));
    EXPECT_EQ(policy_of_this_thread().workers.value, depth / 2 * 2 + 1);
  }
  while (!scopes.empty()) {
    const int depth = static_cast<int>(scopes.size()) - 1;
    EXPECT_EQ(policy_of_this_thread().workers.value, depth / 2 * 2 + 1);
    scopes.pop_back();
  }
  EXPECT_NE(policy_of_this_thread().workers.layer, policy_layer::scope);
}

TEST(ScopedPolicy, IsItsThreadsOwn) {
  const default_guard guard;
  set_default_policy({.workers = 7});
  const scoped_policy mine({.workers = 3});
  std::thread([] {
    EXPECT_EQ(policy_of_this_thread().workers.value, 7);
    const scoped_policy other({.workers = 4});
    EXPECT_EQ(policy_of_this_thread().workers.value, 4);
    set_default_policy({.workers = 8, .fast_math = true});
  }).join();
  EXPECT_EQ(policy_of_this_thread().workers.value, 3);
  EXPECT_TRUE(policy_of_this_thread().fast_math.value) << "this thread had looked before the other one set it";
}

TEST(DefaultPolicy, IsReplacedAsAWhole) {
  const default_guard guard;
  set_default_policy({.workers = 3, .host_memory_bytes = 5});
  EXPECT_EQ(default_policy().workers, 3);
  EXPECT_EQ(default_policy().host_memory_bytes, 5);
  set_default_policy({.fast_math = true});
  EXPECT_EQ(default_policy().workers, std::nullopt);
  EXPECT_EQ(default_policy().host_memory_bytes, std::nullopt);
  EXPECT_EQ(default_policy().fast_math, true);
  EXPECT_NE(policy_of_this_thread().workers.layer, policy_layer::process);
  set_default_policy({});
  EXPECT_EQ(default_policy().fast_math, std::nullopt);
}

// Impossible values, each with what the error must say of it.
struct impossible {
  policy rules;
  std::vector<const char*> named;
};

std::vector<impossible> impossible_policies() {
  return {{{.workers = 0}, {"workers is 0", "1 to 1024", "-1"}},
          {{.workers = -2}, {"workers is -2"}},
          {{.workers = max_workers + 1}, {"workers is 1025"}},
          {{.workers = INT_MAX}, {"workers is 2147483647"}},
          {{.workers = INT_MIN}, {"workers is -2147483648"}},
          {{.device = device::gpu(-1)}, {"device is gpu:-1"}},
          {{.strictness = static_cast<strictness>(2)}, {"strictness is 2"}},
          {{.determinism = static_cast<determinism>(255)}, {"determinism is 255"}},
          {{.transfers = static_cast<transfers>(9)}, {"transfers is 9"}},
          {{.host_memory_bytes = -1}, {"host_memory_bytes is -1", "0 or more"}},
          {{.device_memory_bytes = INT64_MIN}, {"device_memory_bytes is -9223372036854775808"}}};
}

TEST(ImpossibleValues, AreErrorsThatNameTheirSource) {
  const default_guard guard;
  set_default_policy({.workers = 2});
  const ndarray target = zeros({3});
  for (const impossible& each : impossible_policies()) {
    SCOPED_TRACE(each.named.front());
    const std::pair<const char*, std::function<void()>> ways[] = {
        {"policy of the call", [&] { static_cast<void>(policy_of_this_thread(each.rules)); }},
        {"policy of the call", [&] { static_cast<void>(workers_of_this_thread(each.rules)); }},
        {"policy of the call", [&] { static_cast<void>(eval(expr(target) + 1, each.rules)); }},
        {"policy of the call", [&] { static_cast<void>(eval(target, each.rules)); }},
        {"policy of the call", [&] { target.assign(1, each.rules); }},
        {"scoped_policy", [&] { const scoped_policy scope(each.rules); }},
        {"set_default_policy", [&] { set_default_policy(each.rules); }}};
    for (const auto& [source, way] : ways) {
      const std::string said = text_of<policy_error>(way);
      EXPECT_TRUE(said.starts_with(source)) << said;
      for (const char* part : each.named) EXPECT_TRUE(mentions(said, {part}));
    }
    EXPECT_EQ(default_policy().workers, 2) << "nothing is changed";
  }
  EXPECT_EQ(elements_of<double>(target), (std::vector<double>{0, 0, 0}));
}

TEST(Words, AreThoseOfTheDocumentation) {
  EXPECT_EQ(to_string(policy_layer::call), "call");
  EXPECT_EQ(to_string(policy_layer::scope), "scoped_policy");
  EXPECT_EQ(to_string(policy_layer::process), "set_default_policy");
  EXPECT_EQ(to_string(policy_layer::environment), "environment");
  EXPECT_EQ(to_string(policy_layer::openmp_environment), "OMP_NUM_THREADS");
  EXPECT_EQ(to_string(policy_layer::library), "default");
  EXPECT_EQ(to_string(device::automatic), "automatic");
  EXPECT_EQ(to_string(device::cpu), "cpu");
  EXPECT_EQ(to_string(device::gpu()), "gpu:0");
  EXPECT_EQ(to_string(device::gpu(12)), "gpu:12");
  EXPECT_EQ(to_string(strictness::strict), "strict");
  EXPECT_EQ(to_string(strictness::preferred), "preferred");
  EXPECT_EQ(to_string(determinism::relaxed), "relaxed");
  EXPECT_EQ(to_string(determinism::repeatable), "repeatable");
  EXPECT_EQ(to_string(transfers::implicit), "implicit");
  EXPECT_EQ(to_string(transfers::forbidden), "forbidden");
}

}  // namespace
}  // namespace tandem::testing
