#include "engine/train/learn_fatigue.h"

#include "core/cap_key.h"
#include "core/hash.h"
#include "engine/train/fit_fatigue.h"
#include "engine/train/outcomes.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <optional>

namespace takt {
namespace {

constexpr std::uint64_t sample_salt = 0x666174696775650a;
/// Wear-out of people is stable; older sights still say something of it, and older entries leave the ledger.
constexpr Duration log_horizon = days(180);
constexpr std::uint32_t full_path = 0, slots_max = 10;
/// Responses' worth by which a slot is held to what is expected of the first.
constexpr double slot_strength = 20;

/// What the log says of one exposure.
struct Drawn {
  ExposureId exposure;
  std::uint64_t customer_hash = 0, artefacts = 0;
  float propensity = 0, log_rate = 0;
};

std::uint64_t sample_hash(CustomerId customer) { return mix64(customer.value, sample_salt); }

/// The log's exposures, bounded: of all customers, or of those whose hash is low.
class DrawnExposures {
public:
  explicit DrawnExposures(std::size_t exposures_max) : exposures_max_(exposures_max) {}

  void add(const Decision& decision) {
    const std::uint64_t hash = sample_hash(decision.customer);
    if (hash > hash_max_) return;
    for (std::size_t ordinal = 0; ordinal < decision.placements.size(); ++ordinal)
      for (const Choice& choice : decision.placements[ordinal].choices) {
        if (!(choice.terms.p_act > 0)) continue; // nobody expected anything: a fallback, an organic list
        const ExposureId exposure{decision.id.bytes, static_cast<std::uint16_t>(ordinal), static_cast<std::uint16_t>(choice.slot)};
        const double propensity = choice.usable_for_evaluation ? choice.propensity : 0;
        all_.push_back({exposure, hash, decision.versions.artefacts, static_cast<float>(propensity), static_cast<float>(std::log(choice.terms.p_act))});
      }
    while (all_.size() > exposures_max_ && hash_max_ > 0) {
      hash_max_ /= 2;
      std::erase_if(all_, [&](const Drawn& one) { return one.customer_hash > hash_max_; });
    }
  }
  void finish() {
    std::sort(all_.begin(), all_.end(), [](const Drawn& a, const Drawn& b) { return a.exposure < b.exposure; });
  }
  const Drawn* find(const ExposureId& exposure) const {
    const auto found = std::lower_bound(all_.begin(), all_.end(), exposure, [](const Drawn& one, const ExposureId& wanted) { return one.exposure < wanted; });
    return found != all_.end() && found->exposure == exposure ? &*found : nullptr;
  }
  bool may_have(CustomerId customer) const { return sample_hash(customer) <= hash_max_; }

private:
  std::size_t exposures_max_;
  std::vector<Drawn> all_;
  std::uint64_t hash_max_ = UINT64_MAX;
};

/// P(intended) of the surest click in [from, to); the same event stands in the journey, with what its dwell says.
float response_of(const CustomerRecord& record, const Entry& entry, Symbol item, UtcTime from, UtcTime to, const IntentModel& intent) {
  double surest = 0;
  for (const Mark& mark : entry.marks) {
    if (mark.kind != MarkKind::clicked || mark.at < from || mark.at >= to) continue;
    const auto same = std::find_if(record.journey.rbegin(), record.journey.rend(), [&](const JourneyEvent& event) {
      return (event.kind == JourneyKind::promotion_click || event.kind == JourneyKind::message_click) && event.item == item && event.at == mark.at;
    });
    if (same == record.journey.rend()) surest = std::max(surest, intent.of(std::nullopt, Device::unknown));
    else surest = std::max(surest, same->dwell_ms ? intent.of(same->dwell_ms, same->device) : static_cast<double>(same->weight));
  }
  return static_cast<float>(surest);
}

/// Customers' stories, and what is only known once all are read: levels of the offsets.
class FatigueReader {
public:
  FatigueReader(const FatiguePolicy& policy, const IntentModel& intent, const DrawnExposures& drawn, UtcTime now)
      : policy_(policy), intent_(intent), drawn_(drawn), now_(now), sights_(policy.per.size(), {.reference = policy.half_life}) {}

  void add(const CustomerRecord& record) {
    if (record.version == 0 || record.is_bot || record.sealed_into) return;
    struct Shown { UtcTime at{}; const Entry* entry = nullptr; bool again = false; };
    std::vector<Shown> shown;
    for (const Entry& entry : record.ledger.entries) {
      if (entry.origin == EntryOrigin::unverified || entry.origin == EntryOrigin::ghost) continue; // as apply_fatigue
      const Medium medium = record.ledger.labels_of(entry).medium;
      const auto at = shown_at(entry, medium);
      if (!at || *at > now_) continue;
      shown.push_back({*at, &entry, false});
      if (entry.marks.size() < 2) continue;
      for (const UtcTime again : reshown_at(entry, medium))
        if (again <= now_) shown.push_back({again, &entry, true});
    }
    std::stable_sort(shown.begin(), shown.end(), [](const Shown& a, const Shown& b) { return a.at < b.at; });
    FatigueStory story;
    for (const Shown& one : shown) {
      for (const Mark& mark : one.entry->marks)
        if (!one.again && mark.kind == MarkKind::clicked && mark.at <= now_) story.clicks.push_back({mark.at, story.exposures.size()});
      story.exposures.push_back(exposure_of(record, *one.entry, one.at, one.again));
    }
    const std::size_t before = sights_.size();
    sights_.add(story);
    for (const Shown& one : shown) note_row(one.again ? nullptr : one.entry, one.at);
    TAKT_CHECK(places_.size() == sights_.size() && before <= sights_.size(), "every row has its place in the log");
  }

