// The examples of docs/parallelism.md: what a user's own functions share out. Each part checks what it prints.
#include <cmath>
#include <cstdlib>
#include <iostream>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <vector>

#include <tandem/tandem.h>

namespace td = tandem;

namespace {

void expect(bool holds, const char* what) {
  if (holds) return;
  std::cerr << "not as docs/parallelism.md says: " << what << "\n";
  std::exit(EXIT_FAILURE);
}

void layers() {
  // [layers]
  td::set_default_policy({.workers = 8});
  const int by_default = td::workers_of_this_thread();  // 8
  const td::scoped_policy block({.workers = 4});
  const int in_block = td::workers_of_this_thread();               // 4
  const int in_call = td::workers_of_this_thread({.workers = 2});  // 2
  const td::resolved_policy rules = td::policy_of_this_thread();
  std::cout << to_string(rules.workers.layer) << "\n";  // scoped_policy
  // [layers]
  expect(by_default == 8 && in_block == 4 && in_call == 2, "layers");
  expect(rules.workers.layer == td::policy_layer::scope, "the layer that decided");
  td::set_default_policy({});
}

void loops() {
  // [loops]
  std::vector<std::string> names = {"a", "b", "c"};
  td::parallel_for(names, [](std::string& name) { name += ".npy"; });

  const td::ndarray squares = td::parallel_map(10, [](std::int64_t i) { return i * i; });  // int64, shape (10)
  const std::vector<std::string> texts =
      td::parallel_map(td::index_range(10, 40, 10), [](std::int64_t i) { return std::to_string(i); });
  // [loops]
  expect(names[2] == "c.npy" && squares.at<std::int64_t>({9}) == 81 && texts.back() == "30", "loops");
}

void arrays() {
  // [arrays]
  const td::ndarray x = td::linspace(0, 1, 1000);
  const td::ndarray table = td::ones({1000, 64});
  // Once for each element of both, broadcast to one shape:
  const td::ndarray powers = td::parallel_map({x, td::array<double>({2})},
                                              [](double base, double exponent) { return std::pow(base, exponent); });
  // Once for each slice along the first axis; what it evaluates has its share of the workers:
  const td::ndarray lengths = td::parallel_map(
      table, [](const td::ndarray& row) { return td::ndarray(td::sqrt(td::vecdot(row, row))).item<double>(); });
  // [arrays]
  expect(powers.at<double>({999}) == 1 && lengths.at<double>({0}) == 8, "arrays");
}

void lazily() {
  // [lazily]
  double total = 0;
  const auto simulate = [](std::int64_t seed) { return static_cast<double>(seed) / 2; };
  for (auto& [index, value] : td::parallel_imap(1000, simulate, {.ordered = false, .window = 32})) total += value;
  // [lazily]
  expect(total == 249750, "parallel_imap");
}

void failures() {
  // [failures]
  std::string told;
  try {
    td::parallel_for(100,
                     [](std::int64_t i) {
                       if (i % 10 == 7) throw std::runtime_error("item " + std::to_string(i));
                     },
                     {.chunk = 1, .rules = {.workers = 1}});
  } catch (const std::runtime_error& error) {
    told = error.what();  // "item 7"
  }

  std::stop_source stop;
  bool ended_early = false;
  try {
    td::parallel_for(1'000'000,
                     [&](std::int64_t i) {
                       if (i == 10) stop.request_stop();
                     },
                     {.stop = stop.get_token()});
  } catch (const td::stopped&) {
    ended_early = true;
  }
  // [failures]
  expect(told == "item 7" && ended_early, "failures");
}

void shares() {
  // [shares]
  const td::ndarray inside = td::parallel_map(2, [](std::int64_t) { return td::workers_of_this_thread(); },
                                              {.chunk = 1, .rules = {.workers = 8}});  // 4 and 4
  // [shares]
  for (const int each : inside.to_vector<int>()) expect(each == 4, "shares");
}

}  // namespace

int main() {
  layers();
  loops();
  arrays();
  lazily();
  failures();
  shares();
  std::cout << "all as docs/parallelism.md says\n";
}
