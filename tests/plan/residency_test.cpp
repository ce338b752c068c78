#include <gtest/gtest.h>

#include <limits>
#include <vector>

#include "plan/residency.h"

namespace tandem::plan {
namespace {

operand_state block(std::uint64_t id, std::int64_t bytes, place_set valid_on = set_of(host_place)) {
  return {id, bytes, valid_on, false, nullptr};
}

class Residency : public testing::Test {
 protected:
  void work_at(int place, const std::vector<operand_state>& reads, const operand_state& writes,
               bool writes_all = true) {
    moved.clear();
    state.work_at(place, reads, writes, writes_all, moved);
  }
  place_set where(std::uint64_t id) const {
    const resident_block* const found = state.find(id);
    return found == nullptr ? 1U << 31 : found->valid_on;
  }

  residency state;
  std::vector<movement> moved;
};

TEST_F(Residency, CopiesWhatIsReadOnce) {
  work_at(1, {block(1, 100), block(2, 50), block(1, 100)}, block(3, 8, 0));
  ASSERT_EQ(moved.size(), 2U);
  EXPECT_EQ(moved[0].id, 1U);
  EXPECT_EQ(moved[0].bytes, 100);
  EXPECT_EQ(moved[0].place, 1);
  EXPECT_TRUE(moved[0].to_device);
  EXPECT_EQ(moved[1].id, 2U);
  EXPECT_EQ(where(1), set_of(0) | set_of(1));
  EXPECT_EQ(where(3), set_of(1));
  // What is known here counts, not what the application says.
  work_at(1, {block(1, 100), block(3, 8)}, block(4, 8, 0));
  EXPECT_TRUE(moved.empty());
}

TEST_F(Residency, WritingMakesOthersStale) {
  work_at(1, {block(1, 100)}, block(1, 100));
  EXPECT_EQ(where(1), set_of(1));
  work_at(0, {block(1, 100)}, block(2, 100, 0));
  ASSERT_EQ(moved.size(), 1U);
  EXPECT_FALSE(moved[0].to_device);
  EXPECT_EQ(moved[0].place, 1);
  EXPECT_EQ(where(1), set_of(0) | set_of(1));
  EXPECT_EQ(where(2), set_of(0));
}

TEST_F(Residency, APartlyWrittenBlockIsBroughtFirst) {
  work_at(1, {}, block(1, 100), false);
  ASSERT_EQ(moved.size(), 1U);
  EXPECT_TRUE(moved[0].to_device);
  EXPECT_EQ(where(1), set_of(1));
  // One that nothing was written to has nothing to bring.
  work_at(1, {}, block(2, 100, 0), false);
  EXPECT_TRUE(moved.empty());
}

TEST_F(Residency, BetweenDevicesBlocksGoByWayOfTheHost) {
  work_at(1, {}, block(1, 100, 0));
  work_at(2, {block(1, 100)}, block(2, 100, 0));
  ASSERT_EQ(moved.size(), 2U);
  EXPECT_EQ(moved[0].place, 1);
  EXPECT_FALSE(moved[0].to_device);
  EXPECT_EQ(moved[1].place, 2);
  EXPECT_TRUE(moved[1].to_device);
  EXPECT_EQ(where(1), set_of(0) | set_of(1) | set_of(2));
}

TEST_F(Residency, TheHostReadsAndWrites) {
  work_at(1, {}, block(1, 100, 0));
  moved.clear();
  state.read_on_host(1, moved);
  state.read_on_host(1, moved);
  ASSERT_EQ(moved.size(), 1U);
  EXPECT_FALSE(moved[0].to_device);
  state.write_on_host(1, moved);
  EXPECT_EQ(moved.size(), 1U);
  EXPECT_EQ(where(1), set_of(0));
  state.read_on_host(99, moved);
  state.write_on_host(99, moved);
  state.free(99);
  EXPECT_EQ(moved.size(), 1U);
}

TEST_F(Residency, WhatTheHostHasTooLeavesAFullDevice) {
  state.limit(1, 250);
  work_at(1, {block(1, 100), block(2, 100)}, block(3, 50, 0));
  EXPECT_EQ(state.free_bytes(1), 200);  // block 3 is nowhere else
  work_at(1, {block(1, 100)}, block(4, 50, 0));
  // Block 2 was used least recently.
  EXPECT_EQ(where(1), set_of(0) | set_of(1));
  EXPECT_EQ(where(2), set_of(0));
  EXPECT_EQ(state.free_bytes(1), 150);
  state.free(3);
  EXPECT_EQ(state.free_bytes(1), 200);
  EXPECT_EQ(state.free_bytes(2), std::numeric_limits<std::int64_t>::max());
}

TEST_F(Residency, AFreedBlockIsForgotten) {
  work_at(1, {}, block(1, 100, 0));
  state.free(1);
  EXPECT_EQ(state.find(1), nullptr);
  work_at(0, {block(1, 30)}, block(2, 8, 0));
  EXPECT_TRUE(moved.empty());
  EXPECT_EQ(state.find(1)->bytes, 30);
}

TEST_F(Residency, KeepsACreditWhereTheApplicationHasOne) {
  std::atomic<float> theirs{5};
  operand_state known = block(1, 100);
  EXPECT_EQ(state.state_of(known).credit_us, nullptr);
  known.credit_us = &theirs;
  std::atomic<float>* const credit = state.state_of(known).credit_us;
  ASSERT_NE(credit, nullptr);
  EXPECT_NE(credit, &theirs);
  EXPECT_EQ(credit->load(), 0);
  credit->store(3);
  EXPECT_EQ(state.state_of(known).credit_us->load(), 3);
}

TEST_F(Residency, OperandsWithoutElementsAreNowhere) {
  work_at(1, {block(1, 0)}, block(2, 0, 0));
  EXPECT_TRUE(moved.empty());
  EXPECT_EQ(state.find(1), nullptr);
  EXPECT_EQ(state.find(2), nullptr);
}

}  // namespace
}  // namespace tandem::plan
