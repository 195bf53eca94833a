// The parts of an import: packed lines, product feeds, and who may be imported beside whom.
#include "api/import_shards.h"
#include "api/line_reader.h"
#include "api/merchant_feed.h"
#include "api/source_statistics.h"
#include "tests/support/temp_dir.h"

#include <algorithm>
#include <fstream>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <zstd.h>

namespace takt::test {
namespace {

using Json = nlohmann::json;

class ImportParts : public testing::Test {
protected:
  std::string write(const std::string& name, const std::string& bytes) {
    const std::string path = directory_.path() + "/" + name;
    std::ofstream(path, std::ios::binary) << bytes;
    return path;
  }
  static std::vector<std::string> lines_of(const std::string& path, std::optional<ErrorCode>* error = nullptr) {
    std::vector<std::string> lines;
    auto reader = LineReader::open(path);
    std::string line;
    while (reader) {
      const auto more = reader->next(line);
      if (!more && error != nullptr) *error = more.error().code;
      if (!more || !*more) break;
      lines.push_back(line);
    }
    return lines;
  }
  TempDir directory_;
};

TEST_F(ImportParts, LinesOfEveryEnding) {
  EXPECT_EQ(lines_of(write("a", "")), std::vector<std::string>{});
  EXPECT_EQ(lines_of(write("b", "x")), std::vector<std::string>{"x"});
  EXPECT_EQ(lines_of(write("c", "x\n\ny\r\n")), (std::vector<std::string>{"x", "", "y"}));
}

TEST_F(ImportParts, ALineOverTheLimitIsCutAndTheNextIsWhole) {
  auto reader = LineReader::open(write("long", std::string(3 << 20, 'x') + "\nnext\n"));
  ASSERT_TRUE(reader);
  std::string line;
  ASSERT_TRUE(*reader->next(line));
  EXPECT_TRUE(reader->too_long());
  EXPECT_LE(line.size(), 256U);
  ASSERT_TRUE(*reader->next(line));
  EXPECT_FALSE(reader->too_long());
  EXPECT_EQ(line, "next");
  EXPECT_FALSE(*reader->next(line));
}

TEST_F(ImportParts, ZstdIsUnpackedAndABrokenArchiveIsSaid) {
  std::string plain;
  for (int i = 0; i < 100'000; ++i) plain += "line " + std::to_string(i) + "\n";
  std::string packed(ZSTD_compressBound(plain.size()), '\0');
  packed.resize(ZSTD_compress(packed.data(), packed.size(), plain.data(), plain.size(), 3));
  EXPECT_EQ(lines_of(write("good.zst", packed)).size(), 100'000U);
  std::optional<ErrorCode> error;
  lines_of(write("cut.zst", packed.substr(0, packed.size() / 2)), &error);
  EXPECT_EQ(error, ErrorCode::corrupt);
  error.reset();
  lines_of(write("cut.gz", std::string("\x1f\x8b\x08\x00", 4)), &error);
  EXPECT_EQ(error, ErrorCode::corrupt);
  error.reset();
  lines_of(write("cut.xz", std::string("\xfd" "7zXZ\0\0\x04", 8)), &error);
  EXPECT_EQ(error, ErrorCode::corrupt);
  EXPECT_FALSE(LineReader::open(directory_.path()));
  EXPECT_FALSE(LineReader::open(directory_.path() + "/none"));
}

std::vector<Json> products_of(const std::string& path) {
  std::vector<Json> products;
  auto reader = LineReader::open(path);
  const auto read = read_merchant_feed(*reader, [&](std::size_t, std::string json) { products.push_back(Json::parse(json)); });
  EXPECT_TRUE(read) << (read ? "" : read.error().message);
  return products;
}

TEST_F(ImportParts, AnXmlFeed) {
  const auto products = products_of(write("feed.xml", R"(<?xml version="1.0"?>
<rss xmlns:g="http://base.google.com/ns/1.0"><channel><title>Shop</title>
<item><g:id>p1</g:id><title><![CDATA[Pumps & <more>]]></title><link>https://shop.example/1?a=1&amp;b=2</link>
 <g:price>1,079.90 EUR</g:price><g:sale_price>59.90 EUR</g:sale_price><g:availability>out of stock</g:availability>
 <g:shipping><g:country>DE</g:country><g:price>4.90 EUR</g:price></g:shipping>
 <g:product_type>Shoes &gt; Pumps</g:product_type><g:item_group_id>g1</g:item_group_id><g:custom_label_0>sale</g:custom_label_0><g:color>pink &#228;</g:color></item>
<item><g:id>p2</g:id><g:title>Boots</g:title><g:google_product_category>187</g:google_product_category></item></channel></rss>)"));
  ASSERT_EQ(products.size(), 2U);
  EXPECT_EQ(products[0]["id"], "p1");
  EXPECT_EQ(products[0]["title"], "Pumps & <more>");
  EXPECT_EQ(products[0]["url"], "https://shop.example/1?a=1&b=2");
  EXPECT_EQ(products[0]["price"], (Json{{"amount", "59.90"}, {"currency", "EUR"}}));
  EXPECT_EQ(products[0]["list_price"]["amount"], "1079.90");
  EXPECT_EQ(products[0]["stock"], 0);
  EXPECT_EQ(products[0]["category"], (Json{"Shoes", "Pumps"}));
  EXPECT_EQ(products[0]["group"], "g1");
  EXPECT_EQ(products[0]["tags"], Json{"sale"});
  EXPECT_EQ(products[0]["attributes"]["color"], "pink \xc3\xa4");
  EXPECT_FALSE(products[1].contains("category")) << "a number is no path";
}

TEST_F(ImportParts, ATableFeed) {
  const auto products = products_of(write("feed.tsv", "\xef\xbb\xbfID\tImage Link\ttitle\tprice\n\"a\"\"b\"\thttps://x\tHat\tEUR 5\n\nc\t\tCap\t7 EUR\n"));
  ASSERT_EQ(products.size(), 2U);
  EXPECT_EQ(products[0]["id"], "a\"b");
  EXPECT_EQ(products[0]["image"], "https://x");
  EXPECT_EQ(products[0]["price"], (Json{{"amount", "5"}, {"currency", "EUR"}}));
  auto reader = LineReader::open(write("other.csv", "a,b,c\n1,2,3\n"));
  EXPECT_FALSE(read_merchant_feed(*reader, [](std::size_t, std::string) {}));
}

Event event_of(std::string user, std::string anonymous, std::string previous = "") {
  Event event;
  event.user_id = std::move(user);
  event.anonymous_id = std::move(anonymous);
  event.previous_id = std::move(previous);
  return event;
}

std::vector<EventNames> names_of(const std::vector<Event>& events) {
  std::vector<EventNames> names;
  for (const Event& event : events) names.push_back({event.user_id, event.anonymous_id, event.previous_id});
  return names;
}

TEST(ImportShards, WhoIsJoinedLaterInTheChunkIsTogetherFromItsStart) {
  const auto store = make_memory_store();
  ImportShards shards(*store);
  std::vector<Event> events;
  for (int i = 0; i < 200; ++i) events.push_back(event_of("", "a" + std::to_string(i)));
  for (int i = 0; i < 200; ++i) events.push_back(event_of("u" + std::to_string(i), ""));
  for (int i = 0; i < 200; ++i) events.push_back(event_of("u" + std::to_string(i), "a" + std::to_string(i)));
  const auto split = shards.split(names_of(events), 4);
  std::vector<std::size_t> shard_of(events.size(), 9);
  for (std::size_t shard = 0; shard < split.size(); ++shard) {
    EXPECT_TRUE(std::is_sorted(split[shard].begin(), split[shard].end()));
    EXPECT_GT(split[shard].size(), 50U) << "and the work is shared";
    for (const std::size_t position : split[shard]) shard_of[position] = shard;
  }
  for (std::size_t i = 0; i < 200; ++i) {
    EXPECT_EQ(shard_of[i], shard_of[400 + i]);
    EXPECT_EQ(shard_of[200 + i], shard_of[400 + i]);
  }
}

TEST(ImportShards, AnAliasAndWhatTheStoreKnowsJoinToo) {
  const auto store = make_memory_store();
  for (int i = 0; i < 50; ++i) {
    const CustomerId customer{static_cast<std::uint64_t>(i) + 1};
    ASSERT_TRUE(store->identities().claim({IdentityKind::user, "u" + std::to_string(i)}, customer, {}));
    ASSERT_TRUE(store->identities().claim({IdentityKind::anonymous, "a" + std::to_string(i)}, customer, {}));
  }
  ImportShards shards(*store);
  std::vector<Event> events;
  for (int i = 0; i < 50; ++i) events.push_back(event_of("u" + std::to_string(i), ""));
  for (int i = 0; i < 50; ++i) events.push_back(event_of("", "a" + std::to_string(i)));
  for (int i = 0; i < 50; ++i) events.push_back(event_of("new" + std::to_string(i), "", "u" + std::to_string(i)));
  std::vector<std::size_t> shard_of(events.size());
  const auto split = shards.split(names_of(events), 8);
  for (std::size_t shard = 0; shard < split.size(); ++shard)
    for (const std::size_t position : split[shard]) shard_of[position] = shard;
  for (std::size_t i = 0; i < 50; ++i) {
    EXPECT_EQ(shard_of[i], shard_of[50 + i]);
    EXPECT_EQ(shard_of[i], shard_of[100 + i]);
  }
}

TEST_F(ImportParts, StatisticsSurviveTheProcessAndForgetAfterADay) {
  const std::string path = directory_.path() + "/sources.json";
  const UtcTime now = utc_from_ms(1'800'000'000'000);
  Event seen = event_of("u", "");
  seen.source = "shop";
  seen.name = EventName::promotion_viewed;
  seen.name_text = "Promotion Viewed";
  seen.items.push_back({});
  seen.items.back().id = "p1";
  {
    SourceStatistics statistics(path, now);
    statistics.note({&seen, 1}, [](const std::string&) { return false; }, now);
  }
  const SourceStatistics again(path, now);
  const auto day = again.last_day(now + hours(1));
  ASSERT_EQ(day.count("shop"), 1U);
  EXPECT_EQ(day.at("shop").events_by_name.at("Promotion Viewed"), 1U);
  EXPECT_EQ(day.at("shop").unknown_products.at("p1"), 1U);
  EXPECT_EQ(day.at("shop").impressions_with_decision, 0U);
  EXPECT_TRUE(again.last_day(now + hours(25)).empty());
  {
    SourceStatistics statistics(path, now);
    seen.source = "//crm/zelda@shop.example";
    statistics.note({&seen, 1}, [](const std::string&) { return false; }, now);
    statistics.forget({"zelda@shop.example", "p1", "sho"}, now);
    EXPECT_EQ(statistics.last_day(now).count(seen.source), 0U) << "a source may be called after a person";
    EXPECT_EQ(statistics.last_day(now).at("shop").unknown_products.count("p1"), 0U);
    for (int i = 0; i < 300; ++i) { // whoever makes up sources does not crowd out for good those that are real
      seen.source = "made-up-" + std::to_string(i);
      statistics.note({&seen, 1}, [](const std::string&) { return false; }, now + hours(1));
    }
    seen.source = "real";
    statistics.note({&seen, 1}, [](const std::string&) { return false; }, now + hours(2));
    EXPECT_EQ(statistics.last_day(now + hours(2)).count("real"), 0U) << "all places are taken";
    statistics.note({&seen, 1}, [](const std::string&) { return false; }, now + hours(30));
    EXPECT_EQ(statistics.last_day(now + hours(30)).count("real"), 1U);
  }
  write("sources.json", "{broken");
  EXPECT_TRUE(SourceStatistics(path, now).last_day(now).empty());
}

} // namespace
} // namespace takt::test
