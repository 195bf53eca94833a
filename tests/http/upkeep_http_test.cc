// Backups over HTTP, a disk without room, and how long decisions and notes are kept.
#include "api/forgetting.h"
#include "api/upkeep.h"
#include "tests/http/running_server.h"

#include <fstream>
#include <gtest/gtest.h>

namespace takt::test {
namespace {

std::string event(const std::string& user, const std::string& message) {
  return Json{{"userId", user}, {"event", "Product Viewed"}, {"messageId", message}, {"properties", {{"product_id", "sku-1"}}}}.dump();
}
const Json* line_of(const Json& doctor, const std::string& check) {
  for (const Json& line : doctor["upkeep"])
    if (line["check"] == check) return &line;
  return nullptr;
}

TEST(UpkeepHttp, WithoutRoomEventsWaitAndDecisionsGoOn) {
  RunningServer server;
  double free_share = 0.5;
  server.app().upkeep().disk().read_with([&]() -> Result<DiskSpace> { return DiskSpace{static_cast<std::uint64_t>(free_share * 1e6), 1'000'000}; });
  static_cast<void>(server.app().upkeep().disk().look());
  EXPECT_EQ(server.post("/v1/track", event("u1", "m1")).json["accepted"], 1);
  EXPECT_EQ((*line_of(server.get("/api/v1/integration").json, "disk"))["status"], "ok");

  free_share = 0.03;
  ASSERT_TRUE(server.app().upkeep().disk().look().has_value());
  const std::string batch = Json{{"batch", {{{"type", "track"}, {"userId", "u1"}, {"event", "Product Viewed"}, {"messageId", "m2"}}}}}.dump();
  const std::string cloud = Json{{"specversion", "1.0"}, {"id", "m3"}, {"source", "shop"}, {"subject", "u1"}, {"type", "Product Viewed"}, {"data", {{"userId", "u1"}}}}.dump();
  const RunningServer::Reply refused[] = {server.post("/v1/track", event("u1", "m2")), server.post("/v1/batch", batch),
                                          server.post("/api/v1/events", cloud, {{"Content-Type", "application/cloudevents+json"}})};
  for (const RunningServer::Reply& reply : refused) {
    EXPECT_EQ(reply.status, 503) << reply.body;
    EXPECT_EQ(reply.json["code"], "unavailable") << reply.body;
    ASSERT_NE(reply.headers.find("Retry-After"), reply.headers.end());
    EXPECT_GT(std::stoi(reply.headers.find("Retry-After")->second), 1) << "a disk does not get room within a second";
  }
  const auto decided = server.post("/api/v1/decide", RunningServer::ask("u1", "home.hero"));
  ASSERT_EQ(decided.status, 200) << decided.body;
  EXPECT_FALSE(decided.json["placements"][0]["items"].empty()) << "and reserves, which is a few hundred bytes";
  EXPECT_TRUE(decided.json["degraded"].empty());
  EXPECT_EQ((*line_of(server.get("/api/v1/integration").json, "disk"))["status"], "warn");
  EXPECT_NE(server.get("/metrics").body.find("takt_disk_low 1"), std::string::npos);

  free_share = 0.06;
  static_cast<void>(server.app().upkeep().disk().look());
  EXPECT_EQ(server.post("/v1/track", event("u1", "m2")).status, 503) << "a little more room does not end it";
  free_share = 0.08;
  static_cast<void>(server.app().upkeep().disk().look());
  const auto taken = server.post("/v1/track", event("u1", "m2"));
  EXPECT_EQ(taken.json["accepted"], 1) << "nothing of it was kept before: " << taken.body;
  EXPECT_NE(server.get("/metrics").body.find("takt_disk_low 0"), std::string::npos);
}

TEST(UpkeepHttp, ABackupIsMadeWhenSomebodyAsksAndShownWhenItIsThere) {
  const TempDir backups;
  RunningServer server([&](Config& config) { config.upkeep.backup_dir = backups.path(); });
  EXPECT_TRUE(server.get("/api/v1/backups").json["data"].empty());
  EXPECT_EQ(server.post("/v1/track", event("u1", "m1")).status, 200);
  const auto begun = server.post("/api/v1/backups", "");
  EXPECT_EQ(begun.status, 202) << begun.body;
  Json shown;
  do shown = server.get("/api/v1/backups").json;
  while (shown["running"] == true);
  ASSERT_EQ(shown["data"].size(), 1U) << shown.dump();
  EXPECT_EQ(shown["failure"], nullptr);
  EXPECT_GT(shown["data"][0]["bytes"], 0);
  EXPECT_EQ(shown["directory"], backups.path());
  const std::string metrics = server.get("/metrics").body;
  EXPECT_NE(metrics.find("takt_backups_total 1"), std::string::npos);
  EXPECT_NE(metrics.find("takt_backup_timestamp_seconds "), std::string::npos);
  EXPECT_NE((*line_of(server.get("/api/v1/integration").json, "backup"))["text"].get<std::string>().find("latest backup of"), std::string::npos);
}

TEST(UpkeepHttp, NobodyNamesADirectoryOverHttp) {
  RunningServer server;
  const auto refused = server.post("/api/v1/backups", "");
  EXPECT_EQ(refused.status, 409);
  EXPECT_EQ(refused.json["code"], "conflict");
  EXPECT_EQ(server.post("/api/v1/backups?directory=/tmp/x", "").status, 422);
}

TEST(UpkeepHttp, BackupsThatFailAreSaidOnceAndShown) {
  const TempDir other;
  std::ofstream(other.path() + "/holiday.jpg") << "beach";
  RunningServer server([&](Config& config) {
    config.upkeep.backup_dir = other.path();
    config.upkeep.backup_every = std::chrono::hours(1);
  });
  auto& upkeep = server.app().upkeep();
  std::vector<std::string> said;
  while (upkeep.backups().state().failed == 0)
    for (std::string& sentence : upkeep.look()) said.push_back(std::move(sentence));
  for (std::string& sentence : upkeep.look()) said.push_back(std::move(sentence));
  std::erase_if(said, [](const std::string& sentence) { return sentence.find("no backup was made") == std::string::npos; });
  EXPECT_EQ(said.size(), 1U);
  const Json doctor = server.get("/api/v1/integration").json;
  EXPECT_EQ((*line_of(doctor, "backup"))["status"], "warn") << doctor.dump();
  EXPECT_EQ(doctor["status"], "warn");
  EXPECT_NE(server.get("/metrics").body.find("takt_backups_failed_total 1"), std::string::npos);
}

TEST(UpkeepHttp, OldDecisionsAndNotesAreForgottenAndTheirPeopleAreNot) {
  RunningServer server([](Config& config) {
    config.upkeep.retention_decisions = days(35);
    config.upkeep.retention_audit = days(400);
  });
  EXPECT_EQ(server.post("/v1/track", event("u1", "m1")).status, 200);
  const auto decided = server.post("/api/v1/decide", RunningServer::ask("u1", "home.hero"));
  const std::string path = "/api/v1/decisions/" + decided.json["decision_id"].get<std::string>();
  EXPECT_EQ(server.put("/api/v1/items/sku-99", R"({"kind":"product","title":"New"})").status / 100, 2);
  const UtcTime now = server.app().clock().utc_now();
  auto& forgetting = server.app().upkeep().forgetting();
  EXPECT_TRUE(forgetting.look(now + days(34)).empty());
  EXPECT_EQ(server.get(path).status, 200) << "it is not old yet";
  EXPECT_EQ(server.get("/api/v1/audit").json["data"].size(), 1U);
  const auto exposures = server.get("/api/v1/customers/u1").json["exposures"];
  ASSERT_FALSE(exposures.empty());

  EXPECT_TRUE(forgetting.look(now + days(36)).empty());
  EXPECT_EQ(server.get(path).status, 404);
  EXPECT_EQ(server.get("/api/v1/audit").json["data"].size(), 1U) << "notes are kept for longer";
  EXPECT_EQ(server.get("/api/v1/customers/u1").json["exposures"], exposures) << "the ledger does not need the log";
  const auto again = server.post("/api/v1/decide", RunningServer::ask("u1", "home.hero"));
  EXPECT_EQ(server.get("/api/v1/decisions/" + again.json["decision_id"].get<std::string>()).status, 200) << "what comes later is logged as before";

  EXPECT_TRUE(forgetting.look(now + days(401)).empty());
  EXPECT_TRUE(server.get("/api/v1/audit").json["data"].empty());
  EXPECT_EQ(server.put("/api/v1/items/sku-98", R"({"kind":"product","title":"New"})").status / 100, 2);
  EXPECT_EQ(server.get("/api/v1/audit").json["data"].size(), 1U);
  const auto checked = server.app().check_records({});
  ASSERT_TRUE(checked);
  EXPECT_EQ(Json::parse(*checked)["differ"], 0) << "journals are whole";
}

TEST(UpkeepHttp, OldEntriesOfJournalsAreForgottenAndWhatCameOfThemIsNot) {
  RunningServer server([](Config& config) { config.upkeep.retention_journal = days(100); });
  EXPECT_EQ(server.post("/v1/track", event("u1", "m1")).status, 200);
  ASSERT_EQ(server.post("/api/v1/decide", RunningServer::ask("u1", "home.hero")).status, 200);
  EXPECT_EQ(server.post("/v1/track", event("u1", "m2")).status, 200);
  const Json before = server.get("/api/v1/customers/u1").json;
  const auto events_of = [&] { return Json::parse(*server.app().export_customer("u1"))["events"].size(); };
  EXPECT_EQ(events_of(), 2U);
  const UtcTime now = server.app().clock().utc_now();
  auto& forgetting = server.app().upkeep().forgetting();
  EXPECT_TRUE(forgetting.look_at_journals(now + days(129)).empty());
  EXPECT_TRUE(forgetting.look_at_journals(now + days(129) + hours(23)).empty()) << "once a day";
  const auto said = forgetting.look_at_journals(now + days(131));
  ASSERT_EQ(said.size(), 1U);
  EXPECT_TRUE(said.front().starts_with("2 entries")) << said.front();
  EXPECT_EQ(events_of(), 1U) << "the last one stays";
  EXPECT_EQ(server.get("/api/v1/customers/u1").json, before) << "exposures, journey, taste";
  const auto checked = server.app().check_records({});
  ASSERT_TRUE(checked);
  EXPECT_EQ(Json::parse(*checked)["differ"], 0);
  EXPECT_EQ(server.post("/v1/track", event("u1", "m1")).json["duplicates"], 1) << "and is not taken again";
}

TEST(UpkeepHttp, ALogThatGrowsTooLargeIsAnnouncedThenLosesItsOldest) {
  constexpr std::uint64_t bound = std::uint64_t{1} << 20;
  RunningServer server([](Config& config) { config.upkeep.retention_decisions_bytes = bound; });
  auto& forgetting = server.app().upkeep().forgetting();
  std::string first, last;
  std::vector<std::string> said;
  int calls = 0;
  const auto decide_until = [&](const auto& is_enough) {
    do {
      for (int i = 0; i < 50; ++i) {
        const auto reply = server.post("/api/v1/decide", RunningServer::ask("u" + std::to_string(calls++), "home.hero"));
        ASSERT_EQ(reply.status, 200);
        last = reply.json["decision_id"];
        if (first.empty()) first = last;
      }
      for (std::string& sentence : forgetting.look(server.app().clock().utc_now())) said.push_back(std::move(sentence));
    } while (!is_enough());
  };
  decide_until([&] { return !said.empty(); });
  EXPECT_NE(said.front().find("beyond that the oldest"), std::string::npos) << said.front();
  EXPECT_EQ(server.get("/api/v1/decisions/" + first).status, 200) << "announced before anything goes";
  EXPECT_EQ((*line_of(server.get("/api/v1/integration").json, "retention"))["status"], "warn");
  decide_until([&] { return said.size() > 1; });
  EXPECT_NE(said[1].find("are forgotten"), std::string::npos) << said[1];
  EXPECT_EQ(server.get("/api/v1/decisions/" + first).status, 404) << "the oldest";
  EXPECT_EQ(server.get("/api/v1/decisions/" + last).status, 200) << "and not the newest";
  EXPECT_LE(forgetting.state()->decisions_bytes, bound);
}

} // namespace
} // namespace takt::test
