// Exports beside what the API says about the same people and decisions, one by one.
#include "tests/http/running_server.h"

#include <gtest/gtest.h>
#include <set>
#include <sstream>

namespace takt::test {
namespace {

int number = 0;

void send(RunningServer& server, Json event) {
  event["messageId"] = "export-" + std::to_string(++number);
  const auto reply = server.post("/v1/batch", Json{{"batch", {event}}}.dump());
  ASSERT_EQ(reply.status, 200) << reply.body;
  ASSERT_TRUE(reply.json["rejected"].empty()) << reply.body;
}

std::vector<Json> rows(const RunningServer::Reply& reply) {
  std::vector<Json> all;
  std::istringstream lines(reply.body);
  for (std::string line; std::getline(lines, line);) all.push_back(Json::parse(line));
  return all;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> all;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) all.push_back(line);
  return all;
}

/// Decides, sees, clicks and buys.
Json journey(RunningServer& server, const std::string& user, bool buys) {
  const auto decided = server.post("/api/v1/decide", RunningServer::ask(user, "home.hero", {{"request_id", "r-" + user}}));
  EXPECT_EQ(decided.status, 200) << decided.body;
  const Json& item = decided.json["placements"][0]["items"][0];
  const Json properties{{"product_id", item["item"]}, {"decision_id", decided.json["decision_id"]}, {"slot", item["slot"]}, {"placement", "home.hero"}};
  send(server, {{"type", "track"}, {"event", "Promotion Viewed"}, {"userId", user}, {"properties", properties}});
  send(server, {{"type", "track"}, {"event", "Promotion Clicked"}, {"userId", user}, {"properties", properties}});
  if (buys)
    send(server, {{"type", "track"}, {"event", "Order Completed"}, {"userId", user}, {"properties", {{"order_id", "o-" + user}, {"products", {{{"product_id", item["item"]}, {"quantity", 2}, {"price", 10}}}}}}});
  return decided.json;
}

TEST(ExportsHttp, WhatWasDecidedShownAndBoughtStandsInTheTables) {
  RunningServer server;
  const Json anna = journey(server, "anna-secret", true), ben = journey(server, "ben-secret", false);
  const auto decisions = rows(server.get("/api/v1/exports/decisions?to=2100-01-01T00:00:00Z"));
  std::size_t slots = 0;
  for (const Json& decided : {anna, ben})
    for (const Json& item : decided["placements"][0]["items"]) {
      ++slots;
      const auto row = std::find_if(decisions.begin(), decisions.end(), [&](const Json& one) { return one["decision_id"] == decided["decision_id"] && one["slot"] == item["slot"]; });
      ASSERT_NE(row, decisions.end());
      EXPECT_EQ((*row)["item"], item["item"]);
      EXPECT_EQ((*row)["propensity"], item["propensity"]);
      EXPECT_EQ((*row)["score"], item["score"]);
      EXPECT_EQ((*row)["customer_id"], decided["customer_id"]);
      EXPECT_EQ((*row)["reserved_until"], item["reserved_until"]);
    }
  EXPECT_EQ(decisions.size(), slots);
  std::map<std::string, int> states;
  for (const Json& row : rows(server.get("/api/v1/exports/exposures"))) ++states[row["state"]];
  EXPECT_EQ(states["shown"], 2);
  EXPECT_EQ(states["reserved"] + states["shown"], static_cast<int>(slots));
  const auto outcomes = rows(server.get("/api/v1/exports/outcomes"));
  ASSERT_EQ(outcomes.size(), 2U);
  for (const Json& row : outcomes) {
    const bool is_anna = row["customer_id"] == anna["customer_id"];
    EXPECT_FALSE(row["clicked_at"].is_null());
    EXPECT_EQ(row["bought_at"].is_null(), !is_anna);
    EXPECT_EQ(row["revenue"], is_anna ? "20.00" : "0.00") << row.dump();
    EXPECT_EQ(row["times_seen"], 1);
  }
  const auto customers = rows(server.get("/api/v1/exports/customers"));
  ASSERT_EQ(customers.size(), 2U);
  for (const Json& row : customers) EXPECT_EQ(row["clicks"], 1);
}

TEST(ExportsHttp, PeopleAreNamedOnlyWhereThatIsAskedFor) {
  RunningServer server;
  journey(server, "anna-secret", true);
  for (const std::string kind : {"decisions", "exposures", "outcomes", "customers"}) {
    const std::string text = server.get("/api/v1/exports/" + kind + "?to=2100-01-01T00:00:00Z").body; // nor in a request id or an order id, which callers make of names
    ASSERT_FALSE(text.empty()) << kind;
    EXPECT_EQ(text.find("anna-secret"), std::string::npos) << text;
  }
  EXPECT_EQ(rows(server.get("/api/v1/exports/decisions?identities=true&to=2100-01-01T00:00:00Z"))[0]["user_id"], "anna-secret");
  EXPECT_EQ(rows(server.get("/api/v1/exports/customers?identities=true"))[0]["user_ids"], "anna-secret");
}

/// More than one piece: each row once, in order; and whoever was cut off anywhere goes on with what is left.
TEST(ExportsHttp, LongOnesComeInPiecesAndGoOnWhereTheyWereCut) {
  RunningServer server;
  Json batch = Json::array();
  for (int i = 0; i < 400; ++i) batch.push_back({{"type", "track"}, {"event", "Promotion Viewed"}, {"userId", "u" + std::to_string(i)}, {"messageId", "v" + std::to_string(i)}, {"properties", {{"product_id", "sku-1"}}}});
  ASSERT_EQ(server.post("/v1/batch", Json{{"batch", batch}}.dump()).status, 200);
  for (int i = 0; i < 120; ++i) ASSERT_EQ(server.post("/api/v1/decide", RunningServer::ask("u" + std::to_string(i), "home.hero")).status, 200);
  for (const auto& [kind, id] : {std::pair<std::string, std::string>{"exposures", "customer_id"}, {"decisions", "decision_id"}}) {
    const std::string path = "/api/v1/exports/" + kind + "?to=2100-01-01T00:00:00Z";
    const auto whole = server.get(path);
    ASSERT_GT(whole.body.size(), std::size_t{64} << 10) << "else this is one piece";
    const auto all = rows(whole);
    for (std::size_t i = 1; i < all.size(); ++i) EXPECT_LE(all[i - 1][id].get<std::string>(), all[i][id].get<std::string>());
    const std::string cut = all[all.size() / 2][id];
    const auto rest = rows(server.get(path + "&cursor=" + cut));
    std::size_t expected = 0;
    for (const Json& row : all) expected += row[id].get<std::string>() > cut ? 1 : 0;
    ASSERT_EQ(rest.size(), expected);
    EXPECT_EQ(rest.back(), all.back());
  }
  std::set<std::string> exposures;
  for (const Json& row : rows(server.get("/api/v1/exports/exposures"))) EXPECT_TRUE(exposures.insert(row["exposure_id"]).second);
  EXPECT_EQ(rows(server.get("/api/v1/exports/customers")).size(), 400U);
}

TEST(ExportsHttp, CsvHasTheSameCells) {
  RunningServer server;
  journey(server, "anna", true);
  const auto json = rows(server.get("/api/v1/exports/exposures"));
  const auto csv = lines_of(server.get("/api/v1/exports/exposures?format=csv").body);
  ASSERT_EQ(csv.size(), json.size() + 1);
  EXPECT_EQ(csv[0], "exposure_id,customer_id,decision_id,item,slot,placement,channel,state,cause,granted_at,show_by,expires_at,seen_at");
  EXPECT_TRUE(csv[1].starts_with(json[0]["exposure_id"].get<std::string>() + "," + json[0]["customer_id"].get<std::string>() + ","));
}

TEST(ExportsHttp, CsvRunsNothingInASpreadsheet) {
  RunningServer server;
  const std::string formula = "=1+1,\"x\"";
  ASSERT_EQ(server.post("/v1/batch", Json{{"batch", {{{"type", "track"}, {"event", "Product Viewed"}, {"userId", formula}, {"messageId", "f1"}, {"properties", {{"product_id", "sku-1"}}}}}}}.dump()).status, 200);
  const auto csv = lines_of(server.get("/api/v1/exports/customers?format=csv&identities=true").body);
  ASSERT_EQ(csv.size(), 2U);
  EXPECT_NE(csv[1].find(",\"'=1+1,\"\"x\"\"\","), std::string::npos) << csv[1];
  EXPECT_EQ(rows(server.get("/api/v1/exports/customers?identities=true"))[0]["user_ids"], formula) << "nothing is changed where nothing runs";
}

TEST(ExportsHttp, AViewOfWhatWasGivenBackIsALateArrival) {
  RunningServer server;
  const auto decided = server.post("/api/v1/decide", RunningServer::ask("anna", "home.hero"));
  const Json& item = decided.json["placements"][0]["items"][0];
  const std::string decision = decided.json["decision_id"];
  ASSERT_EQ(server.post("/api/v1/decisions/" + decision + "/release", "{}").status, 200);
  send(server, {{"type", "track"}, {"event", "Promotion Viewed"}, {"userId", "anna"}, {"properties", {{"product_id", item["item"]}, {"decision_id", decision}}}});
  std::map<std::string, int> causes;
  for (const Json& row : rows(server.get("/api/v1/exports/exposures"))) ++causes[row["state"].get<std::string>() + " " + (row["cause"].is_null() ? "" : row["cause"].get<std::string>())];
  EXPECT_EQ(causes["shown late_arrival"], 1);
  EXPECT_EQ(causes["released "], static_cast<int>(decided.json["placements"][0]["items"].size()) - 1);
}

/// As RFC 4180 reads it.
std::vector<std::vector<std::string>> cells_of(const std::string& text) {
  std::vector<std::vector<std::string>> lines(1, {""});
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quoted && c == '"' && i + 1 < text.size() && text[i + 1] == '"') lines.back().back() += text[i++];
    else if (c == '"') quoted = !quoted;
    else if (!quoted && c == ',') lines.back().emplace_back();
    else if (!quoted && c == '\n') lines.push_back({""});
    else lines.back().back() += c;
  }
  lines.pop_back(); // after the last line's end
  return lines;
}

