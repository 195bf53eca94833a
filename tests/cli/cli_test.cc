// The built program, from the outside: files in, words and exit codes out, alone and beside a running server.
#include "tests/cli/cli_fixture.h"

namespace takt::test {
namespace {

TEST_F(Cli, WrongUsageIsTwo) {
  EXPECT_EQ(run("").code, 2);
  EXPECT_EQ(run("dance").code, 2);
  EXPECT_EQ(run("decide --customer u --data-dir data").code, 2);
  EXPECT_EQ(run("import --data-dir data").code, 2);
  EXPECT_EQ(run("--help").code, 0);
  EXPECT_EQ(run("import --help").code, 0);
  EXPECT_FALSE(std::filesystem::exists(data()));
}

TEST_F(Cli, AMistypedWordIsNamedWithWhatWasMeant) {
  for (const auto& [typed, said] : {std::pair{"serve --listn 127.0.0.1:0", "takt serve does not take \"--listn\"; did you mean --listen?\nWhat it takes: takt serve --help\n"},
                                    {"serve --port 8080", "takt serve does not take \"--port\"\nWhat it takes: takt serve --help\n"},
                                    {"keys create --roll=admin", "takt keys create does not take \"--roll\"; did you mean --role?\nWhat it takes: takt keys create --help\n"},
                                    {"exprot decisions", "takt does not take \"exprot\"; did you mean export?\nWhat it takes: takt --help\n"}}) {
    const Ended ended = run(typed);
    EXPECT_EQ(ended.code, 2) << typed;
    EXPECT_EQ(ended.err, said) << typed;
    EXPECT_EQ(ended.out, "") << typed;
  }
}

TEST_F(Cli, AMistypedDirectoryIsRefusedAndNotMade) {
  const auto listing = [&] {
    std::set<std::string> names;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(directory_.path()))
      if (entry.path().filename() != "stderr.txt") names.insert(entry.path().string());
    return names;
  };
  std::filesystem::create_directories(directory_.path() + "/holidays/store"); // a folder of that name is not ours yet
  write("holidays/store/beach.jpg", "not a store");
  std::filesystem::create_directories(directory_.path() + "/empty");
  write("people.txt", "u1\n");
  ASSERT_EQ(::chmod((directory_.path() + "/holidays").c_str(), 0755), 0);
  const std::set<std::string> before = listing();
  for (const char* command : {"replay", "rebuild --check", "rebuild", "doctor", "train", "export decisions", "why --customer u --placement home.hero --item p",
                              "decide --customer u --placement home.hero", "decide --customers people.txt --placement home.hero --dry-run"})
    for (const char* directory : {"data", "empty", "holidays"})
      for (const char* simulation : {"", " --simulation"}) {
        const Ended ended = run(std::string(command) + " --data-dir " + directory + simulation);
        EXPECT_EQ(ended.code, 1) << command << " in " << directory;
        EXPECT_EQ(ended.out, "") << command << " in " << directory;
        EXPECT_NE(ended.err.find(directory), std::string::npos) << command << ": " << ended.err;
      }
  EXPECT_EQ(listing(), before);
  struct stat holidays{};
  ASSERT_EQ(::stat((directory_.path() + "/holidays").c_str(), &holidays), 0);
  EXPECT_EQ(holidays.st_mode & 0777U, 0755U);
  EXPECT_EQ(Json::parse(run("replay --data-dir data --json").out)["code"], "not_found");
}

TEST_F(Cli, WhatIsNotBuiltFails) {
  for (const char* command : {"ope", "experiments"}) {
    const Ended ended = run(command);
    EXPECT_EQ(ended.code, 1) << command;
    EXPECT_NE(ended.err.find("not built"), std::string::npos) << command;
  }
}

TEST_F(Cli, ImportDecideWhyDoctor) {
  const Json feed = json("import --data-dir data --source shop --format google-merchant " + write_feed());
  EXPECT_EQ(feed["documents"], 3);
  EXPECT_EQ(feed["rejected"], 1);
  const Json first = json("import --data-dir data --shift-to-now --source shop " + write_events());
  EXPECT_EQ(first["accepted"], 20);
  EXPECT_EQ(first["rejected"], 1);
  std::ifstream rejects(first["rejects_file"].get<std::string>()[0] == '/' ? first["rejects_file"].get<std::string>() : directory_.path() + "/" + first["rejects_file"].get<std::string>());
  std::string reject;
  ASSERT_TRUE(std::getline(rejects, reject));
  EXPECT_EQ(Json::parse(reject)["line"], 22);
  EXPECT_EQ(json("import --data-dir data --shift-to-now --source shop events.ndjson")["duplicates"], 20);

  const Json decided = json("decide --data-dir data --customer u1 --placement home.hero");
  EXPECT_EQ(decided["placements"][0]["outcome"], "items");
  for (const Json& item : decided["placements"][0]["items"]) EXPECT_NE(item["item"], "p-2") << "out of stock";
  EXPECT_EQ(json("why --data-dir data --customer u1 --placement home.hero --item p-2")["blocked_by"][0]["code"], "out_of_stock");
  const Json why = json("why --data-dir data --customer u1 --placement home.hero --item p-0 --decision " + decided["decision_id"].get<std::string>());
  EXPECT_EQ(why["verdict"], "shown");
  EXPECT_EQ(run("why --data-dir data --customer u1 --placement nowhere --item p-0").code, 1);

  const Json doctor = json("doctor --data-dir data");
  ASSERT_EQ(doctor["sources"].size(), 1U);
  EXPECT_EQ(doctor["sources"][0]["source"], "shop");
  EXPECT_EQ(doctor["sources"][0]["unknown_products"][0]["id"], "p-3");
  EXPECT_EQ(doctor["customers"]["customers"], 5);
  EXPECT_EQ(doctor["model"]["status"], "ok") << "five people teach nothing yet";
  const Ended plain = run("doctor --data-dir data");
  EXPECT_NE(plain.out.find("warn"), std::string::npos);
}

TEST_F(Cli, TablesAreExported) {
  ASSERT_EQ(json("import --data-dir data --source shop --format google-merchant " + write_feed())["documents"], 3);
  const Json decided = json("decide --data-dir data --customer u1 --placement home.hero");
  const Ended alone = run("export decisions --data-dir data --to 2100-01-01T00:00:00Z");
  EXPECT_EQ(alone.code, 0) << alone.err;
  EXPECT_EQ(Json::parse(alone.out.substr(0, alone.out.find('\n')))["decision_id"], decided["decision_id"]);
  const Ended csv = run("export decisions --data-dir data --to 2100-01-01T00:00:00Z --format csv --identities");
  EXPECT_TRUE(csv.out.starts_with("decision_id,at,customer_id,")) << csv.out;
  EXPECT_NE(csv.out.find(",u1,"), std::string::npos);
  EXPECT_EQ(alone.out.find("\"u1\""), std::string::npos);
  EXPECT_EQ(run("export nothing --data-dir data").code, 2);
  EXPECT_EQ(run("export decisions --format parquet --data-dir data").code, 2);
}

TEST_F(Cli, LinksGetAnotherKeyAndKeysARate) {
  json("import --data-dir data --format google-merchant " + write_feed());
  const Json made = json("keys create --data-dir data --role admin --rate 200 --burst 500 --name me");
  EXPECT_TRUE(made["key"].get<std::string>().starts_with("sk_")) << made.dump();
  const Ended listed = run("keys list --data-dir data --json");
  EXPECT_NE(listed.out.find("200"), std::string::npos) << listed.out;
  EXPECT_NE(run("keys create --data-dir data --role admin --burst 5").code, 0) << "a burst of no rate";
  const Ended rotated = run("keys rotate-links --data-dir data");
  EXPECT_EQ(rotated.code, 0) << rotated.err;
  EXPECT_FALSE(rotated.out.empty());
}

TEST_F(Cli, TrainAndRebuildChangeNoRecord) {
  json("import --data-dir data --format google-merchant " + write_feed());
  json("import --data-dir data " + write_events());
  const std::string ask = "decide --data-dir data --customer u1 --placement home.hero --dry-run --seed 1 --now 2030-01-01T00:00:00Z";
  const Json before = json(ask);
  EXPECT_EQ(json("rebuild --data-dir data")["customers"], 5);
  EXPECT_EQ(json(ask)["placements"], before["placements"]);
  const Json trained = json("train --data-dir data");
  EXPECT_EQ(trained["version"], 1);
  EXPECT_FALSE(trained["artefacts"].empty());
  EXPECT_TRUE(std::filesystem::exists(data() + "/artefacts/1/manifest.json"));
}

TEST_F(Cli, AListOfCustomersAndItsReach) {
  json("import --data-dir data --format google-merchant " + write_feed());
  write("people.txt", "u1\nu2\n\nanon:a7\n");
  const Ended dry = run("decide --data-dir data --customers people.txt --placement home.hero --dry-run");
  ASSERT_EQ(dry.code, 0) << dry.err;
  EXPECT_EQ(std::count(dry.out.begin(), dry.out.end(), '\n'), 4);
  const Json reach = Json::parse(dry.out.substr(dry.out.rfind("{\"reach\"")));
  EXPECT_EQ(reach["reach"]["customers"], 3);
  EXPECT_EQ(reach["reach"]["items"], 3);
  const Ended mail = run("decide --data-dir data --customers people.txt --placement mail.weekly --dry-run --json");
  const Json lost = Json::parse(mail.out)["reach"];
  EXPECT_EQ(lost["items"], 0) << "nobody has said yes to mail";
  EXPECT_EQ(lost["lost"][0]["code"], "consent");
  EXPECT_EQ(lost["lost"][0]["customers"], 3);
  // A job that is run again answers the same, and reserves nothing new.
  const Ended one = run("decide --data-dir data --customers - --placement home.hero --job monday", directory_.path() + "/people.txt");
  const Ended two = run("decide --data-dir data --customers - --placement home.hero --job monday", directory_.path() + "/people.txt");
  ASSERT_EQ(one.code, 0) << one.err;
  EXPECT_EQ(Json::parse(one.out.substr(0, one.out.find('\n')))["decision_id"], Json::parse(two.out.substr(0, two.out.find('\n')))["decision_id"]);
}

TEST_F(Cli, AnImportSaysWhichPricesItCouldNotConvert) {
  std::string lines;
  for (const char* currency : {"EUR", "GBP", "GBP"}) {
    const std::string id = "o" + std::to_string(lines.size());
    lines += Json{{"type", "track"}, {"userId", "u1"}, {"event", "Order Completed"}, {"messageId", id}, {"timestamp", "2026-01-02T10:00:00Z"},
                  {"properties", {{"order_id", id}, {"currency", currency}, {"products", {{{"product_id", "p-1"}, {"price", 10}}}}}}}.dump() + "\n";
  }
  const std::string file = write("orders.ndjson", lines);
  EXPECT_EQ(json("import --data-dir data " + file)["prices_without_rate"], Json({{"GBP", 2}}));
  const Ended again = run("import --data-dir other " + file);
  EXPECT_NE(again.out.find("2 events have prices in GBP"), std::string::npos) << again.out;
}

TEST_F(Cli, AnAudienceIsImportedAndDecidedFor) {
  json("import --data-dir data --format google-merchant " + write_feed());
  write("people.ndjson", R"({"type":"audience","id":"gold","condition":{"field":"customer.traits.tier","op":"eq","value":"gold"}})" "\n"
                         R"({"type":"audience","id":"two","condition":{"and":[{"audience":"gold"},{"audience":"unheard"}]}})" "\n"
                         R"({"type":"identify","userId":"u1","messageId":"1","timestamp":"2026-01-01T00:00:00Z","traits":{"tier":"gold"}})" "\n"
                         R"({"type":"identify","userId":"u2","messageId":"2","timestamp":"2026-01-01T00:00:00Z","traits":{"tier":"tin"}})" "\n");
  const Json imported = json("import --data-dir data people.ndjson");
  EXPECT_EQ(imported["accepted"], 2);
  EXPECT_EQ(imported["rejected"], 1) << "the second names an audience that is not there";
  const Ended dry = run("decide --data-dir data --audience gold --placement home.hero --dry-run");
  ASSERT_EQ(dry.code, 0) << dry.err;
  EXPECT_EQ(std::count(dry.out.begin(), dry.out.end(), '\n'), 2);
  EXPECT_EQ(Json::parse(dry.out.substr(dry.out.rfind("{\"reach\"")))["reach"]["customers"], 1);
  const Ended unknown = run("decide --data-dir data --audience two --placement home.hero --dry-run");
  EXPECT_EQ(unknown.code, 1);
  EXPECT_NE(unknown.err.find("no audience"), std::string::npos) << unknown.err;
}

TEST_F(Cli, PackedFilesAndStandardInput) {
  write_events();
  ASSERT_EQ(std::system(("cd '" + directory_.path() + "' && gzip -k events.ndjson && xz -k events.ndjson").c_str()), 0);
  EXPECT_EQ(json("import --data-dir a events.ndjson.gz")["accepted"], 20);
  EXPECT_EQ(json("import --data-dir b events.ndjson.xz")["accepted"], 20);
  const Ended piped = run("import --data-dir c - --json", directory_.path() + "/events.ndjson");
  EXPECT_EQ(Json::parse(piped.out)["accepted"], 20) << piped.err;
  EXPECT_EQ(run("import --data-dir d missing.ndjson").code, 1);
}

TEST_F(Cli, CommandsBesideARunningServer) {
  json("import --data-dir data --format google-merchant " + write_feed());
  Served served(directory_.path(), "data");
  ASSERT_GT(served.port(), 0);
  struct stat socket{};
  ASSERT_EQ(::stat((data() + "/control.sock").c_str(), &socket), 0);
  EXPECT_EQ(socket.st_mode & 0777U, 0600U);
  write_events();
  EXPECT_EQ(json("import --data-dir data events.ndjson")["accepted"], 20) << "a relative path is the caller's";
  const Ended piped = run("import --data-dir data --json -", directory_.path() + "/events.ndjson");
  EXPECT_EQ(Json::parse(piped.out)["duplicates"], 20);
  httplib::Client client("127.0.0.1", served.port());
  const auto journey = client.Get("/api/v1/customers/u1/journey");
  ASSERT_TRUE(journey);
  EXPECT_EQ(Json::parse(journey->body)["data"].size(), 4U) << "the server knows what the command brought";
  EXPECT_EQ(json("train --data-dir data")["version"], 1);
  const auto decided = client.Post("/api/v1/decide", R"({"customer":{"user_id":"u1"},"placements":[{"placement":"home.hero"}]})", "application/json");
  ASSERT_TRUE(decided);
  EXPECT_EQ(Json::parse(decided->body)["versions"]["index"], "exact") << "the trained model serves at once; untrained there is none";
  EXPECT_EQ(run("why --data-dir data --customer u1 --placement nowhere --item p-0").code, 1) << "exit codes come through";
  EXPECT_EQ(run("import --data-dir data").code, 2);
  EXPECT_EQ(run("serve --data-dir data --listen 127.0.0.1:0").code, 1) << "one process owns the directory";
  EXPECT_EQ(served.stop(), 0);
  EXPECT_FALSE(std::filesystem::exists(data() + "/control.sock"));
  EXPECT_EQ(json("doctor --data-dir data")["customers"]["customers"], 5) << "and afterwards by itself";
}

TEST_F(Cli, OnlyLoopbackIsServedUntilThereIsAKey) {
  const Ended ended = run("serve --data-dir data --listen 0.0.0.0:0");
  EXPECT_EQ(ended.code, 1);
  EXPECT_NE(ended.err.find("takt keys create"), std::string::npos) << ended.err;
  EXPECT_EQ(run("keys create --data-dir data --role viewer").code, 1) << "the first is an admin's";
  const std::string key = json("keys create --data-dir data --role admin --name me")["key"];
  EXPECT_TRUE(key.starts_with("sk_live_"));
  const Json viewer = json("keys create --data-dir data --role viewer --mode test");
  EXPECT_EQ(json("keys list --data-dir data")["data"].size(), 2U);
  EXPECT_EQ(run("keys list --data-dir data").out.find(key), std::string::npos) << "shown once";
  EXPECT_EQ(run("keys revoke --data-dir data " + viewer["id"].get<std::string>()).code, 0);
  EXPECT_EQ(run("keys revoke --data-dir data nobody").code, 1);
  const Json listed = json("keys list --data-dir data");
  for (const Json& one : listed["data"]) EXPECT_EQ(one["revoked_at"].is_null(), one["id"] != viewer["id"]);
  EXPECT_EQ(run("serve --check").code, 0);
}

TEST_F(Cli, AnInventedTimeNeedsASimulation) {
  json("import --data-dir data --format google-merchant " + write_feed());
  EXPECT_EQ(run("decide --data-dir data --customer u --placement home.hero --now 2030-01-01T00:00:00Z").code, 1);
  EXPECT_EQ(run("doctor --data-dir data --simulation").code, 1) << "a real directory never becomes one";
  json("import --simulation --data-dir sim --format google-merchant feed.tsv");
  EXPECT_EQ(run("decide --data-dir sim --customer u --placement home.hero --now 2030-01-01T00:00:00Z").code, 0);
}

TEST_F(Cli, ADemoThatWasLivedHoldsItsTruthAndEveryDecisionAgain) {
  const Json lived = json("demo --closed-loop --customers 40 --items 300 --days 14 --data-dir data");
  EXPECT_EQ(lived["customers"], 40);
  EXPECT_GT(lived["impressions"], 0);
  std::ifstream truth(data() + "/truth.ndjson");
  std::size_t items = 0, customers = 0;
  std::uint64_t impressions = 0;
  for (std::string line; std::getline(truth, line);) {
    const Json one = Json::parse(line);
    ++(one.at("type") == "item" ? items : customers);
    impressions += one.value("impressions", 0U);
  }
  EXPECT_EQ(items, 300U);
  EXPECT_EQ(customers, 40U);
  EXPECT_EQ(lived["impressions"], impressions);
  const Json replayed = json("replay --data-dir data");
  EXPECT_EQ(replayed["differ"], 0);
  EXPECT_GT(replayed["reproduced"], 0);
  write("draft.json", R"({"caps":[{"id":"one-a-day","counts":"impression","per":"all","window":{"kind":"rolling","length":"1d"},"limit":1}]})");
  const Json what_if = json("replay --policy draft.json --data-dir data --threads 2 --plot what-if.svg");
  EXPECT_GT(what_if["decisions"]["changed"], 0);
  EXPECT_EQ(what_if["decisions"]["of_these_otherwise"], 0);
  EXPECT_LT(what_if["after"]["exposures"], what_if["before"]["exposures"]);
  EXPECT_TRUE(std::filesystem::exists(directory_.path() + "/what-if.svg"));
  EXPECT_NE(run("replay --policy draft.json --data-dir data").out.find("one-a-day"), std::string::npos);
  write("wrong.json", R"({"caps":[{"id":"x","limit":-1}]})");
  const Ended wrong = run("replay --policy wrong.json --data-dir data --json");
  EXPECT_EQ(wrong.code, 1);
  EXPECT_EQ(Json::parse(wrong.out)["errors"][0]["pointer"], "/caps/0/limit");
  EXPECT_EQ(run("replay --policy no-such-file.json --data-dir data").code, 1);
  EXPECT_EQ(run("replay --policy draft.json --data-dir data --sample 1.5").code, 2);
  EXPECT_EQ(run("replay --policy draft.json --data-dir data --from 2026-03-02T00:00:00Z --to 2026-03-01T00:00:00Z").code, 1);
  EXPECT_EQ(json("rebuild --check --data-dir data")["differ"], 0);
  EXPECT_EQ(run("demo --closed-loop --data-dir data").code, 1) << "only an empty directory is filled";
}

TEST_F(Cli, PinkPumpsNeedNoDataDirectory) {
  const Json told = json("demo pink-pumps --customers 20 --items 300 --plot pumps.svg");
  EXPECT_EQ(told["arms"].size(), 3U);
  EXPECT_TRUE(std::filesystem::exists(directory_.path() + "/pumps.svg"));
  EXPECT_FALSE(std::filesystem::exists(directory_.path() + "/takt-data"));
  EXPECT_EQ(run("demo pink-pumps --customers 5 --items 300 --plot missing/pumps.svg").code, 1);
}

} // namespace
} // namespace takt::test
