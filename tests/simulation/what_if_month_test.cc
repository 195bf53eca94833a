// What-if on simulated months: the policy in force changes nothing, whatever the store, the clocks and the people did; and under other
// drafts a slow re-run, which folds every record again from its first entry and keeps marks by rules of its own, gives the same.
#include "core/fold.h"
#include "core/record_codec.h"
#include "engine/stage/stages.h"
#include "engine/what_if/slots.h"
#include "engine/what_if/what_if.h"
#include "tests/simulation/month.h"

#include <algorithm>
#include <gtest/gtest.h>
#include <set>

namespace takt::simulation {
namespace {

class StillClock final : public Clock {
public:
  UtcTime utc_now() const override { return {}; }
  SteadyTime steady_now() const override { return {}; }
};

WorldOfVersions only(const std::shared_ptr<const World>& world) {
  return [world](const Versions& versions) -> Result<WorldPtr> {
    if (versions == world->versions()) return WorldPtr(world);
    return fail(ErrorCode::not_found, "another world");
  };
}

std::vector<RecordPtr> records_of(Store& store) {
  std::vector<RecordPtr> records;
  EXPECT_TRUE(store.records().for_each_customer([&](CustomerId customer) {
    records.push_back(*store.records().read(customer, {}));
    return true;
  }));
  return records;
}

using Log = std::map<DecisionId, DecisionRecord>;

Log log_of(Store& store) {
  Log log;
  EXPECT_TRUE(store.decisions().scan(UtcTime::min(), UtcTime::max(), [&](const DecisionRecord& record) {
    log.emplace(record.decision.id, record);
    return true;
  }));
  return log;
}

TEST(WhatIfMonth, the_policy_in_force_changes_nothing) {
  const StillClock clock;
  std::size_t merged = 0;
  for (const std::uint64_t seed : {1, 2, 3, 4}) {
    const Month month({.seed = seed, .is_trained = false});
    what_if::Options options;
    options.checked_share = 1;
    const auto policy = std::make_shared<const Policy>(month.world->policy());
    const auto report = what_if::run(*month.store, only(month.world), *policy, policy, options, clock);
    ASSERT_TRUE(report) << report.error().message;
    const what_if::Figures& figures = report->figures;
    EXPECT_EQ(figures.decisions, log_of(*month.store).size()) << "seed " << seed;
    EXPECT_EQ(figures.checked, figures.decisions);
    EXPECT_EQ(figures.not_reproduced, 0U);
    EXPECT_EQ(figures.changed, 0U);
    EXPECT_EQ(figures.diverged, 0U);
    EXPECT_EQ(figures.removed + figures.added + figures.moved_in + figures.moved_out, 0U);
    EXPECT_GT(figures.log.exposures, 0U);
    EXPECT_EQ(figures.log.customers_by_exposures, figures.draft.customers_by_exposures);
    EXPECT_EQ(figures.log.value.sum, figures.draft.value.sum);
    what_if::DraftWorlds worlds(only(month.world), policy);
    for (const RecordPtr& record : records_of(*month.store)) {
      const auto past = what_if::read_past(*month.store, *record, {}, policy->consent, what_if::ReadDecisions::yes);
      ASSERT_TRUE(past);
      if (past->left_out != what_if::LeftOut::none) continue;
      merged += past->absorbed.size();
      const auto lived = what_if::simulate(*past, record->id, worlds, {}, {}, clock);
      ASSERT_TRUE(lived);
      EXPECT_FALSE(lived->diverged());
      EXPECT_EQ(encode_record(*lived->simulated), encode_record(*record)) << "the records of today";
    }
  }
  EXPECT_GT(merged, 0U) << "months in which nobody signs in on a second device show less";
}

/// One customer's month under a draft, the slow way.
class SlowLife {
public:
  SlowLife(const Month& month, const World& draft, const what_if::ViewHabits& habits, const Log& log, CustomerId customer)
      : month_(month), draft_(draft), habits_(habits), log_(log), customer_(customer) {
    EXPECT_TRUE(month.store->journal().scan(customer, 0, [&](const JournalEntry& entry) {
      journal_.push_back(entry);
      return true;
    }));
    for (const JournalEntry& entry : journal_) live(entry);
  }

  CustomerRecord record() const {
    CustomerRecord record;
    record.id = customer_;
    for (const JournalEntry& entry : lived_) apply(record, entry);
    return record;
  }
  struct Seen { Symbol item; std::optional<UtcTime> at; };
  std::map<ExposureId, Seen> seen;
  std::uint64_t changed = 0, filled = 0;

private:
  void live(const JournalEntry& entry) {
    clock_ = std::max(clock_, entry.delta.clock);
    Delta views;
    for (auto view = to_come_.begin(); view != to_come_.end() && view->first <= clock_; view = to_come_.erase(view)) {
      mark(views, view->second);
      views.clock = view->first;
    }
    if (!views.empty()) keep(std::move(views), {});
    Delta delta{entry.delta.clock, {}};
    const auto decision = log_.find(DecisionId{entry.commit.bytes});
    if (decision != log_.end()) decide(entry, decision->second, delta);
    else happen(entry, delta);
    keep(std::move(delta), entry.commit);
  }
  void keep(Delta delta, CommitId commit) { lived_.push_back({lived_.size() + 1, commit, std::move(delta), {}}); }

