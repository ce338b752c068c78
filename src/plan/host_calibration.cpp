#include <algorithm>
#include <array>
#include <cmath>
#include <memory>
#include <vector>

#include <tandem/errors.h>

#include "plan/calibration.h"
#include "plan/probes.h"
#include "plan/rounds.h"
#include "plan/step_counter.h"

namespace tandem::plan {

namespace {

// A worker's share of an element-wise stage is whole tiles of so many elements in the CPU backend.
constexpr std::int64_t tile = 512;

// Every point once.
class host_round {
 public:
  host_round(host_subject& host, const effort& by) : host_(host), by_(by), cores_(std::max(host.cores(), 1)) {
    made_.cores = cores_;
    made_.level_bytes = host.level_bytes();
    find_counts();
  }

  host_profile make(step_counter& steps) {
    steps_ = &steps;
    measure_call();
    measure_classes();
    measure_sharing();
    measure_memory();
    measure_products();
    return std::move(made_);
  }

  int point_count() const {
    const auto shared = static_cast<int>(counts_.size()) - 1;
    const int sums = work_class_count * width_count - width_count;
    const int levels = level_count * static_cast<int>(counts_.size());
    const int products = static_cast<int>(extents_.size()) * width_count * (cores_ > 1 ? 2 : 1);
    return 1 + sums + 3 * shared + levels + products;
  }

 private:
  // 1, 2, 4, ..., all; only 1, 2 and all where there is little time.
  void find_counts() {
    for (int count = 1; count < cores_; count *= 2) {
      if (!by_.is_quick || count <= 2) counts_.push_back(count);
    }
    counts_.push_back(cores_);
    if (by_.is_quick) {
      extents_ = {32, 128, 512};
    } else {
      extents_ = {8, 32, 96, 256, 512, 1024};
    }
  }

  measured run(const ops::program& what, int workers) {
    const std::unique_ptr<probe> runs = host_.prepare(what);
    return measure(by_, [&] { return runs->run_us(workers); });
  }

  void measure_call() {
    steps_->next("a call");
    made_.call_us = time_of(run(smallest_program().code, 1));
  }

  // Operands and results in a core's caches, but for what is gathered, which is in the shared one.
  probe_program program_of(work_class of, int width) const {
    const double item = width == 0 ? 4 : 8;
    const double in_core = made_.level_bytes[0] / 2;
    const double in_shared = std::max(made_.level_bytes[1], made_.level_bytes[0]) / 2;
    const auto elements = [&](double bytes, double bytes_each) {
      return std::clamp<std::int64_t>(std::llround(bytes / bytes_each), 1024, std::int64_t{1} << 22);
    };
    switch (of) {
      case work_class::arithmetic: return class_program(of, width, elements(in_core, 3 * item), 8);
      case work_class::division: return class_program(of, width, elements(in_core, 3 * item), 4);
      case work_class::special: return class_program(of, width, elements(in_core, 2 * item), 3);
      case work_class::gathering: return class_program(of, width, elements(in_shared, 64), 1);
      case work_class::counting:
      case work_class::product: return class_program(of, width, 128 * 128, 1);
      case work_class::reduction:
      case work_class::search:
      case work_class::scan: break;
    }
    return class_program(of, width, elements(in_core, of == work_class::scan ? 2 * item : item), 1);
  }

  void measure_classes() {
    for (int i = 0; i < work_class_count; ++i) {
      const auto of = static_cast<work_class>(i);
      if (of == work_class::product) continue;
      for (int width = 0; width < width_count; ++width) {
        steps_->next(to_string(of));
        const probe_program what = program_of(of, width);
        const measured took = less(run(what.code, 1), made_.call_us.value);
        made_.operations_per_s[static_cast<std::size_t>(i)][static_cast<std::size_t>(width)] =
            rate_of(what.operations(of), took);
      }
    }
  }

