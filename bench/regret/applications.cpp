#include "regret/applications.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numbers>
#include <string>
#include <utility>

#include <tandem/tandem.h>

namespace tandem::applications {

namespace {

void check(double scale) {
  if (!(scale > 0) || scale > 1) {
    throw argument_error("applications: a scale is above 0 and at most 1; given " + std::to_string(scale));
  }
}

std::int64_t scaled(double whole, double scale, std::int64_t least) {
  return std::max(least, static_cast<std::int64_t>(std::llround(whole * scale)));
}

/// 0, 1, ... as a column of a matrix, or as a row.
expr column(std::int64_t count) { return arange(0, count, 1, float64)(all, newaxis); }
expr row(std::int64_t count) { return arange(0, count, 1, float64); }

/// Numbers without a pattern from counters: all 32 bits of the result depend on all of the counter's.
expr scattered(const expr& counter) {
  expr x = counter * 2654435761U;
  x = (x ^ (x >> 16)) * 73244475U;
  x = (x ^ (x >> 15)) * 739982445U;
  return x ^ (x >> 16);
}

/// Hills of some hundreds of metres.
ndarray elevation(std::int64_t side) {
  const expr y = column(side);
  const expr x = row(side);
  return 800.0 + 300.0 * sin(0.011 * y + 0.5) * cos(0.013 * x) + 40.0 * sin(0.1 * y + 0.07 * x) +
         5.0 * cos(0.9 * x - 0.7 * y);
}

/// Change of z from one row (axis 0) or column (axis 1) to the next.
expr gradient(const ndarray& z, int axis) {
  const auto part = [&](const slice& range) { return axis == 0 ? z(range) : z(all, range); };
  const expr first = part({1, 2}) - part({0, 1});
  const expr inside = (part({2, none}) - part({none, -2})) / 2.0;
  const expr last = part({-1, none}) - part({-2, -1});
  return concat({first, inside, last}, axis);
}

double shade(const ndarray& z) {
  constexpr double cell = 30;
  const double azimuth = 315 * std::numbers::pi / 180;
  const double altitude = 45 * std::numbers::pi / 180;
  const ndarray east = gradient(z, 1) / cell;
  const ndarray north = -gradient(z, 0) / cell;
  const ndarray light =
      clip((std::sin(altitude) - std::cos(altitude) * (std::sin(azimuth) * east + std::cos(azimuth) * north)) /
               sqrt(square(east) + square(north) + 1.0),
           0.0, 1.0);
  const ndarray pixels = astype(round(light * 255.0), uint8);
  const ndarray slope = atan(sqrt(square(east) + square(north))) * (180 / std::numbers::pi);
  const ndarray profile = mean(z, {.axis = 1});
  const double brightness = eval(mean(light)).item<double>();
  const double grey = eval(mean(astype(pixels, float64))).item<double>();
  const double steepness = eval(mean(slope)).item<double>();
  const double steep_part = eval(mean(astype(slope > 15.0, float64))).item<double>();
  const double deviation = eval(std(z)).item<double>();
  const double highest = eval(max(z)).item<double>();
  const double ridge = eval(max(profile)).item<double>();
  return brightness + grey + steepness + steep_part + deviation + highest + ridge;
}

}  // namespace

double hillshade(double scale) {
  check(scale);
  return shade(elevation(scaled(2000, scale, 4)));
}

double large_hillshade(double scale) {
  check(scale);
  return shade(elevation(scaled(6000, scale, 4)));
}

double nearest_neighbours(double scale) {
  check(scale);
  constexpr std::int64_t dimensions = 16;
  constexpr std::int64_t block = 10'000;
  const std::int64_t query_count = scaled(1000, scale, 2);
  const std::int64_t point_count = scaled(100'000, scale, 3);
  // Bytes, as of descriptors of images: sums of their squares are exact in float32.
  const auto made_up = [&](std::int64_t first, std::int64_t count) {
    const expr counter = arange(first * dimensions, (first + count) * dimensions, 1, uint32);
    return eval(reshape(astype(scattered(counter) >> 24, float32), {count, dimensions}));
  };
  const ndarray queries = made_up(1'000'000, query_count);
  const ndarray points = made_up(0, point_count);
  const ndarray query_squares = sum(square(queries), {.axis = 1});
  ndarray nearest = full({query_count}, INFINITY, float32);
  ndarray numbers = zeros({query_count}, int64);
  for (std::int64_t begin = 0; begin < point_count; begin += block) {
    const ndarray some = points(slice(begin, std::min(begin + block, point_count)));
    const ndarray squares = sum(square(some), {.axis = 1});
    const ndarray distances = query_squares(all, newaxis) - 2 * matmul(queries, matrix_transpose(some)) + squares;
    const ndarray here = min(distances, {.axis = 1});
    const ndarray there = argmin(distances, {.axis = 1});
    numbers = where(here < nearest, there + begin, numbers);
    nearest = minimum(here, nearest);
  }
  return static_cast<double>(eval(sum(numbers)).item<std::int64_t>()) +
         eval(sum(astype(nearest, float64))).item<double>();
}

double heat_diffusion(double scale) {
  check(scale);
  const std::int64_t side = scaled(1000, scale, 5);
  const std::int64_t steps = scaled(500, scale, 3);
  const expr y = column(side) - static_cast<double>(side / 2);
  const expr x = row(side) - static_cast<double>(side / 2);
  ndarray now = 100.0 * exp(-(square(x) + square(y)) / (0.02 * static_cast<double>(side * side)));
  ndarray next = eval(now * 1.0);
  for (std::int64_t i = 0; i < steps; ++i) {
    const auto part = [&](const slice& rows, const slice& columns) { return now(rows, columns); };
    const slice middle(1, -1);
    const expr around =
        part({none, -2}, middle) + part({2, none}, middle) + part(middle, {none, -2}) + part(middle, {2, none});
    next(middle, middle).assign(part(middle, middle) + 0.2 * (around - 4.0 * part(middle, middle)));
    std::swap(now, next);
  }
  return eval(sum(now)).item<double>() + now.at<const double>({side / 2, side / 2});
}

double monte_carlo(double scale) {
  check(scale);
  constexpr std::int64_t block = 2'000'000;
  constexpr double price = 100, strike = 105, rate = 0.03, volatility = 0.2, years = 1;
  const std::int64_t count = scaled(20'000'000, scale, 10);
  double total = 0;
  for (std::int64_t begin = 0; begin < count; begin += block) {
    const expr counter = arange(begin, std::min(begin + block, count), 1, uint32);
    const auto uniform = [&](std::uint32_t stream) {
      return (astype(scattered(counter * 2U + stream), float64) + 0.5) / 4294967296.0;
    };
    const expr normal = sqrt(-2.0 * log(uniform(0))) * cos(2 * std::numbers::pi * uniform(1));
    const expr last =
        price * exp((rate - volatility * volatility / 2) * years + volatility * std::sqrt(years) * normal);
    total += eval(sum(maximum(last - strike, 0.0))).item<double>();
  }
  return std::exp(-rate * years) * total / static_cast<double>(count);
}

double conjugate_gradients(double scale) {
  check(scale);
  const std::int64_t count = scaled(2000, scale, 8);
  const std::int64_t steps = scaled(100, scale, 12);
  // Positive definite: correlations that fall off with the distance.
  const ndarray matrix = exp(-0.1 * abs(column(count) - row(count)));
  const ndarray wanted = sin(0.37 * row(count)) + 1.5;
  ndarray solution = zeros({count});
  ndarray residual = eval(wanted * 1.0);
  ndarray way = eval(wanted * 1.0);
  double size = eval(sum(square(residual))).item<double>();
  const double first_size = size;
  for (std::int64_t i = 0; i < steps && size > 1e-24 * first_size; ++i) {
    const ndarray image = matmul(matrix, way);
    const double length = size / eval(sum(way * image)).item<double>();
    solution += length * way;
    residual -= length * image;
    const double now = eval(sum(square(residual))).item<double>();
    way = residual + now / size * way;
    size = now;
  }
  return eval(sum(solution * wanted)).item<double>();
}

namespace {

constexpr application known[] = {
    {"hillshade", "shaded relief of 2000 x 2000 cells", hillshade},
    {"large-hillshade", "shaded relief of 6000 x 6000 cells", large_hillshade},
    {"nearest-neighbours", "1000 queries among 100,000 points of 16 dimensions", nearest_neighbours},
    {"heat-diffusion", "500 steps on 1000 x 1000 cells", heat_diffusion},
    {"monte-carlo", "an option's price from 20,000,000 outcomes", monte_carlo},
    {"conjugate-gradients", "100 steps for 2000 unknowns", conjugate_gradients},
};

}  // namespace

std::span<const application> known_applications() noexcept { return known; }

const application* find_application(std::string_view name) noexcept {
  const auto* const found = std::ranges::find(known, name, &application::name);
  return found == std::end(known) ? nullptr : found;
}

}  // namespace tandem::applications
