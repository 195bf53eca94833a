/// Bytes of records and journal entries: round trip, sameness, migration, and bytes that nobody wrote.
#include "core/record_codec.h"

#include "core/bytes.h"
#include "tests/support/builders.h"
#include "tests/support/largest_allocation.h"

#include <gtest/gtest.h>

#include <string>

namespace takt::test {
namespace {

/// Bytes of memory per byte of input: an Operation of two bytes is the most wasteful thing there is.
constexpr std::size_t memory_per_byte_max = 2 * sizeof(Operation);
constexpr std::size_t memory_free_of_charge = 16 * 1024; // error texts, gtest

template <class Decode>
void expect_harmless(std::string_view bytes, Decode decode) {
  reset_largest_allocation();
  const auto decoded = decode(bytes);
  ASSERT_LE(largest_allocation(), bytes.size() * memory_per_byte_max + memory_free_of_charge);
  if (!decoded) {
    ASSERT_EQ(decoded.error().code, ErrorCode::corrupt);
    ASSERT_FALSE(decoded.error().message.empty());
  }
}

template <class Decode>
void expect_harmless_when_damaged(const std::string& bytes, std::uint64_t seed, int rounds, Decode decode) {
  Random random(seed);
  for (std::size_t size = 0; size < bytes.size(); size += 1 + bytes.size() / 400) expect_harmless(std::string_view(bytes).substr(0, size), decode);
  for (int i = 0; i < rounds; ++i) {
    std::string damaged = bytes;
    for (std::uint64_t flips = 0; flips <= random.below(4); ++flips) {
      char& byte = damaged[random.below(damaged.size())];
      byte = static_cast<char>(byte ^ (1 << random.below(8)));
    }
    if (random.below(3) == 0) damaged.erase(random.below(damaged.size()), random.below(40));
    if (random.below(3) == 0) damaged.insert(random.below(damaged.size()), std::string(random.below(12), '\xff'));
    expect_harmless(damaged, decode);
  }
}

std::string random_bytes(Random& random) {
  std::string bytes(random.below(300), '\0');
  for (char& byte : bytes) byte = static_cast<char>(random.next());
  if (!bytes.empty() && random.below(2) == 0) bytes[0] = static_cast<char>(random.below(2));
  return bytes;
}

std::string from_hex(std::string_view hex) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) bytes.push_back(static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16)));
  return bytes;
}

TEST(RecordCodec, AnyRecordRoundTrips) {
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    const CustomerRecord record = random_record(seed, 20 + seed * 4);
    const auto decoded = decode_record(encode_record(record));
    ASSERT_TRUE(decoded) << decoded.error().message;
    ASSERT_EQ(*decoded, record) << "seed " << seed;
  }
}

TEST(RecordCodec, NobodyRoundTrips) {
  EXPECT_EQ(decode_record(encode_record({})).value(), CustomerRecord{});
  EXPECT_LT(encode_record({}).size(), 24U);
}

TEST(RecordCodec, ListsOfTheShortestElementsRoundTrip) { // the reader must not think them too many for their bytes
  CustomerRecord record;
  record.identities.resize(100);
  record.merges.resize(100);
  record.traits.resize(100);
  record.consents.resize(100);
  record.zones.resize(100);
  record.sessions.resize(100);
  record.journey.resize(100);
  record.affinities.resize(100);
  record.orders.resize(100);
  record.orders[99].lines.resize(100);
  record.facts.resize(100);
  record.facts[99].switches.resize(100);
  record.dismissals.resize(100);
  record.requests.resize(100);
  record.ledger.label_sets.resize(100);
  record.ledger.entries.resize(100);
  for (int i = 0; i < 100; ++i) record.ledger.entries[99].marks.emplace_back();
  record.ledger.tallies.resize(100);
  EXPECT_EQ(decode_record(encode_record(record)).value(), record);
}