  // Exponentials that one worker computes in about so long, in equal parts of whole tiles.
  probe_program shared_work(double us, int workers) const {
    const probe_program one_tile = class_program(work_class::special, 0, tile, 3);
    const double tile_us = one_tile.operations(work_class::special) /
                           made_.operations_per_s[static_cast<std::size_t>(work_class::special)][0].value * 1e6;
    const auto tiles_each = std::max<std::int64_t>(4, std::llround(us / tile_us / workers));
    return class_program(work_class::special, 0, tile * tiles_each * workers, 3);
  }

  void measure_sharing() {
    made_.speedup.at.push_back(1);
    made_.speedup.values.push_back({1, limits::least_sigma, 1, origin::calibrated});
    for (const int workers : counts_) {
      if (workers > 1) measure_sharing(workers);
    }
    if (cores_ > 1) return;
    // Nobody shares work out here; whoever asks for more workers than cores pays at least this.
    made_.fork_us = {{2}, {{1, limits::most_sigma, 0, origin::prior}}};
  }

  // Little work and much of it, w and W for one worker, take t = fork + w / speedup and T = fork + W / speedup. The
  // little is measured with operands where the workers left them in the run before, and with operands that one worker
  // has had since, whose caches they are in then: what is in between counts.
  void measure_sharing(int workers) {
    const double call_us = made_.call_us.value;
    const probe_program little = shared_work(25, workers);
    const std::unique_ptr<probe> runs = host_.prepare(little.code);
    steps_->next("sharing work out");
    const measured alone = less(measure(by_, [&] { return runs->run_us(1); }), call_us);
    const measured warm = measure(by_, [&] { return runs->run_us(workers); });
    steps_->next("sharing work out, operands elsewhere");
    const measured cold = measure(by_, [&] {
      runs->run_us(1);
      return runs->run_us(workers);
    });
    steps_->next("computing together");
    const probe_program much = shared_work(std::clamp(60.0 * workers, 500.0, 5000.0), workers);
    const std::unique_ptr<probe> runs_much = host_.prepare(much.code);
    const measured much_alone = less(measure(by_, [&] { return runs_much->run_us(1); }), call_us);
    const measured much_together = less(measure(by_, [&] { return runs_much->run_us(workers); }), call_us);

    const double little_us = (warm.us + cold.us) / 2 - call_us;
    // The part of one worker's time that the workers need; no less than their share.
    const double part = std::clamp(
        (much_together.us - little_us) / std::max(much_alone.us - alone.us, limits::least_us), 1.0 / workers, 2.0);
    constexpr double least_fork_us = 0.1;
    const double fork_us = std::max(little_us - alone.us * part, least_fork_us);
    const double sigma = std::max(warm.sigma, cold.sigma) * (little_us + call_us) / fork_us;
    made_.fork_us.at.push_back(workers);
    made_.fork_us.values.push_back(time_of({fork_us, sigma, warm.samples + cold.samples}));
    made_.speedup.at.push_back(workers);
    made_.speedup.values.push_back({1 / part, limits::sigma(std::hypot(much_alone.sigma, much_together.sigma)),
                                    much_together.samples, origin::calibrated});
  }

