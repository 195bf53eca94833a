// Policies: every part this release builds, every mistake with its pointer, and 501 for what it does not build.
#include "api/json/codecs.h"
#include "core/limits.h"
#include "core/random.h"

#include <algorithm>
#include <gtest/gtest.h>

namespace takt {
namespace {

struct Parsed {
  SymbolTable symbols;
  Result<Policy> policy;
  explicit Parsed(std::string_view json) : policy(parse_policy(json, symbols)) {}
  Symbol symbol(std::string_view name) { return symbols.find(name); }
};

Error refused(const std::string& json) {
  Parsed parsed(json);
  EXPECT_FALSE(parsed.policy) << json;
  return parsed.policy ? Error{} : parsed.policy.error();
}
/// A valid cap with these members put over it.
std::string with_cap(const std::string& members) {
  const std::string id = members.find("\"id\"") == std::string::npos ? R"("id":"c1",)" : "";
  return R"({"caps":[{)" + id + members + "}]}";
}
constexpr const char* rolling = R"("limit":3,"window":{"kind":"rolling","length":"7d"})";

TEST(PolicyJson, AnEmptyPolicyHasTheDefaults) {
  Parsed parsed("{}");
  ASSERT_TRUE(parsed.policy) << parsed.policy.error().message;
  EXPECT_TRUE(parsed.policy->caps.empty());
  EXPECT_EQ(parsed.policy->fatigue, FatiguePolicy{});
  EXPECT_EQ(parsed.policy->diversity, Diversity{});
  EXPECT_EQ(parsed.policy->exploration, Exploration{});
  EXPECT_FALSE(parsed.policy->consent.profile_opt_in);
  EXPECT_EQ(parsed.policy->arbitration.never_hold, std::vector<Symbol>{parsed.symbol("service")});
}

TEST(PolicyJson, ACap) {
  Parsed parsed(R"({"caps":[{"id":"same-item-weekly","title":"T","counts":"decision","per":["item","category"],"depth":2,"scope":"customer",
    "match":{"channels":["web","app"],"categories":[["Shoes"],["Bags","Totes"]]},"counts_of":{"kinds":["product"]},
    "window":{"kind":"rolling","length":"7d"},"limit":3,"min_gap":"4h","exempt":{"tags":["service"]},"exempt_counts":false,"keep":[],"audience":null,
    "schedule":{"from":null,"to":"2027-01-01T00:00:00Z"},"on_exceed":"next_best"}]})");
  ASSERT_TRUE(parsed.policy) << parsed.policy.error().message;
  const CapRule& cap = parsed.policy->caps.at(0);
  EXPECT_EQ(cap.id, "same-item-weekly");
  EXPECT_EQ(cap.counts, Counts::decision);
  EXPECT_EQ(cap.per, (std::vector<Per>{Per::item, Per::category}));
  EXPECT_EQ(cap.depth, 2U);
  EXPECT_EQ(cap.window, (Window{WindowKind::rolling, days(7)}));
  EXPECT_EQ(cap.limit, 3U);
  EXPECT_EQ(cap.min_gap, hours(4));
  EXPECT_EQ(cap.applies_to.channels->size(), 2U);
  std::vector<Symbol> categories{parsed.symbol("Shoes"), parsed.symbol("Bags\x1fTotes")};
  std::sort(categories.begin(), categories.end());
  EXPECT_EQ(cap.applies_to.categories, categories);
  EXPECT_EQ(cap.counts_of.kinds, std::vector<Symbol>{parsed.symbol("product")});
  EXPECT_FALSE(cap.counts_of.channels);
  EXPECT_EQ(cap.exempt->tags, std::vector<Symbol>{parsed.symbol("service")});
  EXPECT_FALSE(cap.exempt_counts);
  EXPECT_EQ(cap.schedule.to, *parse_utc("2027-01-01T00:00:00Z"));
  EXPECT_FALSE(cap.schedule.from);
}

TEST(PolicyJson, MatchIsBothAndZeroIsALimit) {
  Parsed parsed(with_cap(R"("match":{"items":["a"]},"limit":0,"window":{"kind":"session"})"));
  ASSERT_TRUE(parsed.policy) << parsed.policy.error().message;
  EXPECT_EQ(parsed.policy->caps[0].applies_to, parsed.policy->caps[0].counts_of);
  EXPECT_EQ(parsed.policy->caps[0].limit, 0U);
  EXPECT_EQ(parsed.policy->caps[0].per, std::vector<Per>{Per::all});
  Parsed gap(with_cap(R"("min_gap":"30m","per":"group")"));
  ASSERT_TRUE(gap.policy) << gap.policy.error().message;
  EXPECT_FALSE(gap.policy->caps[0].limit);
  EXPECT_EQ(gap.policy->caps[0].window.kind, WindowKind::lifetime);
}

