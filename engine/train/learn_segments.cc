#include "engine/train/learn_segments.h"

#include "core/evidence.h"
#include "engine/territory.h"
#include "engine/train/interactions.h"

#include <algorithm>
#include <cmath>
#include <unordered_map>

namespace takt {
namespace {

/// What is popular with everybody: where every chain of segments ends.
struct Everybody {
  explicit Everybody(std::span<const ScoredSymbol> popular) : best(popular) {
    for (const ScoredSymbol& one : popular) evidence += static_cast<double>(one.score);
    for (const ScoredSymbol& one : popular) share_of.emplace(one.item, static_cast<double>(one.score) / evidence);
  }
  std::span<const ScoredSymbol> best;
  double evidence = 0;
  std::unordered_map<Symbol, double> share_of;
};

struct Counted {
  const std::map<Symbol, double>* items = nullptr;
  double evidence = 0;
};
/// A segment behind those around it, the broadest first.
using Chain = std::vector<Counted>;

/// Of everything that people do there; shares add up to 1.
double share_of(const Chain& chain, const Everybody& everybody, Symbol item) {
  const auto known = everybody.share_of.find(item);
  double share = known == everybody.share_of.end() ? 0 : known->second;
  for (const Counted& segment : chain) {
    const auto own = segment.items->find(item);
    share = (segment_prior_evidence * share + (own == segment.items->end() ? 0 : own->second)) / (segment_prior_evidence + segment.evidence);
  }
  return share;
}

/// Items that may be among the best: whatever was counted, and of the others, which keep the order they have with everybody, the first.
std::vector<Symbol> items_to_rank(const Chain& chain, const Everybody& everybody) {
  const auto& counted = *chain.front().items; // what a narrower one counted, the broader one did too
  std::vector<Symbol> items;
  for (const auto& [item, count] : counted) items.push_back(item);
  std::size_t others = 0;
  for (const ScoredSymbol& one : everybody.best) {
    if (counted.contains(one.item)) continue;
    if (++others > segment_items_max) break;
    items.push_back(one.item);
  }
  return items;
}

/// On the scale of Models::popularity: as though everybody were like these.
std::vector<ScoredSymbol> best_of(const Chain& chain, const Everybody& everybody, const SymbolTable& symbols) {
  std::vector<std::pair<double, Symbol>> order;
  for (const Symbol item : items_to_rank(chain, everybody)) order.emplace_back(share_of(chain, everybody, item), item);
  const std::size_t kept = std::min(order.size(), segment_items_max);
  std::partial_sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(kept), order.end(), [&](const auto& a, const auto& b) {
    return a.first != b.first ? a.first > b.first : symbols.name(a.second) < symbols.name(b.second);
  });
  order.resize(kept);
  const double most = std::log1p(std::max(static_cast<double>(everybody.best.front().score), order.front().first * everybody.evidence));
  std::vector<ScoredSymbol> best;
  for (const auto& [share, item] : order) best.push_back({item, static_cast<float>(std::log1p(share * everybody.evidence) / most)});
  return best;
}

} // namespace

Segment SegmentCounter::situation_of(const JourneyEvent& event, std::string_view territory) const {
  Segment situation;
  situation.set_territory(territory);
  situation.channel = event.channel;
  situation.device = event.device;
  return situation;
}

