#pragma once

// How threads of an application that evaluate at the same time, and know nothing of each other, share the cores.
namespace tandem::runtime {

/// Workers for one piece of work, while it lives: as many as are asked for, or fewer while other threads evaluate: no
/// more than an equal part of the permitted cores and what the others have left of them, and at least one.
class core_lease {
 public:
  /// `is_counted` for a member of a team of tandem's: it is counted with the team, whose share keeps within the limits,
  /// and gets what it asks for.
  core_lease(int asked, bool is_counted) noexcept;
  ~core_lease();
  core_lease(const core_lease&) = delete;
  core_lease& operator=(const core_lease&) = delete;

  int granted() const noexcept { return granted_; }

 private:
  int granted_;
  int counted_;
  bool is_counted_;
};

/// For the handler of fork: in the child no other thread is at work.
void forget_leases() noexcept;

}  // namespace tandem::runtime
