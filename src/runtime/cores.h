#pragma once
namespace tandem::runtime {
int permitted_cores() noexcept;
void forget_core_limits() noexcept;
}  // namespace tandem::runtime
