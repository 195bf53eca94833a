// Decide at the border: the strict request, what makes two requests the same, and the shapes of the answer (contract.md §3).
#include "api/json/codecs.h"
#include "api/json/reader.h"
#include "core/limits.h"
#include "core/random.h"

#include <cmath>
#include <gtest/gtest.h>

namespace takt {
namespace {

constexpr const char* example = R"({"request_id":"r-1","customer":{"user_id":"u1","anonymous_id":"a1"},
 "placements":[{"placement":"home.hero","limit":3,"anchor":{"items":["sku-1"]},"candidates":null}],
 "context":{"channel":"web","device":"mobile","page":{"path":"/"},"locale":"de-DE","timezone":"Europe/Berlin","session_id":"s-1",
            "consent":{"marketing":true,"profile":false},"attributes":{}},
 "exclude":["sku-9"],"filter":null,"after":null,"explain":"none","dry_run":false})";

std::string with(const std::string& members) { return R"({"customer":{"user_id":"u1"},"placements":[{"placement":"p"}],)" + members + "}"; }
std::string with_placement(const std::string& members) { return R"({"placements":[{"placement":"p",)" + members + "}]}"; }

TEST(DecisionRequestJson, TheExampleOfTheContract) {
  const auto request = parse_decision_request(example);
  ASSERT_TRUE(request) << request.error().message;
  EXPECT_EQ(request->request_id, "r-1");
  EXPECT_EQ(request->user_id, "u1");
  EXPECT_EQ(request->anonymous_id, "a1");
  ASSERT_EQ(request->placements.size(), 1U);
  EXPECT_EQ(request->placements[0].placement.text(), "home.hero");
  EXPECT_EQ(request->placements[0].limit, 3U);
  EXPECT_EQ(request->placements[0].anchor_items.at(0).text(), "sku-1");
  EXPECT_FALSE(request->placements[0].candidates);
  EXPECT_EQ(request->context.page_path, "/");
  EXPECT_EQ(request->context.timezone, "Europe/Berlin");
  EXPECT_EQ(request->context.consent, (std::vector<std::pair<Purpose, bool>>{{Purpose::marketing, true}, {Purpose::profile, false}}));
  EXPECT_EQ(request->exclude.at(0).text(), "sku-9");
  EXPECT_FALSE(request->filter);
  EXPECT_FALSE(request->after);
  EXPECT_EQ(request->explain, Explain::none);
  EXPECT_FALSE(request->dry_run);
  EXPECT_EQ(request->seed, 0U);
  EXPECT_EQ(request->now, UtcTime{});
}

TEST(DecisionRequestJson, TheRestOfTheFields) {
  const DecisionId id = make_decision_id(*parse_utc("2026-03-05T12:00:00Z"), {7}, 1);
  const auto request = parse_decision_request(with(R"("explain":"full","dry_run":true,"now":"2026-03-05T12:00:00Z","seed":18446744073709551615,"after":")" + to_text(id) +
                                                   R"(","replaces":[")" + to_text(id) + R"("],"filter":{"field":"item.brand","op":"eq","value":"Acme"})"));
  ASSERT_TRUE(request) << request.error().message;
  EXPECT_EQ(request->explain, Explain::full);
  EXPECT_TRUE(request->dry_run);
  EXPECT_EQ(request->now, *parse_utc("2026-03-05T12:00:00Z"));
  EXPECT_EQ(request->seed, 18446744073709551615ULL);
  EXPECT_EQ(request->after, id);
  EXPECT_EQ(request->replaces, std::vector<DecisionId>{id});
  EXPECT_EQ(request->filter->field, "item.brand");
  EXPECT_EQ(parse_decision_request(with(R"("seed":"18446744073709551615")"))->seed, 18446744073709551615ULL);
  const auto own = parse_decision_request(with_placement(R"("candidates":[{"item":"a","score":7.1},{"item":"b"}])"));
  ASSERT_TRUE(own && own->placements[0].candidates);
  EXPECT_EQ(own->placements[0].candidates->at(0).score, 7.1);
  EXPECT_FALSE(own->placements[0].candidates->at(1).score);
  EXPECT_TRUE(parse_decision_request(with_placement(R"("candidates":[])"))->placements[0].candidates); // none of mine is not the same as all of yours
}

