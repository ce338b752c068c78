#include "cli/explain_options.h"

#include "cli/arguments.h"
#include "cli/policy_values.h"
#include "cli/status.h"

namespace tandem::cli {

namespace {

constexpr std::string_view known_options[] = {"--device", "--workers", "-h", "--help"};

class option_reader final : argument_reader {
 public:
  explicit option_reader(std::span<const std::string> arguments) : argument_reader(arguments, known_options) {}

  explain_options read() {
    read_all();
    if (!options_.help && !expression_) throw usage_error("an expression is missing");
    options_.expression = expression_.value_or("");
    options_.inputs = std::move(inputs_);
    return std::move(options_);
  }

 private:
  bool read_option(std::string_view name) override {
    if (name == "--device") {
      options_.candidates.push_back(parse_device(value()));
    } else if (name == "--workers") {
      once(options_.workers.has_value());
      options_.workers = parse_workers(value());
    } else if (name == "-h" || name == "--help") {
      flag(options_.help);
    } else {
      return false;
    }
    return true;
  }

  explain_options options_;
};

}  // namespace

explain_options parse_explain_options(std::span<const std::string> arguments) {
  return option_reader(arguments).read();
}

}  // namespace tandem::cli
