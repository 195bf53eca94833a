// A policy that waits for its time, on a clock that only the test moves.
#include "api/app.h"

#include <gtest/gtest.h>

namespace takt {
namespace {

class SetClock final : public Clock {
public:
  UtcTime utc_now() const override { return now; }
  SteadyTime steady_now() const override { return SteadyTime{std::chrono::duration_cast<std::chrono::steady_clock::duration>(now.time_since_epoch())}; }
  UtcTime now = utc_from_ms(1'709'640'000'000);
};

std::string with_limit(int limit) {
  return R"({"caps":[{"id":"one","per":"item","window":{"kind":"lifetime"},"limit":)" + std::to_string(limit) + "}]}";
}

class PolicyLife : public testing::Test {
protected:
  void SetUp() override {
    auto opened = App::open(Config{}, clock, make_memory_store());
    ASSERT_TRUE(opened) << opened.error().message;
    app = std::move(*opened);
  }
  void edit(const std::string& policy) {
    const auto draft = app->policy_draft();
    ASSERT_TRUE(draft);
    const auto saved = app->put_policy_draft(policy, draft->version);
    ASSERT_TRUE(saved) << saved.error().message;
  }
  ScheduledPolicy schedule(Duration ahead, const std::string& replaces = "") {
    Publishing publishing;
    publishing.note = "for later";
    publishing.author = "anna";
    publishing.at = clock.now + ahead;
    publishing.replaces = replaces;
    auto scheduled = app->schedule_policy_draft(publishing);
    EXPECT_TRUE(scheduled) << scheduled.error().message;
    return scheduled ? *scheduled : ScheduledPolicy{};
  }
  Document current() { return *app->document("policy", "current"); }
  std::size_t published() {
    const auto done = app->publish_due_policies();
    EXPECT_TRUE(done);
    return done ? done->size() : 0;
  }

