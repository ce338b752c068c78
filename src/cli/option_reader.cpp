#include "cli/option_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "cli/hints.h"
#include "cli/status.h"

namespace tandem::cli {

namespace {

// Where "--name=value" is cut; npos if nothing is attached.
std::size_t name_end(std::string_view argument) {
  return argument.starts_with("--") ? argument.find('=') : std::string_view::npos;
}

}  // namespace

void option_reader::flag(names all, bool& to) { options_.push_back({.all_names = all, .set = &to, .take = {}}); }

void option_reader::each(names all, value_taker take) {
  options_.push_back({.all_names = all, .take = std::move(take)});
}

void option_reader::once(names all, std::optional<std::string>& to) {
  once(all, to, [](std::string_view, std::string value) { return value; });
}

const std::string* option_reader::next() { return next_ == arguments_.size() ? nullptr : &arguments_[next_++]; }

const std::string* option_reader::next_other() {
  while (const std::string* const argument = next()) {
    if (!read(*argument)) return argument;
  }
  return nullptr;
}

bool option_reader::read(std::string_view argument) {
  const std::size_t end = name_end(argument);
  const std::string_view name = argument.substr(0, end);
  const bool is_attached = end != std::string_view::npos;
  const auto found =
      std::ranges::find_if(options_, [&](const option& each) { return std::ranges::count(each.all_names, name) > 0; });
  if (found == options_.end()) return false;
  if (found->set != nullptr) {
    if (is_attached) throw usage_error(fmt::format("{} takes no value", name));
    *found->set = true;
    return true;
  }
  if (std::exchange(found->is_given, true) && !found->may_repeat) {
    throw usage_error(fmt::format("{} is given twice", name));
  }
  if (is_attached) {
    found->take(name, std::string(argument.substr(end + 1)));
    return true;
  }
  const std::string* const value = next();
  if (value == nullptr) throw usage_error(fmt::format("{} needs a value", name));
  found->take(name, *value);
  return true;
}

void option_reader::refuse(std::string_view argument, std::string_view advice) const {
  const std::string_view name = argument.substr(0, name_end(argument));
  std::vector<std::string_view> known;
  for (const option& each : options_) {
    // Any letter is as near to -o as to -h.
    std::ranges::copy_if(each.all_names, std::back_inserter(known),
                         [](std::string_view one) { return one.starts_with("--"); });
  }
  const std::string_view near = nearest(name, known);
  std::string text = fmt::format("there is no option '{}'", name);
  if (!near.empty()) {
    text += fmt::format("; did you mean '{}'?", near);
  } else if (!advice.empty()) {
    text += fmt::format("; {}", advice);
  }
  throw usage_error(text);
}

}  // namespace tandem::cli
