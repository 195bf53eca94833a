#include "engine/history.h"

#include "core/fold.h"
#include "core/hash.h"
#include "core/record_codec.h"
#include "engine/report.h"
#include "engine/stage/stages.h"
#include "engine/totals.h"
#include "features/feature_row.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdio>

namespace takt {
namespace {

constexpr std::size_t differences_named_max = 10;

std::string number_text(double value) {
  char text[40];
  std::snprintf(text, sizeof text, "%.17g", value); // enough to tell any two apart
  return text;
}

std::string parted(const std::string& what, const std::string& before, const std::string& now) { return what + ": " + before + ", now " + now; }

std::string parted_choice(const std::string& where, const Choice& a, const Choice& b) {
  if (a.item != b.item) return parted(where + " item", a.item.text(), b.item.text());
  if (a.score != b.score) return parted(where + " score", number_text(a.score), number_text(b.score));
  if (a.propensity != b.propensity) return parted(where + " propensity", number_text(a.propensity), number_text(b.propensity));
  if (a.reserved_until != b.reserved_until) return parted(where + " reserved_until", format_utc(a.reserved_until), format_utc(b.reserved_until));
  if (a.source != b.source) return parted(where + " source", std::string(to_text(a.source)), std::string(to_text(b.source)));
  if (a.terms != b.terms) return where + " terms of the score";
  return a == b ? "" : where + " explanation";
}

/// From retrieve to compose: reading the profile is live only, and counts nothing.
std::vector<std::array<std::uint32_t, 3>> counts_of(const std::vector<StageTiming>& funnel) {
  std::vector<std::array<std::uint32_t, 3>> counts;
  for (const StageTiming& stage : funnel)
    if (stage.stage >= Stage::retrieve) counts.push_back({static_cast<std::uint32_t>(stage.stage), stage.in, stage.out});
  return counts;
}

/// The first value of a row that is not the same bit for bit, by the name of its column; `first` is the row's first column.
std::string parted_row(const std::string& where, std::span<const float> a, std::span<const float> b, std::size_t first) {
  const auto& columns = feature_schema().columns;
  for (std::size_t c = 0; c < a.size(); ++c)
    if (std::bit_cast<std::uint32_t>(a[c]) != std::bit_cast<std::uint32_t>(b[c]))
      return parted(where + " feature " + std::string(columns[first + c].name), number_text(static_cast<double>(a[c])), number_text(static_cast<double>(b[c])));
  return "";
}

std::string parted_features(const std::string& where, const LoggedFeatures& a, const LoggedFeatures& b) {
  if (a.schema == 0) return ""; // nothing was scored, or logged before there were rows
  const FeatureSchema& schema = feature_schema();
  const std::size_t width = schema.columns.size() - schema.shared_count;
  const bool fits = a.schema == schema.fingerprint && a.shared.size() == schema.shared_count && a.own.size() == a.items.size() * width;
  if (!fits || (b.schema != 0 && a.shared.size() != b.shared.size())) return where + " rows of features";
  if (b.schema == 0) return ""; // nothing to score: what was dropped says why
  if (std::string what = parted_row(where, a.shared, b.shared, 0); !what.empty()) return what;
  for (std::size_t i = 0; i < a.items.size() && a.items == b.items; ++i) { // other items are told as such
    const auto row = [&](const LoggedFeatures& features) { return std::span(features.own).subspan(i * width, width); };
    if (std::string what = parted_row(where + " item " + a.items[i].text(), row(a), row(b), schema.shared_count); !what.empty()) return what;
  }
  if (a.custom_columns != b.custom_columns) return where + " configured features";
  const auto same_bits = [](float x, float y) { return std::bit_cast<std::uint32_t>(x) == std::bit_cast<std::uint32_t>(y); };
  const bool is_same = a.items != b.items || std::equal(a.custom.begin(), a.custom.end(), b.custom.begin(), b.custom.end(), same_bits);
  return is_same ? "" : where + " values of configured features";
}

std::string parted_placement(const PlacementDecision& a, const PlacementDecision& b) {
  const std::string& where = a.placement.text();
  if (a.placement != b.placement) return parted("placement", where, b.placement.text());
  // First the rows: where they differ, so does all that follows from them.
  if (std::string what = parted_features(where, a.features, b.features); !what.empty()) return what;
  if (a.outcome != b.outcome) return parted(where + " outcome", std::string(to_text(a.outcome)), std::string(to_text(b.outcome)));
  for (std::size_t i = 0; i < std::min(a.choices.size(), b.choices.size()); ++i)
    if (std::string what = parted_choice(where + " slot " + std::to_string(a.choices[i].slot), a.choices[i], b.choices[i]); !what.empty()) return what;
  if (a.choices.size() != b.choices.size()) return parted(where + " items", std::to_string(a.choices.size()), std::to_string(b.choices.size()));
  if (a.hold != b.hold) return where + " hold";
  if (a.not_before != b.not_before) return where + " not_before";
  if (a.drops != b.drops) return where + " counts of what was dropped";
  if (a.reasons != b.reasons) return where + " reasons";
  if (a.diversity_cost && a.diversity_cost != b.diversity_cost) return where + " cost of diversity"; // older entries have none
  if (a.merchandising_cost != b.merchandising_cost) return where + " cost of merchandising";
  if (a.unknown_candidates != b.unknown_candidates) return where + " unknown candidates";
  if (a.features.schema != 0 && a.features.items != b.features.items) return where + " items whose rows are logged";
  return counts_of(a.funnel) == counts_of(b.funnel) ? "" : where + " counts of the stages";
}


} // namespace

double sample_place_of(CustomerId customer) { return static_cast<double>(mix64(customer.value, 0x7265706c6179) >> 11) * 0x1p-53; }

Result<RecordPtr> record_at(Store& store, CustomerId customer, Version version) {
  TAKT_TRY(base, store.journal().snapshot(customer, version));
  auto record = std::make_shared<CustomerRecord>(std::move(base));
  TAKT_TRY_VOID(store.journal().scan(customer, record->version, [&](const JournalEntry& entry) {
    if (entry.version > version) return false;
    apply(*record, entry);
    return true;
  }));
  if (record->version != version) return fail(ErrorCode::not_found, "the journal does not reach back to that version");
  return RecordPtr(std::move(record));
}

Result<RecordPtr> record_of_then(Store& store, const Decision& logged) {
  if (logged.record_version != 0) return record_at(store, logged.customer, logged.record_version);
  CustomerRecord nobody;
  nobody.id = logged.customer;
  return std::make_shared<const CustomerRecord>(std::move(nobody));
}

Result<Decision> run_again(Store& store, const World& world, const DecisionRecord& logged, const Clock& clock) {
  if (!(logged.decision.versions == world.versions())) return fail(ErrorCode::invalid, "that decision was made with other rules, items or models");
  TAKT_TRY(record, record_of_then(store, logged.decision));
  Person person = make_person(std::move(record), logged.request, world.policy(), *world.symbols);
  const LoggedTotals totals(world.policy(), logged.decision.totals);
  person.totals = &totals;
  StageRunner stages(clock);
  return run_stages(world, person, logged.request, stages);
}

std::string difference_between(const Decision& logged, const Decision& again) {
  if (logged.now != again.now) return parted("now", format_utc(logged.now), format_utc(again.now));
  if (logged.customer != again.customer) return parted("customer", to_text(logged.customer), to_text(again.customer));
  if (logged.session_id != again.session_id) return parted("session", logged.session_id, again.session_id);
  if (logged.placements.size() != again.placements.size()) return "placements answered";
  for (std::size_t i = 0; i < logged.placements.size(); ++i)
    if (std::string what = parted_placement(logged.placements[i], again.placements[i]); !what.empty()) return what;
  if (logged.totals != again.totals) return "tokens of caps over more than one customer";
  return logged.degraded == again.degraded ? "" : "degraded stages";
}

namespace {

/// Rows of other columns cannot be made again by this build, nor the scores that came from them.
std::optional<std::string> other_schema(const Decision& logged) {
  for (const PlacementDecision& placement : logged.placements)
    if (placement.features.schema != 0 && placement.features.schema != feature_schema().fingerprint) {
      char text[40];
      std::snprintf(text, sizeof text, "feature schema %016llx", static_cast<unsigned long long>(placement.features.schema));
      return text;
    }
  return std::nullopt;
}

Status replay_one(Store& store, const WorldOfVersions& world_of, const DecisionRecord& logged, const Clock& clock, ReplayCounts& counts) {
  if (const auto schema = other_schema(logged.decision)) {
    ++counts.not_held[*schema];
    return {};
  }
  const auto world = world_of(logged.decision.versions);
  if (!world && world.error().code != ErrorCode::not_found) return tl::unexpected(world.error());
  if (!world) {
    ++counts.not_held[world.error().message];
    return {};
  }
  const auto again = run_again(store, **world, logged, clock);
  if (!again && again.error().code != ErrorCode::not_found) return tl::unexpected(again.error());
  if (!again) {
    ++counts.without_record;
    return {};
  }
  std::string what = difference_between(logged.decision, *again);
  if (what.empty()) {
    ++counts.reproduced;
    for (const PlacementDecision& placement : logged.decision.placements) counts.rows += placement.features.items.size();
    return {};
  }
  if (++counts.different <= differences_named_max) counts.first_different.push_back({logged.decision.id, std::move(what)});
  return {};
}

} // namespace

Result<ReplayCounts> replay_log(Store& store, const WorldOfVersions& world_of, const ReplayOptions& options, const Clock& clock) {
  ReplayCounts counts;
  Status status;
  TAKT_TRY_VOID(store.decisions().scan(options.from, options.to, [&](const DecisionRecord& logged) {
    if (sample_place_of(logged.decision.customer) >= options.sample) return true;
    ++counts.decisions;
    status = replay_one(store, world_of, logged, clock, counts);
    if (options.progress) options.progress(counts.decisions);
    return status.has_value();
  }));
  TAKT_TRY_VOID(std::move(status));
  return counts;
}

Result<RecordCheck> check_records(Store& store, const std::function<void(std::size_t customers)>& progress) {
  RecordCheck check;
  Status status;
  const auto check_one = [&](CustomerId customer) -> Status {
    TAKT_TRY(record, store.records().read(customer, {}));
    TAKT_TRY(folded, store.journal().snapshot(customer, 0));
    TAKT_TRY_VOID(store.journal().scan(customer, folded.version, [&](const JournalEntry& entry) {
      if (entry.version > record->version) return false; // came after the read
      apply(folded, entry);
      return true;
    }));
    const std::string bytes = encode_record(*record);
    check.digest = mix64(check.digest, hash64(bytes));
    if (bytes != encode_record(folded) && ++check.different <= differences_named_max) check.first_different.push_back(customer);
    ++check.customers;
    if (progress) progress(check.customers);
    return {};
  };
  TAKT_TRY_VOID(store.records().for_each_customer([&](CustomerId customer) {
    status = check_one(customer);
    return status.has_value();
  }));
  TAKT_TRY_VOID(std::move(status));
  return check;
}

} // namespace takt
