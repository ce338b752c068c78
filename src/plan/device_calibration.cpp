#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <memory>
#include <vector>

#include <tandem/errors.h>

#include "plan/calibration.h"
#include "plan/probes.h"
#include "plan/step_counter.h"

namespace tandem::plan {

namespace {

class device_calibration {
 public:
  device_calibration(device_subject& device, const effort& by, const calibration_progress& progress)
      : device_(device), by_(by), steps_(0, progress) {
    // A quarter of the device's memory at most.
    const double most_bytes = static_cast<double>(device.free_bytes()) / 4;
    const auto keep_small = [](auto& sizes, auto&& bytes_of, double most) {
      const auto begin = sizes.begin() + 1;
      sizes.erase(std::remove_if(begin, sizes.end(), [&](auto size) { return bytes_of(size) > most; }), sizes.end());
    };
    const auto itself = [](auto bytes) { return static_cast<double>(bytes); };
    footprints_ = by.is_quick ? std::vector{1.6e7, 6.4e7} : std::vector{1e6, 1.6e7, 6.4e7, 2.56e8};
    keep_small(footprints_, itself, most_bytes);
    copies_ = by.is_quick ? std::vector<std::int64_t>{256, 1 << 20, 1 << 24}
                          : std::vector<std::int64_t>{256, 1 << 16, 1 << 20, 1 << 24, 1 << 26};
    keep_small(copies_, itself, most_bytes);
    // What larger products would take is not known before smaller ones are measured: one that takes long is the last.
    extents_ = by.is_quick ? std::vector<std::int64_t>{128, 512, 2048}
                           : std::vector<std::int64_t>{32, 128, 512, 1024, 2048, 4096, 8192};
    keep_small(extents_, itself, device.largest_product());
    keep_small(extents_, [](std::int64_t extent) { return 24.0 * static_cast<double>(extent * extent); }, most_bytes);
    class_bytes_ = std::clamp(std::min(device.largest_bytes(), most_bytes), 1e6, by.is_quick ? 6.4e7 : 2.56e8);
    const int classes = (work_class_count - 1) * width_count;
    steps_ = step_counter(
        5 + std::ssize(copies_) * 4 + std::ssize(footprints_) + classes + std::ssize(extents_) * width_count, progress);
  }

  device_profile make() {
    measure_starting();
    measure_link();
    measure_memory();
    measure_classes();
    measure_products();
    steps_.finish();
    return std::move(made_);
  }

 private:
  // Of a program that does next to nothing: T = launch + kernel + wait, and many of them one after the other take the
  // longer of launch and kernel each.
  void measure_starting() {
    const std::unique_ptr<probe> nothing = device_.prepare(smallest_program().code);
    steps_.next("launches");
    base_ = measure(by_, [&] { return nothing->run_us(1); });
    steps_.next("launches one after the other");
    constexpr int many = 64;
    measured each = measure(by_, [&] { return device_.run_many_us(*nothing, many); });
    each.us /= many;
    steps_.next("host time of launches");
    measured launch = measure(by_, [&] { return device_.give_us(*nothing); });
    if (!(launch.us > 0)) launch = each;
    launch.us = std::min(launch.us, base_.us);
    made_.launch_us = time_of(launch);
    steps_.next("waiting");
    measured wait = measure(by_, [&] { return device_.synchronize_us(); });
    wait.us = std::min(wait.us, base_.us - launch.us);
    made_.synchronize_us = time_of(wait);
    const measured rest{base_.us - launch.us - wait.us, base_.sigma, base_.samples};
    made_.kernel_us = time_of(rest);
    steps_.next("allocations");
    made_.allocate_us = time_of(measure(by_, [&] { return device_.allocate_us(std::int64_t{1} << 20); }));
  }

  // The smallest copy is the latency; larger ones say how fast bytes go beyond that.
  void measure_link() {
    for (const direction to : {direction::to_device, direction::to_host}) {
      for (const memory_kind kind : {memory_kind::pageable, memory_kind::pinned}) {
        link_profile& link = made_.link[static_cast<std::size_t>(to)][static_cast<std::size_t>(kind)];
        for (const std::int64_t bytes : copies_) {
          steps_.next(to == direction::to_device ? "copies to the device" : "copies to the host");
          measured took = measure(by_, [&] { return device_.copy_us(to, kind, bytes); });
          // Whoever predicts counts waiting apart: work on the device goes on from copies without the host's waiting.
          took = less(took, made_.synchronize_us.value);
          if (bytes == copies_.front()) {
            link.latency_us = time_of(took);
          } else {
            link.bytes_per_s.at.push_back(static_cast<double>(bytes));
            link.bytes_per_s.values.push_back(rate_of(static_cast<double>(bytes), less(took, link.latency_us.value)));
          }
        }
        if (!link.bytes_per_s.empty()) continue;
        // A device with hardly any memory: the smallest copy is all there is.
        link.bytes_per_s.at.push_back(static_cast<double>(copies_.front()));
        link.bytes_per_s.values.push_back(
            rate_of(static_cast<double>(copies_.front()), {link.latency_us.value, limits::most_sigma, 1}));
      }
    }
  }

