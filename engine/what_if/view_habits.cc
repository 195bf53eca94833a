#include "engine/what_if/view_habits.h"

#include <algorithm>
#include <variant>

namespace takt::what_if {
namespace {

/// A rate of fewer grants is off by more than slots differ from one another.
constexpr std::uint64_t grants_of_a_slot_min = 100;

struct Granted { Entry entry; LabelSet labels; };

void collect(const CustomerPast& past, std::map<ExposureId, Granted>& granted) {
  for (const PastEntry& step : past.entries)
    for (const Operation& operation : step.entry.delta.operations) {
      if (const auto* grant = std::get_if<op::Grant>(&operation)) granted.insert_or_assign(grant->entry.id, Granted{grant->entry, grant->labels});
      const auto* mark = std::get_if<op::AddMark>(&operation);
      const auto known = mark ? granted.find(mark->id) : granted.end();
      if (known == granted.end()) continue;
      put_mark(known->second.entry, mark->mark);
    }
}

void collect_all(const CustomerPast& past, std::map<ExposureId, Granted>& granted) {
  for (const auto& [customer, absorbed] : past.absorbed) collect_all(absorbed, granted); // first: their marks may come after the merge
  collect(past, granted);
}

} // namespace

void ViewHabits::note(const CustomerPast& past) {
  std::map<ExposureId, Granted> granted;
  collect_all(past, granted);
  for (const auto& [id, one] : granted) {
    const auto shown = shown_at(one.entry, one.labels.medium);
    for (const Place& place : {Place{one.labels.placement, id.slot}, Place{one.labels.placement, 0}, Place{Symbol::none, 0}}) {
      Sights& sights = sights_[place];
      ++sights.granted;
      if (shown) sights.delays.push_back(*shown - one.entry.granted_at);
    }
  }
}

void ViewHabits::finish() {
  for (auto& [place, sights] : sights_) {
    ViewHabit& habit = habits_[place];
    habit.granted = sights.granted;
    if (sights.delays.empty()) continue;
    habit.rate = static_cast<double>(sights.delays.size()) / static_cast<double>(sights.granted);
    const auto middle = sights.delays.begin() + static_cast<std::ptrdiff_t>(sights.delays.size() / 2);
    std::nth_element(sights.delays.begin(), middle, sights.delays.end());
    habit.delay = *middle;
  }
  sights_.clear();
}

ViewHabit ViewHabits::of(Symbol placement, std::uint16_t slot) const {
  if (const auto found = habits_.find({placement, slot}); found != habits_.end() && found->second.granted >= grants_of_a_slot_min) return found->second;
  for (const Place& place : {Place{placement, 0}, Place{Symbol::none, 0}})
    if (const auto found = habits_.find(place); found != habits_.end()) return found->second;
  return {};
}

} // namespace takt::what_if
