#include <fmt/format.h>
#include <tandem/whatif.h>

#include <optional>
#include <string>
#include <string_view>

#include <tandem/errors.h>

#include "cli/commands.h"
#include "cli/hints.h"
#include "cli/output.h"
#include "cli/status.h"

namespace tandem::cli {

namespace {

enum class report_format { text, json, html };

struct whatif_options {
  std::optional<std::string> log;
  std::optional<device> where;
  std::optional<report_format> format;
  std::optional<std::string> file;
  bool help = false;
};

class reader {
 public:
  explicit reader(std::span<const std::string> arguments) : arguments_(arguments) {}

  whatif_options read() {
    while (next_ < arguments_.size()) read_one(arguments_[next_++]);
    if (options_.help) return std::move(options_);
    if (!options_.log) throw usage_error("whatif needs a decision log");
    if (options_.format && options_.file) {
      throw usage_error("whatif takes --format or --output: the end of a file's name says what it is");
    }
    return std::move(options_);
  }

 private:
  void read_one(const std::string& argument) {
    if (!argument.starts_with('-') || argument == "-") {
      if (options_.log) throw usage_error(fmt::format("whatif takes one decision log; '{}' is another", argument));
      options_.log = argument;
      return;
    }
    std::string_view name = argument;
    attached_.reset();
    if (const std::size_t equals = argument.find('='); argument.starts_with("--") && equals != argument.npos) {
      name = std::string_view(argument).substr(0, equals);
      attached_ = argument.substr(equals + 1);
    }
    if (name == "--device") {
      once(name, options_.where.has_value());
      const std::string given = value(name);
      try {
        options_.where = device::named(given);
      } catch (const error& wrong) {
        throw usage_error(fmt::format("option --device: {}", wrong.what()));
      }
    } else if (name == "--format") {
      once(name, options_.format.has_value());
      options_.format = format_named(value(name));
    } else if (name == "-o" || name == "--output") {
      once(name, options_.file.has_value());
      options_.file = value(name);
      if (!options_.file->ends_with(".txt") && !options_.file->ends_with(".json") &&
          !options_.file->ends_with(".html")) {
        throw usage_error(fmt::format("option {}: '{}' ends in neither .txt, .json nor .html", name, *options_.file));
      }
    } else if (name == "--help" || name == "-h") {
      options_.help = true;
    } else {
      constexpr std::string_view names[] = {"--device", "--format", "--output", "--help"};
      const std::string_view near = nearest(name, names);
      throw usage_error(fmt::format("whatif has no option '{}'{}", argument,
                                    near.empty() ? "" : fmt::format("; did you mean '{}'?", near)));
    }
  }

  static report_format format_named(const std::string& text) {
    if (text == "text") return report_format::text;
    if (text == "json") return report_format::json;
    if (text == "html") return report_format::html;
    throw usage_error(fmt::format("option --format: '{}' is neither text, json nor html", text));
  }
  static void once(std::string_view name, bool given) {
    if (given) throw usage_error(fmt::format("option {} is given twice", name));
  }
  std::string value(std::string_view name) {
    if (attached_) return *attached_;
    if (next_ == arguments_.size()) throw usage_error(fmt::format("option {} needs a value", name));
    return arguments_[next_++];
  }

  std::span<const std::string> arguments_;
  std::size_t next_ = 0;
  std::optional<std::string> attached_;
  whatif_options options_;
};

}  // namespace

int run_whatif(std::span<const std::string> arguments) {
  const whatif_options options = reader(arguments).read();
  if (options.help) {
    write_output(help_text("whatif"));
    return exit_success;
  }
  const whatif_report found = whatif(*options.log, options.where ? *options.where : device::named("sim:h200"));
  if (options.file) {
    save(found, *options.file);
    return exit_success;
  }
  switch (options.format.value_or(report_format::text)) {
    case report_format::text: write_output(to_string(found)); break;
    case report_format::json: write_output(to_json(found)); break;
    case report_format::html: write_output(to_html(found)); break;
  }
  return exit_success;
}

}  // namespace tandem::cli
