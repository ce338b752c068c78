#include "cli/explain_options.h"

#include "cli/option_values.h"

namespace tandem::cli {

explain_options parse_explain_options(std::span<const std::string> arguments) {
  explain_options options;
  option_reader reader(arguments);
  reader.each({"--device"}, [&](std::string_view name, const std::string& text) {
    options.candidates.push_back(parse_device(name, text));
  });
  reader.once({"--workers"}, options.workers, parse_workers);
  read_arguments(reader, options);
  require_expression(options);
  return options;
}

}  // namespace tandem::cli
