#pragma once

#include <tandem/whatif.h>

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "plan/events.h"
#include "plan/planner.h"
#include "plan/residency.h"

namespace tandem::plan {

/// This host with another device.
struct whatif_machine {
  /// Of the host; devices in it do not count.
  profile constants;
  device_entry device;
  bool is_simulated = false;
  std::int64_t device_memory_bytes = 0;
};

/// Follows an application and decides each evaluation anew, for a machine with that device: with a planner of its own,
/// which learns from what the host takes, and with arrays where its decisions would have put them. What the host does
/// there takes as long as it took here.
///
/// Not counted: what the device needs once to make a program ready, and what host and device could do at the same
/// time. A program counts as one that the device can run if the policy lets any device have it.
class whatif_accounts : public observer {
 public:
  explicit whatif_accounts(whatif_machine machine);

  void on_device(const named_device_profile&) override {}
  void on_evaluation(const evaluation& what) override;
  void on_failure(std::uint64_t number) override;
  void on_outcome(std::uint64_t number, double measured_us) override;
  void on_copy(int place, bool to_device, bool is_pinned, std::int64_t bytes, double measured_us) override;
  void on_host_read(std::uint64_t id) override;
  void on_host_write(std::uint64_t id) override;
  void on_free(std::uint64_t id) override;

  /// What there was so far.
  whatif_report report() const;

 private:
  static constexpr int there = 1;

  // What is known of a block besides where it is, as `memory::placement_note`.
  struct owner {
    std::size_t group;
    /// Where it was written last, and by which task; the task is null if the application did it.
    std::size_t site;
    memory::use_history* history = nullptr;
    bool was_used = false;
  };
  // An evaluation whose outcome is not known yet.
  struct expected {
    std::uint64_t number = 0;
    std::size_t site = 0;
    planner::lesson of_host{};
    bool was_on_host = false;
    /// There.
    bool is_on_device = false;
    /// Here and there.
    double counted_us = 0;
    double counted_there_us = 0;
  };

  std::size_t site_of(const evaluation& what);
  owner& owner_of(const operand_state& of, const evaluation& what, std::size_t site, int position);
  planned_task& planned(const evaluation& what);
  operand_state here(const operand_state& known);
  void account(const std::vector<movement>& moved);

  whatif_machine machine_;
  planner planner_;
  residency residency_;
  std::unordered_map<std::uint64_t, std::unique_ptr<planned_task>> tasks_;
  std::unordered_map<std::uint64_t, owner> owners_;
  std::vector<whatif_site> sites_;
  std::unordered_map<std::string, std::size_t> site_numbers_;
  std::vector<whatif_array> arrays_;
  std::unordered_map<std::string, std::size_t> array_numbers_;
  std::array<expected, 1024> expected_{};
  std::size_t last_site_ = 0;
  std::vector<operand_state> reads_;
  std::vector<movement> moved_;
};

/// What makes the text of a report for a file of that name. `named_by` is who gave the name, for the error.
/// Throws: `argument_error` if it ends in neither .txt, .json nor .html.
using report_maker = std::string (*)(const whatif_report& of);
report_maker report_maker_for(std::string_view path, std::string_view named_by);

}  // namespace tandem::plan