void SegmentCounter::add(const CustomerRecord& record) {
  if (record.version == 0 || record.is_bot || record.sealed_into) return;
  // Where somebody lives is their profile: who refused one counts where they were met, not where they live.
  const bool refused = std::any_of(record.consents.begin(), record.consents.end(), [](const Consent& consent) { return consent.purpose == Purpose::profile && !consent.granted; });
  const std::string territory = refused ? std::string() : territory_of(symbols_.name(record.locale));
  std::map<Segment, std::map<Symbol, double>> own; // per item the strongest act: looking ten times is one person's interest
  for (const JourneyEvent& event : record.journey) {
    const Segment situation = situation_of(event, territory);
    const double age = static_cast<double>(std::max((now_ - event.at).count(), std::int64_t{0}));
    const double evidence = evidence_of(event.kind) * static_cast<double>(event.weight) * std::exp2(-age / static_cast<double>(popular_half_life.count()));
    if (event.item == Symbol::none || event.at > now_ || !(evidence > 0) || situation == Segment{}) continue;
    double& strongest = own[situation][event.item];
    strongest = std::max(strongest, evidence);
  }
  for (const auto& [situation, items] : own) {
    if (!situations_.contains(situation) && situations_.size() >= situations_counted_max) continue;
    double all = 0;
    for (const auto& [item, evidence] : items) all += evidence;
    const double scale = std::min(1.0, person_evidence_max / all);
    Counts& counts = situations_[situation];
    for (const auto& [item, evidence] : items) counts[item] += scale * evidence;
  }
}

/// A look on the app, with a phone, in Germany says something of each of the three, of each two of them, and of all together.
std::map<Segment, SegmentCounter::Counts> SegmentCounter::sums_by_segment() const {
  std::map<Segment, Counts> sums;
  constexpr unsigned parts = 3, subsets = 1U << parts;
  for (const auto& [situation, counts] : situations_) {
    for (unsigned kept = 1; kept < subsets; ++kept) {
      Segment segment;
      if (kept & 1U) segment.territory = situation.territory;
      if (kept & 2U) segment.channel = situation.channel;
      if (kept & 4U) segment.device = situation.device;
      const unsigned known = (segment.has_territory() ? 1U : 0U) | (segment.channel != Symbol::none ? 2U : 0U) | (segment.device != Device::unknown ? 4U : 0U);
      if (known != kept) continue; // counted already, as what it is without the unknown
      Counts& sum = sums[segment];
      for (const auto& [item, count] : counts) sum[item] += count;
    }
  }
  return sums;
}

std::vector<SegmentPopularity> SegmentCounter::learnt(std::span<const ScoredSymbol> popular) const {
  const Everybody everybody(popular);
  if (!(everybody.evidence > 0)) return {};
  const std::map<Segment, Counts> sums = sums_by_segment();
  std::map<Segment, Counted> counted;
  for (const auto& [segment, items] : sums) {
    double evidence = 0;
    for (const auto& [item, count] : items) evidence += count;
    if (evidence >= segment_evidence_min) counted.emplace(segment, Counted{&items, evidence});
  }
  std::vector<std::pair<double, Segment>> kept;
  for (const auto& [segment, own] : counted) kept.emplace_back(-own.evidence, segment);
  std::sort(kept.begin(), kept.end());
  if (kept.size() > segments_max) kept.resize(segments_max);
  std::vector<SegmentPopularity> segments;
  for (const auto& [evidence, segment] : kept) {
    Chain chain;
    for (std::optional<Segment> around = segment; around; around = around->broader())
      if (const auto own = counted.find(*around); own != counted.end()) chain.insert(chain.begin(), own->second);
    segments.push_back({segment, best_of(chain, everybody, symbols_), {}});
    segments.back().index();
  }
  std::sort(segments.begin(), segments.end(), [](const SegmentPopularity& a, const SegmentPopularity& b) { return a.segment < b.segment; });
  return segments;
}

Result<std::vector<SegmentPopularity>> learn_segments(Store& store, std::span<const ScoredSymbol> popular, UtcTime now, const std::function<void(double)>& progress) {
  std::vector<CustomerId> customers;
  TAKT_TRY_VOID(store.records().for_each_customer([&](CustomerId customer) {
    customers.push_back(customer);
    return true;
  }));
  SegmentCounter counter(now, store.symbols());
  constexpr std::size_t report_every = 1024;
  for (std::size_t i = 0; i < customers.size(); ++i) {
    TAKT_TRY(record, store.records().read(customers[i], Deadline{}));
    counter.add(*record);
    if (i % report_every == 0) progress(static_cast<double>(i) / static_cast<double>(customers.size()));
  }
  return counter.learnt(popular);
}

} // namespace takt