TEST(PolicyJson, MistakesInCapsHavePointers) {
  const std::string window = R"("window":{"kind":"rolling","length":"7d"})";
  const std::vector<std::pair<std::string, std::string>> cases{
      {with_cap(R"("limit":-1,)" + window), "/caps/0/limit"}, {with_cap(R"("limit":"3",)" + window), "/caps/0/limit"}, {with_cap(R"("limit":3.0,)" + window), "/caps/0/limit"},
      {with_cap(R"("limit":true,)" + window), "/caps/0/limit"}, {with_cap(R"("limit":1e300,)" + window), "/caps/0/limit"}, {with_cap(R"("limit":18446744073709551616,)" + window), "/caps/0/limit"},
      {with_cap(window), "/caps/0/limit"}, {with_cap(R"("limit":3)"), "/caps/0/window"}, {with_cap(R"("limit":3,"window":{"length":"7d"})"), "/caps/0/window/kind"},
      {with_cap(R"("limit":3,"window":{"kind":"rolling"})"), "/caps/0/window/length"}, {with_cap(R"("limit":3,"window":{"kind":"rolling","length":"101d"})"), "/caps/0/window/length"},
      {with_cap(R"("limit":3,"window":{"kind":"rolling","length":"0s"})"), "/caps/0/window/length"}, {with_cap(R"("limit":3,"window":{"kind":"session","length":"1d"})"), "/caps/0/window/length"},
      {with_cap(R"("limit":3,"window":"7d")"), "/caps/0/window"}, {with_cap(R"("min_gap":"101d")"), "/caps/0/min_gap"}, {with_cap(R"("min_gap":14400)"), "/caps/0/min_gap"},
      {with_cap(std::string(rolling) + R"(,"per":"sku")"), "/caps/0/per"}, {with_cap(std::string(rolling) + R"(,"per":["item","item"])"), "/caps/0/per/1"},
      {with_cap(std::string(rolling) + R"(,"per":[])"), "/caps/0/per"}, {with_cap(std::string(rolling) + R"(,"depth":2)"), "/caps/0/depth"},
      {with_cap(std::string(rolling) + R"(,"per":"item","on_exceed":"nothing")"), "/caps/0/on_exceed"}, {with_cap(std::string(rolling) + R"(,"on_exceed":"explode")"), "/caps/0/on_exceed"},
      {with_cap(std::string(rolling) + R"(,"match":{"tag":["x"]})"), "/caps/0/match/tag"}, {with_cap(std::string(rolling) + R"(,"match":{"tags":"x"})"), "/caps/0/match/tags"},
      {with_cap(std::string(rolling) + R"(,"match":{"categories":["Shoes"]})"), "/caps/0/match/categories/0"}, {with_cap(std::string(rolling) + R"(,"match":[])"), "/caps/0/match"},
      {with_cap(std::string(rolling) + R"(,"match":{"tags":[""]})"), "/caps/0/match/tags/0"}, {with_cap(std::string(rolling) + R"(,"limits":3)"), "/caps/0/limits"},
      {with_cap(std::string(rolling) + R"(,"schedule":{"from":"2026-01-02T00:00:00Z","to":"2026-01-01T00:00:00Z"})"), "/caps/0/schedule/to"},
      {with_cap(std::string(rolling) + R"(,"id":"")"), "/caps/0/id"}, {R"({"caps":[{)" + std::string(rolling) + "}]}", "/caps/0/id"},
      {R"({"caps":[{"id":"a",)" + std::string(rolling) + R"(},{"id":"a",)" + rolling + "}]}", "/caps/1/id"}, {R"({"caps":{}})", "/caps"}, {R"({"cap":[]})", "/cap"}};
  for (const auto& [json, pointer] : cases) {
    const Error error = refused(json);
    EXPECT_EQ(error.code, ErrorCode::invalid) << json;
    ASSERT_FALSE(error.fields.empty()) << json;
    EXPECT_EQ(error.fields[0].pointer, pointer) << json;
  }
}