TEST(DecisionRequestJson, EveryMistakeHasItsPointer) {
  const std::vector<std::pair<std::string, std::string>> cases{
      {"{}", "/placements"}, {R"({"placements":[]})", "/placements"}, {R"({"placements":{}})", "/placements"}, {R"({"placements":[7]})", "/placements/0"},
      {R"({"placements":[{}]})", "/placements/0/placement"}, {with_placement(R"("limit":0)"), "/placements/0/limit"}, {with_placement(R"("limit":-1)"), "/placements/0/limit"},
      {with_placement(R"("limit":"3")"), "/placements/0/limit"}, {with_placement(R"("limit":true)"), "/placements/0/limit"}, {with_placement(R"("limit":51)"), "/placements/0/limit"},
      {with_placement(R"("slots":3)"), "/placements/0/slots"}, {with_placement(R"("anchor":["sku-1"])"), "/placements/0/anchor"},
      {with_placement(R"("anchor":{"items":[""]})"), "/placements/0/anchor/items/0"}, {with_placement(R"("candidates":["a"])"), "/placements/0/candidates/0"},
      {with_placement(R"("candidates":[{"score":1}])"), "/placements/0/candidates/0/item"}, {with_placement(R"("candidates":[{"item":"a","score":"1"}])"), "/placements/0/candidates/0/score"},
      {with_placement(R"("candidates":[{"item":"a","score":1e300}])"), "/placements/0/candidates/0/score"},
      {with(R"("user":"u1")"), "/user"}, {R"({"customer":"u1","placements":[{"placement":"p"}]})", "/customer"}, {R"({"customer":{"user_id":7},"placements":[{"placement":"p"}]})", "/customer/user_id"},
      {R"({"customer":{"userId":"u"},"placements":[{"placement":"p"}]})", "/customer/userId"}, {with(R"("context":{"consent":{"marketing":"yes"}})"), "/context/consent/marketing"},
      {with(R"("context":{"consent":{"ads":true}})"), "/context/consent/ads"}, {with(R"("context":{"page":{"title":"x"}})"), "/context/page/title"},
      {with(R"("exclude":"sku-1")"), "/exclude"}, {with(R"("exclude":[1])"), "/exclude/0"}, {with(R"("filter":{"field":"item.x","op":"exists"})"), "/filter/field"},
      {with(R"("after":"nonsense")"), "/after"}, {with(R"("replaces":["x"])"), "/replaces/0"}, {with(R"("explain":"all")"), "/explain"}, {with(R"("explain":true)"), "/explain"},
      {with(R"("dry_run":"true")"), "/dry_run"}, {with(R"("dry_run":1)"), "/dry_run"}, {with(R"("now":1700000000)"), "/now"}, {with(R"("seed":-1)"), "/seed"},
      {with(R"("seed":18446744073709551616)"), "/seed"}, {with(R"("seed":1.5)"), "/seed"}, {with(R"("request_id":")" + std::string(129, 'r') + "\""), "/request_id"},
      {with(R"("request_id":"a\u0000")"), "/request_id"}, {"[]", ""}, {"null", ""}};
  for (const auto& [json, pointer] : cases) {
    const auto request = parse_decision_request(json);
    ASSERT_FALSE(request) << json;
    EXPECT_EQ(request.error().code, ErrorCode::invalid) << json;
    EXPECT_EQ(request.error().fields.at(0).pointer, pointer) << json;
  }
  EXPECT_EQ(parse_decision_request(with(R"("context":{"attributes":{"weather":"rain"}})")).error().code, ErrorCode::not_built);
}

