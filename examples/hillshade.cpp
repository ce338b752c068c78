// Shaded relief and statistics of an elevation model, in C++ only.
//
// The light of a distant sun falls on the surface z(x, y): its brightness is the cosine of the angle between the
// surface's normal (-dz/dx, -dz/dy, 1) and the direction to the light.

#include <charconv>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <numbers>
#include <string>
#include <string_view>

#include <tandem/tandem.h>

namespace td = tandem;

namespace {

constexpr std::string_view usage =
    "usage: hillshade INPUT.npz OUTPUT [--azimuth DEGREES] [--altitude DEGREES] [--exaggeration FACTOR]\n"
    "\n"
    "Writes the shaded relief to OUTPUT.npy (float64, 0 dark to 1 bright) and OUTPUT.pgm (8 bits).\n"
    "INPUT.npz holds elevation (metres, the first row in the north), dx and dy (degrees between columns and rows) and\n"
    "ymin (a latitude in degrees).\n"
    "\n"
    "  --azimuth       where the light comes from, clockwise from north; default 315\n"
    "  --altitude      its height above the horizon; default 45\n"
    "  --exaggeration  factor for elevations before shading; default 1\n";

struct options {
  std::string input;
  std::string output;
  double azimuth = 315;
  double altitude = 45;
  double exaggeration = 1;
};

struct usage_error {
  std::string text;
};

options parse(int argc, char** argv) {
  options result;
  int files = 0;
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    if (!word.starts_with("--")) {
      if (files == 2) throw usage_error{"unexpected argument '" + std::string(word) + "'"};
      (files++ == 0 ? result.input : result.output) = word;
      continue;
    }
    double* value = word == "--azimuth"        ? &result.azimuth
                    : word == "--altitude"     ? &result.altitude
                    : word == "--exaggeration" ? &result.exaggeration
                                               : nullptr;
    if (value == nullptr) throw usage_error{"unknown option '" + std::string(word) + "'"};
    if (++i == argc) throw usage_error{std::string(word) + " needs a number"};
    const char* end = argv[i] + std::strlen(argv[i]);
    const auto [read_to, problem] = std::from_chars(argv[i], end, *value);
    if (problem != std::errc() || read_to != end || !std::isfinite(*value)) {
      throw usage_error{std::string(word) + " needs a number, not '" + argv[i] + "'"};
    }
  }
  if (files != 2) throw usage_error{"needs an input and an output"};
  return result;
}

double radians(double degrees) { return degrees * std::numbers::pi / 180; }

/// Change of z from one row (axis 0) or column (axis 1) to the next: central differences inside, one-sided at the
/// edges.
td::expr gradient(const td::ndarray& z, int axis) {
  const auto part = [&](const td::slice& range) { return axis == 0 ? z(range) : z(td::all, range); };
  const td::expr first = part({1, 2}) - part({0, 1});
  const td::expr inside = (part({2, td::none}) - part({td::none, -2})) / 2.0;
  const td::expr last = part({-1, td::none}) - part({-2, -1});
  return td::concat({first, inside, last}, axis);
}

/// Writes an 8-bit grey image.
void write_pgm(const std::string& path, const td::ndarray& pixels) {
  std::ofstream file(path, std::ios::binary);
  file << "P5\n" << pixels.extent(1) << " " << pixels.extent(0) << "\n255\n";
  const auto bytes = pixels.span<const std::uint8_t>();
  file.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  file.close();
  if (!file) throw td::io_error("cannot write " + path);
}

class stopwatch {
 public:
  /// Milliseconds since the last call.
  double lap() {
    const auto now = std::chrono::steady_clock::now();
    const double passed = std::chrono::duration<double, std::milli>(now - started_).count();
    started_ = now;
    return passed;
  }

 private:
  std::chrono::steady_clock::time_point started_ = std::chrono::steady_clock::now();
};

