// takt config, and a policy that waits for its time, with the built program.
#include "tests/cli/cli_fixture.h"

#include <chrono>
#include <map>
#include <thread>

namespace takt::test {
namespace {

namespace fs = std::filesystem;

class ConfigCli : public Cli {
protected:
  std::string path(const std::string& name) const { return directory_.path() + "/" + name; }
  std::string read(const std::string& name) const {
    std::ifstream stream(path(name), std::ios::binary);
    return std::string((std::istreambuf_iterator<char>(stream)), {});
  }
  /// Name → bytes of everything in a folder.
  std::map<std::string, std::string> files(const std::string& folder) const {
    std::map<std::string, std::string> found;
    for (const auto& entry : fs::recursive_directory_iterator(path(folder)))
      if (entry.is_regular_file()) found[fs::relative(entry.path(), path(folder)).string()] = read(folder + "/" + fs::relative(entry.path(), path(folder)).string());
    return found;
  }
  /// A shop with everything: a placement with an awkward name, audiences of both kinds, a feature.
  void make_shop(const std::string& data) {
    write("shop.ndjson", R"({"type":"placement","id":"mail/über.weekly","channel":"email","slots":2,"sources":["popular"]})" "\n"
                         R"({"type":"audience","id":"gold","condition":{"field":"customer.traits.tier","op":"eq","value":"gold"}})" "\n"
                         R"({"type":"audience","id":"best","title":"Best","condition":{"and":[{"audience":"gold"},{"field":"customer.known","op":"eq","value":true}]}})" "\n"
                         R"({"type":"audience","id":"staff","customers":["u1","u2"]})" "\n"
                         R"({"type":"feature","id":"tier_gold","trait":"tier","equals":"gold"})" "\n");
    const Json summary = json("import --data-dir " + data + " shop.ndjson");
    ASSERT_EQ(summary["rejected"], 0) << summary;
  }
};

TEST_F(ConfigCli, ExportedAppliedElsewhereAndExportedAgainIsTheSameBytes) {
  make_shop("one");
  const Json exported = json("config export repo --data-dir one");
  EXPECT_EQ(exported["left_out"], Json::parse(R"(["staff"])"));
  const auto first = files("repo");
  ASSERT_TRUE(first.contains("policy.json"));
  EXPECT_TRUE(first.contains("placements/mail%2F%C3%BCber.weekly.json"));
  EXPECT_TRUE(first.contains("audiences/best.json"));
  EXPECT_TRUE(first.contains("features/tier_gold.json"));
  EXPECT_FALSE(first.contains("audiences/staff.json")) << "people are not for a repository";
  for (const auto& [name, text] : first) EXPECT_EQ(text.find("version"), std::string::npos) << name;

  json("import --data-dir two " + write("none.ndjson", "")); // a fresh one, with the starter policy
  const Json applied = json("config apply repo --data-dir two");
  EXPECT_EQ(applied["changes"].size(), 4U) << applied;
  EXPECT_EQ(applied["policy_version"], nullptr) << "the policy is the same";
  json("config export again --data-dir two");
  EXPECT_EQ(files("again"), first);
  EXPECT_EQ(json("config apply repo --data-dir two")["changes"].size(), 0U) << "twice changes nothing";
  EXPECT_EQ(json("config export repo --data-dir one")["written"], 0);
}

TEST_F(ConfigCli, APlanSaysWhatWouldChangeAndChangesNothing) {
  make_shop("one");
  json("config export repo --data-dir one");
  Json policy = Json::parse(read("repo/policy.json"));
  policy["caps"][0]["limit"] = 5;
  policy["caps"].push_back(Json::parse(R"({"id":"new","counts":"impression","per":"all","window":{"kind":"rolling","length":"1d"},"limit":9})"));
  policy.erase("quiet_hours");
  write("repo/policy.json", policy.dump());
  Json gold = Json::parse(read("repo/audiences/gold.json"));
  gold["condition"]["value"] = "silver";
  write("repo/audiences/gold.json", gold.dump());
  write("repo/audiences/new.json", R"({"id":"new","condition":{"audience":"best"}})");
  fs::remove(path("repo/features/tier_gold.json"));
  const Ended ended = run("config apply repo --plan --prune --data-dir one --json");
  ASSERT_EQ(ended.code, 0) << ended.out << ended.err;
  const Json plan = Json::parse(ended.out);
  ASSERT_EQ(plan["changes"].size(), 4U) << plan;
  EXPECT_EQ(plan["changes"][0]["file"], "audiences/gold.json");
  EXPECT_EQ(plan["changes"][0]["fields"], Json::parse(R"([{"pointer":"/condition/value","before":"gold","after":"silver"}])"));
  EXPECT_EQ(plan["changes"][1]["change"], "added");
  EXPECT_EQ(plan["changes"][2]["change"], "removed");
  EXPECT_EQ(plan["changes"][2]["file"], "features/tier_gold.json");
  EXPECT_EQ(plan["changes"][3]["document"], "policy");
  EXPECT_EQ(plan["changes"][3]["changes"].size(), 3U) << plan;
  const std::string words = run("config apply repo --plan --data-dir one").out;
  EXPECT_NE(words.find("/condition/value: \"gold\" -> \"silver\""), std::string::npos) << words;
  EXPECT_NE(words.find("features/tier_gold.json is not in the folder"), std::string::npos) << words;
  json("config export after --data-dir one");
  EXPECT_EQ(Json::parse(read("after/policy.json"))["caps"].size(), 1U);
  EXPECT_EQ(Json::parse(read("after/audiences/gold.json"))["condition"]["value"], "gold");

  EXPECT_EQ(json("config apply repo --prune --data-dir one --note spring")["policy_version"], 2);
  json("config export after --data-dir one");
  EXPECT_EQ(Json::parse(read("after/policy.json"))["caps"].size(), 2U);
  EXPECT_FALSE(fs::exists(path("after/features/tier_gold.json"))) << "an export is what is there, so the file goes";
  EXPECT_EQ(json("config apply repo --prune --data-dir one")["changes"].size(), 0U);
}

TEST_F(ConfigCli, EveryMistakeIsNamedWithItsFileAndNothingIsChanged) {
  make_shop("one");
  json("config export repo --data-dir one");
  write("repo/policy.json", R"({"caps":[{"id":"x","limit":-1}]})");
  write("repo/placements/home.hero.json", R"({"id":"home.hero","channel":"web","slots":0})");
  write("repo/audiences/other.json", R"({"id":"another","condition":{"audience":"gold"}})");
  write("repo/audiences/lost.json", R"({"id":"lost","condition":{"audience":"nobody"}})");
  write("repo/audiences/people.json", R"({"id":"people","customers":["u1"]})");
  write("repo/features/broken.json", "{");
  write("repo/audiences/gold.json", R"({"id":"gold","condition":{"field":"customer.traits.tier","op":"eq","value":"iron"}})");
  const Ended ended = run("config apply repo --data-dir one --json");
  EXPECT_EQ(ended.code, 1);
  std::set<std::string> pointers;
  const Json answered = Json::parse(ended.out);
  for (const Json& error : answered["errors"]) pointers.insert(error["pointer"].get<std::string>());
  for (const char* pointer : {"policy.json#/caps/0/limit", "placements/home.hero.json#/slots", "audiences/other.json#/id", "audiences/lost.json#/condition",
                              "audiences/people.json#/customers", "features/broken.json"})
    EXPECT_TRUE(pointers.contains(pointer)) << pointer << "\n" << ended.out;
  json("config export after --data-dir one");
  EXPECT_EQ(Json::parse(read("after/audiences/gold.json"))["condition"]["value"], "gold") << "what was right in the folder was not taken either";
}

TEST_F(ConfigCli, FoldersThatAreNoneAreRefused) {
  make_shop("one");
  EXPECT_EQ(run("config apply missing --data-dir one").code, 1);
  fs::create_directories(path("empty"));
  EXPECT_EQ(run("config apply empty --data-dir one").code, 1);
  fs::create_directories(path("other"));
  write("other/rules.json", "{}");
  EXPECT_NE(run("config apply other --data-dir one").err.find("rules.json"), std::string::npos);
  EXPECT_EQ(run("config export other --data-dir one").code, 1) << "somebody else's folder";
  EXPECT_EQ(files("other").size(), 1U);
  EXPECT_EQ(run("config --data-dir one").code, 2);
  EXPECT_EQ(run("config apply --data-dir one").code, 2);
  json("config export linked --data-dir one");
  fs::remove_all(path("linked/placements"));
  fs::create_directories(path("elsewhere"));
  write("elsewhere/mine.json", "{}");
  fs::create_directory_symlink(path("elsewhere"), path("linked/placements"));
  EXPECT_NE(run("config export linked --data-dir one").err.find("symbolic link"), std::string::npos);
  EXPECT_NE(run("config apply linked --data-dir one").err.find("symbolic link"), std::string::npos);
  EXPECT_EQ(files("elsewhere").size(), 1U) << "nothing was written there, and nothing removed";
  EXPECT_EQ(run("config export repo --data-dir nowhere").code, 1);
}

TEST_F(ConfigCli, BesideARunningServerItActsOnTheNextDecision) {
  make_shop("data");
  Served served(directory_.path(), "data");
  ASSERT_GT(served.port(), 0);
  json("config export repo --data-dir data");
  httplib::Client client("127.0.0.1", served.port());
  const auto paused = client.Post("/api/v1/pause", R"({"match":{"kinds":["product"]},"note":"incident"})", "application/json");
  ASSERT_EQ(paused->status, 200);
  Json policy = Json::parse(read("repo/policy.json"));
  policy["caps"][0]["limit"] = 1;
  write("repo/policy.json", policy.dump());
  const Json applied = json("config apply repo --data-dir data --author ci --note \"one only\"");
  EXPECT_EQ(applied["policy_version"], 3) << applied;
  const Json list = Json::parse(client.Get("/api/v1/policies")->body)["data"];
  EXPECT_EQ(list[0]["what"], "apply");
  EXPECT_EQ(list[0]["author"], "ci");
  EXPECT_EQ(list[0]["note"], "one only");
  const Json current = Json::parse(client.Get("/api/v1/policies/current")->body);
  EXPECT_EQ(current["caps"][0]["limit"], 1);
  EXPECT_EQ(current["pauses"].size(), 1U) << "a stop of selling is no configuration: it goes on";
  EXPECT_EQ(json("config apply repo --data-dir data")["changes"].size(), 0U);
}

/// Version of the policy in force once it is at least `version`, or what it is after ten seconds.
std::uint64_t version_soon(httplib::Client& client, std::uint64_t version) {
  std::uint64_t found = 0;
  for (int i = 0; i < 200 && found < version; ++i) {
    const Json list = Json::parse(client.Get("/api/v1/policies")->body)["data"];
    found = list[0]["version"];
    if (found < version) std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  return found;
}

std::string in_a_second() {
  const auto at = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now()) + std::chrono::seconds(2);
  const std::time_t seconds = std::chrono::system_clock::to_time_t(at);
  std::array<char, 32> text{};
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text.data();
}

TEST_F(ConfigCli, TheServerPublishesWhatWaitsAndWhatCameDueWhileItWasDown) {
  make_shop("data");
  const auto schedule = [](httplib::Client& client) {
    const auto draft = client.Get("/api/v1/policies/draft");
    ASSERT_EQ(client.Put("/api/v1/policies/draft", {{"If-Match", draft->get_header_value("ETag")}}, R"({"fatigue":{"beta":0.5}})", "application/json")->status, 200);
    const auto scheduled = client.Post("/api/v1/policies/draft/publish", Json{{"at", in_a_second()}}.dump(), "application/json");
    ASSERT_EQ(scheduled->status, 202) << scheduled->body;
  };
  {
    Served served(directory_.path(), "data");
    httplib::Client client("127.0.0.1", served.port());
    schedule(client);
    EXPECT_EQ(version_soon(client, 2), 2U);
    schedule(client);
    EXPECT_EQ(served.stop(), 0);
  }
  Served served(directory_.path(), "data");
  httplib::Client client("127.0.0.1", served.port());
  EXPECT_EQ(version_soon(client, 3), 3U);
  EXPECT_EQ(Json::parse(client.Get("/api/v1/policies/scheduled")->body)["data"].size(), 0U);
}

} // namespace
} // namespace takt::test
