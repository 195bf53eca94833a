#pragma once
/// P(intended | dwell): how much a click or a view says about the person. Ingest stamps it as JourneyEvent.weight.
/// Dwell in milliseconds; the answer is in [0,1]. Errors: none. Pure. Cost: one exp and one log.
/// Source: Tolomei et al. 2018 model clicks as a mixture over the logarithm of dwell with the accidental part near 1.8 s.
/// The posterior of two log-normals of equal width is a logistic function of log dwell; that is what stands here, as a prior.
#include "core/device.h"
#include "features/dwell_mixture.h"

#include <array>
#include <cstdint>
#include <optional>

namespace takt {

/// Faster than a person can have meant it (or read anything): no evidence at all.
constexpr std::uint32_t dwell_impossible_ms = 400;
/// At this dwell a click is as likely an accident as an intention.
constexpr double dwell_even_odds_ms = 4000;
/// How fast the odds turn: doubling the dwell multiplies them by 2^2 = 4.
constexpr double dwell_log_odds_slope = 2;
/// No dwell was sent: most clicks are meant (published shares of accidental taps: 22 to 50 %).
constexpr double intent_of_unknown_dwell = 0.7;

/// The prior: what holds until a shop's own clicks have told better.
double intent_of_dwell(std::optional<std::uint32_t> dwell_ms);

/// The same as learnt from the journal: per device where its clicks show three parts, else from all devices together, else the prior.
/// Threads: immutable once filled.
struct IntentModel {
  std::array<std::optional<DwellMixture>, device_count> by_device;
  std::optional<DwellMixture> of_all;
  double of(std::optional<std::uint32_t> dwell_ms, Device device) const;
  bool operator==(const IntentModel&) const = default;
};

} // namespace takt
