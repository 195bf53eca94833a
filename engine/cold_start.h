#pragma once
/// What helps where little is known: what is popular with people in the same situation, and how often each item was shown so far.
/// A situation (segment) is what a call tells of somebody whom we do not know: territory of the locale, channel, device.
/// Filled by engine/train/learn_segments.h and learn_rates.h. Threads: immutable once filled. Cost: a few comparisons per call, a look-up per item.
#include "core/device.h"
#include "core/flat_symbol_map.h"
#include "core/symbol_map.h"
#include "engine/relevance_model.h"

#include <algorithm>
#include <array>
#include <compare>
#include <optional>
#include <string_view>
#include <vector>

namespace takt {

struct Segment {
  std::array<char, 2> territory{};                    ///< "DE"; zeros = unknown
  Symbol channel = Symbol::none;
  Device device = Device::unknown;
  auto operator<=>(const Segment&) const = default;

  bool has_territory() const { return territory != std::array<char, 2>{}; }
  void set_territory(std::string_view text) {
    if (text.size() == territory.size()) std::copy(text.begin(), text.end(), territory.begin());
  }
  /// With less known of it: first the device goes, then the channel. None: everybody.
  std::optional<Segment> broader() const {
    Segment less = *this;
    if (device != Device::unknown) less.device = Device::unknown;
    else if (channel != Symbol::none) less.channel = Symbol::none;
    else less.territory = {};
    return less == Segment{} ? std::nullopt : std::optional(less);
  }
};

/// What is popular there.
struct SegmentPopularity {
  Segment segment;
  std::vector<ScoredSymbol> best;                     ///< best first, scores in [0,1] on the log scale of Models::popularity
  FlatSymbolMap<float> score_of;                      ///< the same, by item
  bool operator==(const SegmentPopularity& other) const { return segment == other.segment && best == other.best; }

  /// What is not listed is at most as popular here as the last one that is.
  float of(Symbol item, float popularity_of_all) const {
    const float* listed = score_of.find(item);
    return listed ? *listed : std::min(popularity_of_all, best.empty() ? 1.0F : best.back().score);
  }
  void index() {
    for (const ScoredSymbol& one : best) score_of.emplace(one.item, one.score);
  }
};

struct ColdStart {
  std::vector<SegmentPopularity> segments;            ///< ascending by segment
  SymbolMap<std::uint32_t> impressions;               ///< per item, until the training
  bool operator==(const ColdStart&) const = default;

  /// The narrowest that holds the situation and is told apart from everybody, of a territory that nobody came from without it; null
  /// where none is.
  const SegmentPopularity* find(const Segment& situation) const;
  std::uint32_t impressions_of(Symbol item) const {
    const std::uint32_t* known = impressions.find(item);
    return known ? *known : 0;
  }
};

} // namespace takt
