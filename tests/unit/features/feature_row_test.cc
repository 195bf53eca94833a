#include "features/feature_row.h"
#include "features/linear_scorer.h"

#include <bit>
#include <cmath>
#include <gtest/gtest.h>
#include <set>
#include <string>

namespace takt {
namespace {

constexpr Symbol shoes = static_cast<Symbol>(1), pumps = static_cast<Symbol>(2), item_a = static_cast<Symbol>(3), group_a = static_cast<Symbol>(4), brand_x = static_cast<Symbol>(5);

std::size_t column(std::string_view name) {
  const std::size_t found = feature_schema().find(name);
  EXPECT_LT(found, feature_schema().columns.size()) << "no column " << name;
  return found;
}

std::vector<float> row_of(const CustomerFeatures& customer, const ItemFeatures& item) {
  std::vector<float> row(feature_schema().columns.size(), NAN);
  const CustomerRecord nobody;
  write_feature_rows({customer, nobody, {}, utc_from_ms(1'709'640'000'000), Symbol::none, {}}, {&item, 1}, row);
  return row;
}

double probability(const CustomerFeatures& customer, const ItemFeatures& item) {
  const std::vector<float> row = row_of(customer, item);
  double p = 0;
  make_prior_scorer()->score(row, {&p, 1});
  return p;
}

ItemFeatures plain_item() {
  static constexpr Symbol path[] = {shoes, pumps};
  ItemFeatures item;
  item.item = item_a;
  item.group = group_a;
  item.brand = brand_x;
  item.category = path;
  item.popularity = 0.5F;
  item.price = 80;
  item.age_days = 1000;
  return item;
}

TEST(FeatureSchema, names_every_column_once_with_a_meaning_and_is_fingerprinted) {
  std::set<std::string_view> names;
  for (const SchemaColumn& feature : feature_schema().columns) {
    EXPECT_TRUE(names.insert(feature.name).second) << feature.name;
    EXPECT_FALSE(feature.meaning.empty() || feature.range.empty() || feature.family.empty()) << feature.name;
  }
  EXPECT_NE(feature_schema().fingerprint, 0U);
  EXPECT_EQ(make_prior_scorer()->schema_fingerprint(), feature_schema().fingerprint);
}

TEST(FeatureRow, writes_every_column) {
  for (const float value : row_of({}, {})) EXPECT_TRUE(std::isfinite(value));
}

TEST(FeatureRow, is_rounded_to_what_the_log_keeps) {
  ItemFeatures item = plain_item();
  item.taste_match = 0.123456789F;
  item.retrieval_score = 1;
  const auto row = row_of({}, item);
  EXPECT_NE(row[column("taste_match")], item.taste_match);
  EXPECT_NEAR(row[column("taste_match")], item.taste_match, 1e-6);
  EXPECT_EQ(row[column("retrieval_score")], 1);
  for (const float value : row) EXPECT_EQ(std::bit_cast<std::uint32_t>(value) & 0xff, 0U);
}

TEST(FeatureRow, takes_the_deepest_known_category) {
  CustomerFeatures customer;
  customer.category_affinity = {{shoes, 0.9F}};
  EXPECT_NEAR(row_of(customer, plain_item())[column("category_affinity")], 0.9F, 1e-5);
  customer.category_affinity[pumps] = 0.2F;
  EXPECT_NEAR(row_of(customer, plain_item())[column("category_affinity")], 0.2F, 1e-5);
}

TEST(FeatureRow, knows_a_bought_variant_and_the_distance_of_a_price) {
  CustomerFeatures customer;
  customer.bought = {{group_a, 1.0F}};
  customer.mean_price = 40;
  const auto row = row_of(customer, plain_item());
  EXPECT_NEAR(row[column("bought_before")], std::log(2.0F), 1e-5);
  EXPECT_NEAR(row[column("price_distance")], std::log(2.0F), 1e-5);
  customer.mean_price = 0;
  EXPECT_EQ(row_of(customer, plain_item())[column("price_distance")], 0);
}

TEST(PriorScorer, gives_a_plain_item_about_three_percent) {
  const double p = probability({}, plain_item());
  EXPECT_GT(p, 0.025);
  EXPECT_LT(p, 0.035);
}

TEST(PriorScorer, moves_with_each_signal_as_documented) {
  const CustomerFeatures nobody;
  const double plain = probability(nobody, plain_item());
  const auto with = [&](auto&& change) {
    ItemFeatures item = plain_item();
    CustomerFeatures customer;
    change(item, customer);
    return probability(customer, item);
  };
  EXPECT_GT(with([](ItemFeatures& item, CustomerFeatures&) { item.taste_match = 0.8F; }), plain);
  EXPECT_GT(with([](ItemFeatures& item, CustomerFeatures&) { item.from_session = true; }), plain);
  EXPECT_GT(with([](ItemFeatures& item, CustomerFeatures&) { item.from_anchor = true; }), plain);
  EXPECT_GT(with([](ItemFeatures& item, CustomerFeatures&) { item.popularity = 1; }), plain);
  EXPECT_GT(with([](ItemFeatures&, CustomerFeatures& customer) { customer.category_affinity[pumps] = 0.5F; }), plain);
  EXPECT_LT(with([](ItemFeatures&, CustomerFeatures& customer) { customer.bought[item_a] = 1; }), plain);
}

TEST(PriorScorer, leaves_exposures_to_the_fatigue_stage) {
  CustomerFeatures tired;
  tired.exposures[item_a] = {50, UtcTime{}};
  tired.contacts_last_week = 40;
  EXPECT_EQ(probability(tired, plain_item()), probability({}, plain_item()));
}

TEST(LinearScorer, a_row_has_the_same_bits_alone_and_among_others) {
  const LinearScorer scorer("test", 1, 0.1, {0.3, 0, -1.7});
  std::vector<float> rows;
  for (int i = 0; i < 21; ++i) rows.push_back(0.37F * static_cast<float>(i) - 3);
  std::vector<double> together(7);
  scorer.score(rows, together);
  for (std::size_t r = 0; r < together.size(); ++r) {
    double alone = 0;
    scorer.score(std::span(rows).subspan(r * 3, 3), {&alone, 1});
    EXPECT_EQ(alone, together[r]) << r;
  }
}

TEST(LinearScorer, stays_within_zero_and_one_whatever_the_row) {
  const LinearScorer scorer("test", 1, 0, {1e6, -1e6});
  const std::vector<float> rows{1e6F, 0, 0, 1e6F};
  std::vector<double> p(2);
  scorer.score(rows, p);
  EXPECT_LT(p[0], 1);
  EXPECT_GT(p[1], 0);
}

} // namespace
} // namespace takt
