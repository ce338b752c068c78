#include "regret/scene.h"

#include <algorithm>
#include <string>

#include "backend/simulated/hints.h"
#include "plan/calibration.h"
#include "plan/priors.h"
#include "regret/virtual_subject.h"

namespace bench::regret {

namespace plan = tandem::plan;

scene::scene(const machine& on, knowledge of, std::uint64_t seed, plan::planner_settings settings)
    : on_(on), truth_(on), time_(seed) {
  plan::profile constants;
  plan::device_profile device;
  if (of == knowledge::calibrated) {
    virtual_host host_subject(on, time_);
    virtual_device device_subject(on, time_);
    plan::effort effort = plan::full_effort();
    effort.heeds_real_time = false;
    constants.host = plan::calibrate(host_subject, effort, {});
    device = plan::calibrate(device_subject, effort, {});
    calibration_us_ = time_.now_us();
  } else {
    plan::host_facts facts;
    facts.processor = std::string(on.host->processor);
    facts.is_arm = on.host->is_arm;
    facts.cores = on.host->cores;
    facts.machine_cores = on.host->cores;
    facts.core_cache_bytes = on.host->level_bytes[0];
    facts.shared_cache_bytes = on.host->level_bytes[1];
    constants.host = plan::prior_for(facts);
    device = plan::prior_for(tandem::backend::simulation::hints_of(*on.device));
  }
  planner_ = std::make_unique<plan::planner>(std::move(constants), settings);
  planner_->add({"device", std::move(device)});
}

double scene::run(const tandem::ops::program& what, plan::planned_task& planned, const plan::decision& decided) {
  const bool is_host = decided.place == plan::host_place;
  const double alone_us =
      is_host ? truth_.host_us(what, decided.workers) : truth_.device_us(what) - on_.device->allocate_us;
  const double us = time_.work(alone_us);
  // On a device, from the first kernel's start to the last one's end.
  planner_->learn(planner_->lesson_of(planned, decided.place), is_host ? us : us - on_.device->launch_us);
  return us;
}

double scene::copy(plan::direction to, std::int64_t bytes) {
  if (bytes == 0) return 0;
  const double us = time_.copy(truth_.copy_us(to, bytes));
  planner_->learn_copy(device_place, to, plan::memory_kind::pageable, bytes, us);
  return us;
}

}  // namespace bench::regret
