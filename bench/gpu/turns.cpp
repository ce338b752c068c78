#include "gpu/turns.h"

#include <algorithm>
#include <cstddef>

#include "gpu/device_time.h"

namespace bench {

namespace {

// Few enough for the queue of a GPU, which holds about a thousand launches, never to fill: a call would wait then.
constexpr int calls_until_return = 100;
constexpr int most_calls = 100'000;

double turn_us(const contestant& who, int calls, const tandem::device& where) {
  double sum_us = 0;
  if (who.prepare) {
    for (int i = 0; i < calls; ++i) {
      who.prepare();
      const double begin = time_us(where);
      who.call();
      who.wait();
      sum_us += time_us(where) - begin;
    }
    return sum_us;
  }
  const double begin = time_us(where);
  for (int i = 0; i < calls; ++i) who.call();
  if (who.until_return) {
    const double end = time_us(where);
    who.wait();
    return end - begin;
  }
  who.wait();
  return time_us(where) - begin;
}

// The number of calls of a turn, found while warming up.
int warm_up(const contestant& who, const effort& how, const tandem::device& where) {
  turn_us(who, 2, where);
  if (who.until_return) {
    turn_us(who, calls_until_return, where);
    return calls_until_return;
  }
  int calls = 1;
  for (;;) {
    const double took_us = turn_us(who, calls, where);
    if (took_us >= how.turn_us || calls >= most_calls) return calls;
    const double missing = how.turn_us / std::max(took_us, 1e-3);
    calls = static_cast<int>(std::min<double>(most_calls, calls * std::clamp(1.1 * missing, 1.5, 10.0) + 1));
  }
}

}  // namespace

std::vector<timing> take_turns(const std::vector<contestant>& all, const effort& how, const tandem::device& where) {
  std::vector<int> calls;
  for (const contestant& each : all) calls.push_back(warm_up(each, how, where));
  std::vector<std::vector<double>> figures(all.size());
  for (int round = 0; round < how.rounds; ++round) {
    for (std::size_t i = 0; i < all.size(); ++i) figures[i].push_back(turn_us(all[i], calls[i], where) / calls[i]);
  }
  std::vector<timing> result;
  for (std::vector<double>& each : figures) {
    std::sort(each.begin(), each.end());
    result.push_back({each[each.size() / 2], each.front(), each.back()});
  }
  return result;
}

}  // namespace bench
