// Consent and the call: who may be spoken to, and which ledger the caps look at.
#include "engine/person.h"
#include "tests/support/engine_builders.h"

#include <gtest/gtest.h>

namespace takt::test {
namespace {

class Consenting : public ::testing::Test {
protected:
  bool allows(Purpose purpose, std::string_view channel) {
    return consent_allows(scene.record, scene.policy.consent, scene.request.context, purpose, scene.symbol(channel));
  }
  void answer(Purpose purpose, std::string_view channel, bool granted, UtcTime at) {
    scene.record.consents.push_back({purpose, scene.symbol(channel), granted, at});
  }
  Scene scene;
};

TEST_F(Consenting, unknown_is_yes_on_the_web_and_no_where_a_yes_is_required) {
  scene.policy.consent.require = {{Purpose::marketing, {scene.symbol("email")}}};
  EXPECT_TRUE(allows(Purpose::marketing, "web"));
  EXPECT_FALSE(allows(Purpose::marketing, "email"));
  EXPECT_TRUE(allows(Purpose::service, "email"));
  answer(Purpose::marketing, "email", true, noon);
  EXPECT_TRUE(allows(Purpose::marketing, "email"));
}

TEST_F(Consenting, a_recorded_no_is_obeyed_also_where_nobody_asks_for_a_yes) {
  answer(Purpose::marketing, "", false, noon);
  EXPECT_FALSE(allows(Purpose::marketing, "web"));
  EXPECT_FALSE(allows(Purpose::marketing, "email"));
}

TEST_F(Consenting, the_newest_answer_wins_across_channel_and_all_channels_and_a_tie_denies) {
  answer(Purpose::marketing, "", false, noon - days(2));
  answer(Purpose::marketing, "email", true, noon - days(1));
  EXPECT_TRUE(allows(Purpose::marketing, "email"));
  EXPECT_FALSE(allows(Purpose::marketing, "sms"));
  answer(Purpose::marketing, "", false, noon - days(1));
  EXPECT_FALSE(allows(Purpose::marketing, "email"));
}

TEST_F(Consenting, what_the_call_says_holds_for_the_call_in_both_directions) {
  answer(Purpose::marketing, "", false, noon);
  scene.request.context.consent = {{Purpose::marketing, true}};
  EXPECT_TRUE(allows(Purpose::marketing, "web"));
  scene.request.context.consent = {{Purpose::marketing, true}, {Purpose::marketing, false}};
  EXPECT_FALSE(allows(Purpose::marketing, "web"));
}

TEST_F(Consenting, profile_is_on_unless_denied_and_with_opt_in_off_unless_granted) {
  const auto profile = [&] { return Bound(scene).person.profile_allowed; };
  EXPECT_TRUE(profile());
  scene.policy.consent.profile_opt_in = true;
  EXPECT_FALSE(profile());
  answer(Purpose::profile, "", true, noon - days(1));
  EXPECT_TRUE(profile());
  answer(Purpose::profile, "", false, noon);
  EXPECT_FALSE(profile());
}

TEST_F(Consenting, time_of_one_customer_never_runs_backwards) {
  scene.record.clock = noon + minutes(3);
  EXPECT_EQ(Bound(scene).person.now, noon + minutes(3));
  scene.record.clock = noon - minutes(3);
  EXPECT_EQ(Bound(scene).person.now, noon);
}

class Calling : public ::testing::Test {
protected:
  Calling() {
    scene.add_item("a");
    scene.add_cap("one", Per::item, 1);
  }
  bool capped() {
    const Bound bound(scene);
    const LabelSet labels = labels_at(bound.item("a"), bound.rules);
    return bound.call.caps.blocks({&labels, bound.opening.contact});
  }
  Scene scene;
};

TEST_F(Calling, replaces_frees_the_live_entries_of_that_decision_and_leaves_the_record_alone) {
  const Entry& entry = scene.add_live("a", noon - minutes(1), noon + minutes(9));
  const DecisionId replaced{entry.id.origin};
  EXPECT_TRUE(capped());
  scene.request.replaces = {replaced};
  EXPECT_FALSE(capped());
  EXPECT_TRUE(scene.record.ledger.entries.front().marks.empty());
  const Bound bound(scene);
  EXPECT_EQ(bound.call.ledger, &bound.call.ledger_copy);
  EXPECT_EQ(bound.call.ledger->entries.front().marks.front().kind, MarkKind::released);
  EXPECT_EQ(bound.call.ledger->entries.front().marks.front().at, noon);
}

TEST_F(Calling, replaces_does_not_take_back_what_was_shown_or_another_decision) {
  DecisionId shown{scene.add_shown("a", noon - hours(1)).id.origin};
  scene.request.replaces = {shown};
  EXPECT_TRUE(capped());
  const Bound bound(scene);
  EXPECT_EQ(bound.call.ledger, &bound.person->ledger); // nothing to copy
}

TEST_F(Calling, without_frequency_only_the_running_session_caps) {
  scene.add_shown("a", noon - days(1));
  scene.record.sessions = {{3, noon - minutes(20)}};
  scene.record.last_activity = noon - minutes(5);
  EXPECT_TRUE(capped());
  scene.request.context.consent = {{Purpose::frequency, false}};
  EXPECT_FALSE(capped());
  scene.add_shown("a", noon - minutes(10)); // of the running session, from its beginning
  EXPECT_TRUE(capped());
}

TEST_F(Calling, whom_nobody_knows_at_the_next_visit_is_not_countable) {
  const auto countable = [&] { return Bound(scene).person.is_countable; };
  scene.request.user_id = "anna";
  EXPECT_TRUE(countable());
  scene.request.context.consent = {{Purpose::frequency, false}};
  EXPECT_FALSE(countable());
  scene.request.context.consent.clear();
  scene.request.user_id.clear();
  scene.request.customer = {};
  scene.request.context.session_id = "visit-77";
  scene.record.version = 0;
  scene.record.identities.clear();
  EXPECT_FALSE(countable()) << "the first call of a visit";
  scene.record.version = 3;
  scene.record.identities = {{{IdentityKind::anonymous, "session:visit-77"}, noon - hours(1)}};
  EXPECT_FALSE(countable()) << "known under its session and nothing else";
  scene.record.identities.push_back({{IdentityKind::user, "anna"}, noon});
  EXPECT_TRUE(countable());
}

TEST_F(Calling, exclude_finds_an_item_by_its_alias) {
  scene.items.front().aliases = {"old-a"};
  scene.request.exclude = {item_id("old-a"), item_id("never-heard-of")};
  const Bound bound(scene);
  EXPECT_EQ(bound.call.excluded.size(), 1U);
  EXPECT_TRUE(bound.call.excluded.contains(scene.symbol("a")));
}

TEST_F(Calling, a_taken_slot_counts_for_the_caps_of_later_slots_unless_it_is_not_reserved) {
  Bound bound(scene);
  const LabelSet labels = labels_at(bound.item("a"), bound.rules);
  bound.call.take({&labels, bound.opening.contact}, false);
  EXPECT_FALSE(bound.call.caps.blocks({&labels, bound.opening.contact}));
  EXPECT_TRUE(bound.call.taken_items.contains(labels.item));
  bound.call.take({&labels, bound.opening.contact}, true);
  EXPECT_TRUE(bound.call.caps.blocks({&labels, bound.opening.contact}));
}

} // namespace
} // namespace takt::test
