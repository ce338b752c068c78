#include "exec/learning.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <string_view>
#include <utility>

#include <tandem/errors.h>

#include "exec/version.h"
#include "runtime/cache_folder.h"

namespace tandem::exec {

namespace {

constexpr const char* variable = "TANDEM_LEARNING";
constexpr std::string_view remedy = "it is learned anew; delete the file, or let TANDEM_LEARNING=save write it again";

constexpr int nothing_said = -1;
constinit std::atomic<int> said{nothing_said};

void add_common(plan::validators& to, std::string constants) {
  to.emplace_back("library", std::string(library_version()));
  to.emplace_back("constants", std::move(constants));
}

}  // namespace

learning learning_now() {
  if (const int known = said.load(); known != nothing_said) return static_cast<learning>(known);
  const char* const value = std::getenv(variable);
  const std::string_view wish = value == nullptr ? "" : value;
  if (wish.empty() || wish == "on") return learning::on;
  if (wish == "off") return learning::off;
  if (wish == "save") return learning::save;
  throw policy_error(fmt::format("{} is '{}'; expected on, off or save", variable, wish));
}

void remember_learning(learning what) noexcept { said.store(static_cast<int>(what)); }

std::string lessons_file() {
  const std::filesystem::path profile = plan::profile_file();
  if (profile.empty()) return "";
  if (std::getenv("TANDEM_PROFILE") == nullptr) return (profile.parent_path() / "learned.json").string();
  std::filesystem::path beside = profile;
  if (beside.extension() == ".json") beside.replace_extension();
  return beside.string() + ".learned.json";
}

const plan::learned_place* kept_lessons::find(const std::string& place, const plan::validators& here) {
  const auto found = std::ranges::find(places, place, &plan::learned_place::name);
  if (found == places.end()) return nullptr;
  const std::string differs = plan::difference(found->valid_for, here);
  if (differs.empty()) return &*found;
  problems.push_back(fmt::format("{}: {} was learned with another {}; {}", lessons_file(), place, differs, remedy));
  return nullptr;
}

kept_lessons load_lessons() {
  kept_lessons made;
  const std::string file = lessons_file();
  if (file.empty()) return made;
  std::string problem;
  const std::optional<std::string> text = plan::content_of(file, false, problem);
  if (!problem.empty()) made.problems.push_back(fmt::format("{}: {}; {}", file, problem, remedy));
  if (!text) return made;
  plan::learned_parts parts = plan::read_learned_text(*text);
  for (const std::string& each : parts.problems) made.problems.push_back(fmt::format("{}: {}; {}", file, each, remedy));
  made.places = std::move(parts.places);
  return made;
}

plan::validators lessons_of_host_are_for(const plan::host_profile& constants) {
  plan::validators made = plan::find_host_validators();
  add_common(made, plan::fingerprint(constants));
  return made;
}

plan::validators lessons_of_device_are_for(plan::validators machine, const plan::device_profile& constants) {
  add_common(machine, plan::fingerprint(constants));
  return machine;
}

void save_lessons(std::vector<plan::learned_place> places) {
  if (std::ranges::all_of(places, &plan::learned_place::empty)) return;
  const std::string file = lessons_file();
  if (file.empty()) throw io_error("there is no file to save what was learned: neither a profile nor a cache folder");
  for (plan::learned_place& each : load_lessons().places) {
    if (std::ranges::find(places, each.name, &plan::learned_place::name) == places.end()) {
      places.push_back(std::move(each));
    }
  }
  if (std::getenv("TANDEM_PROFILE") == nullptr) runtime::cache_folder();  // makes it
  plan::write_whole(plan::text_of(places), file);
}

}  // namespace tandem::exec