TEST(PolicyJson, MistakesInTheOtherPartsHavePointers) {
  const std::vector<std::pair<const char*, const char*>> cases{
      {R"({"fatigue":{"beta":-1}})", "/fatigue/beta"}, {R"({"fatigue":{"beta":"0.43"}})", "/fatigue/beta"}, {R"({"fatigue":{"half_life":7}})", "/fatigue/half_life"},
      {R"({"fatigue":{"halflife":"7d"}})", "/fatigue/halflife"}, {R"({"post_purchase":[{"per":"brand","pause":"30d"}]})", "/post_purchase/0/per"},
      {R"({"post_purchase":[{"pause":"30d","fallback":"7d"}]})", "/post_purchase/0/fallback"}, {R"({"post_purchase":[{"pause":"30d","max":"7d"}]})", "/post_purchase/0/max"},
      {R"({"post_purchase":[{"pause":"learned"}]})", "/post_purchase/0/pause"}, {R"({"post_purchase":[{"pause":"learnt","fallback":30}]})", "/post_purchase/0/fallback"},
      {R"({"post_purchase":[{"pause":"learnt","min":"60d","max":"30d"}]})", "/post_purchase/0/min"},
      {R"({"post_purchase":[{"per":"group"}]})", "/post_purchase/0/pause"}, {R"({"gates":[{"match":{}}]})", "/gates/0/fact"},
      {R"({"gates":[{"fact":"a"},{"fact":"a"}]})", "/gates/1/id"}, {R"({"gates":[{"fact":"a","ttl":"forever"}]})", "/gates/0/ttl"},
      {R"({"consent":{"profile":"maybe"}})", "/consent/profile"}, {R"({"consent":{"map":{"Ads/Retargeting":"selling"}}})", "/consent/map/Ads~1Retargeting"},
      {R"({"consent":{"require":[{"purpose":"marketing"}]}})", "/consent/require/0/channels"}, {R"({"consent":{"require":[{"channels":["email"]}]}})", "/consent/require/0/purpose"},
      {R"({"arbitration":{"default_value":1}})", "/arbitration/default_value"}, {R"({"arbitration":{"default_value":"-1"}})", "/arbitration/default_value"},
      {R"({"diversity":{"method":"random"}})", "/diversity/method"}, {R"({"diversity":{"strength":1.5}})", "/diversity/strength"},
      {R"({"exploration":{"temperature":-0.1}})", "/exploration/temperature"}, {R"({"exploration":{"method":"epsilon"}})", "/exploration/method"},
      {R"({"exploration":{"launch":{"impressions":0}}})", "/exploration/launch/impressions"}, {R"({"exploration":{"launch":{"days":"14d"}}})", "/exploration/launch/days"},
      {R"({"exploration":{"launch":{"strength":-0.5}}})", "/exploration/launch/strength"}, {R"({"exploration":{"launch":{"boost":2}}})", "/exploration/launch/boost"},
      {R"({"exploration":{"launch":true}})", "/exploration/launch"}, {R"([])", ""}};
  for (const auto& [json, pointer] : cases) {
    const Error error = refused(json);
    EXPECT_EQ(error.code, ErrorCode::invalid) << json;
    ASSERT_FALSE(error.fields.empty()) << json;
    EXPECT_EQ(error.fields[0].pointer, pointer) << json;
  }
}

TEST(PolicyJson, WhatIsNotBuiltIsNamedAndNeverIgnored) {
  const std::string base = std::string(rolling) + ",";
  const std::vector<std::pair<std::string, std::string>> cases{
      {with_cap(base + R"("keep":[{"match":{"tags":["a"]},"slots":1},{"match":{"tags":["b"]},"slots":1}])"), "/caps/0/keep"}};
  for (const auto& [json, pointer] : cases) {
    const Error error = refused(json);
    EXPECT_EQ(error.code, ErrorCode::not_built) << json << error.message;
    ASSERT_FALSE(error.fields.empty()) << json;
    EXPECT_EQ(error.fields[0].pointer, pointer) << json;
  }
  EXPECT_TRUE(Parsed(R"({"quiet_hours":[],"merchandising":[],"arbitration":{"levers":[]},"fatigue":{"learn":false}})").policy);
  EXPECT_FALSE(Parsed("{}").policy->fatigue.learn); // nobody is moved to another curve unasked
}

TEST(PolicyJson, AnAudienceOnEveryKindOfRule) {
  Parsed parsed(R"({"caps":[{"id":"c","min_gap":"1h","audience":"vip"}],"post_purchase":[{"pause":"1d","audience":"vip","schedule":{"to":"2027-01-01T00:00:00Z"}}],
    "gates":[{"fact":"f","audience":"vip","schedule":{"from":"2026-01-01T00:00:00Z"},"exempt":{"tags":["x"]}}],
    "quiet_hours":[{"from":"21:00","to":"08:00","audience":{"field":"customer.traits.tier","op":"eq","value":"gold"}}],"pauses":[{"audience":"vip"}],
    "merchandising":[{"pin":[{"item":"a","slot":1}],"audience":"vip"}],"arbitration":{"levers":[{"factor":2,"audience":"vip"}]}})");
  ASSERT_TRUE(parsed.policy) << parsed.policy.error().message << parsed.policy.error().fields.front().pointer;
  const Policy& policy = *parsed.policy;
  for (const auto* audience : {&policy.caps[0].audience, &policy.post_purchase[0].audience, &policy.gates[0].audience, &policy.pauses[0].audience, &policy.merchandising[0].audience,
                               &policy.merchandising[1].audience}) {
    ASSERT_TRUE(*audience);
    EXPECT_EQ((*audience)->kind, Condition::Kind::audience);
    EXPECT_EQ((*audience)->field, "vip");
  }
  EXPECT_EQ(policy.quiet_hours[0].audience->kind, Condition::Kind::compare);
  EXPECT_EQ(policy.gates[0].schedule.from, parse_utc("2026-01-01T00:00:00Z").value());
  EXPECT_EQ(policy.post_purchase[0].schedule.to, parse_utc("2027-01-01T00:00:00Z").value());
  EXPECT_TRUE(policy.merchandising[1].is_lever);
  EXPECT_EQ(policy.merchandising[1].boosts.at(0).factor, 2);
}