TEST(DecisionRequestJson, SizesAreBounded) {
  std::string many = "[\"a\"";
  for (std::size_t i = 1; i < limits::exclude_max; ++i) many += ",\"a\"";
  EXPECT_TRUE(parse_decision_request(with("\"exclude\":" + many + "]")));
  EXPECT_EQ(parse_decision_request(with("\"exclude\":" + many + ",\"a\"]")).error().fields.at(0).pointer, "/exclude");
  EXPECT_EQ(parse_decision_request(std::string(limits::body_bytes_max + 1, ' ')).error().code, ErrorCode::too_large);
  EXPECT_EQ(parse_decision_request(std::string(100'000, '[')).error().code, ErrorCode::malformed);
  EXPECT_EQ(parse_decision_request("").error().code, ErrorCode::malformed);
}

TEST(DecisionRequestJson, TheBodyHashIsOfWhatMustBeEqual) {
  const auto hash = [](const std::string& json) { return parse_decision_request(json).value().body_hash; };
  const std::string filter = R"("filter":{"field":"item.brand","op":"eq","value":"Acme"})";
  const std::uint64_t base = hash(with(filter));
  EXPECT_EQ(hash(with(R"("filter":{"value":"Acme","op":"eq","field":"item.brand"},"explain":"full","context":{"locale":"de"},"request_id":"x")")), base);
  EXPECT_NE(hash(with(R"("filter":{"field":"item.brand","op":"eq","value":"Other"})")), base);
  EXPECT_NE(hash(with(R"("exclude":["a"],)" + filter)), base);
  EXPECT_NE(hash(R"({"customer":{"user_id":"u2"},"placements":[{"placement":"p"}],)" + filter + "}"), base);
  EXPECT_NE(hash(R"({"customer":{"anonymous_id":"u1"},"placements":[{"placement":"p"}],)" + filter + "}"), base);
  EXPECT_NE(hash(R"({"customer":{"user_id":"u1"},"placements":[{"placement":"q"}],)" + filter + "}"), base);
  const std::uint64_t none = hash(with_placement(R"("candidates":null)"));
  EXPECT_NE(hash(with_placement(R"("candidates":[])")), none);
  EXPECT_NE(hash(with_placement(R"("candidates":[{"item":"a"}])")), hash(with_placement(R"("candidates":[{"item":"a","score":0}])")));
  EXPECT_NE(hash(with_placement(R"("limit":1)")), none);
  EXPECT_NE(hash(with_placement(R"("anchor":{"items":["a"]})")), none);
}

TEST(DecisionRequestJson, RandomDamageNeverCrashes) {
  Random random(13);
  std::size_t accepted = 0;
  for (int round = 0; round < 20'000; ++round) {
    std::string json = example;
    for (std::uint64_t i = 1 + random.below(3); i > 0; --i) json[random.below(json.size())] = static_cast<char>(random.below(256));
    const auto request = parse_decision_request(json);
    if (request) ++accepted;
    else EXPECT_NE(request.error().code, ErrorCode::internal);
  }
  EXPECT_GT(accepted, 100U);
}

// ---- answers

/// A shop of two items and one placement, and a decision about it that uses every part of the shape.
struct Shop {
  SymbolTable symbols;
  World world;
  DecisionRequest request;
  Decision decision;
  UtcTime now = *parse_utc("2026-03-05T12:00:00Z");

  Shop() {
    const ItemContext items{now, "EUR", {}};
    std::vector<Item> catalogue{
        *parse_item(R"({"id":"sku-1","title":"Pink <pumps>","url":"https://s.example/1","price":{"amount":"79.90"},"i18n":{"de":{"title":"Rosa Pumps"}},"attributes":{"color":"pink"},"brand":"Acme"})", items),
        *parse_item(R"({"id":"sku-4","title":"Boots","i18n":{"de":{"title":"Stiefel"}}})", items)};
    world.catalogue = Catalogue::build(std::move(catalogue), symbols, 1);
    auto rulebook = std::make_shared<Rulebook>();
    rulebook->policy = std::make_shared<const Policy>();
    rulebook->placements.emplace("home.hero", compile_placement(*parse_placement(R"({"id":"home.hero","fields":["title","price","image","color","stock"]})"), symbols));
    world.rulebook = rulebook;
    world.symbols = &symbols;
    request.request_id = "r-1";
    request.user_id = "u1";
    request.context.locale = "de-AT";
    decision.id = make_decision_id(now, {9}, 3);
    decision.customer = {9};
    decision.session_id = "s-1";
    decision.now = now;
    decision.versions = {12, 0, 1, 4, "linear-4", "exact"};
    decision.degraded = {{Stage::retrieve, ReasonCode::deadline_skipped}};
    decision.placements.push_back(hero());
  }

  PlacementDecision hero() const {
    PlacementDecision placement;
    placement.placement = *PlacementId::parse("home.hero");
    Choice choice;
    choice.item = *ItemId::parse("sku-1");
    choice.slot = 1;
    choice.terms = {0.031, 0.002, 7.13, 1, 1, 0.002, 0.001, 0.74};
    choice.score = choice.terms.score();
    choice.propensity = 0.93;
    choice.source = Source::taste;
    choice.reserved_until = now + minutes(10);
    choice.because = Because::viewed;
    choice.because_item = "sku-4";
    choice.reasons = {{Stage::fatigue, ReasonCode::fatigued, "", 1, std::nullopt, 0.74, std::nullopt, false}};
    placement.choices = {choice};
    placement.hold = Hold{2, HoldKind::chosen, 0.25};
    placement.reasons = {{Stage::caps, ReasonCode::capped, "same-item-weekly", 3, 3, std::nullopt, now + days(1), false}};
    placement.funnel = {{Stage::retrieve, 0, 200, 131'999}, {Stage::eligibility, 200, 143, 20'000}};
    placement.drops = {{ReasonCode::capped, 2}};
    placement.dropped = {{*ItemId::parse("sku-4"), {placement.reasons}, now + days(1), true}};
    placement.unknown_candidates = {"sku-404"};
    return placement;
  }

  std::string write(Explain explain, bool publishable = false) {
    request.explain = explain;
    return write_decision(decision, request, world, {publishable});
  }
};

/// The value at a path of keys and indices; the document must have it.
JsonValue at(const JsonDocument& document, const std::vector<std::string>& path) {
  JsonValue value = document.root();
  for (const std::string& step : path) {
    if (value.is(JsonKind::array)) {
      auto element = value.elements().begin();
      for (std::size_t i = std::stoul(step); i > 0; --i) ++element;
      value = *element;
    } else {
      const auto member = value.find(step);
      EXPECT_TRUE(member) << step;
      if (!member) return value;
      value = *member;
    }
  }
  return value;
}

TEST(DecisionJson, TheShapeOfTheContract) {
  Shop shop;
  const std::string json = shop.write(Explain::none);
  JsonDocument document;
  ASSERT_TRUE(document.parse(json)) << json;
  EXPECT_EQ(at(document, {"decision_id"}).text(), to_text(shop.decision.id));
  EXPECT_EQ(at(document, {"request_id"}).text(), "r-1");
  EXPECT_EQ(at(document, {"customer_id"}).text(), to_text(CustomerId{9}));
  EXPECT_EQ(at(document, {"session_id"}).text(), "s-1");
  EXPECT_EQ(at(document, {"versions", "rules"}).natural(), 12U);
  EXPECT_EQ(at(document, {"versions", "model"}).text(), "linear-4");
  EXPECT_EQ(at(document, {"versions", "index"}).text(), "exact");
  EXPECT_EQ(at(document, {"experiments"}).size(), 0U);
  EXPECT_EQ(at(document, {"degraded", "0"}).text(), "retrieve:deadline_skipped");
  EXPECT_EQ(at(document, {"placements", "0", "placement"}).text(), "home.hero");
  EXPECT_EQ(at(document, {"placements", "0", "outcome"}).text(), "items");
  EXPECT_EQ(at(document, {"placements", "0", "not_before"}).kind(), JsonKind::null);
  EXPECT_EQ(at(document, {"placements", "0", "hold", "kind"}).text(), "chosen");
  EXPECT_EQ(at(document, {"placements", "0", "hold", "propensity"}).real(), 0.25);
  EXPECT_EQ(at(document, {"placements", "0", "reasons", "0", "rule"}).text(), "same-item-weekly");
  EXPECT_EQ(at(document, {"placements", "0", "reasons", "0", "eligible_again"}).text(), "2026-03-06T12:00:00Z");
  EXPECT_EQ(at(document, {"placements", "0", "unknown_candidates", "0"}).text(), "sku-404");
  const std::vector<std::string> item{"placements", "0", "items", "0"};
  const JsonValue choice = at(document, item);
  EXPECT_EQ(choice.find("item")->text(), "sku-1");
  EXPECT_EQ(choice.find("slot")->natural(), 1U);
  EXPECT_EQ(choice.find("propensity")->real(), 0.93);
  EXPECT_EQ(choice.find("source")->text(), "taste");
  EXPECT_EQ(choice.find("reserved_until")->text(), "2026-03-05T12:10:00Z");
  EXPECT_EQ(choice.find("show_within_ms")->natural(), 600'000U);
  EXPECT_FALSE(document.root().find("explain"));
  EXPECT_FALSE(document.root().find("replayed"));
  EXPECT_FALSE(choice.find("terms"));
  EXPECT_FALSE(choice.find("reasons"));
}

TEST(DecisionJson, AttributesAreThoseOfThePlacementInTheLanguageOfTheRequest) {
  Shop shop;
  JsonDocument document;
  const std::string json = shop.write(Explain::none);
  ASSERT_TRUE(document.parse(json));
  const JsonValue attributes = at(document, {"placements", "0", "items", "0", "attributes"});
  EXPECT_EQ(attributes.find("title")->text(), "Rosa Pumps"); // de-AT: no such title, but one in German
  EXPECT_EQ(attributes.find("price")->source(), R"({"amount":"79.90","currency":"EUR"})");
  EXPECT_EQ(attributes.find("color")->text(), "pink");
  EXPECT_EQ(attributes.find("stock")->kind(), JsonKind::null);
  EXPECT_FALSE(attributes.find("image")); // it has none
  EXPECT_FALSE(attributes.find("url"));   // not asked for
  EXPECT_FALSE(attributes.find("brand"));
  const JsonValue why = at(document, {"placements", "0", "items", "0", "why"});
  EXPECT_EQ(why.find("params")->find("item")->text(), "sku-4");
  EXPECT_NE(why.find("text")->text().find("Stiefel"), std::string_view::npos) << why.source();
  EXPECT_EQ(why.find("code")->text(), to_text(Because::viewed));
  shop.request.context.locale = "fr";
  const std::string french = shop.write(Explain::none);
  ASSERT_TRUE(document.parse(french));
  EXPECT_EQ(at(document, {"placements", "0", "items", "0", "attributes", "title"}).text(), "Pink <pumps>");
  EXPECT_EQ(french.find("<pumps>"), std::string::npos); // escaped: it may stand in a page's script
}

TEST(DecisionJson, SummaryAndFullSayMore) {
  Shop shop;
  JsonDocument summary, full;
  const std::string short_json = shop.write(Explain::summary), long_json = shop.write(Explain::full);
  ASSERT_TRUE(summary.parse(short_json) && full.parse(long_json));
  EXPECT_EQ(at(summary, {"explain", "funnel", "0"}).source(), R"({"placement":"home.hero","stage":"retrieve","in":0,"out":200,"micros":131})");
  EXPECT_EQ(at(summary, {"explain", "drops", "0"}).source(), R"({"placement":"home.hero","code":"capped","count":2})");
  EXPECT_FALSE(at(summary, {"explain"}).find("dropped"));
  EXPECT_EQ(at(summary, {"placements", "0", "items", "0", "reasons", "0", "code"}).text(), "fatigued");
  EXPECT_EQ(at(summary, {"placements", "0", "items", "0", "reasons", "0", "factor"}).real(), 0.74);
  EXPECT_FALSE(at(summary, {"placements", "0", "items", "0"}).find("terms"));
  EXPECT_EQ(at(full, {"explain", "dropped", "0", "item"}).text(), "sku-4");
  EXPECT_EQ(at(full, {"explain", "dropped", "0", "placement"}).text(), "home.hero");
  EXPECT_EQ(at(full, {"explain", "dropped", "0", "eligible_again"}).text(), "2026-03-06T12:00:00Z");
  EXPECT_TRUE(at(full, {"explain", "dropped", "0", "provisional"}).boolean());
  EXPECT_EQ(at(full, {"explain", "dropped", "0", "blocked_by", "0", "observed"}).natural(), 3U);
}

TEST(DecisionJson, TheTermsReproduceTheScore) {
  Shop shop;
  JsonDocument document;
  const std::string json = shop.write(Explain::full);
  ASSERT_TRUE(document.parse(json));
  const auto term = [&](const char* name) { return at(document, {"placements", "0", "items", "0", "terms", name}).real(); };
  const double score = (term("p_act") * term("fatigue_factor") - term("p_nothing")) * term("value") * term("context") * term("lever") - term("contact_cost") - term("attention_price");
  EXPECT_NEAR(at(document, {"placements", "0", "items", "0", "score"}).real(), score, 1e-9);
}

TEST(DecisionJson, PublishableKeysSeeNothingOfTheModelAndTheRules) {
  Shop shop;
  const std::string json = shop.write(Explain::full, true);
  JsonDocument document;
  ASSERT_TRUE(document.parse(json));
  for (const char* hidden : {"score", "propensity", "customer_id", "explain", "terms", "same-item-weekly", "observed", "\"limit\""}) EXPECT_EQ(json.find(hidden), std::string::npos) << hidden;
  EXPECT_EQ(at(document, {"placements", "0", "items", "0", "item"}).text(), "sku-1");
  EXPECT_EQ(at(document, {"placements", "0", "reasons"}).size(), 0U) << "that somebody has seen enough of it is somebody's business";
  EXPECT_EQ(at(document, {"session_id"}).kind(), JsonKind::null);
  EXPECT_EQ(at(document, {"placements", "0", "items", "0", "why", "code"}).text(), "because_chosen_for_you");
  EXPECT_EQ(json.find("\"sku-4\""), std::string::npos) << "what was looked at: " << json;
  EXPECT_EQ(json.find("taste"), std::string::npos);
  const std::string proved = write_decision(shop.decision, shop.request, shop.world, {true, true, {}});
  ASSERT_TRUE(document.parse(proved));
  EXPECT_EQ(at(document, {"placements", "0", "reasons", "0"}).source(), R"({"stage":"caps","code":"capped"})");
  EXPECT_EQ(at(document, {"placements", "0", "items", "0", "why", "params", "item"}).text(), "sku-4");
  EXPECT_EQ(at(document, {"session_id"}).text(), "s-1");
  for (const char* hidden : {"score", "propensity", "customer_id", "explain", "terms", "same-item-weekly"}) EXPECT_EQ(proved.find(hidden), std::string::npos) << hidden;
}

TEST(DecisionJson, PublishableKeysAreToldWhatIsAMatterOfTheShopAndOfTheirOwnCall) {
  Shop shop;
  shop.decision.placements[0].reasons = {{Stage::eligibility, ReasonCode::paused, "stop", std::nullopt, std::nullopt, std::nullopt, std::nullopt, false}};
  shop.decision.placements[0].choices[0].because = Because::similar_to;
  shop.request.context.session_id = "s-of-the-page";
  shop.request.placements.resize(1);
  shop.request.placements[0].anchor_items = {*ItemId::parse("sku-4")};
  JsonDocument document;
  const std::string json = shop.write(Explain::none, true);
  ASSERT_TRUE(document.parse(json));
  EXPECT_EQ(at(document, {"placements", "0", "reasons", "0"}).source(), R"({"stage":"eligibility","code":"paused"})");
  EXPECT_EQ(at(document, {"placements", "0", "items", "0", "why", "params", "item"}).text(), "sku-4") << "the call named it";
  EXPECT_EQ(at(document, {"session_id"}).text(), "s-of-the-page");
}

TEST(DecisionJson, DryRunsRepeatsAndPlacementsWithoutReservations) {
  Shop shop;
  shop.decision.id = {};
  shop.decision.customer = {};
  shop.decision.replayed = true;
  shop.decision.supersedes = make_decision_id(shop.now, {9}, 1);
  shop.decision.session_id.clear();
  shop.request.request_id.clear();
  shop.decision.placements[0].choices[0].reserved_until = UtcTime{};
  shop.decision.placements[0].hold.reset();
  shop.decision.placements[0].outcome = Outcome::defer;
  shop.decision.placements[0].not_before = shop.now + hours(2);
  JsonDocument document;
  const std::string json = shop.write(Explain::none);
  ASSERT_TRUE(document.parse(json));
  for (const char* key : {"decision_id", "customer_id", "session_id", "request_id"}) EXPECT_EQ(at(document, {key}).kind(), JsonKind::null) << key;
  EXPECT_TRUE(at(document, {"replayed"}).boolean());
  EXPECT_EQ(at(document, {"supersedes"}).text(), to_text(shop.decision.supersedes));
  EXPECT_EQ(at(document, {"placements", "0", "items", "0", "reserved_until"}).kind(), JsonKind::null);
  EXPECT_FALSE(at(document, {"placements", "0"}).find("hold"));
  EXPECT_EQ(at(document, {"placements", "0", "not_before"}).text(), "2026-03-05T14:00:00Z");
}

TEST(DecisionJson, ARecordShowsTheFullTraceAndTheRequest) {
  Shop shop;
  shop.request.seed = 18446744073709551615ULL;
  shop.request.placements.push_back({*PlacementId::parse("home.hero"), 2, {}, std::nullopt});
  JsonDocument document;
  const std::string json = write_decision_record({shop.request, shop.decision}, shop.world);
  ASSERT_TRUE(document.parse(json)) << json;
  EXPECT_EQ(at(document, {"seed"}).text(), "18446744073709551615");
  EXPECT_EQ(at(document, {"now"}).text(), "2026-03-05T12:00:00Z");
  EXPECT_EQ(at(document, {"request", "customer", "user_id"}).text(), "u1");
  EXPECT_EQ(at(document, {"request", "placements", "0", "limit"}).natural(), 2U);
  EXPECT_EQ(at(document, {"explain", "dropped"}).size(), 1U);
  EXPECT_TRUE(at(document, {"placements", "0", "items", "0"}).find("terms"));
}

} // namespace
} // namespace takt
