#pragma once
/// What is popular with people in the same situation: on this channel, with this device, in this territory, and where these meet. Counted from
/// what the records still hold of the journeys, so that one person has at most limits::journey_events_max acts; older ones fade as
/// popularity does. A segment's shares of the items are pulled towards those of the segment around it, the broadest towards everybody's
/// (empirical Bayes with a fixed weight; Robbins 1956), so that few acts change little.
/// Bots do not count. Deterministic: records in the store's order, ties by item id. Errors: those of the store. Threads: one.
/// Cost: one read of every record; memory: a number per item and situation in which somebody dealt with it.
#include "core/record.h"
#include "core/result.h"
#include "engine/cold_start.h"
#include "store/store.h"

#include <functional>
#include <map>
#include <span>
#include <vector>

namespace takt {

/// So many looks weigh as much as what is known of the segment around it: the best item of a shop has some per cent of the looks,
/// which a few hundred of them tell from half of that.
constexpr double segment_prior_evidence = 200;
/// With less than that a segment's order would hardly differ from the one around it, which then answers for it.
constexpr double segment_evidence_min = 50;
/// One person says no more than that of one situation: a crawler that calls itself a browser is not a segment.
constexpr double person_evidence_max = 20;
/// Channels x devices x the territories that matter; the ones with most evidence stay.
constexpr std::size_t segments_max = 64;
/// As deep as a slate's candidates ever go (limits::candidates_max), and some for what eligibility drops.
constexpr std::size_t segment_items_max = 500;
/// Situations counted while reading: locales and channels are what senders write, and must not fill the memory.
constexpr std::size_t situations_counted_max = 512;

/// Counts records one by one, in any order.
class SegmentCounter {
public:
  SegmentCounter(UtcTime now, const SymbolTable& symbols) : now_(now), symbols_(symbols) {}
  void add(const CustomerRecord& record);
  /// `popular`: best first, as Models::popular. Ascending by segment.
  std::vector<SegmentPopularity> learnt(std::span<const ScoredSymbol> popular) const;

private:
  using Counts = std::map<Symbol, double>;             ///< ordered: sums are the same on every machine
  Segment situation_of(const JourneyEvent& event, std::string_view territory) const;
  std::map<Segment, Counts> sums_by_segment() const;

  UtcTime now_;
  const SymbolTable& symbols_;
  std::map<Segment, Counts> situations_;               ///< all that an event tells, and nothing less
};

Result<std::vector<SegmentPopularity>> learn_segments(Store& store, std::span<const ScoredSymbol> popular, UtcTime now, const std::function<void(double)>& progress);

} // namespace takt