  // What the work itself takes: a run without what one that does nothing takes.
  measured work_of(const ops::program& what) {
    const std::unique_ptr<probe> runs = device_.prepare(what);
    return less(measure(by_, [&] { return runs->run_us(1); }), base_.us);
  }

  void measure_memory() {
    for (const double bytes : footprints_) {
      steps_.next("memory");
      const probe_program what = streaming_program(bytes);
      made_.bytes_per_s.at.push_back(what.bytes());
      made_.bytes_per_s.values.push_back(rate_of(what.bytes(), work_of(what.code)));
    }
  }

  // Enough of it that launches do not hide it. Where memory is the slower part, what is found is what memory allows:
  // too low for longer chains of operations, and right for work like this.
  void measure_classes() {
    for (int i = 0; i < work_class_count; ++i) {
      const auto of = static_cast<work_class>(i);
      if (of == work_class::product) continue;
      for (int width = 0; width < width_count; ++width) {
        steps_.next(to_string(of));
        const probe_program what = program_of(of, width, class_bytes_);
        made_.operations_per_s[static_cast<std::size_t>(i)][static_cast<std::size_t>(width)] =
            rate_of(what.operations(of), work_of(what.code));
      }
    }
  }
  probe_program program_of(work_class of, int width, double bytes) const {
    const double item = width == 0 ? 4 : 8;
    const auto elements = [&](double bytes_each) {
      return std::max<std::int64_t>(1024, std::llround(bytes / bytes_each));
    };
    switch (of) {
      case work_class::arithmetic: return class_program(of, width, elements(3 * item), 32);
      case work_class::division: return class_program(of, width, elements(3 * item), 8);
      case work_class::special: return class_program(of, width, elements(2 * item), 6);
      case work_class::gathering: return class_program(of, width, elements(64), 1);
      case work_class::transposing: return class_program(of, width, elements(2 * item), 1);
      case work_class::counting:
      case work_class::product: {
        const double extent = std::min(device_.largest_product(), 512.0);
        return class_program(of, width, std::llround(extent * extent), 1);
      }
      case work_class::reduction:
      case work_class::search:
      case work_class::scan: break;
    }
    return class_program(of, width, elements(of == work_class::scan ? 2 * item : item), 1);
  }

  void measure_products() {
    using clock = std::chrono::steady_clock;
    // A simulated device computes on this machine's cores, whatever its own clock says.
    const double most_real_us = by_.is_quick ? 3e4 : 3e5;
    for (int width = 0; width < width_count; ++width) {
      const auto row = static_cast<std::size_t>(width);
      curve& rates = made_.product[row];
      double real_us = 0;
      bool is_slow = false;
      for (const std::int64_t extent : extents_) {
        steps_.next("products of matrices");
        if (!rates.empty()) {
          is_slow = is_slow ||
                    (by_.heeds_real_time ? real_us : 0) * std::pow(static_cast<double>(extent) / rates.at.back(), 3) >
                        most_real_us;
        }
        if (is_slow) continue;
        const probe_program what = product_program(width, extent);
        const std::unique_ptr<probe> runs = device_.prepare(what.code);
        const measured took = less(measure(by_,
                                           [&] {
                                             const auto begin = clock::now();
                                             const double us = runs->run_us(1);
                                             const std::chrono::duration<double, std::micro> passed =
                                                 clock::now() - begin;
                                             real_us = passed.count();
                                             return us;
                                           }),
                                   base_.us);
        rates.at.push_back(static_cast<double>(extent));
        rates.values.push_back(rate_of(what.operations(work_class::product), took));
        is_slow = took.us > by_.most_us;
      }
      made_.operations_per_s[static_cast<std::size_t>(work_class::product)][row] = rates.values.back();
    }
  }

  device_subject& device_;
  const effort& by_;
  step_counter steps_;
  std::vector<double> footprints_;
  double class_bytes_ = 0;
  std::vector<std::int64_t> extents_;
  std::vector<std::int64_t> copies_;
  measured base_;
  device_profile made_;
};

}  // namespace

device_profile calibrate(device_subject& device, const effort& by, const calibration_progress& progress) {
  return device_calibration(device, by, progress).make();
}

}  // namespace tandem::plan
