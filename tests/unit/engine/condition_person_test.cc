// Conditions about people, calls, facts and what happened: every field and both books, at their edges.
#include "engine/audience.h"
#include "engine/condition.h"
#include "tests/support/engine_builders.h"

#include <algorithm>
#include <gtest/gtest.h>
#include <set>

namespace takt::test {
namespace {

using Texts = std::vector<std::string>;

class ConditionsOfPeople : public ::testing::Test {
protected:
  ConditionsOfPeople() {
    record.id = CustomerId{7};
    record.version = 1;
    record.clock = noon;
    record.founded_at = noon - days(40) - hours(1);
    context.timezone = "Europe/Berlin"; // noon UTC is 13:00 there
  }
  ConditionInputs inputs() {
    ConditionInputs all;
    all.record = &record;
    all.symbols = &symbols;
    all.consent = &consent;
    all.gates = gates;
    all.context = with_context ? &context : nullptr;
    all.channel = symbols.intern("web");
    all.placement = symbols.intern("home.hero");
    all.profile_allowed = profile_allowed;
    all.frequency_allowed = frequency_allowed;
    return all;
  }
  bool asks(const Condition& condition, UtcTime t = noon) { return condition_holds(*ConditionProgram::compile(condition, symbols, NewLabels::leave), inputs(), t); }
  bool holds(std::string field, ConditionOp op, Operand value = {}, UtcTime t = noon) {
    Condition condition;
    condition.kind = Condition::Kind::compare;
    condition.field = std::move(field);
    condition.op = op;
    condition.value = std::move(value);
    return asks(condition, t);
  }
  bool happened(const Occurrence& occurrence, UtcTime t = noon) { return asks(of(occurrence), t); }
  static Condition of(const Occurrence& occurrence) {
    Condition condition;
    condition.kind = Condition::Kind::occurrence;
    condition.occurrence = occurrence;
    return condition;
  }
  std::set<UtcTime> edges(const Condition& condition, UtcTime t = noon) {
    std::vector<UtcTime> found;
    condition_edges(*ConditionProgram::compile(condition, symbols, NewLabels::leave), inputs(), t, found);
    return {found.begin(), found.end()};
  }
  JourneyEvent& step(JourneyKind kind, std::string_view item, UtcTime at) {
    JourneyEvent& event = record.journey.emplace_back();
    event.kind = kind;
    event.item = event.group = symbols.intern(item);
    event.at = at;
    event.channel = symbols.intern("web");
    return event;
  }
  Order& order(std::string_view id, std::string_view item, UtcTime at, int quantity = 1) {
    OrderLine line;
    line.item = line.group = symbols.intern(item);
    line.category = symbols.intern_path(Texts{"Shoes", "Pumps"});
    line.quantity = quantity;
    Order& made = record.orders.emplace_back();
    made.order_id = symbols.intern(id);
    made.at = at;
    made.lines = {line};
    return made;
  }
  Entry& shown(std::string_view kind, UtcTime at) {
    LabelSet labels;
    labels.item = labels.group = symbols.intern("sku-1");
    labels.kind = symbols.intern(kind);
    labels.channel = symbols.intern("web");
    Entry entry;
    entry.id.slot = static_cast<std::uint16_t>(record.ledger.entries.size() + 1);
    entry.labels = intern_labels(record.ledger, labels);
    entry.granted_at = entry.show_by = entry.expires_at = at;
    entry.marks = {{MarkKind::viewed, Symbol::none, at, 0}};
    return record.ledger.entries.emplace_back(entry);
  }
  SymbolTable symbols;
  CustomerRecord record;
  ConsentPolicy consent;
  std::vector<GatePolicy> gates;
  RequestContext context;
  bool with_context = true, profile_allowed = true, frequency_allowed = true;
};

Occurrence did(std::string event, std::uint32_t at_least, std::optional<Duration> within = std::nullopt) {
  Occurrence occurrence;
  occurrence.event = std::move(event);
  occurrence.at_least = at_least;
  occurrence.within = within;
  return occurrence;
}

Occurrence never(Occurrence occurrence) {
  occurrence.at_least = 0;
  occurrence.at_most = 0;
  return occurrence;
}

Occurrence saw(std::string kind, std::uint32_t at_least, std::optional<Duration> within = std::nullopt) {
  Occurrence occurrence = did("", at_least, within);
  occurrence.book = Occurrence::Book::seen;
  if (!kind.empty()) occurrence.match.kinds = {std::move(kind)};
  return occurrence;
}

TEST_F(ConditionsOfPeople, traits_are_scalars_as_they_were_sent) {
  record.traits = {{"member", "true", noon}, {"name", "\"Ada\"", noon}, {"none", "null", noon}, {"points", "120", noon}, {"size", "\"41\"", noon}};
  EXPECT_TRUE(holds("customer.traits.member", ConditionOp::eq, true));
  EXPECT_TRUE(holds("customer.traits.name", ConditionOp::in, Texts{"Ada", "Bob"}));
  EXPECT_TRUE(holds("customer.traits.name", ConditionOp::contains, "da"));
  EXPECT_TRUE(holds("customer.traits.points", ConditionOp::ge, 120.0));
  EXPECT_FALSE(holds("customer.traits.points", ConditionOp::gt, 120.0));
  EXPECT_TRUE(holds("customer.traits.size", ConditionOp::lt, 42.0));
  for (const char* missing : {"customer.traits.none", "customer.traits.other"}) {
    EXPECT_FALSE(holds(missing, ConditionOp::eq, "x"));
    EXPECT_FALSE(holds(missing, ConditionOp::lt, 5.0));
    EXPECT_FALSE(holds(missing, ConditionOp::exists));
    EXPECT_TRUE(holds(missing, ConditionOp::ne, "x"));
    EXPECT_TRUE(holds(missing, ConditionOp::not_in, Texts{"x"}));
  }
  EXPECT_TRUE(holds("customer.traits.points", ConditionOp::eq, FieldRef{"customer.traits.points"}));
  EXPECT_FALSE(holds("customer.traits.points", ConditionOp::eq, FieldRef{"customer.traits.other"}));
}

TEST_F(ConditionsOfPeople, who_they_are) {
  record.locale = symbols.intern("de-DE");
  record.account_group = symbols.intern("acme-corp");
  record.zones = {{noon - days(9), symbols.intern("Europe/Berlin")}, {noon + hours(1), symbols.intern("Asia/Tokyo")}};
  EXPECT_TRUE(holds("customer.locale", ConditionOp::eq, "de-DE"));
  EXPECT_TRUE(holds("customer.account_group", ConditionOp::eq, "acme-corp"));
  EXPECT_TRUE(holds("customer.zone", ConditionOp::eq, "Europe/Berlin"));
  EXPECT_TRUE(holds("customer.zone", ConditionOp::eq, "Asia/Tokyo", noon + hours(1)));
  EXPECT_FALSE(holds("customer.zone", ConditionOp::exists, true, noon - days(10)));
  EXPECT_TRUE(holds("customer.known", ConditionOp::eq, false));
  record.identities = {{{IdentityKind::anonymous, "a1"}, noon}};
  EXPECT_TRUE(holds("customer.known", ConditionOp::eq, false));
  record.identities.push_back({{IdentityKind::user, "u1"}, noon});
  EXPECT_TRUE(holds("customer.known", ConditionOp::eq, true));
}

TEST_F(ConditionsOfPeople, recency_is_in_whole_days) {
  EXPECT_FALSE(holds("customer.days_since_last_activity", ConditionOp::ge, 0.0)); // never active: missing
  record.last_activity = noon - days(3);
  record.sessions = {{1, noon - days(20)}, {2, noon - days(3)}};
  EXPECT_TRUE(holds("customer.days_since_last_activity", ConditionOp::eq, 3.0));
  EXPECT_TRUE(holds("customer.days_since_last_activity", ConditionOp::eq, 2.0, noon - Duration{1}));
  EXPECT_TRUE(holds("customer.days_since_first_seen", ConditionOp::eq, 40.0));
  EXPECT_TRUE(holds("customer.sessions", ConditionOp::eq, 2.0));
  EXPECT_TRUE(holds("customer.sessions", ConditionOp::eq, 1.0, noon - days(4)));
}

TEST_F(ConditionsOfPeople, consent_is_what_record_and_policy_allow) {
  EXPECT_TRUE(holds("customer.consent.marketing.web", ConditionOp::eq, true));
  consent.require = {{Purpose::marketing, {symbols.intern("email")}}};
  EXPECT_TRUE(holds("customer.consent.marketing.email", ConditionOp::eq, false));
  record.consents = {{Purpose::marketing, symbols.intern("email"), true, noon}};
  EXPECT_TRUE(holds("customer.consent.marketing.email", ConditionOp::eq, true));
  record.consents = {{Purpose::marketing, Symbol::none, false, noon}};
  EXPECT_TRUE(holds("customer.consent.marketing", ConditionOp::eq, false));
  context.consent = {{Purpose::marketing, true}}; // of this call only
  EXPECT_TRUE(holds("customer.consent.marketing.web", ConditionOp::eq, true));
}

TEST_F(ConditionsOfPeople, the_call_and_the_clock_on_the_wall) {
  context.device = "mobile";
  context.page_path = "/sale/shoes";
  EXPECT_TRUE(holds("context.channel", ConditionOp::eq, "web"));
  EXPECT_TRUE(holds("context.placement", ConditionOp::eq, "home.hero"));
  EXPECT_TRUE(holds("context.device", ConditionOp::in, Texts{"mobile", "tablet"}));
  EXPECT_TRUE(holds("context.page.path", ConditionOp::contains, "/sale/"));
  EXPECT_FALSE(holds("context.locale", ConditionOp::exists));
  EXPECT_TRUE(holds("context.hour", ConditionOp::eq, 13.0));
  EXPECT_TRUE(holds("context.hour", ConditionOp::eq, 12.0, noon - Duration{1}));
  EXPECT_TRUE(holds("context.weekday", ConditionOp::eq, "tue"));
  EXPECT_TRUE(holds("context.weekday", ConditionOp::eq, "wed", noon + hours(11))); // midnight in Berlin
  context.timezone = "Nowhere/Else";
  EXPECT_FALSE(holds("context.hour", ConditionOp::exists)); // no zone is known
  record.zones = {{noon - days(1), symbols.intern("Asia/Tokyo")}};
  EXPECT_TRUE(holds("context.hour", ConditionOp::eq, 21.0));
  with_context = false;
  EXPECT_FALSE(holds("context.channel", ConditionOp::exists));
  EXPECT_FALSE(holds("context.hour", ConditionOp::ge, 0.0));
}

TEST_F(ConditionsOfPeople, a_fact_holds_from_on_to_off_or_its_own_expiry) {
  record.facts = {{symbols.intern("vip"), Symbol::none, Symbol::none, {{noon - hours(2), true, noon + hours(1)}}}};
  EXPECT_TRUE(holds("fact.vip", ConditionOp::eq, true));
  EXPECT_TRUE(holds("fact.vip", ConditionOp::eq, false, noon - hours(3)));
  EXPECT_TRUE(holds("fact.vip", ConditionOp::eq, false, noon + hours(1)));
  EXPECT_TRUE(holds("fact.other", ConditionOp::eq, false));
  record.facts.front().switches.push_back({noon - hours(1), false, std::nullopt});
  EXPECT_TRUE(holds("fact.vip", ConditionOp::eq, false));
  record.facts.push_back({symbols.intern("vip"), symbols.intern("second"), Symbol::none, {{noon - hours(1), true, std::nullopt}}});
  EXPECT_TRUE(holds("fact.vip", ConditionOp::eq, true, noon + days(300))); // one instance is enough
}

TEST_F(ConditionsOfPeople, a_fact_lapses_with_the_most_patient_gate_that_asks_for_it) {
  record.facts = {{symbols.intern("case_open"), Symbol::none, Symbol::none, {{noon - days(20), true, std::nullopt}}}};
  EXPECT_TRUE(holds("fact.case_open", ConditionOp::eq, true)) << "without a gate it stays";
  for (const Duration ttl : {days(10), days(15)}) {
    gates.emplace_back();
    gates.back().fact = symbols.intern("case_open");
    gates.back().ttl = ttl;
  }
  gates.emplace_back();
  gates.back().fact = symbols.intern("other");
  EXPECT_TRUE(holds("fact.case_open", ConditionOp::eq, false));
  EXPECT_TRUE(holds("fact.case_open", ConditionOp::eq, true, noon - days(5) - Duration{1}));
  EXPECT_TRUE(holds("fact.case_open", ConditionOp::eq, false, noon - days(5)));
  Condition asked;
  asked.kind = Condition::Kind::compare;
  asked.field = "fact.case_open";
  asked.op = ConditionOp::eq;
  asked.value = true;
  EXPECT_TRUE(edges(asked, noon - days(6)).contains(noon - days(5)));
}

TEST_F(ConditionsOfPeople, bought_at_least_twice_in_thirty_days) {
  const Occurrence twice = did("Order Completed", 2, days(30));
  order("o-1", "pumps", noon - days(30) + Duration{1});
  order("o-2", "boots", noon);
  EXPECT_TRUE(happened(twice));
  EXPECT_FALSE(happened(twice, noon - Duration{1})); // the second is not there yet
  EXPECT_FALSE(happened(twice, noon + Duration{1})); // (t - 30 d, t]: the first has left
  record.orders.back().lines.front().quantity = 0;   // returned
  EXPECT_FALSE(happened(twice));
  record.orders.back().lines.clear();                // products were not sent: an order all the same
  EXPECT_TRUE(happened(twice));
  Occurrence pumps = did("Order Completed", 1, days(60));
  pumps.match.categories = {{"Shoes"}};
  EXPECT_TRUE(happened(pumps));
  pumps.match.categories = {{"Pumps"}}; // no path from the root
  EXPECT_FALSE(happened(pumps));
  pumps.match = {};
  pumps.match.items = {"pumps", "never-heard-of"};
  EXPECT_TRUE(happened(pumps));
  pumps.match.items = {"never-heard-of"};
  EXPECT_FALSE(happened(pumps));
  EXPECT_TRUE(happened(never(pumps)));
}

TEST_F(ConditionsOfPeople, an_event_with_three_products_is_one_event) {
  for (const char* item : {"a", "b", "c"}) step(JourneyKind::add_to_cart, item, noon - hours(1)).category = symbols.intern_path(Texts{"Shoes", "Pumps"}).back();
  EXPECT_TRUE(happened(did("Product Added", 1)));
  EXPECT_FALSE(happened(did("Product Added", 2)));
  step(JourneyKind::add_to_cart, "a", noon - minutes(59));
  EXPECT_TRUE(happened(did("Product Added", 2)));
  Occurrence shoes = did("Product Added", 1);
  shoes.match.categories = {{"Shoes"}};
  shoes.match.channels = {"web"};
  EXPECT_TRUE(happened(shoes));
  shoes.match.brands = {"Acme"};
  EXPECT_FALSE(happened(shoes));
  shoes.match.brands = {};
  shoes.match.categories = {{"Shoe"}}; // a prefix of the text is not a prefix of the path
  EXPECT_FALSE(happened(shoes));
}

TEST_F(ConditionsOfPeople, events_of_ones_own_are_known_by_name) {
  step(JourneyKind::other, "", noon).name = symbols.intern("Wishlist Opened");
  EXPECT_TRUE(happened(did("Wishlist Opened", 1)));
  EXPECT_FALSE(happened(did("wishlist opened", 1)));
  EXPECT_FALSE(happened(did("Never Heard Of", 1)));
}

TEST_F(ConditionsOfPeople, not_seen_an_offer_in_twenty_minutes) {
  const Occurrence offer = saw("offer", 1, minutes(20));
  shown("offer", noon - minutes(20));
  EXPECT_TRUE(happened(never(offer)));
  EXPECT_FALSE(happened(never(offer), noon - Duration{1}));
  shown("product", noon);
  EXPECT_TRUE(happened(never(offer)));
  EXPECT_TRUE(happened(saw("", 2)));
  shown("offer", noon).marks.clear(); // reserved, never shown
  EXPECT_TRUE(happened(never(offer)));
  shown("offer", noon).origin = EntryOrigin::unverified;
  shown("offer", noon).origin = EntryOrigin::ghost;
  EXPECT_TRUE(happened(never(offer)));
  shown("offer", noon).origin = EntryOrigin::elsewhere;
  EXPECT_TRUE(happened(offer));
}

TEST_F(ConditionsOfPeople, what_the_ledger_tallied_counts_where_no_window_is_asked) {
  shown("offer", noon);
  record.ledger.tallies = {{record.ledger.entries.front().labels, MarkKind::viewed, 4, noon - days(300), noon - days(200), Symbol::none, false}};
  EXPECT_TRUE(happened(saw("offer", 5)));
  EXPECT_FALSE(happened(saw("offer", 6)));
  EXPECT_FALSE(happened(saw("offer", 2, days(100))));
}

TEST_F(ConditionsOfPeople, without_consent_nothing_is_read_and_never_does_not_hold_by_accident) {
  record.traits = {{"tier", "\"gold\"", noon}};
  step(JourneyKind::view, "a", noon);
  shown("offer", noon);
  profile_allowed = false;
  EXPECT_FALSE(holds("customer.traits.tier", ConditionOp::eq, "gold"));
  EXPECT_FALSE(happened(did("Product Viewed", 1)));
  EXPECT_FALSE(happened(never(did("Product Viewed", 1))));
  EXPECT_TRUE(happened(saw("offer", 1)));
  frequency_allowed = false;
  EXPECT_FALSE(happened(saw("offer", 1)));
  EXPECT_FALSE(happened(never(saw("offer", 1))));
}

TEST_F(ConditionsOfPeople, edges_are_where_windows_facts_and_clocks_turn) {
  order("o-1", "pumps", noon - days(10));
  EXPECT_EQ(edges(of(did("Order Completed", 1, days(30)))), (std::set{noon + days(20)}));
  EXPECT_TRUE(edges(of(did("Order Completed", 1))).empty());
  record.facts = {{symbols.intern("vip"), Symbol::none, Symbol::none, {{noon - hours(2), true, noon + hours(1)}}}};
  Condition vip;
  vip.kind = Condition::Kind::compare;
  vip.field = "fact.vip";
  vip.value = true;
  EXPECT_EQ(edges(vip), (std::set{noon + hours(1)}));
  Condition evening = vip;
  evening.field = "context.hour";
  evening.op = ConditionOp::ge;
  evening.value = 18.0;
  const auto turns = edges(evening);
  EXPECT_EQ(*turns.begin(), noon + hours(5));                   // 18:00 in Berlin
  EXPECT_EQ(*std::next(turns.begin()), noon + hours(11));       // midnight
  EXPECT_TRUE(turns.contains(utc_from_ms(1'711'846'800'000)));  // 31 March 2024, 01:00 UTC: clocks go forward
  EXPECT_TRUE(turns.contains(utc_from_ms(1'711'900'800'000)));  // 16:00 UTC is 18:00 there from that day on
  EXPECT_FALSE(turns.contains(utc_from_ms(1'711'904'400'000)));
  EXPECT_LE(*turns.rbegin(), noon + days(400));
}

TEST_F(ConditionsOfPeople, the_clock_begins_where_a_zone_becomes_known) {
  context.timezone.clear();
  record.zones = {{noon + minutes(7), symbols.intern("UTC")}};
  Condition any_hour;
  any_hour.kind = Condition::Kind::compare;
  any_hour.field = "context.hour";
  any_hour.op = ConditionOp::exists;
  EXPECT_FALSE(asks(any_hour));
  EXPECT_TRUE(edges(any_hour).contains(noon + minutes(7)));
  EXPECT_TRUE(asks(any_hour, noon + minutes(7)));
}

TEST_F(ConditionsOfPeople, edges_of_what_a_field_is_compared_with_count_too) {
  record.traits = {{"patience", "5", noon}};
  record.last_activity = noon - days(3) - hours(1);
  Condition patient;
  patient.kind = Condition::Kind::compare;
  patient.field = "customer.traits.patience";
  patient.op = ConditionOp::gt;
  patient.value = FieldRef{"customer.days_since_last_activity"};
  EXPECT_TRUE(asks(patient));
  EXPECT_TRUE(edges(patient).contains(noon + days(2) - hours(1)));
  EXPECT_TRUE(asks(patient, noon + days(2) - hours(1) - Duration{1}));
  EXPECT_FALSE(asks(patient, noon + days(2) - hours(1)));
}

} // namespace
} // namespace takt::test
