#pragma once
/// How much one act of a journey says about taste, in looks: putting into the basket says more than looking, paying more than both.
/// Priors, not learnt; the fold's affinities, the customer's features and training must agree on them. Pure, no errors, no cost.
#include "core/record.h"

namespace takt {

constexpr double evidence_of(JourneyKind kind) {
  switch (kind) {
    case JourneyKind::view:
    case JourneyKind::click:
    case JourneyKind::promotion_click:
    case JourneyKind::message_click: return 1;
    case JourneyKind::add_to_cart: return 3;
    case JourneyKind::purchase: return 5;
    default: return 0;
  }
}

/// A slip of the finger makes these, so what they say depends on how long the person stayed (features/intent.h).
constexpr bool may_be_accidental(JourneyKind kind) {
  return kind == JourneyKind::view || kind == JourneyKind::click || kind == JourneyKind::promotion_click;
}

} // namespace takt