TEST(RecordCodec, TimesAtTheEndsOfTimeRoundTrip) {
  CustomerRecord record;
  record.id = {1};
  record.clock = UtcTime::max();
  record.founded_at = UtcTime::min();
  record.last_activity = UtcTime::min() + Duration{1};
  Entry entry;
  entry.granted_at = UtcTime::min();
  entry.expires_at = UtcTime::max();
  record.ledger.label_sets.emplace_back();
  record.ledger.entries = {entry, entry};
  EXPECT_EQ(decode_record(encode_record(record)).value(), record);
}

TEST(RecordCodec, EqualRecordsHaveEqualBytes) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    const std::string bytes = encode_record(random_record(seed, 100));
    ASSERT_EQ(encode_record(random_record(seed, 100)), bytes);
    ASSERT_EQ(encode_record(decode_record(bytes).value()), bytes);
  }
}

TEST(RecordCodec, TwoHundredExposuresTakeAboutSixKilobytes) {
  JournalBuilder life(CustomerId{77});
  Random random(1);
  for (std::uint32_t i = 0; i < 200; ++i) {
    const UtcTime now = utc("2024-03-01T00:00:00Z") + minutes(i * 600 + static_cast<std::int64_t>(random.below(500)));
    const DecisionId decision = decision_id({77}, now, static_cast<std::uint32_t>(random.next()));
    op::Grant one = grant(decision, 1, now, labels_of_item(i % 100));
    one.entry.identities = {symbol(30'000)};
    life.commit(now, {op::Activity{now}, one, mark(one.entry.id, MarkKind::viewed, now + seconds(3))});
  }
  CustomerRecord record;
  record.id = {77};
  record.ledger = life.record().ledger;
  ASSERT_EQ(record.ledger.entries.size(), 200U);
  EXPECT_LT(encode_record(record).size(), 6500U);
}

TEST(RecordCodec, ANewerFormatIsRefusedByName) {
  std::string bytes = encode_record(random_record(1, 10));
  bytes[0] = static_cast<char>(record_format_version + 1);
  const auto decoded = decode_record(bytes);
  ASSERT_FALSE(decoded);
  EXPECT_EQ(decoded.error().code, ErrorCode::corrupt);
  EXPECT_NE(decoded.error().message.find("format 2 is newer than this build knows (1)"), std::string::npos) << decoded.error().message;
}

TEST(RecordCodec, AnUnknownSectionIsSkipped) {
  const CustomerRecord record = random_record(2, 50);
  ByteWriter out;
  out.raw(encode_record(record));
  out.varint(90);
  out.text("of a later build");
  EXPECT_EQ(decode_record(out.bytes()).value(), record);
}

TEST(RecordCodec, SectionsOutOfOrderAreRefused) {
  const std::string bytes = encode_record({});
  EXPECT_FALSE(decode_record(bytes + bytes.substr(1))); // the head twice
  EXPECT_FALSE(decode_record(std::string(1, '\1')));
  EXPECT_FALSE(decode_record(""));
}

TEST(RecordCodec, AnExposureWithoutLabelsIsRefused) {
  CustomerRecord record;
  record.ledger.entries.resize(1); // names label set 0, and there is none
  const auto decoded = decode_record(encode_record(record));
  ASSERT_FALSE(decoded);
  EXPECT_NE(decoded.error().message.find("labels"), std::string::npos);
}

/// Written by the pre-release layout: head without bot mark, locale and account; orders without refunds (docs/formats.md).
constexpr std::string_view format_0_record =
    "000117efcdab8967452301078094f2e0c16304ffb9b703bfa907040f0104746965720622676f6c6422cf0f07050102ff9e490a110109ffefb25201151602050604c0b5994c"
    "0e0d010e15011e280032020506015a0f260106bff541000102030405060708090a0b0c0d0e0f0100809f49c0cf240401ad020108c0a907";

TEST(RecordCodec, FormatZeroIsMigratedWhileReading) {
  const auto decoded = decode_record(from_hex(format_0_record));
  ASSERT_TRUE(decoded) << decoded.error().message;
  const UtcTime clock = utc("2024-03-05T10:00:00Z");
  EXPECT_EQ(decoded->id, CustomerId{0x0123456789abcdefULL});
  EXPECT_EQ(decoded->version, 7U);
  EXPECT_EQ(decoded->clock, clock);
  EXPECT_EQ(decoded->founded_at, clock - hours(1));
  EXPECT_EQ(decoded->last_activity, clock - minutes(1));
  EXPECT_FALSE(decoded->is_bot);
  EXPECT_EQ(decoded->locale, Symbol::none);
  EXPECT_EQ(decoded->traits, (std::vector<Trait>{{"tier", "\"gold\"", clock - seconds(1)}}));
  EXPECT_EQ(decoded->sessions, (std::vector<SessionSpan>{{2, clock - minutes(10)}}));
  ASSERT_EQ(decoded->orders.size(), 1U);
  EXPECT_EQ(decoded->orders[0].at, clock - days(1));
  EXPECT_EQ(decoded->orders[0].lines, (std::vector<OrderLine>{{symbol(21), symbol(22), {symbol(5), symbol(6)}, 2, 79'900'000}}));
  EXPECT_TRUE(decoded->orders[0].refunded_at.empty());
  ASSERT_EQ(decoded->ledger.entries.size(), 1U);
  const Entry& entry = decoded->ledger.entries[0];
  EXPECT_EQ(entry.granted_at, clock - minutes(9));
  EXPECT_EQ(entry.show_by, clock + minutes(1));
  EXPECT_EQ(entry.expires_at, clock + minutes(6));
  EXPECT_EQ(entry.id.origin[15], 15);
  EXPECT_EQ(entry.identities, SymbolList{symbol(301)});
  EXPECT_EQ(entry.marks, (MarkList{{MarkKind::viewed, Symbol::none, clock - minutes(8), 2}}));
  EXPECT_EQ(decoded->ledger.label_sets[0].group, symbol(21));
  // What is read is written in today's format, and says the same.
  const std::string today = encode_record(*decoded);
  EXPECT_EQ(today[0], static_cast<char>(record_format_version));
  EXPECT_EQ(decode_record(today).value(), *decoded);
}

TEST(RecordCodec, DamagedBytesAreHarmless) {
  for (std::uint64_t seed = 1; seed <= 6; ++seed)
    expect_harmless_when_damaged(encode_record(random_record(seed, 40)), seed, 1500, [](std::string_view bytes) { return decode_record(bytes); });
  expect_harmless_when_damaged(from_hex(format_0_record), 7, 1500, [](std::string_view bytes) { return decode_record(bytes); });
}

TEST(RecordCodec, RandomBytesAreHarmless) {
  Random random(1);
  for (int i = 0; i < 20'000; ++i) {
    const std::string bytes = random_bytes(random);
    expect_harmless(bytes, [](std::string_view some) { return decode_record(some); });
    expect_harmless(bytes, [](std::string_view some) { return decode_journal_entry(some); });
  }
}

/// Two label sets, the second claiming the category of the first.
std::string two_sets_of_one_category(std::uint64_t length) {
  ByteWriter sets;
  sets.varint(2);
  sets.u8(0x7f); // everything as before (nothing), but for the category
  sets.varint(1);
  sets.varint(length);
  for (std::uint64_t i = 1; i <= length; ++i) sets.varint(i);
  sets.varint(0);
  sets.u8(0xff);
  sets.varint(2);
  sets.varint(0);
  ByteWriter out;
  out.raw(encode_record({}));
  out.varint(14);
  out.text(sets.bytes());
  return out.take();
}

TEST(RecordCodec, LongListsCannotBeMultiplied) { // else a few bytes each could claim a megabyte
  const auto decoded = decode_record(two_sets_of_one_category(16));
  ASSERT_TRUE(decoded);
  EXPECT_EQ(decoded->ledger.label_sets[1].category.size(), 16U);
  EXPECT_FALSE(decode_record(two_sets_of_one_category(17)));
  LabelSet labels;
  for (std::uint32_t i = 1; i <= 5000; ++i) labels.category.push_back(symbol(i));
  CustomerRecord record;
  record.ledger.label_sets.assign(3, labels);
  EXPECT_EQ(decode_record(encode_record(record)).value(), record); // written in full, each
}

TEST(JournalCodec, AnyEntryRoundTrips) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    const JournalBuilder life = random_journal(seed, 200, hours(12));
    for (const JournalEntry& entry : life.entries()) {
      const std::string bytes = encode_journal_entry(entry);
      const auto decoded = decode_journal_entry(bytes);
      ASSERT_TRUE(decoded) << decoded.error().message;
      ASSERT_EQ(*decoded, entry);
      ASSERT_EQ(encode_journal_entry(*decoded), bytes);
    }
  }
}