  FatigueSights& levelled() {
    level_versions();
    level_slots();
    return sights_;
  }

private:
  struct Place { std::uint64_t artefacts = 0; std::uint32_t slot = 0; };

  FatigueExposure exposure_of(const CustomerRecord& record, const Entry& entry, UtcTime at, bool again) const {
    const LabelSet& labels = record.ledger.labels_of(entry);
    FatigueExposure exposure;
    exposure.shown = at;
    if (const Drawn* drawn = drawn_.find(entry.id)) {
      exposure.propensity = drawn->propensity;
      exposure.offset = drawn->log_rate;
      exposure.has_outcome = !again && at + click_window <= now_;
      if (exposure.has_outcome) exposure.response = response_of(record, entry, labels.item, at, at + click_window, intent_);
    }
    if (!labels.category.empty()) exposure.category = static_cast<std::uint32_t>(labels.category[labels.category.size() - 1]);
    for (std::uint32_t kind = 0; kind < policy_.per.size(); ++kind) {
      for (const Symbol label : detail::key_values(policy_.per[kind], full_path, labels, detail::KeySide::candidate)) exposure.reads.push_back({kind, static_cast<std::uint64_t>(label)});
      for (const Symbol label : detail::key_values(policy_.per[kind], full_path, labels, detail::KeySide::entry)) exposure.adds.push_back({kind, static_cast<std::uint64_t>(label)});
    }
    return exposure;
  }

  /// Rows are in the order of the story's exposures that have an outcome.
  void note_row(const Entry* entry, UtcTime at) {
    const Drawn* drawn = entry && at + click_window <= now_ ? drawn_.find(entry->id) : nullptr;
    if (drawn) places_.push_back({drawn->artefacts, std::min<std::uint32_t>(entry->id.slot, slots_max)});
  }

  void level_versions() {
    std::map<std::uint64_t, std::pair<double, double>> sums; // of ln rate, rows
    for (std::size_t row = 0; row < places_.size(); ++row) {
      auto& [sum, rows] = sums[places_[row].artefacts];
      sum += static_cast<double>(sights_.rows()[row].offset);
      ++rows;
    }
    for (std::size_t row = 0; row < places_.size(); ++row) {
      const auto& [sum, rows] = sums[places_[row].artefacts];
      sights_.shift_offset(row, static_cast<float>(-sum / rows));
    }
  }

  void level_slots() {
    std::array<double, slots_max + 1> responses{}, expected{};
    double all = 0, all_expected = 0;
    for (std::size_t row = 0; row < places_.size(); ++row) {
      const double rate = std::exp(static_cast<double>(sights_.rows()[row].offset)), response = static_cast<double>(sights_.rows()[row].response);
      responses[places_[row].slot] += response;
      expected[places_[row].slot] += rate;
      all += response;
      all_expected += rate;
    }
    if (!(all > 0) || !(all_expected > 0)) return;
    const double level = all / all_expected;
    for (std::size_t row = 0; row < places_.size(); ++row) {
      const std::uint32_t slot = places_[row].slot;
      sights_.shift_offset(row, static_cast<float>(std::log((responses[slot] + slot_strength) / (expected[slot] * level + slot_strength))));
    }
  }

  const FatiguePolicy& policy_;
  const IntentModel& intent_;
  const DrawnExposures& drawn_;
  UtcTime now_;
  FatigueSights sights_;
  std::vector<Place> places_;                          ///< parallel to the rows
};

std::shared_ptr<const FatigueModel> model_of(FatigueFit fit, const FatiguePolicy& policy) {
  auto model = std::make_shared<FatigueModel>();
  for (std::size_t kind = 0; kind < policy.per.size(); ++kind) model->kinds.push_back({policy.per[kind], std::move(fit.betas[kind])});
  if (!policy.per.empty() && policy.per.front() == Per::item && model->kinds.front().beta.learnt())
    for (FatigueOfCategory& one : fit.categories) model->by_category.emplace(Symbol{one.category}, std::move(one.beta));
  model->half_life = fit.half_life;
  model->half_life_low = fit.half_life_low;
  model->half_life_high = fit.half_life_high;
  model->half_life_doubts = std::move(fit.half_life_doubts);
  model->profile = std::move(fit.profile);
  model->points = std::move(fit.points);
  model->observational = fit.observational;
  model->exposures_max = fit.exposures_max;
  model->sights = fit.sights;
  model->drawn = fit.drawn;
  model->customers = fit.customers;
  model->responses = fit.responses;
  return model;
}

} // namespace

Result<std::shared_ptr<const FatigueModel>> learn_fatigue(Store& store, const FatiguePolicy& policy, const IntentModel& intent, const LearnFatigueOptions& options,
                                                          const std::function<void(double)>& progress) {
  DrawnExposures drawn(options.exposures_max);
  TAKT_TRY_VOID(store.decisions().scan(options.now - log_horizon, options.now, [&](const DecisionRecord& record) {
    drawn.add(record.decision);
    return true;
  }));
  drawn.finish();
  std::vector<CustomerId> customers;
  TAKT_TRY_VOID(store.records().for_each_customer([&](CustomerId customer) {
    if (drawn.may_have(customer)) customers.push_back(customer);
    return true;
  }));
  FatigueReader reader(policy, intent, drawn, options.now);
  constexpr std::size_t report_every = 1024;
  for (std::size_t i = 0; i < customers.size(); ++i) {
    TAKT_TRY(record, store.records().read(customers[i], Deadline{}));
    reader.add(*record);
    if (i % report_every == 0) progress(static_cast<double>(i) / static_cast<double>(customers.size()));
  }
  const FatigueFitOptions fit{.prior_beta = policy.beta, .prior_half_life = policy.half_life};
  return model_of(fit_fatigue(reader.levelled(), fit), policy);
}

} // namespace takt