  // Footprints that stay in the workers' own caches, in the shared one, and in neither.
  void measure_memory() {
    for (const int workers : counts_) {
      const std::unique_ptr<probe> runs = host_.prepare(streaming_program(in_core_caches(workers)).code);
      add_rate(0, workers, *runs, in_core_caches(workers));
    }
    const double in_shared = std::max(made_.level_bytes[1] / 2, made_.level_bytes[0]);
    add_rates(1, in_shared, host_.prepare(streaming_program(in_shared).code));
    double beyond = std::min(std::max(4 * made_.level_bytes[1], 6.4e7), 2.56e8);
    if (by_.is_quick) beyond = std::min(beyond, std::max(2 * made_.level_bytes[1], 3.2e7));
    while (true) {
      try {
        add_rates(2, beyond, host_.prepare(streaming_program(beyond).code));
        return;
      } catch (const out_of_memory&) {
        if (beyond < 1e6) throw;
        beyond /= 2;
      }
    }
  }
  double in_core_caches(int workers) const {
    const double all = made_.level_bytes[0] / 2 * workers;
    // Whole tiles of three operands of float32 for each.
    constexpr double tile_bytes = 3.0 * 4 * tile;
    return std::max(1.0, std::round(all / workers / tile_bytes)) * tile_bytes * workers;
  }
  void add_rates(std::size_t level, double bytes, const std::unique_ptr<probe>& runs) {
    for (const int workers : counts_) add_rate(level, workers, *runs, bytes);
  }
  void add_rate(std::size_t level, int workers, probe& runs, double bytes) {
    constexpr std::string_view names[level_count] = {"cores' own caches", "shared cache", "memory"};
    steps_->next(names[level]);
    double fixed_us = made_.call_us.value;
    if (workers > 1) fixed_us += made_.fork_us(workers);
    const measured took = less(measure(by_, [&] { return runs.run_us(workers); }), fixed_us);
    constant rate = rate_of(bytes, took);
    curve& rates = made_.bytes_per_s[level];
    // In the cores' own caches each moves what one alone does, and no more; shares of larger footprints may come to be
    // in faster caches.
    if (level == 0 && workers > 1) rate.value = std::min(rate.value, workers * rates.values.front().value);
    rates.at.push_back(workers);
    rates.values.push_back(rate);
  }

  void measure_products() {
    for (int width = 0; width < width_count; ++width) {
      const auto row = static_cast<std::size_t>(width);
      for (const std::int64_t extent : extents_) {
        const probe_program what = product_program(width, extent);
        const std::unique_ptr<probe> runs = host_.prepare(what.code);
        add_product(made_.product_alone[row], what, extent, *runs, 1, nullptr);
        if (cores_ > 1)
          add_product(made_.product_together[row], what, extent, *runs, cores_, &made_.product_alone[row]);
      }
      if (cores_ == 1) made_.product_together[row] = made_.product_alone[row];
      // Nobody asks for it, but every rate of a profile is one.
      made_.operations_per_s[static_cast<std::size_t>(work_class::product)][row] =
          made_.product_alone[row].values.back();
    }
  }
  void add_product(curve& to, const probe_program& what, std::int64_t extent, probe& runs, int workers,
                   const curve* alone) {
    steps_->next("products of matrices");
    double fixed_us = made_.call_us.value;
    if (workers > 1) fixed_us += made_.fork_us(workers);
    const measured took = less(measure(by_, [&] { return runs.run_us(workers); }), fixed_us);
    constant rate = rate_of(what.operations(work_class::product), took);
    // A product may be too small to be shared out, and then there was no fork in the time.
    if (alone != nullptr) rate.value = std::min(rate.value, workers * alone->values.back().value);
    to.at.push_back(static_cast<double>(extent));
    to.values.push_back(rate);
  }

  host_subject& host_;
  effort by_;
  int cores_;
  step_counter* steps_ = nullptr;
  std::vector<int> counts_;
  std::vector<std::int64_t> extents_;
  host_profile made_;
};

}  // namespace

host_profile calibrate(host_subject& host, const effort& by, const calibration_progress& progress) {
  // Rounds have their points' time between them: what else goes on in the machine comes and goes, and is not to decide
  // a point, nor what workers do together against what they do alone.
  const int rounds = by.is_quick ? 3 : 5;
  effort each = by;
  each.most_us /= rounds;
  step_counter steps(rounds * host_round(host, each).point_count(), progress);
  std::vector<host_profile> made;
  for (int i = 0; i < rounds; ++i) made.push_back(host_round(host, each).make(steps));
  steps.finish();
  return combined(made);
}

}  // namespace tandem::plan
