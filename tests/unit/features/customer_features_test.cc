#include "core/fold.h"
#include "features/feature_row.h"
#include "features/intent.h"
#include "tests/support/builders.h"

#include <gtest/gtest.h>

namespace takt {
namespace {

using test::clock_at;
using test::symbol;

/// A look at an item of category 500 (root) > 501 and brand 600, ten seconds long unless said otherwise.
op::Journey look(std::uint32_t item, UtcTime at, double weight = 1, JourneyKind kind = JourneyKind::view) {
  op::Journey journey;
  journey.event = {.at = at, .kind = kind, .name = Symbol::none, .item = symbol(item), .group = symbol(item), .category = symbol(501), .brand = symbol(600),
                   .channel = Symbol::none, .session = 0, .dwell_ms = std::nullopt, .weight = static_cast<float>(weight)};
  journey.category = {symbol(500), symbol(501)};
  return journey;
}

CustomerFeatures features_of(const CustomerRecord& record, UtcTime now, bool profile_allowed = true) {
  return build_customer_features(record, record.session_state(), now, profile_allowed);
}

TEST(CustomerFeatures, of_nobody_are_empty_and_new) {
  const CustomerFeatures features = features_of(CustomerRecord{}, clock_at(12, 0));
  EXPECT_TRUE(features.is_new);
  EXPECT_TRUE(features.recent_items.empty());
  EXPECT_TRUE(features.exposures.empty());
}

TEST(CustomerFeatures, recent_items_are_distinct_newest_first_with_decayed_weights) {
  test::JournalBuilder journal(CustomerId{1});
  const UtcTime now = clock_at(12, 0);
  journal.commit(now - days(7), {op::Found{now - days(7)}, op::Activity{now - days(7)}, look(10, now - days(7))});
  journal.commit(now - days(1), {op::Activity{now - days(1)}, look(11, now - days(1))});
  journal.commit(now, {op::Activity{now}, look(10, now)});
  const CustomerFeatures features = features_of(journal.record(), now);
  ASSERT_EQ(features.recent_items, (std::vector<Symbol>{symbol(10), symbol(11)}));
  EXPECT_NEAR(features.recent_weights[0], 1.5, 1e-6); // today, and half of a week ago
  EXPECT_NEAR(features.recent_weights[1], std::exp2(-1.0 / 7), 1e-6);
  EXPECT_FALSE(features.is_new);
}

TEST(CustomerFeatures, an_accidental_click_is_no_recent_item) {
  test::JournalBuilder journal(CustomerId{1});
  const UtcTime now = clock_at(12, 0);
  journal.commit(now, {op::Found{now}, op::Activity{now}, look(10, now, intent_of_dwell(900), JourneyKind::click), look(11, now, intent_of_dwell(9000), JourneyKind::click)});
  const CustomerFeatures features = features_of(journal.record(), now);
  EXPECT_EQ(features.recent_items, std::vector<Symbol>{symbol(11)});
  EXPECT_EQ(features.session_items, std::vector<Symbol>{symbol(11)});
}

TEST(CustomerFeatures, session_items_are_those_of_the_running_session_only) {
  test::JournalBuilder journal(CustomerId{1});
  const UtcTime now = clock_at(12, 0);
  journal.commit(now - hours(3), {op::Found{now - hours(3)}, op::Activity{now - hours(3)}, look(10, now - hours(3))});
  journal.commit(now - minutes(5), {op::Activity{now - minutes(5)}, look(11, now - minutes(5)), look(12, now - minutes(4))});
  EXPECT_EQ(features_of(journal.record(), now).session_items, (std::vector<Symbol>{symbol(12), symbol(11)}));
  EXPECT_TRUE(features_of(journal.record(), now + hours(1)).session_items.empty());
}

TEST(CustomerFeatures, affinities_are_shares_of_the_evidence) {
  test::JournalBuilder journal(CustomerId{1});
  const UtcTime now = clock_at(12, 0);
  op::Journey other = look(20, now);
  other.event.category = symbol(510);
  other.event.brand = symbol(601);
  other.category = {symbol(510)};
  journal.commit(now, {op::Found{now}, op::Activity{now}, look(10, now), look(11, now), look(12, now), other});
  const CustomerFeatures features = features_of(journal.record(), now);
  EXPECT_NEAR(features.category_affinity.at(symbol(500)), 0.75, 1e-6);
  EXPECT_NEAR(features.category_affinity.at(symbol(501)), 0.75, 1e-6);
  EXPECT_NEAR(features.category_affinity.at(symbol(510)), 0.25, 1e-6);
  EXPECT_NEAR(features.brand_affinity.at(symbol(601)), 0.25, 1e-6);
}

TEST(CustomerFeatures, orders_count_net_of_refunds_per_item_and_group) {
  CustomerRecord record;
  const UtcTime now = clock_at(12, 0);
  record.orders.push_back({symbol(900), now - days(90), {{symbol(10), symbol(70), {}, 2, 30'000'000}, {symbol(11), symbol(71), {}, 0, 99'000'000}}});
  const CustomerFeatures features = features_of(record, now);
  EXPECT_NEAR(features.bought.at(symbol(10)), 1.0, 1e-6); // two pieces, one half-life ago
  EXPECT_NEAR(features.bought.at(symbol(70)), 1.0, 1e-6);
  EXPECT_FALSE(features.bought.contains(symbol(11)));
  EXPECT_FLOAT_EQ(features.mean_price, 30);
}

TEST(CustomerFeatures, without_profile_only_exposures_are_read) {
  test::JournalBuilder journal(CustomerId{1});
  const UtcTime now = clock_at(12, 0);
  const DecisionId decision = test::decision_id(CustomerId{1}, now - hours(2), 1);
  const op::Grant granted = test::grant(decision, 1, now - hours(2), test::labels_of_item(10));
  journal.commit(now - hours(2), {op::Found{now - hours(2)}, op::Activity{now - hours(2)}, look(10, now - hours(2)), granted});
  journal.commit(now - hours(2), {test::mark(granted.entry.id, MarkKind::viewed, now - hours(2))});
  const CustomerFeatures allowed = features_of(journal.record(), now, true), denied = features_of(journal.record(), now, false);
  EXPECT_FALSE(allowed.recent_items.empty());
  EXPECT_TRUE(denied.recent_items.empty());
  EXPECT_TRUE(denied.session_items.empty());
  EXPECT_TRUE(denied.category_affinity.empty());
  EXPECT_TRUE(denied.viewed.empty());
  EXPECT_TRUE(denied.is_new);
  EXPECT_EQ(denied.hours_since_last_visit, 0);
  EXPECT_EQ(denied.exposures, allowed.exposures);
  EXPECT_EQ(denied.exposures.at(test::labels_of_item(10).item).count, 1U);
  EXPECT_EQ(denied.contacts_last_week, 1);
}

TEST(CustomerFeatures, a_contact_that_names_no_item_is_a_contact_only) {
  test::JournalBuilder journal(CustomerId{1});
  const UtcTime now = clock_at(12, 0);
  LabelSet labels;
  labels.medium = Medium::message;
  Entry mail;
  mail.id = {{1}, 0, 1};
  mail.origin = EntryOrigin::elsewhere;
  mail.granted_at = mail.show_by = mail.expires_at = now - hours(1);
  mail.marks = {{MarkKind::delivered, Symbol::none, now - hours(1), 0}};
  journal.commit(now - hours(1), {op::Found{now - hours(1)}, op::Elsewhere{labels, mail}});
  const CustomerFeatures features = features_of(journal.record(), now);
  EXPECT_TRUE(features.exposures.empty());
  EXPECT_EQ(features.contacts_last_week, 1);
}

TEST(CustomerFeatures, reserved_but_unseen_is_no_exposure) {
  test::JournalBuilder journal(CustomerId{1});
  const UtcTime now = clock_at(12, 0);
  journal.commit(now, {op::Found{now}, test::grant(test::decision_id(CustomerId{1}, now, 1), 1, now, test::labels_of_item(10))});
  EXPECT_TRUE(features_of(journal.record(), now + hours(1)).exposures.empty());
}

} // namespace
} // namespace takt
