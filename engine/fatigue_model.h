#pragma once
/// Wear-out as the outcomes tell it: response = base of the customer · Π_κ (1+F_κ(h))^(−β_κ), κ the kinds of key that the policy counts by.
/// What the data cannot tell is named, and there the value is the one that was given: a number here is learnt only where it says so.
/// Units: β has none, times are ms, points are responses relative to the first exposure. Values; threads: immutable once served.
#include "core/cap.h"
#include "core/symbol.h"
#include "core/time.h"

#include <cstdint>
#include <map>
#include <string_view>
#include <vector>

namespace takt {

/// Why something is not identified; append only, stored by number.
enum class FatigueDoubt : std::uint8_t {
  nothing_drawn = 0,       ///< no exposure that both could and could not have been shown: temperature 0, elsewhere, pinned, no log
  no_repeats = 1,          ///< a cap lets nobody see a key again
  too_few_responses = 2,
  too_wide = 3,            ///< the interval holds what is usual and its opposite
  even_spacing = 4,        ///< all gaps are alike: forgetting and repeating cannot be told apart
  flat_profile = 5,        ///< every half-life tells these data nearly as well
};
std::string_view to_text(FatigueDoubt doubt);

/// A number with its 95 % interval; where there is a doubt it is the prior's, and the interval is still that of the data if there is one.
struct FatigueEstimate {
  double value = 0, low = 0, high = 0, error = 0;
  std::vector<FatigueDoubt> doubts;                        ///< empty: learnt
  bool learnt() const { return doubts.empty(); }
  bool operator==(const FatigueEstimate&) const = default;
};

/// Of one kind of key, over everything.
struct FatigueOfKind {
  Per per = Per::item;
  FatigueEstimate beta;
  bool operator==(const FatigueOfKind&) const = default;
};

/// One point of the fit plot: those who had seen the item `exposures` times before (the last point: as often or more).
struct FatiguePoint {
  std::uint32_t exposures = 0;
  double observed = 0, low = 0, high = 0;              ///< response relative to the base, with its 95 % interval
  double fitted = 0;
  double sights = 0, responses = 0;
  bool operator==(const FatiguePoint&) const = default;
};

/// How well each half-life tells the data: distance 0 is the best, beyond 3.84 is outside the interval.
struct HalfLifeProfile {
  Duration half_life{};
  double distance = 0;
  bool operator==(const HalfLifeProfile&) const = default;
};

struct FatigueModel {
  std::vector<FatigueOfKind> kinds;                    ///< in the order of the policy's `per`
  std::map<Symbol, FatigueEstimate> by_category;       ///< β of items of that leaf category, where the first kind is the item: drawn towards it as far as its own data are weak
  Duration half_life = days(7), half_life_low{}, half_life_high{};
  std::vector<FatigueDoubt> half_life_doubts;
  std::vector<HalfLifeProfile> profile;
  std::vector<FatiguePoint> points;
  bool observational = false;                          ///< the points compare customers, not chances: nothing was drawn
  std::uint32_t exposures_max = 0;                     ///< seen before by anybody: beyond that (a cap) nothing is known
  std::uint64_t sights = 0, drawn = 0, customers = 0;  ///< with an outcome; of them used; who had two of those
  double responses = 0;                                ///< among the drawn
  bool operator==(const FatigueModel&) const = default;
};

} // namespace takt
