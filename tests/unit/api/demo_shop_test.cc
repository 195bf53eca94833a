#include "api/demo/shop.h"
#include "api/json/codecs.h"

#include <algorithm>
#include <gtest/gtest.h>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

namespace takt {
namespace {

using Json = nlohmann::json;

const UtcTime end = parse_utc("2026-03-05T12:00:00Z").value();

std::vector<std::string> lines_of(const DemoOptions& options) {
  std::vector<std::string> lines;
  write_demo_shop(options, [&](std::string_view line) { lines.emplace_back(line); });
  return lines;
}

DemoOptions small_shop() { return {.items = 400, .customers = 150, .days = 30, .seed = 7, .end = end}; }

/// Parsed once for all tests.
struct Shop {
  std::vector<Json> placements, items, events;
  std::map<std::string, Json> item_by_id;
  std::map<std::string, int> count_by_event;

  explicit Shop(const DemoOptions& options) {
    for (const std::string& line : lines_of(options)) {
      Json json = Json::parse(line); // throws, and fails the test, on a line that is not JSON
      const std::string type = json.at("type");
      if (type == "placement") {
        placements.push_back(json);
      } else if (type == "item") {
        item_by_id.emplace(json.at("id"), json);
        items.push_back(json);
      } else {
        ++count_by_event[json.value("event", type)];
        events.push_back(json);
      }
    }
  }
};

const Shop& shop() {
  static const Shop made(small_shop());
  return made;
}

std::vector<Json> events_of(const std::string& user, const std::string& anonymous) {
  std::vector<Json> found;
  for (const Json& event : shop().events)
    if (event.value("userId", "") == user || event.value("anonymousId", "") == anonymous) found.push_back(event);
  return found;
}

TEST(DemoShop, SameOptionsGiveTheSameBytes) { EXPECT_EQ(lines_of(small_shop()), lines_of(small_shop())); }

TEST(DemoShop, AnotherSeedGivesAnotherShop) {
  DemoOptions other = small_shop();
  other.seed = 8;
  EXPECT_NE(lines_of(small_shop()), lines_of(other));
}

TEST(DemoShop, AnotherCustomerChangesNobodyElsesJourney) {
  DemoOptions more = small_shop();
  ++more.customers;
  const std::vector<std::string> before = lines_of(small_shop()), after = lines_of(more);
  const std::multiset<std::string> known(after.begin(), after.end());
  for (const std::string& line : before) ASSERT_TRUE(known.contains(line)) << line;
  EXPECT_GT(after.size(), before.size());
}

TEST(DemoShop, ShiftingTheEndShiftsTheJourneys) {
  DemoOptions later = small_shop();
  later.end += days(100);
  EXPECT_EQ(lines_of(small_shop()).size(), lines_of(later).size());
}

TEST(DemoShop, EveryLineIsWhatTheImportReads) {
  EventContext context;
  context.source = "demo";
  context.received_at_from_line = true;
  for (const std::string& line : lines_of(small_shop())) {
    const auto read = parse_import_line(line, context, {});
    ASSERT_TRUE(read) << read.error().message << "\n" << line;
    if (read->kind != ImportLine::Kind::event) continue;
    EXPECT_FALSE(read->event->channel.empty()) << line;
    if (read->event->type == EventType::track) {
      EXPECT_NE(read->event->name, EventName::other) << line;
    }
  }
}

TEST(DemoShop, HasTheItemsAskedForEachOnce) {
  EXPECT_EQ(shop().items.size(), 400U);
  EXPECT_EQ(shop().item_by_id.size(), 400U);
  std::map<std::string, int> kinds;
  std::set<std::string> campaigns, brands, leaves;
  std::map<std::string, int> group_sizes;
  int german = 0, on_sale = 0;
  for (const Json& item : shop().items) {
    ++kinds[item.at("kind")];
    german += item.contains("i18n") ? 1 : 0;
    on_sale += item.contains("list_price") ? 1 : 0;
    if (item.contains("campaign")) campaigns.insert(item.at("campaign"));
    if (item.at("kind") != "product") continue;
    ++group_sizes[item.at("group")];
    brands.insert(item.at("brand"));
    EXPECT_EQ(item.at("category").size(), 3U);
    leaves.insert(item.at("category")[2]);
    EXPECT_GT(std::stod(item.at("price").at("amount").get<std::string>()), 0) << item;
  }
  EXPECT_GE(kinds["offer"], 8);
  EXPECT_GE(kinds["service"], 5);
  EXPECT_GE(campaigns.size(), 4U);
  EXPECT_GE(brands.size(), 20U);
  EXPECT_EQ(leaves.size(), 32U);
  EXPECT_GT(german, 200);
  EXPECT_LT(german, 400);
  EXPECT_GT(on_sale, 10);
  EXPECT_TRUE(std::any_of(group_sizes.begin(), group_sizes.end(), [](const auto& entry) { return entry.second >= 3; }));
}

TEST(DemoShop, ServicesSayThatTheyAreServices) {
  for (const Json& item : shop().items) {
    if (item.at("kind") == "service") {
      EXPECT_EQ(item.at("purpose"), "service");
    }
  }
}

TEST(DemoShop, HasThePlacementsOfTheTour) {
  std::map<std::string, Json> by_id;
  for (const Json& placement : shop().placements) by_id.emplace(placement.at("id"), placement);
  EXPECT_EQ(by_id.size(), 5U);
  EXPECT_EQ(by_id.at("home.hero").at("slots"), 3);
  EXPECT_EQ(by_id.at("product.similar").at("sources"), Json({"similar", "bought_together", "viewed_together"}));
  EXPECT_EQ(by_id.at("app.home").at("channel"), "app");
  EXPECT_EQ(by_id.at("mail.weekly").at("channel"), "email");
  EXPECT_EQ(by_id.at("mail.weekly").at("slots"), 6);
  EXPECT_EQ(by_id.at("mail.weekly").at("hold"), true);
  EXPECT_EQ(by_id.at("search.results").at("mode"), "organic");
  for (const Json& id : by_id.at("home.hero").at("fallback")) EXPECT_TRUE(shop().item_by_id.contains(id));
}

TEST(DemoShop, EventsAreInTimeOrderWithinTheMonthAndUnique) {
  UtcTime last = end - days(30);
  std::set<std::string> message_ids;
  for (const Json& event : shop().events) {
    const UtcTime at = parse_utc(event.at("timestamp").get<std::string>()).value();
    ASSERT_GE(at, last) << event;
    ASSERT_LT(at, end) << event;
    last = at;
    EXPECT_TRUE(message_ids.insert(event.at("messageId")).second) << event;
    EXPECT_TRUE(event.contains("userId") || event.contains("anonymousId")) << event;
  }
}

TEST(DemoShop, EventsNameItemsOfTheCatalogue) {
  for (const Json& event : shop().events) {
    if (event.at("type") != "track") continue;
    const Json& properties = event.at("properties");
    for (const char* name : {"product_id", "item_id"}) {
      if (properties.contains(name)) {
        EXPECT_TRUE(shop().item_by_id.contains(properties.at(name))) << event;
      }
    }
    for (const Json& product : properties.value("products", Json::array()))
      EXPECT_TRUE(shop().item_by_id.contains(product.at("product_id"))) << event;
  }
}

TEST(DemoShop, AMonthHasEverythingThatHappensInAShop) {
  // A shop large enough for the rare events.
  DemoOptions options = small_shop();
  options.customers = 1500;
  const Shop large(options);
  for (const char* name : {"identify",          "Product Viewed",  "Product List Viewed", "Products Searched", "Product Added",
                           "Product Removed",   "Order Completed", "Order Refunded",      "Promotion Viewed",  "Promotion Clicked",
                           "Message Delivered", "Message Opened",  "Message Clicked",     "Message Bounced",   "Unsubscribed",
                           "Contact Made",      "Case Opened",     "Case Closed",         "Feedback Given",    "Segment Consent Preference Updated"})
    EXPECT_GT(large.count_by_event.contains(name) ? large.count_by_event.at(name) : 0, 0) << name;

  std::set<std::string> channels;
  int accidental = 0, views = 0;
  for (const Json& event : large.events) {
    channels.insert(event.at("context").at("channel"));
    if (event.value("event", "") == "Product Viewed") {
      ++views;
      accidental += event.at("properties").at("dwell_ms") < 1500 ? 1 : 0;
    }
    if (event.value("event", "").starts_with("Promotion")) {
      EXPECT_FALSE(event.at("properties").contains("decision_id")) << "nothing was decided by Takt yet";
    }
  }
  EXPECT_EQ(channels, (std::set<std::string>{"app", "branch", "email", "phone", "web"}));
  EXPECT_NEAR(static_cast<double>(accidental) / views, 0.05, 0.02);
}

TEST(DemoShop, CustomersHaveTastesThatLast) {
  // Of what somebody looks at on purpose, most lies in very few of the 32 leaves.
  std::map<std::string, std::map<std::string, int>> leaves_by_person;
  for (const Json& event : shop().events) {
    if (event.value("event", "") != "Product Viewed" || event.at("properties").at("dwell_ms") < 1500) continue;
    const Json& item = shop().item_by_id.at(event.at("properties").at("product_id"));
    ++leaves_by_person[event.at("anonymousId")][item.at("category")[2]];
  }
  double share = 0;
  int persons = 0;
  for (const auto& [person, leaves] : leaves_by_person) {
    int all = 0;
    std::vector<int> counts;
    for (const auto& [leaf, count] : leaves) {
      all += count;
      counts.push_back(count);
    }
    if (all < 15) continue;
    std::sort(counts.rbegin(), counts.rend());
    counts.resize(std::max<std::size_t>(counts.size(), 3));
    share += static_cast<double>(counts[0] + counts[1] + counts[2]) / all;
    ++persons;
  }
  ASSERT_GT(persons, 20);
  EXPECT_GT(share / persons, 0.6) << "chance alone would give about 3 of 32";
}

TEST(DemoShop, AnnaTouchedPinkPumpsOnceByAccident) {
  int pumps = 0, orders = 0, refunds = 0, identifies = 0;
  for (const Json& event : events_of("anna", "anna-browser")) {
    if (event.value("event", "") == "Product Viewed") {
      const std::string id = event.at("properties").at("product_id");
      const Json& item = shop().item_by_id.at(id);
      if (item.at("group") == "pink-pumps") {
        ++pumps;
        EXPECT_LT(event.at("properties").at("dwell_ms"), 1000);
      }
    }
    orders += event.value("event", "") == "Order Completed" ? 1 : 0;
    refunds += event.value("event", "") == "Order Refunded" ? 1 : 0;
    if (event.at("type") == "identify") {
      ++identifies;
      EXPECT_EQ(event.at("traits").at("consent").at("marketing").at("email"), true);
    }
  }
  EXPECT_EQ(pumps, 1);
  EXPECT_EQ(orders, 1);
  EXPECT_EQ(refunds, 0);
  EXPECT_EQ(identifies, 1);
}

TEST(DemoShop, BensComplaintIsOpen) {
  int opened = 0, closed = 0;
  for (const Json& event : events_of("ben", "ben-browser")) {
    opened += event.value("event", "") == "Case Opened" ? 1 : 0;
    closed += event.value("event", "") == "Case Closed" ? 1 : 0;
  }
  EXPECT_EQ(opened, 1);
  EXPECT_EQ(closed, 0);
}

TEST(DemoShop, SomeBrowseBeforeTheySignInUnderTheSameAnonymousId) {
  std::set<std::string> browsed;
  int absorbed = 0;
  for (const Json& event : shop().events) {
    if (event.at("type") == "identify")
      absorbed += browsed.contains(event.at("anonymousId")) ? 1 : 0;
    else if (!event.contains("userId"))
      browsed.insert(event.at("anonymousId"));
  }
  EXPECT_GT(absorbed, 20);
}

TEST(DemoShop, TheSmallestShopIsAShop) {
  const Shop smallest({.items = 200, .customers = 2, .days = 14, .seed = 1, .end = end});
  EXPECT_EQ(smallest.items.size(), 200U);
  EXPECT_GT(smallest.events.size(), 15U);
}

} // namespace
} // namespace takt
