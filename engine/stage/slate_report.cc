#include "engine/stage/slate_report.h"

#include <algorithm>

namespace takt {

std::vector<Reason> why_short(const Slate& slate) {
  struct Counted { Reason reason; std::size_t items = 0; };
  std::vector<Counted> counted;
  for (const Dropped& dropped : slate.dropped)
    for (const Reason& reason : dropped.reasons) {
      const auto same = std::find_if(counted.begin(), counted.end(), [&](const Counted& other) {
        return other.reason.stage == reason.stage && other.reason.code == reason.code && other.reason.rule == reason.rule;
      });
      if (same == counted.end()) {
        counted.push_back({reason, 1});
        continue;
      }
      ++same->items;
      if (reason.eligible_again && (!same->reason.eligible_again || *reason.eligible_again < *same->reason.eligible_again)) {
        same->reason.eligible_again = reason.eligible_again; // the earliest is what a caller can plan with
        same->reason.provisional = reason.provisional;
      }
    }
  std::stable_sort(counted.begin(), counted.end(), [](const Counted& a, const Counted& b) { return a.items > b.items; });
  std::vector<Reason> reasons;
  for (std::size_t i = 0; i < counted.size() && i < slate_reasons_max; ++i) reasons.push_back(std::move(counted[i].reason));
  if (reasons.empty()) {
    Reason nothing_there;
    nothing_there.stage = Stage::retrieve;
    nothing_there.code = ReasonCode::no_candidates;
    reasons.push_back(std::move(nothing_there));
  }
  return reasons;
}

} // namespace takt
