#pragma once

#include <atomic>
#include <cstdint>
#include <sstream>
#include <string>
#include <vector>

#include <tandem/dtype.h>

#include "plan/events.h"
#include "plan/profile_text.h"

// Events of applications that are not there.
namespace tandem::plan {

/// An element-wise stage of one operation an element.
inline task made_up_task(double elements, dtype type = dtype::float32) {
  stage_task stage{};
  stage.main = work_class::arithmetic;
  stage.operation = 3;
  stage.type = type;
  stage.operations[0] = elements;
  stage.bytes = elements * 3 * static_cast<double>(item_size(type));
  return {{stage}, 0, static_cast<std::int64_t>(elements) * item_size(type)};
}

/// A product of square matrices.
inline task made_up_product(double extent, dtype type = dtype::float32) {
  stage_task stage{};
  stage.main = work_class::product;
  stage.operation = 7;
  stage.type = type;
  stage.operations[static_cast<std::size_t>(work_class::product)] = 2 * extent * extent * extent;
  stage.bytes = 3 * extent * extent * static_cast<double>(item_size(type));
  stage.m = stage.n = stage.k = extent;
  stage.batch = 1;
  return {{stage}, 0, static_cast<std::int64_t>(extent * extent) * item_size(type)};
}

/// An evaluation with room for what it points to.
struct made_up_evaluation {
  std::uint64_t number = 1;
  std::uint64_t definition = 1;
  std::uint64_t structure = 1;
  std::uint64_t planned = 1;
  task what = made_up_task(1000);
  std::string name = "add";
  std::string text = "add(f32[1000], f32[1000])";
  std::string site;
  std::vector<operand_state> reads;
  /// If there are none: 1, 2, ...
  std::vector<std::int16_t> operands;
  operand_state writes;
  bool writes_all = true;
  bool is_new = true;
  int worker_limit = 2;
  place_set allowed = all_places;
  std::vector<std::int64_t> free_bytes;
  std::vector<double> cold_us;
  asking asked = asking::everything;
  bool runs = true;
  int place = host_place;
  std::vector<std::int16_t> workers{1};
  cause why = cause::only_place;
  double predicted_us = 1;
  double predicted_work_us = 1;

  void tell(observer& to) const {
    std::vector<std::int16_t> numbers = operands;
    while (numbers.size() < reads.size()) numbers.push_back(static_cast<std::int16_t>(numbers.size() + 1));
    to.on_evaluation({number, definition,   structure, planned,    what,         name,
                      text,   site,         reads,     numbers,    writes,       writes_all,
                      is_new, worker_limit, allowed,   free_bytes, cold_us,      asked,
                      runs,   place,        workers,   why,        predicted_us, predicted_work_us});
  }
};

/// Writes down what it is told, a line an event; numbers in hexadecimal, so that each bit counts.
class recorder : public observer {
 public:
  void on_evaluation(const evaluation& what) override {
    std::ostringstream out;
    out << std::hexfloat << "evaluation " << what.number << ' ' << what.structure << ' ' << what.planned << " '"
        << what.name << "' '" << what.text << "' '" << what.site << "' temporary " << what.what.temporary_bytes
        << " result " << what.what.result_bytes;
    for (const stage_task& each : what.what.stages) {
      out << " stage " << to_string(each.main) << ' ' << each.operation << ' ' << tandem::name(each.type) << ' '
          << each.bytes << ' ' << each.m << ' ' << each.n << ' ' << each.k << ' ' << each.batch << ':';
      for (const double operations : each.operations) out << ' ' << operations;
    }
    for (const operand_state& each : what.reads) add(out << " read", each);
    for (const std::int16_t each : what.operands) out << ' ' << each;
    add(out << " write", what.writes);
    out << ' ' << what.writes_all << what.is_new << what.runs << to_string(what.asked) << ' ' << what.worker_limit
        << ' ' << what.allowed << " free";
    for (const std::int64_t each : what.free_bytes) out << ' ' << each;
    out << " cold";
    for (const double each : what.cold_us) out << ' ' << each;
    out << " at " << what.place << " by";
    for (const std::int16_t each : what.workers) out << ' ' << each;
    out << ' ' << to_string(what.why) << ' ' << what.predicted_us << ' ' << what.predicted_work_us;
    lines.push_back(out.str());
  }
  void on_device(const named_device_profile& what) override {
    lines.push_back("device " + text_of({{}, host, {what}}, digits::all));
  }
  void on_failure(std::uint64_t number) override { lines.push_back("failure " + std::to_string(number)); }
  void on_outcome(std::uint64_t number, double measured_us) override {
    std::ostringstream out;
    out << std::hexfloat << "outcome " << number << ' ' << measured_us;
    lines.push_back(out.str());
  }
  void on_copy(int place, bool to_device, bool is_pinned, std::int64_t bytes, double measured_us) override {
    std::ostringstream out;
    out << std::hexfloat << "copy " << place << ' ' << to_device << ' ' << is_pinned << ' ' << bytes << ' '
        << measured_us;
    lines.push_back(out.str());
  }
  void on_host_read(std::uint64_t id) override { lines.push_back("read " + std::to_string(id)); }
  void on_host_write(std::uint64_t id) override { lines.push_back("write " + std::to_string(id)); }
  void on_free(std::uint64_t id) override { lines.push_back("free " + std::to_string(id)); }

  std::vector<std::string> lines;
  host_profile host;

 private:
  static void add(std::ostream& out, const operand_state& of) {
    out << ' ' << of.id << ' ' << of.bytes << ' ' << of.valid_on << ' ' << of.is_pinned << ' ';
    if (of.credit_us == nullptr) {
      out << '-';
    } else {
      out << of.credit_us->load();
    }
  }
};

}  // namespace tandem::plan
