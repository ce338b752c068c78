#include "support/operands.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <vector>

#include <tandem/index.h>
#include <tandem/manipulation.h>

namespace tandem::testing {

namespace {

template <element T>
T random_number(numbers kind, random_numbers& random) {
  if constexpr (std::is_same_v<T, bool>) {
    return random.chance(50);
  } else if constexpr (std::is_integral_v<T>) {
    using limits = std::numeric_limits<T>;
    if (kind == numbers::special) return random.one_of(std::array<T, 5>{limits::max(), limits::min(), 0, 1, 2});
    if (kind != numbers::small) return static_cast<T>(random.bits());
    return static_cast<T>(random.between(std::is_signed_v<T> ? -9 : 0, 9));
  } else if constexpr (std::is_floating_point_v<T>) {
    using limits = std::numeric_limits<T>;
    const auto unit = static_cast<T>(static_cast<double>(random.between(-(1LL << 53), 1LL << 53)) * 0x1p-53);
    switch (kind) {
      case numbers::small: return static_cast<T>(random.between(-64, 64)) / T(8);
      case numbers::wide: return std::ldexp(unit, static_cast<int>(random.between(-8, 8)));
      case numbers::near_one: return std::copysign(std::exp2(unit / 16), static_cast<T>(random.between(0, 1)) - T(0.5));
      case numbers::special: break;
    }
    if (random.chance(60)) return static_cast<T>(random.between(-2, 2));
    return random.one_of(std::array<T, 5>{limits::quiet_NaN(), limits::infinity(), -limits::infinity(), T(0), -T(0)});
  } else {
    using Part = typename T::value_type;
    const Part re = random_number<Part>(kind, random);
    if (kind != numbers::near_one) return {re, random_number<Part>(kind, random)};
    return std::polar(std::fabs(re), static_cast<Part>(random.between(-3, 3)));
  }
}

// How one axis of a view lies in its base.
struct axis_place {
  std::int64_t step = 1;
  std::int64_t lead = 0;
  std::int64_t tail = 0;
  bool repeats = false;
};

void choose(form f, std::vector<axis_place>& places, std::vector<std::int64_t>& order, random_numbers& random) {
  const auto rank = static_cast<std::int64_t>(places.size());
  switch (f) {
    case form::row_major: break;
    case form::transposed: std::reverse(order.begin(), order.end()); break;
    case form::reversed:
      for (axis_place& each : places) each.step = -1;
      break;
    case form::every_second:
      for (axis_place& each : places) each.step = random.chance(50) ? 2 : -2;
      break;
    case form::part:
      for (axis_place& each : places) each.lead = random.between(0, 3), each.tail = random.between(0, 2);
      break;
    case form::repeated:
      for (axis_place& each : places) each.repeats = random.chance(40);
      if (rank > 0) places[static_cast<std::size_t>(random.between(0, rank - 1))].repeats = true;
      break;
    case form::shuffled:
      for (std::int64_t i = rank - 1; i > 0; --i)
        std::swap(order[static_cast<std::size_t>(i)], order[static_cast<std::size_t>(random.between(0, i))]);
      for (axis_place& each : places) {
        each.step = random.one_of(std::array<std::int64_t, 5>{1, 1, -1, 2, -3});
        each.lead = random.between(0, 2), each.tail = random.between(0, 2);
      }
      break;
  }
}

}  // namespace

operand random_operand(dtype type, const dims& shape, form f, numbers kind, random_numbers& random) {
  const int rank = shape.size();
  std::vector<axis_place> places(static_cast<std::size_t>(rank));
  std::vector<std::int64_t> order;  // axis j of the base is axis order[j] of the view
  for (int i = 0; i < rank; ++i) order.push_back(i);
  choose(f, places, order, random);

  dims base_shape;
  for (const std::int64_t axis : order) {
    const axis_place& place = places[static_cast<std::size_t>(axis)];
    const std::int64_t span = shape[axis] == 0 ? 0 : (shape[axis] - 1) * std::abs(place.step) + 1;
    base_shape.push_back(place.repeats ? 1 : place.lead + span + place.tail);
  }
  const dims base_strides = row_major_strides(base_shape);

  std::vector<index> at(static_cast<std::size_t>(rank), index(tandem::all));
  dims strides = dims::filled(rank, 0);
  dims base_axis = strides;  // axis i of the view is axis base_axis[i] of the base
  std::int64_t offset = 0;
  for (int j = 0; j < rank; ++j) {
    const std::int64_t axis = order[static_cast<std::size_t>(j)];
    const axis_place& place = places[static_cast<std::size_t>(axis)];
    base_axis[axis] = j;
    if (place.repeats) continue;
    const std::int64_t extent = shape[axis];
    const std::int64_t last = place.lead + (extent - 1) * std::abs(place.step);
    strides[axis] = base_strides[j] * place.step;
    if (extent == 0) {
      at[static_cast<std::size_t>(axis)] = slice(place.lead, place.lead);
    } else if (place.step > 0) {
      offset += place.lead * base_strides[j];
      at[static_cast<std::size_t>(axis)] = slice(place.lead, last + 1, place.step);
    } else {
      offset += last * base_strides[j];
      at[static_cast<std::size_t>(axis)] =
          place.lead == 0 ? slice(last, none, place.step) : slice(last, place.lead - 1, place.step);
    }
  }

  return with_dtype(type, [&]<class T>() {
    const std::size_t count = size_of(base_shape);
    const auto base = std::make_unique<T[]>(count);
    for (std::size_t i = 0; i < count; ++i) base[i] = random_number<T>(kind, random);
    operand result{ndarray(), {type, shape, {}}};
    for (const std::int64_t distance : distances_of(shape, strides)) {
      result.values.at.push_back(exact_of<T>(base[static_cast<std::size_t>(offset + distance)]));
    }
    const ndarray whole_base = array(std::span<const T>(base.get(), count), base_shape);
    result.view = ndarray(permute_dims(whole_base, base_axis)).view(at);
    if (f == form::repeated) result.view = ndarray(broadcast_to(result.view, shape));
    return result;
  });
}

}  // namespace tandem::testing
