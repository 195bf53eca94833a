// What each column says, family by family, on records made for it.
#include "core/random.h"
#include "features/family/family.h"
#include "tests/support/builders.h"

#include <algorithm>
#include <cmath>
#include <gtest/gtest.h>
#include <map>
#include <string>

namespace takt {
namespace {

using test::clock_at;
using test::symbol;

constexpr Symbol web = test::symbol(800), email = test::symbol(801);

/// Rows are rounded to 16 significant bits.
#define EXPECT_ROUNDED(actual, expected) EXPECT_NEAR(actual, expected, 2e-5 * std::fabs(expected))

/// One row by column name.
class Row {
public:
  explicit Row(const CustomerRecord& record, UtcTime now, const ItemFeatures& item = {}, Symbol channel = web, Duration utc_offset = {}) {
    const CustomerFeatures customer = build_customer_features(record, record.session_state(), now, true);
    std::vector<float> row(feature_schema().columns.size(), NAN);
    write_feature_rows({customer, record, record.session_state(), now, channel, utc_offset}, {&item, 1}, row);
    for (std::size_t c = 0; c < row.size(); ++c) values_[std::string(feature_schema().columns[c].name)] = row[c];
  }
  float operator[](const std::string& name) const { return values_.at(name); }

private:
  std::map<std::string, float> values_;
};

JourneyEvent look(std::uint32_t item, std::uint32_t category, UtcTime at, float weight = 1) {
  JourneyEvent event;
  event.at = at;
  event.kind = JourneyKind::view;
  event.item = symbol(item);
  event.category = symbol(category);
  event.weight = weight;
  return event;
}

Order order(std::uint32_t id, UtcTime at, std::uint32_t item, std::uint32_t category, std::int32_t quantity, std::int64_t price_micros) {
  return {symbol(id), at, {{symbol(item), symbol(item), {symbol(category)}, quantity, price_micros}}};
}

ItemFeatures item_of(std::uint32_t item, const Symbol& category) {
  ItemFeatures features;
  features.item = features.group = symbol(item);
  features.category = {&category, 1};
  return features;
}

TEST(FrequencyFamily, counts_views_and_orders_at_four_half_lives) {
  const UtcTime now = clock_at(12, 0);
  CustomerRecord record;
  record.journey = {look(10, 501, now - days(7)), look(11, 502, now - days(90), 0.5F)};
  record.orders = {order(900, now - days(30), 12, 501, 2, 0)};
  const Symbol category = symbol(501);
  const Row row(record, now, item_of(10, category));
  EXPECT_ROUNDED(row["views_1d"], static_cast<float>(std::log1p(std::exp2(-7.0) + 0.5 * std::exp2(-90.0))));
  EXPECT_ROUNDED(row["views_7d"], static_cast<float>(std::log1p(0.5 + 0.5 * std::exp2(-90.0 / 7))));
  EXPECT_ROUNDED(row["views_30d"], static_cast<float>(std::log1p(std::exp2(-7.0 / 30) + 0.5 * std::exp2(-3.0))));
  EXPECT_ROUNDED(row["views_90d"], static_cast<float>(std::log1p(std::exp2(-7.0 / 90) + 0.25)));
  EXPECT_ROUNDED(row["orders_30d"], static_cast<float>(std::log1p(0.5)));
  EXPECT_ROUNDED(row["category_views_7d"], static_cast<float>(std::log1p(0.5)));
  EXPECT_ROUNDED(row["category_orders_30d"], static_cast<float>(std::log1p(1.0)));
  const Symbol elsewhere = symbol(503);
  EXPECT_EQ(Row(record, now, item_of(10, elsewhere))["category_views_7d"], 0);
}

TEST(FrequencyFamily, does_not_depend_on_the_order_of_the_events) {
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    Random random(seed);
    const UtcTime now = clock_at(12, 0);
    CustomerRecord record;
    for (std::uint64_t i = 0, count = 1 + random.below(150); i < count; ++i)
      record.journey.push_back(look(static_cast<std::uint32_t>(10 + random.below(20)), static_cast<std::uint32_t>(500 + random.below(3)),
                                    now - Duration{static_cast<std::int64_t>(random.below(200ULL * 86'400'000))}, static_cast<float>(random.uniform())));
    for (std::uint32_t i = 0; i < 20; ++i)
      record.orders.push_back(order(900 + i, now - Duration{static_cast<std::int64_t>(random.below(200ULL * 86'400'000))}, 10, 500 + i % 3, 1, 5'000'000));
    const CustomerFeatures before = build_customer_features(record, {}, now, true);
    for (std::size_t i = record.journey.size(); i > 1; --i) std::swap(record.journey[i - 1], record.journey[random.below(i)]);
    std::reverse(record.orders.begin(), record.orders.end());
    const CustomerFeatures after = build_customer_features(record, {}, now, true);
    const auto near = [&](const DecayedCounts& a, const DecayedCounts& b) {
      for (std::size_t c = 0; c < a.size(); ++c) EXPECT_NEAR(a[c], b[c], 1e-9 * (1 + a[c])) << "seed " << seed;
    };
    near(before.views, after.views);
    near(before.orders, after.orders);
    EXPECT_NEAR(before.spent, after.spent, 1e-9 * before.spent);
    for (std::uint32_t category = 500; category < 503; ++category) {
      const std::uint32_t* left = before.category_row.find(symbol(category));
      const std::uint32_t* right = after.category_row.find(symbol(category));
      ASSERT_EQ(left == nullptr, right == nullptr);
      if (!left) continue;
      near(before.categories[*left].views, after.categories[*right].views);
      near(before.categories[*left].orders, after.categories[*right].orders);
    }
  }
}

TEST(RecencyAndMoney, speak_of_the_last_order_and_of_what_was_paid) {
  const UtcTime now = clock_at(12, 0);
  CustomerRecord record;
  EXPECT_EQ(Row(record, now)["order_recency"], 0);
  EXPECT_EQ(Row(record, now)["is_new"], 1);
  record.orders = {order(900, now - days(60), 10, 501, 2, 30'000'000), order(901, now - days(90), 11, 501, 0, 99'000'000)};
  const Row row(record, now);
  EXPECT_ROUNDED(row["order_recency"], 0.25F);
  EXPECT_ROUNDED(row["mean_price"], std::log(31.0F));
  EXPECT_ROUNDED(row["spent_90d"], static_cast<float>(std::log1p(60 * std::exp2(-60.0 / 90))));
  EXPECT_EQ(row["is_new"], 0);
}

TEST(PriceFamily, tells_dearer_from_cheaper) {
  const UtcTime now = clock_at(12, 0);
  CustomerRecord record;
  record.orders = {order(900, now, 10, 501, 1, 40'000'000)};
  ItemFeatures item;
  item.price = 80;
  EXPECT_ROUNDED(Row(record, now, item)["price_gap"], std::log(2.0F));
  item.price = 20;
  EXPECT_ROUNDED(Row(record, now, item)["price_gap"], -std::log(2.0F));
  EXPECT_ROUNDED(Row(record, now, item)["price_distance"], std::log(2.0F));
  item.price = 0;
  EXPECT_EQ(Row(record, now, item)["price_gap"], 0);
}

TEST(SessionFamily, counts_the_running_session_and_nothing_once_it_is_over) {
  const UtcTime now = clock_at(12, 0);
  test::JournalBuilder journal(CustomerId{1});
  op::Journey step;
  step.event = look(10, 501, now - minutes(4));
  step.event.dwell_ms = 20'000;
  op::Journey other = step;
  other.event.item = symbol(11);
  journal.commit(now - hours(5), {op::Found{now - hours(5)}, op::Activity{now - hours(5)}, op::Journey{look(9, 501, now - hours(5)), {}, {}}});
  journal.commit(now - minutes(4), {op::Activity{now - minutes(4)}, step, other, step});
  const Row row(journal.record(), now);
  EXPECT_ROUNDED(row["session_events"], std::log(4.0F));
  EXPECT_ROUNDED(row["session_depth"], std::log(3.0F));
  EXPECT_ROUNDED(row["session_dwell"], std::log(61.0F));
  EXPECT_EQ(Row(journal.record(), now + hours(2))["session_events"], 0);
}

TEST(LocalTimeFamily, is_a_place_on_the_circle_of_the_day_and_of_the_week) {
  const CustomerRecord nobody;
  const UtcTime monday = test::utc("2024-03-04T00:00:00Z");
  EXPECT_NEAR(Row(nobody, monday)["hour_cos"], 1, 1e-6);
  EXPECT_NEAR(Row(nobody, monday)["weekday_cos"], 1, 1e-6);
  EXPECT_NEAR(Row(nobody, monday + hours(6))["hour_sin"], 1, 1e-6);
  EXPECT_NEAR(Row(nobody, monday, {}, web, hours(6))["hour_sin"], 1, 1e-6) << "the clock on the person's wall";
  EXPECT_NEAR(Row(nobody, monday + hours(84))["weekday_cos"], -1, 1e-6);
}

/// An exposure on a channel, seen at `at`.
void show(CustomerRecord& record, std::uint16_t number, std::uint32_t item, Symbol channel, UtcTime at) {
  LabelSet labels;
  labels.item = labels.group = symbol(item);
  labels.category = {symbol(500), symbol(501)};
  labels.channel = channel;
  Entry entry;
  entry.id = {{9}, number, 1};
  entry.origin = EntryOrigin::elsewhere;
  entry.granted_at = entry.show_by = entry.expires_at = at;
  entry.labels = intern_labels(record.ledger, labels);
  record.ledger.entries.push_back(std::move(entry));
}

TEST(LedgerFamilies, count_contacts_by_channel_and_what_was_shown_by_item_and_category) {
  const UtcTime now = clock_at(12, 0);
  CustomerRecord record;
  show(record, 1, 10, web, now - hours(24));
  show(record, 2, 10, web, now - hours(48));
  show(record, 3, 11, web, now - hours(12));
  show(record, 4, 12, email, now - days(3));
  show(record, 5, 12, web, now - days(9));
  const Symbol category = symbol(501);
  const Row on_web(record, now, item_of(10, category)), by_mail(record, now, item_of(12, category), email);
  EXPECT_ROUNDED(on_web["contacts_last_week"], std::log(5.0F));
  EXPECT_ROUNDED(on_web["channel_contacts_7d"], std::log(4.0F));
  EXPECT_ROUNDED(on_web["channel_contacts_1d"], std::log(2.0F)) << "a day is [t - 1 d, t): the one of exactly a day ago is out";
  EXPECT_ROUNDED(by_mail["channel_contacts_7d"], std::log(2.0F));
  EXPECT_EQ(by_mail["channel_contacts_1d"], 0);
  EXPECT_ROUNDED(on_web["exposures"], std::log(3.0F));
  EXPECT_ROUNDED(on_web["item_seen_recency"], 0.5F);
  EXPECT_ROUNDED(on_web["category_exposures"], std::log(6.0F));
  EXPECT_ROUNDED(on_web["category_seen_recency"], static_cast<float>(std::exp2(-0.5)));
}

TEST(ItemFamilies, hand_over_age_and_rates) {
  ItemFeatures item;
  item.age_days = 14;
  item.click_rate = 0.03F;
  item.category_order_rate = 0.001F;
  const Row row({}, clock_at(12, 0), item);
  EXPECT_ROUNDED(row["freshness"], 0.5F);
  EXPECT_ROUNDED(row["item_age"], std::log(15.0F));
  EXPECT_ROUNDED(row["item_click_rate"], 0.03F);
  EXPECT_ROUNDED(row["category_order_rate"], 0.001F);
}

TEST(FeatureSet, shared_columns_come_first_and_are_the_same_in_every_row) {
  const FeatureSchema& schema = feature_schema();
  const UtcTime now = clock_at(12, 0);
  CustomerRecord record;
  record.journey = {look(10, 501, now - days(7))};
  const CustomerFeatures customer = build_customer_features(record, {}, now, true);
  const Symbol category = symbol(501);
  const std::vector<ItemFeatures> items{item_of(10, category), item_of(11, category), item_of(12, category)};
  const std::size_t width = schema.columns.size();
  std::vector<float> rows(items.size() * width, NAN);
  write_feature_rows({customer, record, {}, now, web, {}}, items, rows);
  for (std::size_t i = 0; i < items.size(); ++i) {
    EXPECT_TRUE(std::equal(rows.begin(), rows.begin() + static_cast<std::ptrdiff_t>(schema.shared_count), rows.begin() + static_cast<std::ptrdiff_t>(i * width)));
    std::vector<float> alone(width, NAN);
    write_feature_rows({customer, record, {}, now, web, {}}, {&items[i], 1}, alone);
    EXPECT_TRUE(std::equal(alone.begin(), alone.end(), rows.begin() + static_cast<std::ptrdiff_t>(i * width))) << "row " << i;
  }
  EXPECT_LT(schema.find("views_1d"), schema.shared_count);
  EXPECT_GE(schema.find("taste_match"), schema.shared_count);
}

TEST(FeatureSet, another_version_name_or_order_is_another_fingerprint) {
  const std::uint64_t usual = FeatureSet({family::taste(), family::price()}).schema().fingerprint;
  FeatureFamily changed = family::price();
  changed.version = 2;
  const FeatureColumn renamed[] = {{"nearness", "as taste_match", "-1 to 1"}};
  FeatureFamily other_name = family::taste();
  other_name.own = renamed;
  EXPECT_EQ(usual, FeatureSet({family::taste(), family::price()}).schema().fingerprint);
  EXPECT_NE(usual, FeatureSet({family::price(), family::taste()}).schema().fingerprint);
  EXPECT_NE(usual, FeatureSet({family::taste(), changed}).schema().fingerprint);
  EXPECT_NE(usual, FeatureSet({other_name, family::price()}).schema().fingerprint);
}

} // namespace
} // namespace takt
