/// Windows that begin with what was shown (semantics.md §1 COUNT: anchored_first, anchored_last). What the tallies hold has lost its
/// single times: where a silence of the window's length lies between them and now, what follows is exact; else they count in full,
/// which may be too strict and is never over a cap.
#include "core/cap_history.h"

#include <algorithm>

namespace takt::detail {

std::uint32_t KeyHistory::count_anchored_first(UtcTime t, std::size_t slots) const {
  const Duration length = rule_->window.length;
  std::vector<UtcTime> points;
  points.reserve(shown_.size() + live_.size() + slots);
  for (const Shown& shown : shown_) points.push_back(shown.at);
  points.resize(points.size() + live_grants(t).size() + slots, t);
  std::sort(points.begin(), points.end());   // what is shown "at t" may stand before them when asked about the past
  auto anchor = points.begin();
  if (!tallies_.empty()) {
    UtcTime before = UtcTime::min();
    for (const Tallied& tally : tallies_) before = std::max(before, tally.last);
    while (anchor != points.end() && *anchor - before < length) before = *anchor++;
    if (anchor == points.end()) {            // no silence: some anchor lies less than a window ago, and no more than this can follow it
      const auto recent = std::upper_bound(points.begin(), points.end(), t - length);
      auto n = static_cast<std::uint32_t>(points.end() - recent);
      for (const Tallied& tally : tallies_) n += tally.last > t - length ? tally.count : 0;
      return n;
    }
  }
  if (anchor == points.end()) return 0;
  for (auto next = anchor; next != points.end(); next = std::lower_bound(next, points.end(), *anchor + length)) anchor = next;
  return t < *anchor + length ? static_cast<std::uint32_t>(points.end() - anchor) : 0;
}

std::uint32_t KeyHistory::count_anchored_last(UtcTime t, std::size_t slots) const {
  const Duration length = rule_->window.length;
  struct Interval { UtcTime start, end; };
  std::vector<Interval> intervals;
  intervals.reserve(shown_.size() + live_.size() + slots);
  for (const Shown& shown : shown_) intervals.push_back({shown.at, shown.at});
  for (const UtcTime granted_at : live_grants(t)) intervals.push_back({granted_at, t});
  intervals.resize(intervals.size() + slots, {t, t});
  std::sort(intervals.begin(), intervals.end(), [](const Interval& a, const Interval& b) { return a.start < b.start; });
  std::uint32_t chain = 0;
  UtcTime end = UtcTime::min();
  for (const Tallied& tally : tallies_) {    // one chain, whatever silences they hid
    chain += tally.count;
    end = std::max(end, tally.last);
  }
  for (const Interval& interval : intervals) {
    if (chain != 0 && interval.start >= end + length) {
      chain = 0;                             // a silence: what was before is forgotten
      end = UtcTime::min();
    }
    ++chain;
    end = std::max(end, interval.end);
  }
  return chain != 0 && t < end + length ? chain : 0;
}

} // namespace takt::detail
