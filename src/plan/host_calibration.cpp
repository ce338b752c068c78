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

// Work that stays in the cores is done so much faster at least: two threads of one core reach 1.3 together. Work in the
// shared cache or in memory gains less, but one core alone does not use all of either. Less than that has been measured
// on virtual machines whose host gave their cores to others for seconds. To believe it costs all workers but one from
// then on, not to believe it next to nothing: a worker that does not help hardly hinders.
double least_speedup(int workers) { return std::pow(workers, 0.4); }
double least_speedup_of_sharers(int workers) { return 1 + 0.2 * std::log2(workers); }

// Little work and much of it, done by one worker and by several; times without the call.
struct sharing {
  int workers;
  measured little_alone;
  measured little_together;
  measured much_alone;
  measured much_together;
};

// Work that takes one worker w takes several t = fork + w / speedup: from the little, w and t, and the much, W and T,
// the two unknowns follow.
void add_sharing(host_profile& to, const sharing& of) {
  // Two cores that share a cache wake each other in 0.4 us, others in 3 to 4: on a virtual machine, which of them two
  // cores are may change after they were measured.
  constexpr double least_fork_us = 1;
  const double more_alone_us = std::max(of.much_alone.us - of.little_alone.us, limits::least_us);
  // The part of one worker's time that the workers need: no less than their share.
  const double part = std::clamp((of.much_together.us - of.little_together.us) / more_alone_us, 1.0 / of.workers,
                                 1 / least_speedup(of.workers));
  // What a fork usually takes: to share out what is over by then costs more than not to share out a little more.
  const double fork_us = std::max(of.little_together.median_us - of.little_alone.median_us * part, least_fork_us);
  const double fork_sigma = of.little_together.sigma * of.little_together.us / fork_us;
  to.fork_us.at.push_back(of.workers);
  to.fork_us.values.push_back(time_of({fork_us, fork_sigma, of.little_together.samples}));
  to.speedup.at.push_back(of.workers);
  to.speedup.values.push_back({1 / part, limits::sigma(std::hypot(of.much_alone.sigma, of.much_together.sigma)),
                               of.much_together.samples, origin::calibrated});
}

// One worker does what one worker does, and nobody shares anything out.
void start_sharing(host_profile& to) {
  to.speedup = {{1}, {{1, limits::least_sigma, 1, origin::calibrated}}};
  to.fork_us = {};
  // Whoever asks for more workers than cores pays at least this.
  if (to.cores == 1) to.fork_us = {{2}, {{1, limits::most_sigma, 0, origin::prior}}};
}

// Every point once.
class host_round {
 public:
  /// `tile_us` is that of another round, so that both share out the same work; 0 for the first one.
  host_round(host_subject& host, const effort& by, double tile_us)
      : host_(host), by_(by), undisturbed_(by), cores_(std::max(host.cores(), 1)), tile_us_(tile_us) {
    undisturbed_.quantile = 0.1;
    made_.cores = cores_;
    made_.level_bytes = host.level_bytes();
    find_counts();
  }

  const std::vector<sharing>& sharings() const noexcept { return sharing_; }
  double tile_us() const noexcept { return tile_us_; }

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