TEST(ExportsHttp, CsvKeepsQuotesAndCommas) {
  RunningServer server;
  const std::string names[]{"says \"hi\"", "a,b", "\"", "\"a\",\"b\"", "plain"};
  for (const std::string& name : names)
    send(server, {{"type", "track"}, {"event", "Product Viewed"}, {"userId", name}, {"properties", {{"product_id", "sku-1"}}}});
  const auto lines = cells_of(server.get("/api/v1/exports/customers?format=csv&identities=true").body);
  ASSERT_EQ(lines.size(), std::size(names) + 1);
  const auto column = static_cast<std::size_t>(std::find(lines[0].begin(), lines[0].end(), "user_ids") - lines[0].begin());
  std::set<std::string> told;
  for (std::size_t i = 1; i < lines.size(); ++i) {
    ASSERT_EQ(lines[i].size(), lines[0].size());
    told.insert(lines[i][column]);
  }
  EXPECT_EQ(told, std::set<std::string>(std::begin(names), std::end(names)));
  const Json broken{{"type", "track"}, {"event", "Product Viewed"}, {"userId", "two\nlines"}, {"properties", {{"product_id", "sku-1"}}}};
  EXPECT_EQ(server.post("/v1/track", broken.dump()).status, 422) << "a name stands in one line of a table, a log and a terminal";
}

TEST(ExportsHttp, TimesBoundAndNonsenseIsRefused) {
  RunningServer server;
  journey(server, "anna", false);
  EXPECT_TRUE(server.get("/api/v1/exports/decisions?to=2020-01-01T00:00:00Z").body.empty());
  EXPECT_FALSE(server.get("/api/v1/exports/decisions?from=2020-01-01T00:00:00Z&to=2100-01-01T00:00:00Z").body.empty());
  EXPECT_TRUE(server.get("/api/v1/exports/decisions").body.empty()) << "it is younger than ten seconds: others of its time may still come";
  EXPECT_EQ(server.get("/api/v1/exports/everything").status, 404);
  for (const char* query : {"decisions?from=yesterday", "decisions?from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z", "customers?format=parquet", "customers?identities=please",
                            "customers?window=7d", "outcomes?window=soon", "outcomes?window=0s", "decisions?cursor=c-1", "customers?cursor=x", "customers?page=2",
                            "outcomes?window=", "decisions?from=", "decisions?to=", "decisions?cursor=", "decisions?format=", "decisions?identities="})
    EXPECT_EQ(server.get(std::string("/api/v1/exports/") + query).status, 422) << query;
}

} // namespace
} // namespace takt::test
