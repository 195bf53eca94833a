#pragma once
/// The slots of one customer on both sides, and what an event of the log means for the simulated record. For simulate.cc only.
/// Threads: one. Errors: none. Cost: a map look-up per mark.
#include "engine/what_if/simulate.h"

#include <map>
#include <set>
#include <span>

namespace takt::what_if {

/// In [0, 1), by decision, placement and slot: a slot that the log left empty is looked at where this is below the placement's rate.
double view_coin(const ExposureId& id);

class Slots {
public:
  Slots(SimulatedCustomer& told, const ViewHabits& habits, UtcTime end) : told_(told), habits_(habits), end_(end) {}

  /// Every mark of the past by slot: whether one was looked at is asked before it is known.
  void expect(const CustomerPast& past);
  void grant_logged(const op::Grant& grant, const Choice* choice);
  void grant_simulated(const op::Grant& grant, const Choice* choice);
  /// The exposure that one side granted there; nullptr where it granted none.
  Exposure* logged(const ExposureId& id) { return find(logged_, told_.log, id); }
  Exposure* simulated(const ExposureId& id) { return find(simulated_, told_.draft, id); }

  /// The operations of a logged event as the simulated record takes them.
  std::vector<Operation> translated(std::span<const Operation> operations);
  /// What is given back is not looked at any more.
  void release(const op::Release& freed);
  /// Views by the placement's habits that are due by then, for slots of this record that the log left empty; each is handed out once.
  std::vector<Operation> views_due(UtcTime clock, const CustomerRecord& record);
  /// Clicks within their window become responses.
  void finish();

private:
  using Index = std::map<ExposureId, std::size_t>;
  struct Response { Symbol item = Symbol::none; const LabelSet* labels = nullptr; MarkKind kind = MarkKind::clicked; bool is_kept = false; };

  static Exposure* find(const Index& index, Side& side, const ExposureId& id) {
    const auto found = index.find(id);
    return found == index.end() ? nullptr : &side.exposures[found->second];
  }
  void see(const ExposureId& id, const Mark& mark);
  std::optional<op::AddMark> translated_mark(const op::AddMark& mark, double intent, std::vector<Response>& responses);

  SimulatedCustomer& told_;
  const ViewHabits& habits_;
  UtcTime end_;
  Index logged_, simulated_;
  std::set<ExposureId> looked_at_;                     ///< with a mark that belongs to the slot
  std::multimap<UtcTime, ExposureId> views_;           ///< to come
};

} // namespace takt::what_if