  void mark(Delta& delta, const op::AddMark& mark) {
    delta.operations.emplace_back(mark);
    auto& at = seen.at(mark.id).at;
    at = at ? std::min(*at, mark.mark.at) : mark.mark.at; // every mark that is kept shows, on a screen as in a mail
  }

  void decide(const JournalEntry& entry, const DecisionRecord& logged, Delta& delta) {
    const Person person = make_person(std::make_shared<const CustomerRecord>(record()), logged.request, draft_.policy(), *draft_.symbols);
    const StillClock clock;
    StageRunner stages(clock);
    const auto decision = run_stages(draft_, person, logged.request, stages);
    ASSERT_TRUE(decision);
    std::optional<Operation> request;
    for (const Operation& operation : entry.delta.operations) {
      if (const auto* grant = std::get_if<op::Grant>(&operation)) logged_.emplace(grant->entry.id, grant->labels.item);
      else if (std::holds_alternative<op::Request>(operation)) request = operation;
      else delta.operations.push_back(operation);
    }
    bool is_other = false;
    for (std::size_t p = 0; p < decision->placements.size(); ++p) {
      const PlacementDecision &was = logged.decision.placements[p], &is = decision->placements[p];
      is_other = is_other || was.outcome != is.outcome || was.choices.size() != is.choices.size();
      for (std::size_t i = 0; i < std::min(was.choices.size(), is.choices.size()); ++i) is_other = is_other || was.choices[i].item != is.choices[i].item || was.choices[i].slot != is.choices[i].slot;
      for (const Choice& choice : is.choices) grant(logged, static_cast<std::uint16_t>(p), is, choice, delta);
    }
    changed += is_other ? 1 : 0;
    if (request) delta.operations.push_back(*request);
  }

  void grant(const DecisionRecord& logged, std::uint16_t ordinal, const PlacementDecision& placement, const Choice& choice, Delta& delta) {
    const PlacementRules& rules = *draft_.rulebook->find(placement.placement.text());
    if (rules.placement.mode == PlacementMode::organic) return;
    ++filled;
    op::Grant grant;
    grant.labels = labels_at(draft_.catalogue->at(*draft_.catalogue->find(draft_.symbols->find(choice.item.text()))), rules);
    grant.entry.id = {logged.decision.id.bytes, ordinal, static_cast<std::uint16_t>(choice.slot)};
    grant.entry.granted_at = logged.decision.now;
    grant.entry.show_by = choice.reserved_until;
    grant.entry.expires_at = choice.reserved_until + rules.confirm_grace;
    for (const auto& [prefix, name] : {std::pair("u:", logged.request.user_id), std::pair("a:", logged.request.anonymous_id)})
      if (!name.empty()) grant.entry.identities.push_back(draft_.symbols->find(prefix + name));
    const what_if::ViewHabit habit = habits_.of(grant.labels.placement, grant.entry.id.slot);
    if (!logged_.contains(grant.entry.id) && what_if::view_coin(grant.entry.id) < habit.rate) {
      const MarkKind kind = grant.labels.medium == Medium::screen ? MarkKind::viewed : MarkKind::delivered;
      to_come_.emplace(logged.decision.now + habit.delay, op::AddMark{grant.entry.id, {kind, Symbol::none, logged.decision.now + habit.delay, 0}});
    }
    seen[grant.entry.id] = {grant.labels.item, std::nullopt};
    delta.operations.emplace_back(std::move(grant));
  }

  bool is_seen_otherwise(const ExposureId& id) const {
    for (const JournalEntry& entry : journal_)
      for (const Operation& operation : entry.delta.operations)
        if (const auto* mark = std::get_if<op::AddMark>(&operation); mark && mark->id == id && (mark->mark.kind == MarkKind::viewed || mark->mark.kind == MarkKind::delivered)) return true;
    return false;
  }

  void happen(const JournalEntry& entry, Delta& delta) {
    std::set<Symbol> lost_clicks, kept_clicks;
    std::size_t dismissals = 0, lost_dismissals = 0;
    for (const Operation& operation : entry.delta.operations) {
      const auto* made = std::get_if<op::AddMark>(&operation);
      if (!made || !logged_.contains(made->id)) continue;
      const bool is_same = seen.contains(made->id) && seen.at(made->id).item == logged_.at(made->id);
      if (made->mark.kind == MarkKind::clicked) (is_same ? kept_clicks : lost_clicks).insert(logged_.at(made->id));
      if (made->mark.kind == MarkKind::dismissed) ++dismissals, lost_dismissals += is_same ? 0 : 1;
    }
    for (const Operation& operation : entry.delta.operations) {
      if (const auto* made = std::get_if<op::AddMark>(&operation)) happen_to_slot(*made, delta);
      else if (const auto* journey = std::get_if<op::Journey>(&operation); journey && is_lost(journey->event, lost_clicks, kept_clicks)) continue;
      else if (std::holds_alternative<op::Dismiss>(operation) && dismissals > 0 && lost_dismissals == dismissals) continue;
      else delta.operations.push_back(operation);
    }
  }
  static bool is_lost(const JourneyEvent& event, const std::set<Symbol>& lost, const std::set<Symbol>& kept) {
    return (event.kind == JourneyKind::promotion_click || event.kind == JourneyKind::message_click) && lost.contains(event.item) && !kept.contains(event.item);
  }

