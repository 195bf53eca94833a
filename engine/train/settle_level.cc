#include "engine/train/settle_level.h"

#include "core/hash.h"
#include "engine/decide.h"
#include "engine/history.h"
#include "features/feature_row.h"
#include "features/linear_scorer.h"

#include <algorithm>
#include <cmath>

namespace takt {
namespace {

constexpr std::uint64_t sample_salt = 0x7472'6961'6c73;
/// Of choices; fewer do not tell a level.
constexpr std::size_t trial_rows_min = 100;

/// Stages are timed; these times are nobody's.
class StandingClock final : public Clock {
public:
  explicit StandingClock(UtcTime now) : now_(now) {}
  UtcTime utc_now() const override { return now_; }
  SteadyTime steady_now() const override { return {}; }

private:
  UtcTime now_;
};

/// A sample of the decisions of the last days, by hash of their ids.
Result<std::vector<DecisionRecord>> sample_of(Store& store, UtcTime now) {
  std::vector<std::pair<std::uint64_t, DecisionRecord>> kept; // a heap: the largest hash in front
  const auto before = [](const auto& a, const auto& b) { return a.first < b.first; };
  TAKT_TRY_VOID(store.decisions().scan(now - trial_horizon, now, [&](const DecisionRecord& record) {
    const auto& id = record.decision.id.bytes;
    const std::uint64_t hash = mix64(hash64({reinterpret_cast<const char*>(id.data()), id.size()}), sample_salt);
    if (kept.size() == trial_decisions_max && hash >= kept.front().first) return true;
    if (kept.size() == trial_decisions_max) {
      std::pop_heap(kept.begin(), kept.end(), before);
      kept.pop_back();
    }
    kept.emplace_back(hash, record);
    std::push_heap(kept.begin(), kept.end(), before);
    return true;
  }));
  std::sort(kept.begin(), kept.end(), before);
  std::vector<DecisionRecord> sample;
  for (auto& one : kept) sample.push_back(std::move(one.second));
  return sample;
}

/// Row-major, and the configured columns beside them.
struct TrialRows { std::vector<float> values, custom; };

void add_rows(const PlacementDecision& placement, TrialRows& rows) {
  const LoggedFeatures& features = placement.features;
  if (features.schema != feature_schema().fingerprint || features.items.empty()) return;
  const auto own = static_cast<std::ptrdiff_t>(features.own.size() / features.items.size());
  for (const Choice& choice : placement.choices) {
    const auto item = std::find(features.items.begin(), features.items.end(), choice.item);
    if (item == features.items.end()) continue; // a fallback: nobody scored it
    rows.values.insert(rows.values.end(), features.shared.begin(), features.shared.end());
    const auto begin = features.own.begin() + (item - features.items.begin()) * own;
    rows.values.insert(rows.values.end(), begin, begin + own);
    const auto custom = static_cast<std::ptrdiff_t>(features.custom_columns.size());
    const auto first = features.custom.begin() + (item - features.items.begin()) * custom;
    rows.custom.insert(rows.custom.end(), first, first + custom);
  }
}

/// Rows of what would be chosen now.
Result<TrialRows> trial_rows(Store& store, const World& world, UtcTime now) {
  TAKT_TRY(sample, sample_of(store, now));
  TrialRows rows;
  const StandingClock clock(now);
  for (const DecisionRecord& logged : sample) {
    auto record = record_of_then(store, logged.decision); // strangers too: most of a shop's visitors
    if (!record && record.error().code != ErrorCode::not_found) return tl::unexpected(record.error());
    if (!record || (*record)->is_bot) continue; // the journal does not reach back that far; bots teach nothing
    const Person person = make_person(std::move(*record), logged.request, world.policy(), *world.symbols);
    StageRunner stages(clock);
    const auto decision = run_stages(world, person, logged.request, stages);
    if (!decision) continue; // a placement that is gone
    for (const PlacementDecision& placement : decision->placements) add_rows(placement, rows);
  }
  return rows;
}

/// Of columns with a weight: those that stood still in the outcomes and do not in the trial.
std::vector<std::size_t> awakened(const LinearScorer& scorer, const LearntScorer& learnt, std::span<const float> rows) {
  const std::size_t width = scorer.weights().size();
  std::vector<std::size_t> columns;
  for (std::size_t c = 0; c < width && c < learnt.still.size(); ++c) {
    if (scorer.weights()[c] == 0 || !learnt.still[c]) continue;
    bool moves = false;
    for (std::size_t at = c; at < rows.size() && !moves; at += width) moves = rows[at] != *learnt.still[c];
    if (moves) columns.push_back(c);
  }
  return columns;
}

double mean_with(std::span<const double> log_odds, double shift) {
  double sum = 0;
  for (const double one : log_odds) sum += 1 / (1 + std::exp(-(one + shift)));
  return sum / static_cast<double>(log_odds.size());
}

/// What has to be added for this mean: by bisection, which a mean that rises allows.
double shift_to(std::span<const double> log_odds, double mean) {
  double low = -20, high = 20;
  for (int step = 0; step < 60; ++step) {
    const double middle = 0.5 * (low + high);
    (mean_with(log_odds, middle) < mean ? low : high) = middle;
  }
  return 0.5 * (low + high);
}

} // namespace

Result<std::optional<std::string>> settle_level(Store& store, const World& world, UtcTime now, LearntScorer& learnt) {
  const auto* linear = dynamic_cast<const LinearScorer*>(learnt.scorer.get());
  const std::size_t width = feature_schema().columns.size();
  if (!linear || !(learnt.click_rate > 0) || std::none_of(learnt.still.begin(), learnt.still.end(), [](const auto& one) { return one.has_value(); })) return std::nullopt;
  TAKT_TRY(rows, trial_rows(store, world, now));
  const std::size_t count = rows.values.size() / width;
  const std::vector<std::size_t> columns = awakened(*linear, learnt, rows.values);
  if (columns.empty() || count < trial_rows_min) return std::nullopt;
  std::vector<double> log_odds(count);
  linear->score(rows.values, world.custom ? CustomRows{world.custom->prints(), rows.custom} : CustomRows{}, log_odds);
  double before = 0;
  for (double& one : log_odds) {
    before += one / static_cast<double>(count);
    one = std::log(one / (1 - one));
  }
  const double shift = shift_to(log_odds, learnt.click_rate);
  learnt.scorer = std::make_shared<LinearScorer>(linear->name(), linear->schema_fingerprint(), linear->intercept() + shift, linear->weights(), linear->custom_weights());
  std::string names;
  for (const std::size_t column : columns) names += (names.empty() ? "" : ", ") + std::string(feature_schema().columns[column].name);
  char numbers[96];
  std::snprintf(numbers, sizeof numbers, "level set by %zu trial choices, %.4f to %.4f: no outcome has seen ", count, before, learnt.click_rate);
  return numbers + names;
}

} // namespace takt
