// Two logins were taken for one person, and somebody says so: through the socket, with what the SDK sent.
#include "tests/http/running_server.h"

#include <gtest/gtest.h>

namespace takt::test {
namespace {

int number = 0;

void view(RunningServer& server, const std::string& user, const std::string& device, const std::string& item) {
  Json event{{"type", "track"}, {"event", "Product Viewed"}, {"messageId", "unmerge-" + std::to_string(++number)}, {"properties", {{"product_id", item}}}};
  if (!user.empty()) event["userId"] = user;
  if (!device.empty()) event["anonymousId"] = device;
  ASSERT_EQ(server.post("/v1/batch", Json{{"batch", {event}}}.dump()).status, 200);
}

void merge(RunningServer& server) {
  view(server, "anna", "phone", "pumps");
  view(server, "ben", "", "boots");
  ASSERT_EQ(server.post("/v1/alias", Json{{"userId", "anna"}, {"previousId", "ben"}}.dump()).status, 200);
}

std::size_t steps_of(RunningServer& server, const std::string& customer) {
  const Json journey = server.get("/api/v1/customers/" + customer + "/journey").json;
  return journey["data"].size();
}

TEST(UnmergeHttp, EachHasTheirOwnJourneyAgain) {
  RunningServer server;
  merge(server);
  view(server, "ben", "tablet", "boots");
  view(server, "", "tablet", "hat");
  const Json anna = server.get("/api/v1/customers/anna").json;
  ASSERT_EQ(anna["merged"].size(), 1U);
  EXPECT_EQ(anna["customer_id"], server.get("/api/v1/customers/ben").json["customer_id"]);
  ASSERT_EQ(steps_of(server, "anna"), 4U);
  const std::string absorbed = anna["merged"][0]["customer_id"];
  const auto parted = server.post("/api/v1/customers/anna/unmerge", Json{{"customer_id", absorbed}}.dump());
  ASSERT_EQ(parted.status, 200) << parted.body;
  EXPECT_EQ(parted.json["restored"], absorbed);
  EXPECT_NE(server.get("/api/v1/customers/anna").json["customer_id"], server.get("/api/v1/customers/ben").json["customer_id"]);
  EXPECT_EQ(steps_of(server, "anna"), 1U);
  EXPECT_EQ(steps_of(server, "ben"), 3U) << "with the tablet that turned up meanwhile";
  EXPECT_EQ(server.get("/api/v1/customers/anna").json["merged"].size(), 0U);
  view(server, "", "phone", "pumps");
  EXPECT_EQ(steps_of(server, "anna"), 2U);
  EXPECT_EQ(server.post("/api/v1/customers/anna/unmerge", Json{{"customer_id", absorbed}}.dump()).status, 404) << "done already";
}

TEST(UnmergeHttp, ABadRequestChangesNothing) {
  RunningServer server;
  merge(server);
  const auto before = server.get("/api/v1/customers/anna").body;
  const std::string absorbed = server.get("/api/v1/customers/anna").json["merged"][0]["customer_id"];
  EXPECT_EQ(server.post("/api/v1/customers/anna/unmerge", Json{{"customer_id", "ben"}}.dump()).status, 422);
  EXPECT_EQ(server.post("/api/v1/customers/anna/unmerge", "{}").status, 422);
  EXPECT_EQ(server.post("/api/v1/customers/anna/unmerge", Json{{"customer_id", absorbed}, {"force", true}}.dump()).status, 422);
  EXPECT_EQ(server.post("/api/v1/customers/nobody-knows/unmerge", Json{{"customer_id", absorbed}}.dump()).status, 404);
  EXPECT_EQ(server.post("/api/v1/customers/anna/unmerge", Json{{"customer_id", "c-0000000000001"}}.dump()).status, 404);
  EXPECT_EQ(server.get("/api/v1/customers/anna").body, before);
}

} // namespace
} // namespace takt::test
