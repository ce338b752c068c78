#include "cli/eval_options.h"

#include <fmt/format.h>

#include "cli/option_values.h"
#include "cli/status.h"

namespace tandem::cli {

eval_options parse_eval_options(std::span<const std::string> arguments) {
  eval_options options;
  option_reader reader(arguments);
  reader.once({"-o", "--output"}, options.output);
  reader.flag({"--time"}, options.time);
  reader.once({"--workers"}, options.workers, parse_workers);
  reader.once({"--device"}, options.device, parse_device);
  reader.once({"--batch"}, options.batch);
  reader.flag({"--explain"}, options.explain);
  read_arguments(reader, options);
  if (options.help) return options;
  if (!options.batch) {
    require_expression(options);
  } else if (options.expression || !options.inputs.empty() || options.output) {
    throw usage_error("with --batch, expressions, inputs and outputs stand in the file");
  }
  if (options.output && !options.output->ends_with(".npy") && !options.output->ends_with(".npz")) {
    throw usage_error(fmt::format("the output must end in .npy or .npz; given '{}'", *options.output));
  }
  return options;
}

}  // namespace tandem::cli