  SetClock clock;
  std::unique_ptr<App> app;
};

TEST_F(PolicyLife, WhatWasMeantGoesOutAtItsTimeWhateverBecameOfTheDraft) {
  edit(with_limit(5));
  const ScheduledPolicy scheduled = schedule(hours(2));
  edit(with_limit(7));
  clock.now += hours(2) - Duration{1};
  EXPECT_EQ(published(), 0U);
  EXPECT_EQ(current().version, 1U);
  clock.now += Duration{1};
  EXPECT_EQ(published(), 1U);
  EXPECT_EQ(current().json, with_limit(5));
  EXPECT_EQ(current().author, "anna");
  EXPECT_EQ(app->world()->policy().version, 2U) << "the next decision is made with it";
  EXPECT_EQ(app->policy_draft()->json, with_limit(7)) << "the edit goes on";
  EXPECT_TRUE(app->scheduled_policies()->empty());
  EXPECT_EQ(published(), 0U) << "once";
  const auto note = app->document("policy_note", "2");
  ASSERT_TRUE(note);
  EXPECT_EQ(note->json, R"({"note":"for later","what":"scheduled","of":"scheduled-1"})");
}

TEST_F(PolicyLife, AnUntouchedDraftIsUsedUp) {
  edit(with_limit(5));
  schedule(hours(1));
  EXPECT_EQ(app->policy_draft()->json, with_limit(5)) << "until then it stays";
  clock.now += hours(1);
  EXPECT_EQ(published(), 1U);
  EXPECT_EQ(app->publish_policy_draft({}).error().code, ErrorCode::conflict);
}

TEST_F(PolicyLife, SeveralGoOutInTheOrderOfTheirTimes) {
  edit(with_limit(5));
  schedule(hours(3));
  edit(with_limit(6));
  schedule(hours(1));
  ASSERT_EQ(app->scheduled_policies()->size(), 2U);
  EXPECT_EQ(app->scheduled_policies()->front().id, "scheduled-2");
  clock.now += days(1); // nobody served meanwhile
  EXPECT_EQ(published(), 2U);
  EXPECT_EQ(current().version, 3U);
  EXPECT_EQ(current().json, with_limit(5));
}

TEST_F(PolicyLife, OneThatIsTakenBackOrReplacedNeverGoesOut) {
  edit(with_limit(5));
  const ScheduledPolicy first = schedule(hours(1));
  edit(with_limit(6));
  const ScheduledPolicy second = schedule(hours(2), first.id);
  ASSERT_EQ(app->scheduled_policies()->size(), 1U);
  EXPECT_EQ(app->unschedule_policy(second.id, 7).error().code, ErrorCode::conflict);
  EXPECT_TRUE(app->unschedule_policy(second.id, second.version));
  EXPECT_EQ(app->unschedule_policy(second.id, std::nullopt).error().code, ErrorCode::not_found);
  clock.now += days(1);
  EXPECT_EQ(published(), 0U);
  EXPECT_EQ(current().version, 1U);
  edit(with_limit(8));
  EXPECT_EQ(schedule(hours(1)).id, "scheduled-3") << "an id is not used again";
}

TEST_F(PolicyLife, WhatCannotBeScheduledChangesNothing) {
  Publishing publishing;
  publishing.at = clock.now + hours(1);
  EXPECT_EQ(app->schedule_policy_draft(publishing).error().code, ErrorCode::conflict) << "there is no draft";
  edit(with_limit(5));
  publishing.draft = app->policy_draft()->version + 1;
  EXPECT_EQ(app->schedule_policy_draft(publishing).error().code, ErrorCode::conflict) << "another draft was meant";
  publishing.draft = std::nullopt;
  publishing.at = clock.now;
  EXPECT_EQ(app->schedule_policy_draft(publishing).error().fields.at(0).pointer, "/at");
  publishing.at = clock.now + hours(1);
  publishing.replaces = "scheduled-9";
  EXPECT_EQ(app->schedule_policy_draft(publishing).error().fields.at(0).pointer, "/replaces");
  EXPECT_TRUE(app->scheduled_policies()->empty());
}

TEST_F(PolicyLife, OneThatFailsAtItsTimeSaysSoAndChangesNothing) {
  edit(with_limit(5));
  ScheduledPolicy scheduled = schedule(hours(1));
  scheduled.json = R"({"caps":[{"id":"one","audience":"gone","per":"item","window":{"kind":"lifetime"},"limit":5}]})"; // as if the audience had gone
  ASSERT_TRUE(app->store().documents().put({"policy_scheduled", scheduled.id, 0, write_scheduled_policy(scheduled), clock.now, "anna"}, std::nullopt));
  clock.now += hours(1);
  const auto done = app->publish_due_policies();
  ASSERT_TRUE(done);
  ASSERT_EQ(done->size(), 1U);
  EXPECT_FALSE(done->front().version);
  EXPECT_EQ(current().version, 1U);
  EXPECT_EQ(app->policy_draft()->json, with_limit(5)) << "nobody's work is lost";
  const auto all = app->scheduled_policies();
  ASSERT_EQ(all->size(), 1U);
  EXPECT_EQ(all->front().failed_at, clock.now);
  ASSERT_TRUE(all->front().error);
  EXPECT_EQ(all->front().error->fields.at(0).pointer, "/caps/0/audience");
  EXPECT_EQ(published(), 0U) << "it is not tried again";
  EXPECT_TRUE(app->unschedule_policy(scheduled.id, std::nullopt));
}

TEST_F(PolicyLife, AStopOfSellingOutlivesAPolicyThatKnewNothingOfIt) {
  const auto before = app->pause_sales(R"({"id":"before","match":{"kinds":["a"]}})");
  const auto resumed = app->pause_sales(R"({"id":"resumed","match":{"kinds":["b"]}})");
  ASSERT_TRUE(before && resumed);
  edit(current().json);
  schedule(hours(1));
  ASSERT_TRUE(app->resume_sales("resumed"));
  ASSERT_TRUE(app->pause_sales(R"({"id":"since","match":{"kinds":["c"]}})"));
  const std::string short_stop = R"({"id":"over","match":{"kinds":["d"]},"until":")" + format_utc(clock.now + minutes(5)) + "\"}";
  ASSERT_TRUE(app->pause_sales(short_stop));
  clock.now += hours(1);
  EXPECT_EQ(published(), 1U);
  std::vector<std::string> ids;
  for (const SalesPause& pause : app->world()->policy().pauses) ids.push_back(pause.id);
  EXPECT_EQ(ids, (std::vector<std::string>{"before", "since"}));
}

TEST_F(PolicyLife, AStopOutlivesADraftOfTheSameMillisecondOrOfALaterHourByAClockThatWentBack) {
  for (const Duration back : {Duration{0}, hours(1)}) {
    edit(with_limit(5));
    clock.now -= back;
    const auto stop = app->pause_sales(R"({"match":{"kinds":["product"]}})");
    ASSERT_TRUE(stop) << stop.error().message;
    ASSERT_TRUE(app->publish_policy_draft({}));
    ASSERT_EQ(app->world()->policy().pauses.size(), 1U) << "back by " << back.count() << " ms";
    EXPECT_EQ(app->world()->policy().pauses[0].id, stop->id);
    EXPECT_EQ(app->world()->policy().caps.size(), 1U);
    edit(with_limit(6)); // its author sees the stop, and takes it out
    ASSERT_TRUE(app->publish_policy_draft({}));
    EXPECT_TRUE(app->world()->policy().pauses.empty()) << "back by " << back.count() << " ms";
  }
}

TEST_F(PolicyLife, AStopBetweenADraftAndItsSchedulingIsNoPartOfWhatTheDraftTookOut) {
  edit(with_limit(5));
  const auto stop = app->pause_sales(R"({"match":{"kinds":["product"]}})");
  ASSERT_TRUE(stop);
  EXPECT_EQ(schedule(hours(1)).based_on, 1U);
  clock.now += hours(1);
  EXPECT_EQ(published(), 1U);
  ASSERT_EQ(app->world()->policy().pauses.size(), 1U);
  EXPECT_EQ(app->world()->policy().pauses[0].id, stop->id);
}

TEST_F(PolicyLife, AnAudienceThatAPolicyNamesStays) {
  ASSERT_TRUE(app->put_audience(R"({"condition":{"field":"customer.traits.tier","op":"eq","value":"gold"}})", "gold", std::nullopt));
  ASSERT_TRUE(app->put_audience(R"({"condition":{"field":"customer.traits.tier","op":"eq","value":"old"}})", "old", std::nullopt));
  const std::string names_it = R"({"consent":{"map":{"audience":"marketing"}},"caps":[{"id":"a","audience":{"and":[{"not":{"audience":"gold"}}]}}],"gates":[{"fact":"x","audience":"gold"}]})";
  ASSERT_TRUE(app->store().documents().put({"policy_draft", "draft", 0, names_it, clock.now, "anna"}, std::nullopt));
  const auto refused = app->delete_document("audience", "gold", std::nullopt);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::conflict);
  EXPECT_EQ(refused.error().fields,
            (std::vector<FieldError>{{"/caps/0/audience", "the draft names it"}, {"/gates/0/audience", "the draft names it"}}));
  ScheduledPolicy scheduled{"scheduled-1", 0, clock.now + hours(1), "", "anna", 1, 1, {}, {}, R"({"quiet_hours":[{"audience":"old"}]})"};
  ASSERT_TRUE(app->store().documents().put({"policy_scheduled", "scheduled-1", 0, write_scheduled_policy(scheduled), clock.now, "anna"}, std::nullopt));
  EXPECT_EQ(app->delete_document("audience", "old", std::nullopt).error().fields, (std::vector<FieldError>{{"/quiet_hours/0/audience", "scheduled-1 names it"}}));
  ASSERT_TRUE(app->unschedule_policy("scheduled-1", std::nullopt));
  EXPECT_TRUE(app->delete_document("audience", "old", std::nullopt));
}

TEST(ScheduledPolicyText, IsReadAsItWasWritten) {
  ScheduledPolicy scheduled{"scheduled-4", 3, utc_from_ms(1'709'640'000'000), "a \"note\"", "anna", 12, 7, utc_from_ms(1'709'640'001'000),
                            Error{ErrorCode::invalid, "no", {{"/caps/0", "bad"}}}, R"({"caps":[]})"};
  const auto read = read_scheduled_policy(write_scheduled_policy(scheduled), "scheduled-4", 3);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->at, scheduled.at);
  EXPECT_EQ(read->note, scheduled.note);
  EXPECT_EQ(read->draft, 12U);
  EXPECT_EQ(read->based_on, 7U);
  EXPECT_EQ(read->failed_at, scheduled.failed_at);
  EXPECT_EQ(read->error, scheduled.error);
  EXPECT_EQ(read->json, scheduled.json);
  EXPECT_FALSE(read_scheduled_policy("{}", "x", 1));
}

} // namespace
} // namespace takt