  void happen_to_slot(op::AddMark made, Delta& delta) {
    const auto was = logged_.find(made.id);
    if (was == logged_.end()) return delta.operations.emplace_back(made), void();
    const auto is = seen.find(made.id);
    if (is == seen.end()) return;
    const bool is_view = made.mark.kind == MarkKind::viewed || made.mark.kind == MarkKind::delivered;
    if (!is_view && is->second.item != was->second) {
      if (is->second.at || is_seen_otherwise(made.id)) return;
      made.mark.kind = MarkKind::viewed;
      const CustomerRecord now = record();
      const Entry* entry = find_entry(now.ledger, made.id);
      if (entry && now.ledger.labels_of(*entry).medium == Medium::message) made.mark.kind = MarkKind::delivered;
    }
    mark(delta, made);
  }

  const Month& month_;
  const World& draft_;
  const what_if::ViewHabits& habits_;
  const Log& log_;
  CustomerId customer_;
  UtcTime clock_{};
  std::vector<JournalEntry> journal_, lived_;
  std::map<ExposureId, Symbol> logged_;
  std::multimap<UtcTime, op::AddMark> to_come_;
};

struct Draft { const char* name; std::function<void(Policy&)> change; };

std::vector<Draft> drafts() {
  return {{"a tight cap", [](Policy& policy) {
             CapRule cap;
             cap.id = "three-a-day";
             cap.window = {WindowKind::rolling, days(1)};
             cap.limit = 3;
             policy.caps.push_back(cap);
           }},
          {"no caps", [](Policy& policy) { policy.caps.clear(); }},
          {"nothing left to chance", [](Policy& policy) { policy.exploration.temperature = 0; }},
          {"no wear-out", [](Policy& policy) { policy.fatigue.enabled = false; }},
          {"quiet mornings", [](Policy& policy) { policy.quiet_hours.push_back({"mornings", {}, std::nullopt, {hours(5), hours(12)}, Zone::find("Europe/Berlin").value(), std::nullopt, {}}); }}};
}

TEST(WhatIfMonth, a_slow_rerun_gives_the_same_records_and_figures) {
  const StillClock clock;
  const Month month({.seed = 7, .customers = 4, .days = 14, .is_trained = false});
  const Log log = log_of(*month.store);
  std::vector<std::pair<RecordPtr, what_if::CustomerPast>> people;
  what_if::ViewHabits habits;
  for (const RecordPtr& record : records_of(*month.store)) {
    auto past = what_if::read_past(*month.store, *record, {}, month.world->policy().consent, what_if::ReadDecisions::yes);
    ASSERT_TRUE(past);
    if (past->left_out != what_if::LeftOut::none) continue;
    habits.note(*past);
    if (past->absorbed.empty()) people.emplace_back(record, std::move(*past)); // the slow way knows no merges
  }
  habits.finish();
  ASSERT_GT(people.size(), 1U);
  for (const Draft& draft : drafts()) {
    auto policy = std::make_shared<Policy>(month.world->policy());
    draft.change(*policy);
    const WorldPtr world = what_if::with_policy(*month.world, policy);
    what_if::DraftWorlds worlds(only(month.world), policy);
    std::uint64_t changed = 0, exposures = 0;
    what_if::Figures figures;
    for (const auto& [record, past] : people) {
      const auto lived = what_if::simulate(past, record->id, worlds, habits, {}, clock);
      ASSERT_TRUE(lived);
      add(figures, *lived);
      const SlowLife slow(month, *world, habits, log, record->id);
      EXPECT_EQ(encode_record(slow.record()), encode_record(*lived->simulated)) << draft.name << ", " << to_text(record->id);
      EXPECT_EQ(slow.filled, lived->draft.filled) << draft.name;
      ASSERT_EQ(slow.seen.size(), lived->draft.exposures.size());
      for (const what_if::Exposure& exposure : lived->draft.exposures) {
        const auto& seen = slow.seen.at(exposure.entry.id);
        EXPECT_EQ(seen.item, exposure.labels.item);
        EXPECT_EQ(seen.at, exposure.shown()) << draft.name;
        exposures += seen.at ? 1 : 0;
      }
      changed += slow.changed;
    }
    EXPECT_EQ(figures.changed, changed) << draft.name;
    EXPECT_GT(changed, 0U) << draft.name << ": a draft that changes nothing shows nothing";
    EXPECT_GE(figures.draft.exposures, exposures); // re-shown ones come on top
  }
}

} // namespace
} // namespace takt::simulation
