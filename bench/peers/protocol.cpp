#include "protocol.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <exception>
#include <fstream>
#include <iostream>
#include <sstream>
#include <stdexcept>

namespace peers {

namespace {

using clock = std::chrono::steady_clock;

double seconds_since(clock::time_point start) { return std::chrono::duration<double>(clock::now() - start).count(); }

double time_batch(const std::function<void()>& run, std::int64_t batch) {
  const clock::time_point start = clock::now();
  for (std::int64_t i = 0; i < batch; ++i) run();
  return seconds_since(start);
}

// The clock resolves some 25 ns: a sample this long is right to about 0.1 %.
constexpr double shortest_sample_seconds = 20e-6;

class server {
 public:
  server(prepare_function float32, prepare_function float64) : float32_(float32), float64_(float64) {}

  std::string answer(const std::string& line) {
    std::istringstream in(line);
    std::string verb;
    in >> verb;
    if (verb == "prepare") return prepare(in);
    if (verb == "release") {
      task_.reset();
      return "ok";
    }
    if (!task_) throw std::runtime_error("nothing is prepared");
    if (verb == "check") return check(in);
    if (verb == "time") return time(in);
    throw std::runtime_error("unknown command '" + verb + "'");
  }

 private:
  std::string prepare(std::istream& in) {
    task_.reset();
    work asked;
    std::string dtype;
    std::string shape;
    in >> asked.name >> dtype >> shape;
    std::istringstream extents(shape);
    for (std::string extent; std::getline(extents, extent, 'x');) asked.shape.push_back(std::stoll(extent));
    if (dtype == "f32") {
      task_ = float32_(asked);
    } else if (dtype == "f64") {
      task_ = float64_(asked);
    } else {
      throw std::runtime_error("unknown dtype '" + dtype + "'");
    }
    if (!task_) return "unsupported";
    return task_->variant.empty() ? "ok" : "ok " + task_->variant;
  }

  std::string check(std::istream& in) {
    std::string path;
    std::size_t step = 1;
    in >> path >> step;
    const std::vector<double> values = task_->result();
    std::vector<double> sample;
    for (std::size_t i = 0; i < values.size(); i += step) sample.push_back(values[i]);
    std::ofstream file(path, std::ios::binary);
    file.write(reinterpret_cast<const char*>(sample.data()),
               static_cast<std::streamsize>(sample.size() * sizeof(double)));
    if (!file.flush()) throw std::runtime_error("cannot write " + path);
    double sum = 0;
    double magnitude = 0;
    for (const double value : values) {
      sum += value;
      magnitude += std::abs(value);
    }
    char text[96];
    std::snprintf(text, sizeof text, "ok %zu %.17g %.17g", values.size(), sum, magnitude);
    return text;
  }

  std::string time(std::istream& in) {
    double seconds = 0;
    in >> seconds;
    const timing found = measure(task_->run, seconds);
    char text[96];
    std::snprintf(text, sizeof text, "ok %lld %.9g %.9g", static_cast<long long>(found.evaluations),
                  found.median_seconds, found.minimum_seconds);
    return text;
  }

  prepare_function float32_;
  prepare_function float64_;
  std::optional<task> task_;
};

}  // namespace

timing measure(const std::function<void()>& run, double seconds) {
  // Other processes ran since: caches, page tables and threads are warmed up before any sample counts.
  const clock::time_point warming = clock::now();
  double last_seconds = 0;
  do last_seconds = time_batch(run, 1);
  while (seconds_since(warming) < 0.1 * seconds);
  std::int64_t batch = 1;
  // The smaller of two, because one that was interrupted would make batches too short; long ones need no batches.
  while (last_seconds < 50 * shortest_sample_seconds) {
    last_seconds = std::min(time_batch(run, batch), time_batch(run, batch));
    if (last_seconds >= shortest_sample_seconds) break;
    batch *= 2;
  }

  std::vector<double> samples;
  const clock::time_point start = clock::now();
  do samples.push_back(time_batch(run, batch) / static_cast<double>(batch));
  while (seconds_since(start) < seconds);
  const auto middle = samples.begin() + static_cast<std::ptrdiff_t>(samples.size() / 2);
  std::nth_element(samples.begin(), middle, samples.end());
  return {static_cast<std::int64_t>(samples.size()) * batch, *middle,
          *std::min_element(samples.begin(), samples.end())};
}

int serve(std::string_view version, prepare_function float32, prepare_function float64) {
  server here(float32, float64);
  std::cout << "ready " << version << std::endl;
  for (std::string line; std::getline(std::cin, line);) {
    std::string reply;
    try {
      reply = here.answer(line);
    } catch (const std::exception& error) {
      reply = std::string("failed ") + error.what();
      std::replace(reply.begin(), reply.end(), '\n', ' ');
    }
    std::cout << reply << std::endl;
  }
  return 0;
}

}  // namespace peers
