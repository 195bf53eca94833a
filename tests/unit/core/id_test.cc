#include "core/id.h"

#include "core/hash.h"
#include "core/random.h"

#include <gtest/gtest.h>

#include <set>

namespace takt {
namespace {

TEST(Hash, IsXxh3AndStaysSo) { // published values of XXH3 with seed 0: a change would orphan every stored id
  EXPECT_EQ(hash64(""), 0x2D06800538D394C2ULL);
  EXPECT_EQ(hash64("abc"), 0x78AF5F94892F3950ULL);
  EXPECT_EQ(hash64("abc", 0), hash64("abc"));
  EXPECT_NE(hash64("abc", 1), hash64("abc"));
  const Bytes16 empty = hash128("");
  EXPECT_EQ(empty[0], 0x99);
  EXPECT_EQ(empty[15], 0x7F);
}

TEST(Hash, MixingIsNotCommutative) {
  EXPECT_NE(mix64(1, 2), mix64(2, 1));
  EXPECT_EQ(mix64(1, 2), mix64(1, 2));
}

TEST(Hash, MixingSpreadsEveryBit) { // one flipped bit of either side turns about half of the result
  double flipped = 0;
  for (unsigned bit = 0; bit < 64; ++bit) {
    flipped += __builtin_popcountll(mix64(42, 7) ^ mix64(42 ^ (1ULL << bit), 7));
    flipped += __builtin_popcountll(mix64(42, 7) ^ mix64(42, 7 ^ (1ULL << bit)));
  }
  EXPECT_NEAR(flipped / 128, 32, 2);
}

TEST(CustomerId, TextIsThirteenCharactersOfCrockfordBase32) {
  EXPECT_EQ(to_text(CustomerId{1}), "c-0000000000001");
  EXPECT_EQ(to_text(CustomerId{~0ULL}), "c-FZZZZZZZZZZZZ");
  EXPECT_EQ(to_text(CustomerId{32 * 32 + 31}), "c-000000000010Z");
}

TEST(CustomerId, TextRoundTrips) {
  Random random(1);
  for (int i = 0; i < 2000; ++i) {
    const CustomerId id{random.next() >> random.below(64) | 1};
    ASSERT_EQ(parse_customer_id(to_text(id)).value(), id);
  }
}

TEST(CustomerId, ReadsWhatPeopleType) {
  EXPECT_EQ(parse_customer_id("c-000000000001o").value(), CustomerId{32});
  EXPECT_EQ(parse_customer_id("c-000000000001l").value(), CustomerId{33});
  EXPECT_EQ(parse_customer_id("c-000000000001z").value(), parse_customer_id("c-000000000001Z").value());
}

TEST(CustomerId, RefusesWhatIsNone) {
  for (const char* text : {"", "c-", "c-1", "x-0000000000001", "c-00000000000011", "c-000000000000U", "c-000000000000-", "c-G000000000000",
                           "c-0000000000000", "0000000000001", "C-0000000000001"})
    EXPECT_FALSE(parse_customer_id(text)) << text;
}

TEST(CustomerId, PartitionsAreFixedAndEven) {
  EXPECT_EQ(partition_of(CustomerId{1}), partition_of(CustomerId{1}));
  std::vector<int> counts(partitions_count);
  for (std::uint64_t value = 1; value <= 102'400; ++value) ++counts[partition_of(CustomerId{value})];
  for (const int count : counts) { // 100 expected each, standard deviation 10
    EXPECT_GT(count, 45);
    EXPECT_LT(count, 165);
  }
}

TEST(DecisionId, CarriesTimeAndCustomer) {
  const CustomerId customer{0x123456789abcdefULL};
  const UtcTime now = utc_from_ms(1'709'632'800'123);
  const DecisionId id = make_decision_id(now, customer, 77);
  EXPECT_EQ(time_of(id), now);
  EXPECT_TRUE(tagged_for(id, customer));
  for (std::uint64_t other = 1; other < 5000; ++other) ASSERT_FALSE(tagged_for(id, CustomerId{other}));
}

TEST(DecisionId, LayoutIsTimePartitionTagNonce) {
  const CustomerId customer{99};
  const DecisionId id = make_decision_id(utc_from_ms(0x0102030405), customer, 0xdeadbeef);
  EXPECT_EQ(id.bytes[0], 0x00);
  EXPECT_EQ(id.bytes[5], 0x05);
  EXPECT_EQ((id.bytes[6] << 2) | (id.bytes[7] >> 6), static_cast<int>(partition_of(customer)));
  EXPECT_EQ(id.bytes[12], 0xde);
  EXPECT_EQ(id.bytes[15], 0xef);
}

TEST(DecisionId, TextRoundTripsAndSortsByTime) {
  Random random(2);
  std::set<std::string> texts;
  std::string before;
  for (int i = 0; i < 2000; ++i) {
    const DecisionId id = make_decision_id(utc_from_ms(1'700'000'000'000 + i), CustomerId{random.next()}, static_cast<std::uint32_t>(random.next()));
    const std::string text = to_text(id);
    ASSERT_EQ(text.size(), 26U);
    ASSERT_EQ(parse_decision_id(text).value(), id);
    ASSERT_LT(before, text);
    before = text;
  }
}

TEST(DecisionId, RefusesWhatIsNone) {
  for (const char* text : {"", "01J", "00000000000000000000000000", "80000000000000000000000001", "0000000000000000000000000U", "000000000000000000000000001"})
    EXPECT_FALSE(parse_decision_id(text)) << text;
}

TEST(DecisionId, TimesOutsideItsBitsAreHeldAtTheirEnds) {
  EXPECT_EQ(time_of(make_decision_id(utc_from_ms(-5), CustomerId{1}, 0)), utc_from_ms(0));
}

TEST(ItemId, HasOneTo128BytesAndNoControlCharacters) {
  EXPECT_TRUE(ItemId::parse("sku-1"));
  EXPECT_TRUE(ItemId::parse(std::string(128, 'x')));
  EXPECT_FALSE(ItemId::parse(""));
  EXPECT_FALSE(ItemId::parse(std::string(129, 'x')));
  EXPECT_FALSE(ItemId::parse("a\nb"));
  EXPECT_FALSE(ItemId::parse("a\x7f"));
}

} // namespace
} // namespace takt