TEST(JournalCodec, SealAbsorbAndRestateRoundTrip) {
  JournalEntry entry;
  entry.version = 3;
  entry.delta = {clock_at(10, 0), {op::Seal{{5}, clock_at(10, 0)}, op::Absorb{random_record(1, 60), clock_at(10, 0)}, op::Restate{random_record(2, 60), {7}, 12, true}}};
  EXPECT_EQ(decode_journal_entry(encode_journal_entry(entry)).value(), entry);
}

TEST(JournalCodec, AGrantOfADecisionIsShort) { // its id is the commit's
  const UtcTime now = clock_at(10, 0);
  const DecisionId decision = decision_id({1}, now, 9);
  JournalEntry entry;
  entry.version = 100;
  entry.commit.bytes = decision.bytes;
  entry.delta = {now, {op::Activity{now}, grant(decision, 1, now, labels_of_item(1)), grant(decision, 2, now, labels_of_item(5)),
                       grant(decision, 3, now, labels_of_item(9))}};
  EXPECT_LT(encode_journal_entry(entry).size(), 120U);
}

TEST(JournalCodec, AnOperationOfALaterBuildIsRefusedNotSkipped) {
  ByteWriter out;
  out.u8(record_format_version);
  out.varint(1);
  out.raw(std::string(16, 'c'));
  out.svarint(0);
  out.varint(1);
  out.varint(std::variant_size_v<Operation>);
  out.text("");
  const auto decoded = decode_journal_entry(out.bytes());
  ASSERT_FALSE(decoded);
  EXPECT_NE(decoded.error().message.find("operation " + std::to_string(std::variant_size_v<Operation>) + " is newer"), std::string::npos) << decoded.error().message;
}

TEST(JournalCodec, ANewerFormatIsRefusedByName) {
  std::string bytes = encode_journal_entry({});
  bytes[0] = 2;
  const auto decoded = decode_journal_entry(bytes);
  ASSERT_FALSE(decoded);
  EXPECT_NE(decoded.error().message.find("format 2 is newer than this build knows (1)"), std::string::npos);
}

TEST(JournalCodec, DamagedBytesAreHarmless) {
  const JournalBuilder life = random_journal(5, 60, hours(12));
  for (const JournalEntry& entry : life.entries())
    expect_harmless_when_damaged(encode_journal_entry(entry), entry.version, 100, [](std::string_view bytes) { return decode_journal_entry(bytes); });
  JournalEntry merge;
  merge.delta.operations = {op::Absorb{random_record(1, 30), clock_at(10, 0)}};
  expect_harmless_when_damaged(encode_journal_entry(merge), 9, 1000, [](std::string_view bytes) { return decode_journal_entry(bytes); });
}

} // namespace
} // namespace takt::test
