#include "regret/applications.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numbers>
#include <string>
#include <vector>

#include <tandem/planning.h>
#include <tandem/simulation.h>
#include <tandem/tandem.h>

// The applications beside plain loops, at a small scale.
namespace tandem::applications {
namespace {

std::int64_t scaled(double whole, double scale, std::int64_t least) {
  return std::max(least, static_cast<std::int64_t>(std::llround(whole * scale)));
}

std::uint32_t scattered(std::uint32_t counter) {
  std::uint32_t x = counter * 2654435761U;
  x = (x ^ (x >> 16)) * 73244475U;
  x = (x ^ (x >> 15)) * 739982445U;
  return x ^ (x >> 16);
}

double hillshade_by_loops(std::int64_t n) {
  std::vector<double> z(static_cast<std::size_t>(n * n));
  const auto at = [&](std::int64_t i, std::int64_t k) -> double& { return z[static_cast<std::size_t>(i * n + k)]; };
  for (std::int64_t i = 0; i < n; ++i) {
    for (std::int64_t k = 0; k < n; ++k) {
      const auto y = static_cast<double>(i);
      const auto x = static_cast<double>(k);
      at(i, k) = 800 + 300 * std::sin(0.011 * y + 0.5) * std::cos(0.013 * x) + 40 * std::sin(0.1 * y + 0.07 * x) +
                 5 * std::cos(0.9 * x - 0.7 * y);
    }
  }
  const auto slope_along = [&](std::int64_t i, std::int64_t k, bool down) {
    const std::int64_t here = down ? i : k;
    const auto value = [&](std::int64_t position) { return down ? at(position, k) : at(i, position); };
    if (here == 0) return value(1) - value(0);
    if (here == n - 1) return value(n - 1) - value(n - 2);
    return (value(here + 1) - value(here - 1)) / 2;
  };
  const double azimuth = 315 * std::numbers::pi / 180;
  const double altitude = 45 * std::numbers::pi / 180;
  double brightness = 0, grey = 0, steepness = 0, steep_part = 0, mean = 0;
  double highest = -INFINITY;
  double ridge = -INFINITY;
  for (std::int64_t i = 0; i < n; ++i) {
    double row = 0;
    for (std::int64_t k = 0; k < n; ++k) {
      const double east = slope_along(i, k, false) / 30;
      const double north = -slope_along(i, k, true) / 30;
      const double light = std::clamp(
          (std::sin(altitude) - std::cos(altitude) * (std::sin(azimuth) * east + std::cos(azimuth) * north)) /
              std::sqrt(east * east + north * north + 1),
          0.0, 1.0);
      const double slope = std::atan(std::hypot(east, north)) * 180 / std::numbers::pi;
      brightness += light;
      grey += std::nearbyint(light * 255);
      steepness += slope;
      steep_part += slope > 15 ? 1 : 0;
      row += at(i, k);
      highest = std::max(highest, at(i, k));
    }
    mean += row;
    ridge = std::max(ridge, row / static_cast<double>(n));
  }
  const auto count = static_cast<double>(n * n);
  mean /= count;
  double squares = 0;
  for (const double each : z) squares += (each - mean) * (each - mean);
  return (brightness + grey + steepness + steep_part) / count + std::sqrt(squares / count) + highest + ridge;
}

double nearest_by_loops(double scale) {
  const std::int64_t query_count = scaled(1000, scale, 2);
  const std::int64_t point_count = scaled(100'000, scale, 3);
  const auto coordinate = [](std::int64_t which, std::int64_t axis) {
    return static_cast<std::int64_t>(scattered(static_cast<std::uint32_t>(which * 16 + axis)) >> 24);
  };
  std::vector<std::int64_t> points(static_cast<std::size_t>(point_count * 16));
  for (std::size_t i = 0; i < points.size(); ++i) {
    points[i] = coordinate(static_cast<std::int64_t>(i) / 16, static_cast<std::int64_t>(i) % 16);
  }
  std::int64_t total = 0;
  for (std::int64_t query = 0; query < query_count; ++query) {
    std::int64_t least = std::numeric_limits<std::int64_t>::max();
    std::int64_t number = -1;
    for (std::int64_t point = 0; point < point_count; ++point) {
      std::int64_t distance = 0;
      for (std::int64_t axis = 0; axis < 16; ++axis) {
        const std::int64_t step =
            points[static_cast<std::size_t>(point * 16 + axis)] - coordinate(1'000'000 + query, axis);
        distance += step * step;
      }
      if (distance >= least) continue;
      least = distance;
      number = point;
    }
    total += number + least;
  }
  return static_cast<double>(total);
}

double heat_by_loops(double scale) {
  const std::int64_t n = scaled(1000, scale, 5);
  const std::int64_t steps = scaled(500, scale, 3);
  std::vector<double> now(static_cast<std::size_t>(n * n));
  const auto index_of = [&](std::int64_t i, std::int64_t k) { return static_cast<std::size_t>(i * n + k); };
  for (std::int64_t i = 0; i < n; ++i) {
    for (std::int64_t k = 0; k < n; ++k) {
      const auto y = static_cast<double>(i - n / 2);
      const auto x = static_cast<double>(k - n / 2);
      now[index_of(i, k)] = 100 * std::exp(-(x * x + y * y) / (0.02 * static_cast<double>(n * n)));
    }
  }
  for (std::int64_t step = 0; step < steps; ++step) {
    const std::vector<double> before = now;
    for (std::int64_t i = 1; i < n - 1; ++i) {
      for (std::int64_t k = 1; k < n - 1; ++k) {
        now[index_of(i, k)] +=
            0.2 * (before[index_of(i - 1, k)] + before[index_of(i + 1, k)] + before[index_of(i, k - 1)] +
                   before[index_of(i, k + 1)] - 4 * before[index_of(i, k)]);
      }
    }
  }
  double sum = 0;
  for (const double each : now) sum += each;
  return sum + now[index_of(n / 2, n / 2)];
}

double monte_carlo_by_loops(double scale) {
  const std::int64_t count = scaled(20'000'000, scale, 10);
  double total = 0;
  for (std::int64_t i = 0; i < count; ++i) {
    const auto uniform = [&](std::uint32_t stream) {
      return (scattered(static_cast<std::uint32_t>(i) * 2 + stream) + 0.5) / 4294967296.0;
    };
    const double normal = std::sqrt(-2 * std::log(uniform(0))) * std::cos(2 * std::numbers::pi * uniform(1));
    total += std::max(100 * std::exp((0.03 - 0.2 * 0.2 / 2) + 0.2 * normal) - 105, 0.0);
  }
  return std::exp(-0.03) * total / static_cast<double>(count);
}

double gradients_by_loops(double scale) {
  const auto n = static_cast<std::size_t>(scaled(2000, scale, 8));
  const std::int64_t steps = scaled(100, scale, 12);
  const auto dot = [&](const std::vector<double>& x, const std::vector<double>& y) {
    double sum = 0;
    for (std::size_t i = 0; i < n; ++i) sum += x[i] * y[i];
    return sum;
  };
  std::vector<double> wanted(n), solution(n), image(n);
  for (std::size_t i = 0; i < n; ++i) wanted[i] = std::sin(0.37 * static_cast<double>(i)) + 1.5;
  std::vector<double> residual = wanted;
  std::vector<double> way = wanted;
  double size = dot(residual, residual);
  const double first_size = size;
  for (std::int64_t step = 0; step < steps && size > 1e-24 * first_size; ++step) {
    for (std::size_t i = 0; i < n; ++i) {
      image[i] = 0;
      for (std::size_t k = 0; k < n; ++k) {
        image[i] += std::exp(-0.1 * std::fabs(static_cast<double>(i) - static_cast<double>(k))) * way[k];
      }
    }
    const double length = size / dot(way, image);
    for (std::size_t i = 0; i < n; ++i) {
      solution[i] += length * way[i];
      residual[i] -= length * image[i];
    }
    const double now = dot(residual, residual);
    for (std::size_t i = 0; i < n; ++i) way[i] = residual[i] + now / size * way[i];
    size = now;
  }
  return dot(solution, wanted);
}

struct comparison {
  const char* name;
  double scale;
  double (*by_loops)(double scale);
  double tolerance;
};

const comparison comparisons[] = {
    {"hillshade", 0.05, [](double scale) { return hillshade_by_loops(scaled(2000, scale, 4)); }, 1e-10},
    {"hillshade", 1e-9, [](double scale) { return hillshade_by_loops(scaled(2000, scale, 4)); }, 1e-10},
    {"large-hillshade", 0.03, [](double scale) { return hillshade_by_loops(scaled(6000, scale, 4)); }, 1e-10},
    // More than one block.
    {"nearest-neighbours", 0.12, nearest_by_loops, 0},
    {"nearest-neighbours", 1e-9, nearest_by_loops, 0},
    {"heat-diffusion", 0.07, heat_by_loops, 1e-11},
    {"heat-diffusion", 1e-9, heat_by_loops, 1e-11},
    {"monte-carlo", 0.11, monte_carlo_by_loops, 1e-11},
    {"monte-carlo", 1e-9, monte_carlo_by_loops, 1e-11},
    {"conjugate-gradients", 0.1, gradients_by_loops, 1e-8},
    {"conjugate-gradients", 1e-9, gradients_by_loops, 1e-8},
};

double result_of(const comparison& which) {
  const application* const found = find_application(which.name);
  EXPECT_NE(found, nullptr) << which.name;
  return found == nullptr ? NAN : found->run(which.scale);
}

TEST(Applications, FindWhatPlainLoopsFind) {
  for (const comparison& each : comparisons) {
    const double expected = each.by_loops(each.scale);
    EXPECT_NEAR(result_of(each), expected, each.tolerance * std::fabs(expected)) << each.name << " " << each.scale;
  }
}

TEST(Applications, FindTheSameOnADevice) {
  const scoped_policy there({.device = device::simulated("h200:40")});
  for (const comparison& each : comparisons) {
    if (each.scale > 0.1) continue;
    const double expected = each.by_loops(each.scale);
    EXPECT_NEAR(result_of(each), expected, each.tolerance * std::fabs(expected)) << each.name << " " << each.scale;
  }
}

TEST(Applications, FindTheSameWhereverThePlannerWants) {
  const device candidates[] = {device::simulated("coupled:40"), device::simulated("h200:40")};
  set_candidate_devices(candidates);
  for (const comparison& each : comparisons) {
    const double expected = each.by_loops(each.scale);
    EXPECT_NEAR(result_of(each), expected, each.tolerance * std::fabs(expected)) << each.name << " " << each.scale;
  }
  set_candidate_devices({});
}

TEST(Applications, EachIsCompared) {
  for (const application& each : known_applications()) {
    EXPECT_TRUE(std::ranges::any_of(comparisons, [&](const comparison& of) { return of.name == each.name; }))
        << each.name;
  }
  EXPECT_EQ(find_application("no such"), nullptr);
}

TEST(Applications, AnOptionsPriceIsNearThatOfTheFormula) {
  // Black and Scholes: 100 N(d1) - 105 exp(-0.03) N(d2).
  const double d1 = (std::log(100.0 / 105.0) + (0.03 + 0.02)) / 0.2;
  const auto cumulative = [](double x) { return std::erfc(-x / std::numbers::sqrt2) / 2; };
  const double price = 100 * cumulative(d1) - 105 * std::exp(-0.03) * cumulative(d1 - 0.2);
  EXPECT_NEAR(monte_carlo(0.1), price, 0.05);
}

TEST(Applications, ScalesThatCannotBe) {
  for (const application& each : known_applications()) {
    for (const double scale : {0.0, -1.0, 1.0001, static_cast<double>(NAN), static_cast<double>(INFINITY)}) {
      EXPECT_THROW(each.run(scale), argument_error) << each.name << " " << scale;
    }
  }
}

}  // namespace
}  // namespace tandem::applications
