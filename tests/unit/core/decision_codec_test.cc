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
  record.decision.totals.resize(100);
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
  bytes[0] = 6;
  const auto decoded = decode_decision(bytes);
  ASSERT_FALSE(decoded);
  EXPECT_NE(decoded.error().message.find("format 6 is newer than this build knows (5)"), std::string::npos);
}

TEST(DecisionCodec, AnUnknownSectionIsSkipped) {
  const DecisionRecord record = random_decision(2);
  ByteWriter out;
  out.raw(encode_decision(record));
  out.varint(99);
  out.text("outcomes, one day");
  EXPECT_EQ(decode_decision(out.bytes()).value(), record);
}

TEST(DecisionCodec, ADecisionOfFormat2IsRead) { // the same without the section of configured columns
  DecisionRecord record = random_decision(3);
  for (PlacementDecision& placement : record.decision.placements) {
    placement.features.custom_columns.clear();
    placement.features.custom.clear();
    placement.merchandising_cost.reset();
  }
  record.decision.totals.clear();
  std::string bytes = encode_decision(record);
  ASSERT_EQ(bytes.substr(bytes.size() - 6), std::string("\x04\0\x05\0\x06\0", 6));
  bytes.resize(bytes.size() - 2);
  EXPECT_FALSE(decode_decision(bytes)) << "a section is missing";
  bytes.front() = 4;
  EXPECT_EQ(decode_decision(bytes).value(), record) << "format 4, before caps over more than one customer";
  bytes.resize(bytes.size() - 2);
  EXPECT_FALSE(decode_decision(bytes)) << "a section is missing";
  bytes.front() = 3;
  EXPECT_EQ(decode_decision(bytes).value(), record) << "format 3, before there was merchandising";
  bytes.resize(bytes.size() - 2);
  EXPECT_FALSE(decode_decision(bytes)) << "a section is missing";
  bytes.front() = 2;
  EXPECT_EQ(decode_decision(bytes).value(), record);
}

/// What a build of format 1 wrote: two choices in full, no features.
constexpr std::string_view bytes_of_format_1 =
    "0101578088e1e7c16303722d31027531000000000000000000000109686f6d652e6865726f040105736b752d3900000000000000000000000000000000000000000000000000000000002a"
    "00000000000000000000000000000002c60207000000000000000000000000000000000000000000000000000000000000000b000000000000000503732d310003b9600263000000000000"
    "00096a6f75726e616c2d320565786163740109686f6d652e6865726f0000000205736b752d310108ac1c5a643bd73f000000000000e83f0103809f49b81e85eb51b89e3f00000000000000"
    "000000000000002940000000000000f03f000000000000f03ffca9f1d24d62603f7b14ae47e17a843f000000000000f03f0005736b752d390005736b752d3202c64b37894160e13f555555"
    "555555d53f0103809f49b81e85eb51b8ae3f00000000000000000000000000002940000000000000f03f000000000000f03ffca9f1d24d62603f7b14ae47e17a843fae47e17a14aee73f00"
    "05736b752d3901060200030001ae47e17a14aee73f000000020200c801860208c80102120117c60100000000";

std::string from_hex(std::string_view hex) {
  std::string bytes;
  for (std::size_t i = 0; i < hex.size(); i += 2) bytes.push_back(static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16)));
  return bytes;
}

TEST(DecisionCodec, ADecisionOfFormat1IsRead) {
  const auto decoded = decode_decision(from_hex(bytes_of_format_1));
  ASSERT_TRUE(decoded) << decoded.error().message;
  EXPECT_EQ(decoded->request.user_id, "u1");
  EXPECT_EQ(decoded->decision.versions, (Versions{3, 99, 12345, 2, "journal-2", "exact"}));
  const PlacementDecision& placement = decoded->decision.placements.at(0);
  ASSERT_EQ(placement.choices.size(), 2U);
  const Choice& second = placement.choices[1];
  EXPECT_EQ(second.item.text(), "sku-2");
  EXPECT_EQ(second.slot, 2U);
  EXPECT_EQ(second.propensity, 1.0 / 3);
  EXPECT_EQ(second.terms.p_act, 0.06);
  EXPECT_EQ(second.terms.fatigue_factor, 0.74);
  EXPECT_EQ(second.score, second.terms.score());
  EXPECT_EQ(second.reserved_until, decoded->decision.now + minutes(10));
  EXPECT_EQ(second.reasons.at(0).code, ReasonCode::fatigued);
  EXPECT_EQ(placement.features, LoggedFeatures{});
  EXPECT_EQ(placement.drops.at(ReasonCode::outranked), 198U);
  const std::string today = encode_decision(*decoded); // what is written is always today's
  EXPECT_LT(today.size(), bytes_of_format_1.size() / 2);
  EXPECT_EQ(decode_decision(today).value(), *decoded);
}

TEST(DecisionCodec, RowsKeepEveryBitAndZerosTakeNone) {
  DecisionRecord record;
  PlacementDecision& placement = record.decision.placements.emplace_back();
  placement.choices.resize(2);
  placement.choices[0].item = *ItemId::parse("sku-1");
  placement.choices[1].item = *ItemId::parse("sku-2");
  LoggedFeatures& features = placement.features;
  features.schema = 77;
  features.shared = {0, 1, -0.0F, 1e-45F, 0.1F};
  features.items = {placement.choices[0].item, placement.choices[1].item, *ItemId::parse("sku-3")};
  features.own.assign(3 * 40, 0);
  const std::size_t with_zeros = encode_decision(record).size();
  features.own[3] = features.own[43] = features.own[83] = 0.3F;
  const std::string bytes = encode_decision(record);
  LoggedFeatures& rounded = record.decision.placements[0].features; // as families write them
  rounded.shared = {0, 1, -0.0F, 0.5F, 0.25F};
  rounded.own[3] = rounded.own[43] = rounded.own[83] = 0.375F;
  EXPECT_EQ(encode_decision(record).size(), bytes.size() - 4) << "three told values of the shared row, one of the first: a byte less each";
  rounded = decode_decision(bytes).value().decision.placements[0].features;
  EXPECT_EQ(bytes.size(), with_zeros + sizeof(float)) << "the second and third row say: as before";
  const LoggedFeatures again = decode_decision(bytes).value().decision.placements[0].features;
  EXPECT_EQ(again.own[3], 0.3F);
  EXPECT_EQ(again.own[83], 0.3F);
  EXPECT_EQ(again.shared[4], 0.1F);
  EXPECT_EQ(again.shared[3], 1e-45F);
  EXPECT_TRUE(std::signbit(again.shared[2]));
  EXPECT_EQ(decode_decision(encode_decision(record)).value(), record);
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
    if (!bytes.empty()) bytes[0] = static_cast<char>(1 + i % 2);
    expect_harmless(bytes);
  }
}

} // namespace
} // namespace takt::test