  // Operands and results in a core's caches.
  probe_program program_of(work_class of, int width) const {
    const double item = width == 0 ? 4 : 8;
    const double in_core = made_.level_bytes[0] / 2;
    const auto elements = [&](double bytes, double bytes_each) {
      return std::clamp<std::int64_t>(std::llround(bytes / bytes_each), 1024, std::int64_t{1} << 22);
    };
    switch (of) {
      case work_class::arithmetic: return class_program(of, width, elements(in_core, 3 * item), 8);
      case work_class::division: return class_program(of, width, elements(in_core, 3 * item), 4);
      case work_class::special: return class_program(of, width, elements(in_core, 2 * item), 3);
      case work_class::gathering: return class_program(of, width, elements(in_core, 64 + item), 1);
      case work_class::transposing: return class_program(of, width, elements(in_core, 2 * item), 1);
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
    const auto tiles_each = std::max<std::int64_t>(4, std::llround(us / tile_us_ / workers));
    return class_program(work_class::special, 0, tile * tiles_each * workers, 3);
  }

  void measure_sharing() {
    start_sharing(made_);
    if (tile_us_ == 0) {
      const probe_program one_tile = class_program(work_class::special, 0, tile, 3);
      tile_us_ = one_tile.operations(work_class::special) /
                 made_.operations_per_s[static_cast<std::size_t>(work_class::special)][0].value * 1e6;
    }
    for (const int workers : counts_) {
      if (workers > 1) measure_sharing(workers);
    }
  }

  // The little work is measured with operands where the workers left them in the run before, and with operands that one
  // worker has had since, whose caches they are in then: what is in between counts.
  void measure_sharing(int workers) {
    const double call_us = made_.call_us.value;
    const probe_program little = shared_work(25, workers);
    const std::unique_ptr<probe> runs = host_.prepare(little.code);
    steps_->next("sharing work out");
    const measured alone = less(measure(undisturbed_, [&] { return runs->run_us(1); }), call_us);
    const measured warm = measure(undisturbed_, [&] { return runs->run_us(workers); });
    steps_->next("sharing work out, operands elsewhere");
    const measured cold = measure(undisturbed_, [&] {
      runs->run_us(1);
      return runs->run_us(workers);
    });
    steps_->next("computing together");
    const probe_program much = shared_work(std::clamp(60.0 * workers, 500.0, 5000.0), workers);
    const std::unique_ptr<probe> runs_much = host_.prepare(much.code);
    const measured much_alone = less(measure(undisturbed_, [&] { return runs_much->run_us(1); }), call_us);
    const measured much_together = less(measure(undisturbed_, [&] { return runs_much->run_us(workers); }), call_us);

    const measured little_together = less({(warm.us + cold.us) / 2, std::max(warm.sigma, cold.sigma),
                                           warm.samples + cold.samples, (warm.median_us + cold.median_us) / 2},
                                          call_us);
    sharing_.push_back({workers, alone, little_together, much_alone, much_together});
    add_sharing(made_, sharing_.back());
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
    const measured took = less(measure(undisturbed_, [&] { return runs.run_us(workers); }), fixed_us);
    constant rate = rate_of(bytes, took);
    curve& rates = made_.bytes_per_s[level];
    // In the cores' own caches each moves what one alone does, and no more; shares of larger footprints may come to be
    // in faster caches.
    if (workers > 1) {
      const double alone = rates.values.front().value;
      rate.value = level == 0 ? std::clamp(rate.value, least_speedup(workers) * alone, workers * alone)
                              : std::max(rate.value, least_speedup_of_sharers(workers) * alone);
    }
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
    const measured took = less(measure(undisturbed_, [&] { return runs.run_us(workers); }), fixed_us);
    constant rate = rate_of(what.operations(work_class::product), took);
    // A product may be too small to be shared out, and then there was no fork in the time.
    if (alone != nullptr) rate.value = std::min(rate.value, workers * alone->values.back().value);
    to.at.push_back(static_cast<double>(extent));
    to.values.push_back(rate);
  }

  host_subject& host_;
  effort by_;
  // For what several workers do, and one to compare them with: whoever else needs one of the cores now and then holds
  // up all workers, and a median of such times says that sharing work out does not pay.
  effort undisturbed_;
  int cores_;
  double tile_us_;
  step_counter* steps_ = nullptr;
  std::vector<int> counts_;
  std::vector<sharing> sharing_;
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
  step_counter steps(rounds * host_round(host, each, 0).point_count(), progress);
  std::vector<host_profile> profiles;
  std::vector<std::vector<sharing>> sharings;
  double tile_us = 0;
  for (int i = 0; i < rounds; ++i) {
    host_round round(host, each, tile_us);
    profiles.push_back(round.make(steps));
    sharings.push_back(round.sharings());
    tile_us = round.tile_us();
  }
  steps.finish();
  host_profile made = combined(profiles);
  // Forks are a small difference of large times, of which one that was disturbed makes them too short as well as too
  // long: the times are chosen, and the difference is taken of those.
  start_sharing(made);
  for (std::size_t i = 0; i < sharings.front().size(); ++i) {
    const auto chosen = [&](measured sharing::* which) {
      std::vector<measured> all;
      for (const std::vector<sharing>& round : sharings) all.push_back(round[i].*which);
      return second_best(std::move(all));
    };
    add_sharing(made, {sharings.front()[i].workers, chosen(&sharing::little_alone), chosen(&sharing::little_together),
                       chosen(&sharing::much_alone), chosen(&sharing::much_together)});
  }
  return made;
}

}  // namespace tandem::plan