TEST(PolicyJson, AnEventOfTheSendersOwnIsCounted) {
  Parsed parsed(with_cap(std::string(rolling) + R"(,"counts":"Coupon Redeemed")"));
  ASSERT_TRUE(parsed.policy) << parsed.policy.error().message;
  EXPECT_EQ(parsed.policy->caps[0].counts, Counts::event);
  EXPECT_EQ(parsed.policy->caps[0].event, parsed.symbol("Coupon Redeemed"));
}

TEST(PolicyJson, KeptSlotsAreASecondRule) {
  Parsed parsed(with_cap(R"("limit":3,"window":{"kind":"rolling","length":"7d"},"min_gap":"1h","keep":[{"match":{"tags":["critical"]},"slots":1}])"));
  ASSERT_TRUE(parsed.policy) << parsed.policy.error().message;
  ASSERT_EQ(parsed.policy->caps.size(), 2U);
  const CapRule& rest = parsed.policy->caps[1];
  EXPECT_EQ(rest.id, "c1/kept");
  EXPECT_EQ(rest.part_of, "c1");
  EXPECT_EQ(rest.limit, 2U);
  EXPECT_EQ(rest.exempt->tags, std::vector<Symbol>{parsed.symbol("critical")});
  EXPECT_FALSE(rest.exempt_counts);
  EXPECT_FALSE(rest.min_gap); // the first one has it
}

TEST(PolicyJson, CapsOverManyCustomersAreAListOfTheirOwn) {
  Parsed parsed(R"({"caps":[{"id":"own","limit":1,"window":{"kind":"lifetime"}},
    {"id":"campaign","scope":"everyone","per":"campaign","limit":5000000,"window":{"kind":"lifetime"},"keep":[{"match":{"tags":["press"]},"slots":100}]},
    {"id":"house","scope":"group","counts":"contact","limit":3,"window":{"kind":"calendar","unit":"month","zone":"Europe/Berlin"},"exempt":{"kinds":["service"]},"audience":"vip","on_exceed":"nothing"}]})");
  ASSERT_TRUE(parsed.policy) << parsed.policy.error().message;
  ASSERT_EQ(parsed.policy->caps.size(), 1U);
  ASSERT_EQ(parsed.policy->total_caps.size(), 3U);
  EXPECT_EQ(parsed.policy->total_cap_places, (std::vector<std::uint32_t>{1, 2}));
  EXPECT_EQ(parsed.policy->total_caps[0].scope, Scope::everyone);
  EXPECT_EQ(parsed.policy->total_caps[0].limit, 5'000'000U);
  EXPECT_EQ(parsed.policy->total_caps[1].scope, Scope::group);
  EXPECT_EQ(parsed.policy->total_caps[1].audience->field, "vip");
  EXPECT_EQ(parsed.policy->total_caps[2].id, "campaign/kept");
  EXPECT_EQ(parsed.policy->total_caps[2].scope, Scope::everyone);
}

TEST(PolicyJson, WhatManyCustomersCannotShareIsRefused) {
  const std::string ever = R"("scope":"everyone","limit":1,"window":{"kind":"lifetime"})";
  const std::vector<std::pair<std::string, std::string>> cases{
      {with_cap(std::string(rolling) + R"(,"scope":"everyone")"), "/caps/0/window/kind"}, {with_cap(R"("scope":"group","limit":1,"window":{"kind":"session"})"), "/caps/0/window/kind"},
      {with_cap(R"("scope":"group","limit":1,"window":{"kind":"anchored_first","length":"7d"})"), "/caps/0/window/kind"},
      {with_cap(R"("scope":"everyone","limit":1,"window":{"kind":"calendar","unit":"day"})"), "/caps/0/window/zone"},
      {with_cap(R"("scope":"everyone","limit":1,"window":{"kind":"calendar","unit":"day","zone":"customer"})"), "/caps/0/window/zone"}, {with_cap(ever + R"(,"min_gap":"1h")"), "/caps/0/min_gap"},
      {with_cap(R"("scope":"everyone","share":0.2,"per":"brand","window":{"kind":"lifetime"})"), "/caps/0/share"}, {with_cap(R"("scope":"everyone","min_gap":"1h")"), "/caps/0/min_gap"},
      {with_cap(R"("scope":"household","limit":1,"window":{"kind":"lifetime"})"), "/caps/0/scope"}, {with_cap(R"("scope":"everyone","limit":2000000000,"window":{"kind":"lifetime"})"), "/caps/0/limit"}};
  for (const auto& [json, pointer] : cases) {
    const Error error = refused(json);
    EXPECT_EQ(error.code, ErrorCode::invalid) << json;
    ASSERT_FALSE(error.fields.empty()) << json;
    EXPECT_EQ(error.fields[0].pointer, pointer) << json;
  }
}

