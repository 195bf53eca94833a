#include "tests/simulation/month.h"

#include "api/demo/simulation.h"
#include "core/check.h"
#include "core/hash.h"

namespace takt::simulation {
namespace {

demo::TownOptions town_options(const MonthOptions& options) {
  demo::TownOptions town;
  town.items = options.items;
  town.days = options.days;
  town.seed = options.seed;
  town.response.annoyance_scale = 8; // what is rare in a shop has to happen within a month of five people
  town.response.complaint = 0.6;
  town.start = utc_from_ms(1'772'409'600'000) + days(static_cast<std::int64_t>(options.seed % 300)); // 2026-03-02 and later
  return town;
}

CapRule rule(std::string id, Per per, Counts counts, Duration window, std::optional<std::uint32_t> limit, std::optional<Duration> gap) {
  CapRule made;
  made.id = std::move(id);
  made.per = {per};
  made.counts = counts;
  made.window = {WindowKind::rolling, window};
  made.limit = limit;
  made.min_gap = gap;
  return made;
}

/// Windows that begin with a day or with what was shown, a share, and nights of silence.
void add_windows(Policy& policy, Random& random) {
  const auto chance = [&](double share) { return random.uniform() < share; };
  const auto berlin = Zone::find("Europe/Berlin");
  TAKT_CHECK(berlin.has_value(), "the zone database has Berlin");
  if (chance(0.5)) {
    policy.caps.push_back(rule("day", Per::all, Counts::impression, days(1), static_cast<std::uint32_t>(4 + random.below(8)), std::nullopt));
    policy.caps.back().window = {WindowKind::calendar, {}, {chance(0.5) ? CalendarUnit::day : CalendarUnit::week, berlin}};
  }
  if (chance(0.4)) {
    policy.caps.push_back(rule("burst", Per::category, Counts::impression, days(3), static_cast<std::uint32_t>(3 + random.below(4)), std::nullopt));
    policy.caps.back().window.kind = chance(0.5) ? WindowKind::anchored_first : WindowKind::anchored_last;
  }
  if (chance(0.3)) {
    policy.caps.push_back(rule("share", Per::brand, Counts::impression, days(7), std::nullopt, std::nullopt));
    policy.caps.back().share = Share{300'000, 10};
  }
  if (chance(0.5)) policy.quiet_hours.push_back({"night", {}, std::nullopt, {hours(22), hours(7)}, berlin, std::nullopt, {}});
}

/// The starter's rules, and some more that the seed chooses: each seed meets other corners.
void add_rules(Policy& policy, SymbolTable& symbols, std::uint64_t seed) {
  Random random(mix64(seed, 0x2c1e5));
  const auto chance = [&](double share) { return random.uniform() < share; };
  const auto few = [&](std::uint64_t least, std::uint64_t spread) { return static_cast<std::uint32_t>(least + random.below(spread)); };
  if (chance(0.7)) policy.caps.push_back(rule("category", Per::category, Counts::impression, days(2), few(3, 6), std::nullopt));
  if (chance(0.5)) policy.caps.push_back(rule("contacts", Per::all, Counts::contact, days(1), few(2, 5), chance(0.5) ? std::optional(minutes(20)) : std::nullopt));
  if (chance(0.5)) policy.caps.push_back(rule("brand", Per::brand, Counts::decision, days(7), few(4, 8), std::nullopt));
  if (chance(0.4)) policy.caps.push_back(rule("group", Per::group, Counts::impression, days(14), few(2, 3), hours(2)));
  if (chance(0.4)) policy.caps.push_back(rule("channel", Per::channel, Counts::contact, days(7), few(3, 8), std::nullopt));
  if (chance(0.3)) {
    policy.caps.push_back(rule("ever", Per::item, Counts::impression, days(1), few(4, 3), std::nullopt));
    policy.caps.back().window = {WindowKind::lifetime, {}};
  }
  if (chance(0.5)) // a complaint stops all selling, not only by mail
    for (GatePolicy& gate : policy.gates) gate.match.channels.reset();
  if (chance(0.3)) policy.consent.require.push_back({Purpose::marketing, {symbols.intern("display")}});
  policy.exploration.temperature = chance(0.5) ? 0.05 : 0.3;
  add_windows(policy, random);
}

test::FaultPlan plan_of(std::uint64_t seed) {
  Random random(mix64(seed, 0xfa17));
  test::FaultPlan plan;
  plan.read_stale = 0.03 * random.uniform();
  plan.read_unavailable = 0.01 * random.uniform();
  plan.commit_conflict = 0.05 * random.uniform();
  plan.commit_unknown_before = 0.03 * random.uniform();
  plan.commit_unknown_after = 0.05 * random.uniform();
  plan.commit_unavailable = 0.01 * random.uniform();
  return plan;
}

} // namespace

Month::Month(const MonthOptions& options) : town(demo::make_town(town_options(options))), is_faulty(options.has_faults) {
  demo::WorldOptions world_options;
  if (options.is_trained) world_options.models = demo::train_on_pilot(town, 30);
  world_options.change_policy = [&](Policy& policy, SymbolTable& symbols) {
    add_rules(policy, symbols, options.seed);
    if (options.change_policy) options.change_policy(policy, symbols);
  };
  world = demo::make_simulated_world(town, *store, world_options);
  test::FaultyStore faulty(*store, options.has_faults ? plan_of(options.seed) : test::FaultPlan{}, options.seed);
  for (std::uint32_t number = 0; number < options.customers; ++number) {
    demo::CustomerTruth truth = demo::draw_customer(town, number);
    truth.visits_per_day = 0.4 + truth.visits_per_day; // caps are met by those who come often
    truth.foreign_pages_per_day = 0.5 + truth.foreign_pages_per_day;
    demo::TaktMarketer marketer(town, faulty, *world, &trace);
    demo::Life life(town, std::move(truth), marketer);
    for (std::uint32_t day = 0; day < options.days; ++day) life.live_day(day);
    life.finish();
    counts += life.counts();
    failures += marketer.failures();
  }
  faults = faulty.counts();
}

} // namespace takt::simulation