void run(const options& given) {
  stopwatch watch;
  const td::ndarray z = td::astype(td::load(given.input, "elevation"), td::float64);
  if (z.rank() != 2 || z.extent(0) < 2 || z.extent(1) < 2) {
    throw td::shape_error("elevation: expected at least 2 rows and 2 columns, given shape " + td::to_string(z.shape()));
  }
  // A degree of latitude measures 111.2 km; one of longitude shrinks with the cosine of the latitude.
  const double degree = 111200;
  const double dy = degree * td::load(given.input, "dy").item<double>();
  const double dx = degree * td::load(given.input, "dx").item<double>() *
                    std::cos(radians(td::load(given.input, "ymin").item<double>()));
  const double load_ms = watch.lap();

  const td::ndarray east = gradient(z, 1) / dx;
  const td::ndarray north = -gradient(z, 0) / dy;  // rows run from north to south
  const double azimuth = radians(given.azimuth);
  const double altitude = radians(given.altitude);
  const double k = given.exaggeration;
  const td::ndarray shade =
      td::clip((std::sin(altitude) - std::cos(altitude) * k * (std::sin(azimuth) * east + std::cos(azimuth) * north)) /
                   td::sqrt(k * k * (td::square(east) + td::square(north)) + 1.0),
               0.0, 1.0);
  const td::ndarray pixels = td::astype(td::round(shade * 255.0), td::uint8);
  const double shade_ms = watch.lap();

  const td::expr rise = td::sqrt(td::square(east) + td::square(north));
  const td::ndarray slope = td::atan(rise) * (180 / std::numbers::pi);
  const td::ndarray profile = td::mean(z, {.axis = 1});
  const double lowest = td::ndarray(td::min(z)).item<double>();
  const double highest = td::ndarray(td::max(z)).item<double>();
  const double mean = td::ndarray(td::mean(z)).item<double>();
  const double deviation = td::ndarray(td::std(z)).item<double>();
  const std::int64_t summit = td::ndarray(td::argmax(z)).item<std::int64_t>();
  const std::int64_t ridge = td::ndarray(td::argmax(profile)).item<std::int64_t>();
  const double ridge_mean = td::ndarray(td::max(profile)).item<double>();
  const double mean_slope = td::ndarray(td::mean(slope)).item<double>();
  const double steepest = td::ndarray(td::max(slope)).item<double>();
  const double steep_share = td::ndarray(td::mean(slope > 15.0)).item<double>();
  const double surface = td::ndarray(td::mean(td::sqrt(td::square(rise) + 1.0))).item<double>();
  const double mean_shade = td::ndarray(td::mean(shade)).item<double>();
  const double statistics_ms = watch.lap();

  td::save(given.output + ".npy", shade);
  write_pgm(given.output + ".pgm", pixels);
  const double save_ms = watch.lap();

  const std::int64_t columns = z.extent(1);
  std::printf("grid: %lld x %lld cells of %.2f m x %.2f m\n", static_cast<long long>(z.extent(0)),
              static_cast<long long>(columns), dy, dx);
  const auto line = [](const char* name, double value) { std::printf("%-26s %.12g\n", name, value); };
  line("lowest (m)", lowest);
  line("highest (m)", highest);
  line("highest, row", static_cast<double>(summit / columns));
  line("highest, column", static_cast<double>(summit % columns));
  line("mean elevation (m)", mean);
  line("standard deviation (m)", deviation);
  line("row with highest mean", static_cast<double>(ridge));
  line("its mean (m)", ridge_mean);
  line("mean slope (deg)", mean_slope);
  line("steepest slope (deg)", steepest);
  line("share above 15 deg", steep_share);
  line("surface per plan area", surface);
  line("mean brightness", mean_shade);
  std::printf("times: load %.2f ms, shade %.2f ms, statistics %.2f ms, save %.2f ms\n", load_ms, shade_ms,
              statistics_ms, save_ms);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 2 && (std::strcmp(argv[1], "--help") == 0 || std::strcmp(argv[1], "-h") == 0)) {
    std::fputs(usage.data(), stdout);
    return 0;
  }
  try {
    run(parse(argc, argv));
    return 0;
  } catch (const usage_error& problem) {
    std::fprintf(stderr, "hillshade: %s; see hillshade --help\n", problem.text.c_str());
    return 2;
  } catch (const std::exception& problem) {
    std::fprintf(stderr, "hillshade: %s\n", problem.what());
    return 1;
  }
}