TEST(PolicyJson, MistakesOfKeepAudienceAndMerchandisingHavePointers) {
  const std::string base = std::string(rolling) + ",";
  std::string fifty;
  for (int i = 0; i < 50; ++i) fifty += (i == 0 ? "" : ",") + std::string(R"({"id":"c)") + std::to_string(i) + R"(",)" + base + R"("keep":[{"match":{"tags":["a"]},"slots":1}]})";
  const std::vector<std::pair<std::string, std::string>> cases{
      {with_cap(base + R"("counts":"Product Viewed")"), "/caps/0/counts"}, {with_cap(base + R"("counts":"order_completed")"), "/caps/0/counts"}, {with_cap(base + R"("counts":"")"), "/caps/0/counts"},
      {with_cap(base + R"("keep":[{"match":{},"slots":1}])"), "/caps/0/keep/0/match"}, {with_cap(base + R"("keep":[{"match":{"tags":["a"]}}])"), "/caps/0/keep/0/slots"},
      {with_cap(base + R"("keep":[{"match":{"tags":["a"]},"slots":4}])"), "/caps/0/keep/0/slots"}, {with_cap(base + R"("keep":[{"match":{"tags":["a"]},"slots":0}])"), "/caps/0/keep/0/slots"},
      {with_cap(R"("limit":3,"window":{"kind":"anchored_first","length":"7d"},"keep":[{"match":{"tags":["a"]},"slots":1}])"), "/caps/0/keep"},
      {with_cap(base + R"("counts":"Impressions")"), "/caps/0/counts"}, {with_cap(base + R"("counts":"views")"), "/caps/0/counts"},
      {R"({"merchandising":[{"id":"x","hide":{"tags":["a"]}}],"arbitration":{"levers":[{"id":"x","factor":2}]}})", "/arbitration/levers/0/id"},
      {with_cap(R"("min_gap":"1h","keep":[{"match":{"tags":["a"]},"slots":1}])"), "/caps/0/keep"},
      {with_cap(base + R"("exempt":{"kinds":["service"]},"keep":[{"match":{"tags":["a"]},"slots":1}])"), "/caps/0/keep"}, {R"({"caps":[)" + fifty + "]}", "/caps"},
      {with_cap(base + R"("audience":{"field":"item.brand","op":"eq","value":"x"})"), "/caps/0/audience/field"}, {with_cap(base + R"("audience":7)"), "/caps/0/audience"},
      {R"({"merchandising":[{"id":"x"}]})", "/merchandising/0"}, {R"({"merchandising":[{"pin":[{"slot":1}]}]})", "/merchandising/0/pin/0/item"},
      {R"({"merchandising":[{"pin":[{"item":"a","slot":0}]}]})", "/merchandising/0/pin/0/slot"}, {R"({"merchandising":[{"pin":[{"item":"a","slot":1},{"item":"b","slot":1}]}]})", "/merchandising/0/pin/1"},
      {R"({"merchandising":[{"boost":[{"factor":6}]}]})", "/merchandising/0/boost/0/factor"}, {R"({"merchandising":[{"boost":[{"match":{}}]}]})", "/merchandising/0/boost/0/factor"},
      {R"({"merchandising":[{"hide":{}}]})", "/merchandising/0/hide"}, {R"({"merchandising":[{"id":"a","hide":{"tags":["x"]}},{"id":"a","hide":{"tags":["x"]}}]})", "/merchandising/1/id"},
      {R"({"arbitration":{"levers":[{"factor":0.1}]}})", "/arbitration/levers/0/factor"}, {R"({"arbitration":{"levers":[{"factor":2,"pin":[]}]}})", "/arbitration/levers/0/pin"}};
  for (const auto& [json, pointer] : cases) {
    const Error error = refused(json);
    EXPECT_EQ(error.code, ErrorCode::invalid) << json;
    ASSERT_FALSE(error.fields.empty()) << json;
    EXPECT_EQ(error.fields[0].pointer, pointer) << json;
  }
}

TEST(PolicyJson, EveryKindOfWindow) {
  const auto window = [](const std::string& json) { return Parsed(with_cap(R"("limit":1,"window":)" + json)).policy.value().caps.at(0).window; };
  EXPECT_EQ(window(R"({"kind":"anchored_first","length":"7d"})"), (Window{WindowKind::anchored_first, days(7)}));
  EXPECT_EQ(window(R"({"kind":"anchored_last","length":"24h"})"), (Window{WindowKind::anchored_last, days(1)}));
  const Window week = window(R"({"kind":"calendar","unit":"week","zone":"Europe/Berlin","week_start":"sun"})");
  EXPECT_EQ(week.kind, WindowKind::calendar);
  EXPECT_EQ(week.calendar, (CalendarPeriod{CalendarUnit::week, Zone::find("Europe/Berlin"), std::nullopt, std::chrono::Sunday}));
  EXPECT_EQ(window(R"({"kind":"calendar","unit":"day","zone":"customer","zone_missing":"Asia/Kolkata"})").calendar,
            (CalendarPeriod{CalendarUnit::day, std::nullopt, Zone::find("Asia/Kolkata")}));
  EXPECT_EQ(window(R"({"kind":"calendar","unit":"month","zone_missing":"default"})").calendar, (CalendarPeriod{.unit = CalendarUnit::month, .zone_missing = Zone::find("UTC")}));
  EXPECT_EQ(Parsed(with_cap(R"("share":0.4,"min_base":20,"per":"brand","window":{"kind":"rolling","length":"7d"})")).policy.value().caps.at(0).share, (Share{400'000, 20}));
  EXPECT_EQ(Parsed(with_cap(std::string(rolling) + R"(,"counts":"delivered")")).policy.value().caps.at(0).counts, Counts::delivered);
}

TEST(PolicyJson, WindowsAndSharesThatMeanNothingAreRefused) {
  const auto limited = [](const char* window) { return with_cap(R"("limit":1,"window":)" + std::string(window)); };
  const std::vector<std::pair<std::string, std::string>> cases{
      {limited(R"({"kind":"calendar"})"), "/caps/0/window/unit"}, {limited(R"({"kind":"calendar","unit":"year"})"), "/caps/0/window/unit"},
      {limited(R"({"kind":"calendar","unit":"day","zone":"Mars/Olympus"})"), "/caps/0/window/zone"}, {limited(R"({"kind":"calendar","unit":"day","length":"1d"})"), "/caps/0/window/length"},
      {limited(R"({"kind":"calendar","unit":"day","week_start":"mon"})"), "/caps/0/window/week_start"}, {limited(R"({"kind":"calendar","unit":"week","week_start":"funday"})"), "/caps/0/window/week_start"},
      {limited(R"({"kind":"calendar","unit":"day","zone":"UTC","zone_missing":"UTC"})"), "/caps/0/window/zone_missing"}, {limited(R"({"kind":"rolling","length":"7d","zone":"UTC"})"), "/caps/0/window/zone"},
      {limited(R"({"kind":"anchored_first"})"), "/caps/0/window/length"}, {limited(R"({"kind":"anchored_last","length":"101d"})"), "/caps/0/window/length"},
      {with_cap(R"("share":0.4)"), "/caps/0/window"}, {with_cap(std::string(rolling) + R"(,"share":0.4)"), "/caps/0/share"}, {with_cap(R"("share":1.5,"window":{"kind":"lifetime"})"), "/caps/0/share"},
      {with_cap(R"("share":0,"window":{"kind":"lifetime"})"), "/caps/0/share"}, {with_cap(R"("share":0.12345678,"window":{"kind":"lifetime"})"), "/caps/0/share"},
      {with_cap(R"("share":0.4,"window":{"kind":"anchored_first","length":"7d"})"), "/caps/0/share"}, {with_cap(R"("share":0.4,"per":"tag","window":{"kind":"lifetime"})"), "/caps/0/share"},
      {with_cap(std::string(rolling) + R"(,"min_base":3)"), "/caps/0/min_base"},
      {R"({"quiet_hours":[{"from":"21:00","to":"21:00"}]})", "/quiet_hours/0/to"}, {R"({"quiet_hours":[{"from":"24:00","to":"08:00"}]})", "/quiet_hours/0/from"},
      {R"({"quiet_hours":[{"from":"21.00","to":"08:00"}]})", "/quiet_hours/0/from"}, {R"({"quiet_hours":[{"from":"21:00"}]})", "/quiet_hours/0/to"},
      {R"({"quiet_hours":[{"from":"21:00","to":"08:00","days":["someday"]}]})", "/quiet_hours/0/days/0"}, {R"({"quiet_hours":[{"from":"21:00","to":"08:00","days":[]}]})", "/quiet_hours/0/days"},
      {R"({"quiet_hours":[{"from":"21:00","to":"08:00","zone":"Nowhere"}]})", "/quiet_hours/0/zone"}, {R"({"quiet_hours":[{"from":"21:00","to":"08:00","until":"x"}]})", "/quiet_hours/0/until"},
      {R"({"quiet_hours":[{"id":"a","from":"21:00","to":"08:00"},{"id":"a","from":"21:00","to":"08:00"}]})", "/quiet_hours/1/id"},
      {R"({"pauses":[{"match":{"colours":["red"]}}]})", "/pauses/0/match/colours"}, {R"({"pauses":[{"until":"tomorrow"}]})", "/pauses/0/until"}, {R"({"pauses":[{"why":"x"}]})", "/pauses/0/why"}};
  for (const auto& [json, pointer] : cases) {
    const Error error = refused(json);
    EXPECT_EQ(error.code, ErrorCode::invalid) << json;
    ASSERT_FALSE(error.fields.empty()) << json;
    EXPECT_EQ(error.fields[0].pointer, pointer) << json;
  }
}

TEST(PolicyJson, QuietHoursAndPauses) {
  Parsed parsed(R"({"quiet_hours":[{"match":{"channels":["push","email"]},"from":"21:00","to":"08:00","days":["mon","tue"],"zone":"customer","zone_missing":"default"},
    {"id":"lunch","from":"12:30","to":"13:30:30","zone":"Europe/Berlin","exempt":{"kinds":["service"]}}],"pauses":[{"id":"recall","match":{"items":["sku-1"]},"until":"2027-01-01T00:00:00Z","note":"glass"},{}]})");
  ASSERT_TRUE(parsed.policy) << parsed.policy.error().message;
  const Policy& policy = *parsed.policy;
  EXPECT_EQ(policy.quiet_hours.at(0).id, "quiet-1");
  EXPECT_EQ(policy.quiet_hours.at(0).interval, (QuietInterval{hours(21), hours(8), 3}));
  EXPECT_EQ(policy.quiet_hours.at(0).zone, std::nullopt);
  EXPECT_EQ(policy.quiet_hours.at(1).interval, (QuietInterval{hours(12) + minutes(30), hours(13) + minutes(30) + seconds(30)}));
  EXPECT_TRUE(policy.quiet_hours.at(1).exempt);
  EXPECT_EQ(policy.pauses.at(0).until, *parse_utc("2027-01-01T00:00:00Z"));
  EXPECT_EQ(policy.pauses.at(1).id, "pause-2");
  EXPECT_EQ(policy.pauses.at(1).until, std::nullopt);
}

TEST(PolicyJson, TheOtherParts) {
  Parsed parsed(R"({"consent":{"map":{"Advertising":"marketing"},"require":[{"purpose":"marketing","channels":["email","push"]}],"profile":"opt_in"},
    "fatigue":{"per":["item"],"beta":0.5,"half_life":"3d","learn":true},"post_purchase":[{"per":"category","pause":"14d","match":{"kinds":["product"]}}],
    "gates":[{"fact":"case_open","match":{"purposes":["marketing"]},"allow":{"kinds":["service"]},"ttl":"30d","cool_off":"2d"},{"id":"mourning","fact":"bereaved"}],
    "arbitration":{"levers":[],"default_value":"2.50","never_hold":[],"attention_price":"0.01"},"diversity":{"method":"mmr","strength":0.1,"calibration":0.4},"exploration":{"method":"softmax","temperature":0}})");
  ASSERT_TRUE(parsed.policy) << parsed.policy.error().message;
  const Policy& policy = *parsed.policy;
  EXPECT_TRUE(policy.consent.profile_opt_in);
  EXPECT_EQ(policy.consent.map.at(0), (ConsentMapping{"Advertising", Purpose::marketing}));
  EXPECT_EQ(policy.consent.require.at(0).channels.size(), 2U);
  EXPECT_EQ(policy.fatigue.per, std::vector<Per>{Per::item});
  EXPECT_EQ(policy.fatigue.half_life, days(3));
  EXPECT_TRUE(policy.fatigue.learn);
  EXPECT_EQ(policy.post_purchase.at(0).pause, days(14));
  EXPECT_EQ(policy.gates.at(0).id, "case_open");
  EXPECT_EQ(policy.gates.at(0).cool_off, days(2));
  EXPECT_EQ(policy.gates.at(1).id, "mourning");
  EXPECT_FALSE(policy.gates.at(1).allow.selects_everything()); // no `allow`: nothing passes
  EXPECT_FALSE(policy.gates.at(1).allow.selects(LabelSet{}));
  EXPECT_EQ(policy.arbitration.default_value_micros, 2'500'000);
  EXPECT_DOUBLE_EQ(policy.arbitration.attention_price, 0.01);
  EXPECT_TRUE(policy.arbitration.never_hold.empty());
  EXPECT_EQ(policy.diversity.calibration, 0.4);
  EXPECT_EQ(policy.diversity.method, DiversityMethod::mmr);
  EXPECT_EQ(policy.exploration.temperature, 0.0);
}

TEST(PolicyJson, LaunchIsOffUntilAskedFor) {
  EXPECT_FALSE(Parsed(R"({"exploration":{"temperature":0.1}})").policy->exploration.launch);
  EXPECT_EQ(Parsed(R"({"exploration":{"launch":{}}})").policy->exploration.launch, LaunchPolicy{});
  EXPECT_EQ(Parsed(R"({"exploration":{"launch":{"impressions":500,"days":30,"strength":2}}})").policy->exploration.launch, (LaunchPolicy{500, days(30), 2}));
}

TEST(PolicyJson, TheHashIsOfTheMeaning) {
  const std::string cap = with_cap(rolling);
  EXPECT_EQ(Parsed(cap).policy->hash, Parsed(R"( { "caps" : [{"window":{"length":"7d","kind":"rolling"},"limit":3,"id":"c1"}]} )").policy->hash);
  EXPECT_NE(Parsed(cap).policy->hash, Parsed(with_cap(R"("limit":4,"window":{"kind":"rolling","length":"7d"})")).policy->hash);
}

TEST(PolicyJson, RulesAreBounded) {
  const auto caps = [](std::size_t count) {
    std::string json = R"({"caps":[)";
    for (std::size_t i = 0; i < count; ++i) json += (i ? "," : "") + std::string(R"({"id":")") + std::to_string(i) + R"(","limit":1,"window":{"kind":"lifetime"}})";
    return json + "]}";
  };
  EXPECT_TRUE(Parsed(caps(limits::cap_rules_max)).policy);
  EXPECT_EQ(refused(caps(limits::cap_rules_max + 1)).fields.at(0).pointer, "/caps");
  EXPECT_EQ(refused(std::string(limits::body_bytes_max + 1, ' ')).code, ErrorCode::too_large);
}

TEST(PolicyJson, TheStarterPolicyCapsPausesGatesAndAsksForConsent) {
  Parsed parsed(starter_policy_json());
  ASSERT_TRUE(parsed.policy) << parsed.policy.error().message;
  const Policy& policy = *parsed.policy;
  ASSERT_EQ(policy.caps.size(), 1U);
  EXPECT_EQ(policy.caps[0].per, std::vector<Per>{Per::item});
  EXPECT_EQ(policy.caps[0].limit, 3U);
  EXPECT_EQ(policy.caps[0].window, (Window{WindowKind::rolling, days(7)}));
  EXPECT_EQ(policy.caps[0].min_gap, hours(4));
  EXPECT_EQ(policy.post_purchase.at(0).pause, days(30));
  EXPECT_EQ(policy.post_purchase.at(0).per, Per::group);
  EXPECT_EQ(policy.gates.at(0).fact, parsed.symbol("case_open"));
  EXPECT_EQ(policy.gates.at(0).match.channels->size(), 4U);
  EXPECT_EQ(policy.consent.require.at(0).channels.size(), 4U);
  EXPECT_EQ(policy.quiet_hours.at(0).interval, (QuietInterval{hours(21), hours(8)}));
  EXPECT_EQ(policy.quiet_hours.at(0).match.channels, std::vector{parsed.symbol("push")});
}

TEST(PolicyJson, APauseMayBeLearnt) {
  SymbolTable symbols;
  const auto policy = parse_policy(R"({"post_purchase":[{"per":"category","pause":"learnt","fallback":"20d","min":"7d","max":"900d"},{"pause":"learnt"},{"pause":"9d"}]})", symbols);
  ASSERT_TRUE(policy);
  const auto& pauses = policy->post_purchase;
  EXPECT_EQ(pauses.at(0).pause, days(20));
  EXPECT_EQ(pauses.at(0).learnt, (LearntPause{days(7), days(900)}));
  EXPECT_EQ(pauses.at(1).pause, days(30));
  EXPECT_EQ(pauses.at(1).learnt, LearntPause{});
  EXPECT_EQ(pauses.at(2).learnt, std::nullopt);
}

TEST(PolicyJson, RandomDamageNeverCrashes) {
  Random random(9);
  const std::string seed = starter_policy_json();
  SymbolTable symbols;
  std::size_t accepted = 0;
  for (int round = 0; round < 20'000; ++round) {
    std::string json = seed;
    for (std::uint64_t i = 1 + random.below(3); i > 0; --i) json[random.below(json.size())] = static_cast<char>(random.below(256));
    const auto policy = parse_policy(json, symbols);
    if (policy) ++accepted;
    else EXPECT_NE(policy.error().code, ErrorCode::internal);
  }
  EXPECT_GT(accepted, 100U);
}

} // namespace
} // namespace takt
