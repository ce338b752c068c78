#include "cli/eval_options.h"

#include <fmt/format.h>

#include <tandem/errors.h>
#include <tandem/policy.h>

#include "cli/arguments.h"
#include "cli/policy_values.h"
#include "cli/status.h"

namespace tandem::cli {

namespace {

constexpr std::string_view known_options[] = {"-o",      "--output",  "--time", "--workers", "--device",
                                              "--batch", "--explain", "-h",     "--help"};

class option_reader final : argument_reader {
 public:
  explicit option_reader(std::span<const std::string> arguments) : argument_reader(arguments, known_options) {}

  eval_options read() {
    read_all();
    check();
    options_.expression = expression_.value_or("");
    options_.inputs = std::move(inputs_);
    return std::move(options_);
  }

 private:
  bool read_option(std::string_view name) override {
    if (name == "-o" || name == "--output") {
      once(options_.output.has_value());
      options_.output = value();
    } else if (name == "--workers") {
      once(options_.workers.has_value());
      options_.workers = parse_workers(value());
    } else if (name == "--device") {
      once(options_.device.has_value());
      options_.device = parse_device(value());
    } else if (name == "--batch") {
      once(options_.batch.has_value());
      options_.batch = value();
    } else if (name == "--time") {
      flag(options_.time);
    } else if (name == "--explain") {
      flag(options_.explain);
    } else if (name == "-h" || name == "--help") {
      flag(options_.help);
    } else {
      return false;
    }
    return true;
  }

  void check() const {
    if (options_.help) return;
    if (options_.batch) {
      if (expression_ || !inputs_.empty() || options_.output) {
        throw usage_error("with --batch, expressions, inputs and outputs stand in the file");
      }
    } else if (!expression_) {
      throw usage_error("an expression is missing");
    }
    if (options_.output && !options_.output->ends_with(".npy") && !options_.output->ends_with(".npz")) {
      throw usage_error(fmt::format("the output must end in .npy or .npz; given '{}'", *options_.output));
    }
  }

  eval_options options_;
};

}  // namespace

eval_options parse_eval_options(std::span<const std::string> arguments) { return option_reader(arguments).read(); }

}  // namespace tandem::cli
