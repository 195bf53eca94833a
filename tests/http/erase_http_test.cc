// "Erased means erased": a person is planted wherever something is kept, forgotten through the socket, and looked for byte by byte in every
// file of the data directory, inside the compressed tables too.
#include "api/backup/restore.h"
#include "api/forget.h"
#include "engine/history.h"
#include "tests/http/running_server.h"

#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>

namespace takt::test {
namespace {

/// Nothing else in the directory contains it.
constexpr const char* canary = "zyxcanary";
std::string named(const std::string& what) { return std::string(canary) + "-" + what; }

std::vector<std::string> files_with_canary(const std::string& directory) {
  const auto found = files_holding(directory, canary);
  EXPECT_TRUE(found) << found.error().message;
  return found.value_or(std::vector<std::string>{"unreadable"});
}

int number = 0;

void send(RunningServer& server, Json event) {
  const std::string message = "message-" + std::to_string(++number);
  event["messageId"] = event["userId"].get<std::string>().starts_with(canary) ? named(message) : message;
  const auto reply = server.post("/v1/batch", Json{{"batch", {event}}}.dump());
  ASSERT_EQ(reply.status, 200) << reply.body;
  ASSERT_TRUE(reply.json["rejected"].empty()) << reply.body;
}

Json track(const std::string& user, const std::string& name, const Json& properties) {
  return {{"type", "track"}, {"event", name}, {"userId", user}, {"properties", properties}};
}

/// Everything that one person can leave: names, traits, steps, orders, cases, dismissals, decisions with their request, a list.
void plant(RunningServer& server, const std::string& user) {
  send(server, {{"type", "identify"}, {"userId", user}, {"anonymousId", named("device")}, {"traits", {{"email", named("mail")}}}});
  send(server, track(user, "Product Viewed", {{"product_id", "sku-1"}, {"url", named("page")}}));
  send(server, track(user, named("own-event"), {{"note", named("note")}}));
  send(server, track(user, "Order Completed", {{"order_id", named("order")}, {"products", {{{"product_id", "sku-2"}, {"quantity", 1}, {"price", 20}}}}}));
  send(server, track(user, "Case Opened", {{"case_id", named("case")}}));
  send(server, track(user, "Case Closed", {{"case_id", named("case")}}));
  for (int i = 0; i < 40; ++i) send(server, track(user, "Product Viewed", {{"product_id", "sku-3"}}));
  const auto decided = server.post("/api/v1/decide", RunningServer::ask(user, "home.hero", {{"request_id", named("request")}, {"context", {{"locale", named("context")}}}}));
  ASSERT_EQ(decided.status, 200) << decided.body;
  const Json list{{"id", "vip"}, {"title", "VIP"}, {"customers", {user, "user:" + user, "ben"}}};
  ASSERT_LT(server.put("/api/v1/audiences/vip", list.dump()).status, 300);
  ASSERT_LT(server.put("/api/v1/audiences/vip", Json{{"id", "vip"}, {"title", "VIP 2"}, {"customers", {user, "ben"}}}.dump()).status, 300);
  ASSERT_LT(server.put("/api/v1/customers/" + user + "/facts/angry", "{}").status, 300);
  ASSERT_LT(server.put("/api/v1/customers/" + user + "/facts/" + named("fact"), Json{{"source", named("desk")}}.dump()).status, 300);
  const Json from_crm{{"specversion", "1.0"}, {"id", named("crm-1")}, {"source", "//crm/" + user}, {"type", "Product Viewed"}, {"subject", user}, {"data", {{"product_id", "sku-1"}}}};
  ASSERT_EQ(server.client().Post("/api/v1/events", from_crm.dump(), "application/cloudevents+json")->status, 200);
}

std::string erase(RunningServer& server, const std::string& user) {
  auto client = server.client();
  const auto reply = client.Delete("/api/v1/customers/" + user);
  EXPECT_TRUE(reply);
  EXPECT_EQ(reply->status, 200) << reply->body;
  return reply->body;
}

TEST(EraseHttp, NoFileHoldsAByteOfThem) {
  RunningServer server;
  const std::string directory = server.app().config().data_dir;
  plant(server, named("anna"));
  send(server, track("ben", "Product Viewed", {{"product_id", "sku-1"}}));
  ASSERT_FALSE(files_with_canary(directory).empty()) << "else this test could not fail";
  const std::string ben_before = server.get("/api/v1/customers/ben").body;
  const Json receipt = Json::parse(erase(server, named("anna")));
  EXPECT_EQ(receipt.dump().find(canary), std::string::npos) << "a receipt names nobody";
  EXPECT_GE(receipt["journal_entries"], 47);
  EXPECT_EQ(receipt["decisions"], 1);
  EXPECT_EQ(receipt["identities"], 2);
  EXPECT_GE(receipt["labels"], 3) << "two names, an order, a case";
  ASSERT_TRUE(server.app().wait_for_clean_files());
  const std::string id = receipt["erasure_id"];
  EXPECT_TRUE(server.get("/api/v1/erasures/" + id).json["files_clean_at"].is_string());
  EXPECT_EQ(files_with_canary(directory), std::vector<std::string>{});
  EXPECT_EQ(server.get("/api/v1/customers/" + named("anna")).status, 404);
  EXPECT_EQ(server.get("/api/v1/customers/" + named("device")).status, 404);
  EXPECT_EQ(server.get("/api/v1/audiences/vip").json["customers"], Json{"user:ben"});
  EXPECT_EQ(server.get("/api/v1/events/recent").body.find(canary), std::string::npos);
  EXPECT_EQ(server.get("/api/v1/audit").body.find(canary), std::string::npos);
  EXPECT_EQ(server.get("/api/v1/customers/ben").body, ben_before);
}

TEST(EraseHttp, WhatComesLateIsDroppedAndWhoComesBackIsNew) {
  RunningServer server;
  send(server, track("anna", "Product Viewed", {{"product_id", "sku-1"}}));
  const std::string before = server.get("/api/v1/customers/anna").json["customer_id"];
  erase(server, "anna");
  Json late = track("anna", "Product Viewed", {{"product_id", "sku-1"}});
  late["timestamp"] = "2020-01-01T10:00:00.000Z";
  send(server, late);
  EXPECT_EQ(server.get("/api/v1/customers/anna").status, 404) << "an event of before does not bring anybody back";
  Json batch = {{"batch", Json::array()}};
  for (int i = 0; i < 3; ++i) {
    batch["batch"].push_back(late);
    batch["batch"].back()["messageId"] = "late-" + std::to_string(i);
  }
  ASSERT_EQ(server.post("/v1/batch", batch.dump()).status, 200);
  EXPECT_EQ(server.get("/api/v1/customers/anna").status, 404);
  send(server, track("anna", "Product Viewed", {{"product_id", "sku-3"}}));
  const Json again = server.get("/api/v1/customers/anna").json;
  EXPECT_NE(again["customer_id"], before);
  EXPECT_EQ(server.get("/api/v1/customers/anna/journey").json["data"].size(), 1U);
  EXPECT_EQ(server.post("/api/v1/decide", RunningServer::ask("anna", "home.hero")).status, 200);
}

/// Beside the store: what imports refused, what `takt doctor` counts, what the debugger shows; also when a command erases and not a request.
TEST(EraseHttp, NothingBesideTheStoreIsKept) {
  RunningServer server;
  const std::string directory = server.app().config().data_dir;
  send(server, track(named("anna"), named("own-event"), {{"product_id", named("product")}}));
  const std::string lines = directory + "/../lines.ndjson";
  {
    std::ofstream file(lines);
    file << R"({"type":"track","event":"Order Completed","userId":")" << named("anna") << R"(","properties":{"products":7}})" << "\n";
  }
  const auto imported = server.app().import_file(lines, {});
  ASSERT_TRUE(imported) << imported.error().message;
  ASSERT_EQ(imported->rejected, 1U);
  ASSERT_NE(server.app().doctor().value().find(named("product")), std::string::npos) << "else this test could not fail";
  ASSERT_NE(server.get("/api/v1/events/recent").body.find(canary), std::string::npos);
  ASSERT_TRUE(server.app().erase_customer("user:" + named("anna")));
  ASSERT_TRUE(server.app().wait_for_clean_files());
  EXPECT_EQ(files_with_canary(directory), std::vector<std::string>{});
  EXPECT_EQ(server.app().doctor().value().find(canary), std::string::npos);
  EXPECT_EQ(server.get("/api/v1/events/recent").body.find(canary), std::string::npos);
  std::filesystem::remove(lines);
}

/// The list is another text now, and still stands for what it said: everybody else's decisions under it are made again as they were.
TEST(EraseHttp, DecisionsUnderARewrittenListAreStillReproduced) {
  RunningServer server;
  const auto list = [&](const char* title, const Json& people) { return server.put("/api/v1/audiences/vip", Json{{"id", "vip"}, {"title", title}, {"customers", people}}.dump()).status; };
  ASSERT_LT(list("VIP", {"anna", "ben"}), 300);
  Json policy = server.get("/api/v1/policies/current").json;
  policy.erase("version");
  policy["caps"] = Json::array({{{"id", "vip-only-two"}, {"limit", 2}, {"per", "item"}, {"window", {{"kind", "rolling"}, {"length", "1d"}}}, {"audience", {{"audience", "vip"}}}}});
  const auto draft = server.get("/api/v1/policies/draft");
  const auto published = server.put("/api/v1/policies/draft", policy.dump(), {{"If-Match", draft.headers.find("ETag")->second}});
  ASSERT_LT(published.status, 300) << published.body;
  const auto current = server.post("/api/v1/policies/draft/publish", "{}");
  ASSERT_LT(current.status, 300) << current.body;
  const auto decide = [&] { ASSERT_EQ(server.post("/api/v1/decide", RunningServer::ask("ben", "home.hero")).status, 200); };
  decide();
  ASSERT_LT(list("VIP 2", {"anna", "ben", "carl"}), 300);
  decide();
  send(server, track("anna", "Product Viewed", {{"product_id", "sku-1"}}));
  erase(server, "anna");
  EXPECT_EQ(server.get("/api/v1/audiences/vip").json["customers"], (Json{"user:ben", "user:carl"}));
  decide();
  const Json counts = Json::parse(server.app().replay({}).value());
  EXPECT_EQ(counts["reproduced"], 3) << counts.dump();
  EXPECT_EQ(counts["differ"], 0) << counts.dump();
}

TEST(EraseHttp, WhoWasMergedGoesWhole) {
  RunningServer server;
  const std::string directory = server.app().config().data_dir;
  plant(server, named("anna"));
  send(server, track(named("work"), "Product Viewed", {{"product_id", "sku-1"}}));
  ASSERT_EQ(server.post("/v1/alias", Json{{"userId", named("anna")}, {"previousId", named("work")}}.dump()).status, 200);
  const Json receipt = Json::parse(erase(server, named("work")));
  EXPECT_EQ(receipt["customers"], 2);
  ASSERT_TRUE(server.app().wait_for_clean_files());
  EXPECT_EQ(files_with_canary(directory), std::vector<std::string>{});
}

TEST(EraseHttp, WhoWasPartedLeavesNothingWithTheOther) {
  RunningServer server;
  const std::string directory = server.app().config().data_dir;
  // The smaller id goes on: both orders are tried, so that the one who goes is once the one and once the other.
  for (const std::string& gone : {std::string("first"), std::string("second")}) {
    const std::string stays = gone + "-ben";
    send(server, track(stays, "Product Viewed", {{"product_id", "sku-3"}}));
    plant(server, named(gone));
    ASSERT_EQ(server.post("/v1/alias", Json{{"userId", stays}, {"previousId", named(gone)}}.dump()).status, 200);
    send(server, track(named(gone), "Product Viewed", {{"product_id", "sku-2"}, {"url", named("while-one")}}));
    ASSERT_EQ(server.post("/api/v1/decide", RunningServer::ask(named(gone), "home.hero")).status, 200);
    const Json merged = server.get("/api/v1/customers/" + stays).json;
    const auto parted = server.post("/api/v1/customers/" + stays + "/unmerge", Json{{"customer_id", merged["merged"][0]["customer_id"]}}.dump());
    ASSERT_EQ(parted.status, 200) << parted.body;
    const std::string before = server.get("/api/v1/customers/" + stays).body;
    erase(server, named(gone));
    ASSERT_TRUE(server.app().wait_for_clean_files());
    EXPECT_EQ(files_with_canary(directory), std::vector<std::string>{}) << gone;
    EXPECT_EQ(server.get("/api/v1/customers/" + stays).body, before) << gone;
  }
}

TEST(EraseHttp, WhatSomebodyElseUsesKeepsItsName) {
  RunningServer server;
  for (const char* user : {"anna", "ben"}) send(server, track(user, "Order Completed", {{"order_id", "1001"}, {"products", {{{"product_id", "sku-2"}, {"quantity", 1}, {"price", 20}}}}}));
  send(server, track("anna", "Order Completed", {{"order_id", "sku-1"}, {"products", {{{"product_id", "sku-2"}, {"quantity", 1}, {"price", 20}}}}}));
  erase(server, "anna");
  EXPECT_EQ(server.get("/api/v1/customers/ben").json["orders"][0]["order_id"], "1001");
  EXPECT_EQ(server.get("/api/v1/items/sku-1").status, 200);
  const auto decided = server.post("/api/v1/decide", R"({"customer":{"user_id":"ben"},"placements":[{"placement":"home.hero","candidates":[{"item":"sku-1"}]}]})");
  EXPECT_EQ(decided.status, 200) << decided.body;
}

TEST(EraseHttp, WhatARuleSpeaksOfKeepsItsName) {
  RunningServer server;
  // The draft is kept as it was typed, escapes and all.
  const auto saved = server.put("/api/v1/policies/draft", R"({"caps":[{"id":"kitchens","match":{"brands":["K\u00fcche\/Bad"]},"window":{"kind":"lifetime"},"limit":2}]})", {{"If-Match", server.get("/api/v1/policies/draft").headers.find("ETag")->second}});
  ASSERT_EQ(saved.status, 200) << saved.body;
  int labels = 0;
  for (const char* brand : {"Küche/Flur", "Küche/Bad"}) {
    const std::string user = brand == std::string("Küche/Bad") ? "ben" : "anna";
    send(server, track(user, "Product Viewed", {{"product_id", user + "'s own"}, {"brand", brand}}));
    const Json receipt = Json::parse(erase(server, user));
    if (labels != 0) {
      EXPECT_EQ(receipt["labels"], labels - 1);
    }
    labels = receipt["labels"];
  }
}

TEST(EraseHttp, AnExportHoldsEverything) {
  RunningServer server;
  plant(server, named("anna"));
  const auto held = server.get("/api/v1/customers/" + named("anna") + "/export");
  ASSERT_EQ(held.status, 200) << held.body;
  EXPECT_EQ(held.json["events"].size(), 49U) << "47 and the facts that were put by hand";
  EXPECT_EQ(held.json["decisions"].size(), 1U);
  EXPECT_EQ(held.json["customer"]["orders"][0]["order_id"], named("order"));
  for (const char* what : {"device", "mail", "page", "own-event", "note", "order", "case", "request", "context", "anna"})
    EXPECT_NE(held.body.find(named(what)), std::string::npos) << what;
  EXPECT_EQ(server.get("/api/v1/customers/nobody-knows/export").status, 404);
}

TEST(EraseHttp, ABackupOfBeforeBringsNobodyBack) {
  const TempDir backups, elsewhere;
  RunningServer server([&](Config& config) { config.upkeep.backup_dir = backups.path(); });
  plant(server, named("anna"));
  send(server, track("ben", "Product Viewed", {{"product_id", "sku-1"}}));
  ASSERT_EQ(server.post("/api/v1/backups", "").status, 202);
  while (server.get("/api/v1/backups").json["data"].empty()) std::this_thread::sleep_for(std::chrono::milliseconds(10));
  ASSERT_FALSE(files_with_canary(backups.path()).empty());
  const Json receipt = Json::parse(erase(server, named("anna")));
  EXPECT_EQ(receipt["backups_not_reached"], Json::array());
  ASSERT_TRUE(server.app().wait_for_clean_files());
  const std::string directory = elsewhere.path() + "/data";
  const auto restored = restore_backup({backups.path(), directory, "", false, apply_erasure_notes, {}});
  ASSERT_TRUE(restored) << restored.error().message;
  EXPECT_EQ(restored->erased, 1U);
  EXPECT_EQ(files_with_canary(directory), std::vector<std::string>{});
  auto store = open_rocksdb_store({.directory = directory + "/store", .cache_bytes = std::size_t{16} << 20, .sync_every = {}, .bulk_load = false, .must_exist = true});
  ASSERT_TRUE(store) << store.error().message;
  EXPECT_TRUE((*store)->erasures().erased_at({IdentityKind::user, named("anna")})) << "so that what comes late is dropped there too";
  EXPECT_EQ((*store)->identities().find({IdentityKind::user, named("anna")}), CustomerId{});
  EXPECT_NE((*store)->identities().find({IdentityKind::user, "ben"}), CustomerId{});
}

TEST(EraseHttp, NobodyIsErasedByMistake) {
  RunningServer server;
  send(server, track("anna", "Product Viewed", {{"product_id", "sku-1"}}));
  auto client = server.client();
  EXPECT_EQ(client.Delete("/api/v1/customers/nobody-knows")->status, 404);
  EXPECT_EQ(client.Delete("/api/v1/customers/anna?really=yes")->status, 422);
  EXPECT_EQ(server.get("/api/v1/erasures/e-0000000000000000").status, 404);
  EXPECT_EQ(server.get("/api/v1/customers/anna").status, 200);
}

} // namespace
} // namespace takt::test
