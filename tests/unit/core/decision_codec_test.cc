#include "core/bytes.h"
#include "core/decision.h"
#include "tests/support/builders.h"
#include "tests/support/largest_allocation.h"

#include <gtest/gtest.h>

#include <cmath>
#include <string>

namespace takt::test {
namespace {

void expect_harmless(std::string_view bytes) {
  reset_largest_allocation();
  const auto decoded = decode_decision(bytes);
  ASSERT_LE(largest_allocation(), bytes.size() * 256 + 16 * 1024);
  if (!decoded) { ASSERT_EQ(decoded.error().code, ErrorCode::corrupt); }
}

TEST(DecisionCodec, AnyDecisionRoundTrips) {
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    const DecisionRecord record = random_decision(seed);
    const std::string bytes = encode_decision(record);
    const auto decoded = decode_decision(bytes);
    ASSERT_TRUE(decoded) << decoded.error().message;
    ASSERT_EQ(*decoded, record) << "seed " << seed;
    ASSERT_EQ(encode_decision(*decoded), bytes);
  }
}

TEST(DecisionCodec, NothingRoundTrips) { EXPECT_EQ(decode_decision(encode_decision({})).value(), DecisionRecord{}); }

TEST(DecisionCodec, ListsOfTheShortestElementsRoundTrip) { // the reader must not think them too many for their bytes
  DecisionRecord record;
  record.request.placements.resize(100);
  record.request.placements[99].candidates.emplace().resize(100);
  record.request.context.consent.resize(100);
  record.request.filter.emplace().children.resize(100);
  record.decision.placements.resize(100);
  PlacementDecision& last = record.decision.placements[99];
  last.choices.resize(100);
  last.reasons.resize(100);
  last.funnel.resize(100);
  last.dropped.resize(100);
  record.decision.degraded.resize(100);
  EXPECT_EQ(decode_decision(encode_decision(record)).value(), record);
}

TEST(DecisionCodec, ScoresKeepEveryBit) {
  DecisionRecord record = random_decision(1);
  Choice choice;
  choice.propensity = 1.0 / 3;
  choice.terms.p_act = 5e-324; // the smallest double there is
  choice.score = -0.0;
  record.decision.placements[0].choices = {choice};
  const DecisionRecord decoded = decode_decision(encode_decision(record)).value();
  const Choice& again = decoded.decision.placements[0].choices.at(0);
  EXPECT_EQ(again.propensity, 1.0 / 3);
  EXPECT_EQ(again.terms.p_act, 5e-324);
  EXPECT_TRUE(std::signbit(again.score));
}

TEST(DecisionCodec, ANewerFormatIsRefusedByName) {
  std::string bytes = encode_decision(random_decision(1));
  bytes[0] = 2;
  const auto decoded = decode_decision(bytes);
  ASSERT_FALSE(decoded);
  EXPECT_NE(decoded.error().message.find("format 2 is newer than this build knows (1)"), std::string::npos);
}

TEST(DecisionCodec, AnUnknownSectionIsSkipped) {
  const DecisionRecord record = random_decision(2);
  ByteWriter out;
  out.raw(encode_decision(record));
  out.varint(3);
  out.text("outcomes, one day");
  EXPECT_EQ(decode_decision(out.bytes()).value(), record);
}

TEST(DecisionCodec, AConditionDeeperThanAnyParserAllowsIsRefused) {
  DecisionRecord record = random_decision(1);
  Condition condition;
  condition.kind = Condition::Kind::negation;
  for (int i = 0; i < 100; ++i) {
    Condition outer;
    outer.kind = Condition::Kind::negation;
    outer.children = {condition};
    condition = outer;
  }
  record.request.filter = condition;
  EXPECT_FALSE(decode_decision(encode_decision(record)));
}

TEST(DecisionCodec, DamagedAndRandomBytesAreHarmless) {
  Random random(1);
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    const std::string bytes = encode_decision(random_decision(seed));
    for (std::size_t size = 0; size < bytes.size(); size += 3) {
      expect_harmless(std::string_view(bytes).substr(0, size));
      EXPECT_FALSE(decode_decision(std::string_view(bytes).substr(0, size)));
    }
    for (int i = 0; i < 1500; ++i) {
      std::string damaged = bytes;
      for (std::uint64_t flips = 0; flips <= random.below(4); ++flips) {
        char& byte = damaged[random.below(damaged.size())];
        byte = static_cast<char>(byte ^ (1 << random.below(8)));
      }
      expect_harmless(damaged);
    }
  }
  for (int i = 0; i < 20'000; ++i) {
    std::string bytes(random.below(200), '\0');
    for (char& byte : bytes) byte = static_cast<char>(random.next());
    if (!bytes.empty()) bytes[0] = 1;
    expect_harmless(bytes);
  }
}

} // namespace
} // namespace takt::test
