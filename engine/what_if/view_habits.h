#pragma once
/// How often, and how soon, a slot of a placement is looked at once something stands in it: what what-if assumes of slots that the log
/// left empty (semantics.md "What-if"). Measured on the log's own grants. Rates are shares, delays milliseconds after the grant.
/// Pure, no errors. Threads: one while noting; finished, any number. Cost: a map look-up; 8 bytes per sight noted.
#include "engine/what_if/customer_past.h"

#include <map>
#include <utility>

namespace takt::what_if {

struct ViewHabit {
  double rate = 0;
  Duration delay{};                                    ///< median
  std::uint64_t granted = 0;                           ///< slots it was measured on
};

class ViewHabits {
public:
  void note(const CustomerPast& past);
  void finish();
  /// Of this slot where enough of its grants are known, else of the placement, else of all placements; a rate of 0 where nobody ever
  /// saw anything.
  ViewHabit of(Symbol placement, std::uint16_t slot) const;

private:
  struct Sights { std::uint64_t granted = 0; std::vector<Duration> delays; };
  using Place = std::pair<Symbol, std::uint16_t>;      ///< slot 0: the whole placement; placement none: everything

  std::map<Place, Sights> sights_;
  std::map<Place, ViewHabit> habits_;
};

/// Does the event that sets this mark say that the slot was looked at, whatever stood in it? A view, a delivery, a contact; a click or a
/// dismissal is an answer to what stood there.
constexpr bool belongs_to_the_slot(MarkKind kind) { return kind == MarkKind::viewed || kind == MarkKind::delivered || kind == MarkKind::contact; }

} // namespace takt::what_if
