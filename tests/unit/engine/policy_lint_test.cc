#include "engine/policy_lint.h"

#include "api/json/codecs.h"

#include <algorithm>
#include <gtest/gtest.h>

namespace takt::tests {
namespace {

/// Codes with their pointers, of a policy over a little shop: two brands, tag sale, placement home.
std::vector<std::string> said(const std::string& json) {
  SymbolTable symbols;
  std::vector<Item> items(2);
  items[0].id = *ItemId::parse("pumps");
  items[0].brand = "Acme";
  items[0].tags = {"sale"};
  items[1].id = *ItemId::parse("boots");
  items[1].brand = "Boot";
  const auto catalogue = Catalogue::build(items, symbols, 1);
  Placement placement;
  placement.id = *PlacementId::parse("home");
  placement.channel = "web";
  Rulebook beside;
  beside.placements.emplace("home", compile_placement(placement, symbols));
  const auto policy = parse_policy(json, symbols);
  EXPECT_TRUE(policy) << json << (policy ? "" : policy.error().message);
  std::vector<std::string> found;
  for (const LintWarning& warning : lint_policy(*policy, beside, *catalogue, symbols, *parse_utc("2026-03-05T00:00:00Z"))) {
    EXPECT_FALSE(warning.text.empty());
    found.push_back(warning.pointer + " " + warning.code);
  }
  return found;
}

using Said = std::vector<std::string>;

std::string cap(const std::string& id, const std::string& rest) { return R"({"id":")" + id + R"(",)" + rest + "}"; }
std::string caps(const std::string& list) { return R"({"caps":[)" + list + "]}"; }
const std::string weekly = R"("per":"item","window":{"kind":"rolling","length":"7d"},"limit":3)";

TEST(PolicyLint, AGoodPolicyIsNotTalkedAbout) {
  EXPECT_EQ(said(caps(cap("a", weekly))), Said{});
  EXPECT_EQ(said(caps(cap("a", weekly + R"(,"match":{"tags":["sale"],"brands":["Acme"],"placements":["home"],"channels":["push"]})"))), Said{});
  EXPECT_EQ(said(R"({"quiet_hours":[{"from":"21:00","to":"08:00","zone_missing":"default"},{"from":"21:00","to":"08:00","zone":"Europe/Berlin"}]})"), Said{});
}

TEST(PolicyLint, WhatBlocksEverythingOrNothing) {
  EXPECT_EQ(said(caps(cap("a", R"("limit":0,"window":{"kind":"lifetime"})"))), Said{"/caps/0/limit limit_zero"});
  EXPECT_EQ(said(caps(cap("a", weekly + R"(,"exempt":{})"))), Said{"/caps/0/exempt exempts_everything"});
  EXPECT_EQ(said(caps(cap("a", weekly + R"(,"schedule":{"to":"2026-01-01T00:00:00Z"})"))), Said{"/caps/0/schedule/to never_binds"});
  EXPECT_EQ(said(caps(cap("a", R"("counts":"contact","limit":5,"min_gap":"2d","window":{"kind":"rolling","length":"7d"})"))), Said{"/caps/0/limit never_fires"});
  EXPECT_EQ(said(caps(cap("a", R"("counts":"contact","limit":4,"min_gap":"2d","window":{"kind":"rolling","length":"7d"})"))), Said{});
  EXPECT_EQ(said(caps(cap("a", R"("share":1,"window":{"kind":"lifetime"})"))), Said{"/caps/0/share never_fires"});
}

TEST(PolicyLint, RulesInTimeThatAreOverOrExemptAll) {
  const std::string over = R"("schedule":{"to":"2026-03-04T00:00:00Z"})", all = R"("exempt":{})", strange = R"("exempt":{"tags":["gone"]})";
  EXPECT_EQ(said(R"({"pauses":[{"id":"a","until":"2026-03-05T00:00:00Z"},{"id":"b",)" + over + R"(},{"id":"c",)" + all + R"(},{"id":"d",)" + strange + R"(},{"id":"e","until":"2026-03-06T00:00:00Z"}]})"),
            (Said{"/pauses/0/until never_binds", "/pauses/1/schedule/to never_binds", "/pauses/2/exempt exempts_everything", "/pauses/3 unknown_label"}));
  EXPECT_EQ(said(R"({"post_purchase":[{"per":"group","pause":"30d",)" + over + R"(},{"per":"group","pause":"30d",)" + all + "}]}"),
            (Said{"/post_purchase/0/schedule/to never_binds", "/post_purchase/1/exempt exempts_everything"}));
  EXPECT_EQ(said(R"({"gates":[{"id":"g","fact":"case_open",)" + strange + "}]}"), Said{"/gates/0 unknown_label"});
  EXPECT_EQ(said(R"({"quiet_hours":[{"from":"21:00","to":"08:00","zone":"Europe/Berlin",)" + over + "}]}"), Said{"/quiet_hours/0/schedule/to never_binds"});
}

TEST(PolicyLint, SharesThatLeaveNothingOrBlockTheFirst) {
  EXPECT_EQ(said(caps(cap("a", R"("share":0.05,"per":"category","window":{"kind":"lifetime"})"))), Said{"/caps/0/share share_blocks_first"});
  EXPECT_EQ(said(caps(cap("a", R"("share":0.4,"per":"brand","window":{"kind":"lifetime"})"))), Said{"/caps/0/share share_unfilled"}) << "two brands of two fifths";
  EXPECT_EQ(said(caps(cap("a", R"("share":0.5,"per":"brand","window":{"kind":"lifetime"})"))), Said{});
}

TEST(PolicyLint, CalendarsAndZones) {
  EXPECT_EQ(said(caps(cap("a", R"("limit":2,"window":{"kind":"calendar","unit":"day","zone":"Europe/Berlin"})"))), Said{"/caps/0/window around_midnight"});
  EXPECT_EQ(said(caps(cap("a", R"("limit":2,"min_gap":"1h","window":{"kind":"calendar","unit":"day","zone":"Europe/Berlin"})"))), Said{});
  EXPECT_EQ(said(caps(cap("a", R"("limit":2,"min_gap":"1h","window":{"kind":"calendar","unit":"day","zone":"customer"})"))), Said{"/caps/0/window zone_missing"});
  EXPECT_EQ(said(R"({"quiet_hours":[{"from":"21:00","to":"08:00","zone":"customer"}]})"), Said{"/quiet_hours/0 zone_missing"});
}

TEST(PolicyLint, LabelsThatNothingHas) {
  EXPECT_EQ(said(caps(cap("a", weekly + R"(,"match":{"tags":["sail"]})"))), Said{"/caps/0 unknown_label"});
  EXPECT_EQ(said(caps(cap("a", weekly + R"(,"applies_to":{"brands":["Acme"]},"counts_of":{"brands":["Acne"]})"))), Said{"/caps/0 unknown_label"});
  EXPECT_EQ(said(R"({"gates":[{"fact":"case_open","match":{"placements":["nowhere"]},"allow":{"kinds":["product"]}}]})"), Said{"/gates/0 unknown_label"});
}

TEST(PolicyLint, ARuleThatAnotherOneContains) {
  const std::string daily = R"("per":"item","window":{"kind":"rolling","length":"1d"},"limit":3)";
  EXPECT_EQ(said(caps(cap("week", weekly) + "," + cap("day", daily))), Said{"/caps/1 contained"}) << "three a week are never more than three a day";
  EXPECT_EQ(said(caps(cap("day", daily) + "," + cap("week", weekly))), Said{"/caps/0 contained"});
  EXPECT_EQ(said(caps(cap("one", weekly) + "," + cap("two", weekly))), Said{"/caps/1 contained"}) << "twice the same is said once";
  EXPECT_EQ(said(caps(cap("ever", R"("per":"item","window":{"kind":"lifetime"},"limit":3)") + "," + cap("week", weekly))), Said{"/caps/1 contained"});
  EXPECT_EQ(said(caps(cap("week", weekly) + "," + cap("day", daily + R"(,"min_gap":"4h")"))), Said{}) << "its gap is its own";
  EXPECT_EQ(said(caps(cap("week", weekly) + "," + cap("group", R"("per":"group","window":{"kind":"rolling","length":"1d"},"limit":3)"))), Said{});
}

TEST(PolicyLint, WhatIsPutForwardAndNeverSeen) {
  const auto pin = [](const std::string& item, const std::string& slot, const std::string& more = "") {
    return R"({"merchandising":[{"pin":[{"item":")" + item + R"(","slot":)" + slot + "}]" + more + "}]}";
  };
  EXPECT_EQ(said(pin("pumps", "1")), Said{});
  EXPECT_EQ(said(pin("gloves", "1")), Said{"/merchandising/0/pin/0/item unknown_label"});
  EXPECT_EQ(said(pin("pumps", "9")), Said{"/merchandising/0/pin/0 never_pins"}) << "the placement has fewer slots";
  EXPECT_EQ(said(pin("pumps", "1", R"(,"hide":{"tags":["sale"]})")), Said{"/merchandising/0/pin/0 never_pins"});
  EXPECT_EQ(said(pin("pumps", "1", R"(,"schedule":{"to":"2026-03-01T00:00:00Z"})")), Said{"/merchandising/0/schedule/to never_binds"});
  EXPECT_EQ(said(R"({"arbitration":{"levers":[{"factor":2,"match":{"brands":["Nobody"]}}]}})"), Said{"/arbitration/levers/0 unknown_label"});
}

TEST(PolicyLint, TheHalvesOfAKeptLimitAreOneRule) {
  EXPECT_EQ(said(caps(cap("a", weekly + R"(,"keep":[{"match":{"tags":["sale"]},"slots":1}])"))), Said{});
}

} // namespace
} // namespace takt::tests
