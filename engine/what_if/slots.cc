#include "engine/what_if/slots.h"

#include "core/hash.h"
#include "engine/train/outcomes.h"
#include "features/intent.h"

#include <algorithm>
#include <variant>

namespace takt::what_if {
namespace {

constexpr std::uint64_t view_salt = 0x76696577; // "view"

MarkKind view_of(Medium medium) {
  switch (medium) {
  case Medium::screen: return MarkKind::viewed;
  case Medium::message: return MarkKind::delivered;
  case Medium::human: return MarkKind::contact;
  }
  return MarkKind::viewed;
}

bool is_click(JourneyKind kind) { return kind == JourneyKind::promotion_click || kind == JourneyKind::message_click; }

/// What the journey of the same event says of the click; one that names no item says as much as one of unknown dwell.
double intent_of(std::span<const Operation> operations, Symbol item) {
  for (const Operation& operation : operations)
    if (const auto* journey = std::get_if<op::Journey>(&operation); journey && is_click(journey->event.kind) && journey->event.item == item) return static_cast<double>(journey->event.weight);
  return intent_of_unknown_dwell;
}

bool is_dismissal_of(const Dismissal& dismissal, const LabelSet& labels) {
  switch (dismissal.scope) {
  case Dismissal::Scope::item: return dismissal.label == labels.item;
  case Dismissal::Scope::group: return dismissal.label == labels.group;
  case Dismissal::Scope::kind: return dismissal.label == labels.kind;
  case Dismissal::Scope::category: return !labels.category.empty() && dismissal.label == labels.category.back();
  case Dismissal::Scope::all: return true;
  }
  return false;
}

} // namespace

double view_coin(const ExposureId& id) {
  const std::uint64_t decision = hash64({reinterpret_cast<const char*>(id.origin.data()), id.origin.size()}, view_salt);
  return static_cast<double>(mix64(decision, (std::uint64_t{id.placement} << 16) | id.slot) >> 11) * 0x1p-53;
}

void Slots::expect(const CustomerPast& past) {
  for (const auto& [customer, absorbed] : past.absorbed) expect(absorbed);
  for (const PastEntry& step : past.entries)
    for (const Operation& operation : step.entry.delta.operations)
      if (const auto* mark = std::get_if<op::AddMark>(&operation); mark && belongs_to_the_slot(mark->mark.kind)) looked_at_.insert(mark->id);
}

void Slots::grant_logged(const op::Grant& grant, const Choice* choice) {
  logged_.insert_or_assign(grant.entry.id, told_.log.exposures.size());
  told_.log.exposures.push_back({grant.entry, grant.labels, choice ? choice->terms : ScoreTerms{}, 0, false, {}, {}});
}

void Slots::grant_simulated(const op::Grant& grant, const Choice* choice) {
  const ExposureId& id = grant.entry.id;
  simulated_.insert_or_assign(id, told_.draft.exposures.size());
  told_.draft.exposures.push_back({grant.entry, grant.labels, choice ? choice->terms : ScoreTerms{}, 0, false, {}, {}});
  if (logged_.contains(id)) return; // seen when it was seen in the log
  const ViewHabit habit = habits_.of(grant.labels.placement, id.slot);
  const UtcTime at = grant.entry.granted_at + habit.delay;
  if (view_coin(id) < habit.rate && at < end_) views_.emplace(at, id);
}

std::optional<op::AddMark> Slots::translated_mark(const op::AddMark& mark, double intent, std::vector<Response>& responses) {
  Exposure* const was = logged(mark.id);
  if (!was) return mark; // granted before the range
  Exposure* const is = simulated(mark.id);
  const bool is_response = !belongs_to_the_slot(mark.mark.kind), stays = is && (!is_response || is->labels.item == was->labels.item);
  put_mark(was->entry, mark.mark);
  if (mark.mark.kind == MarkKind::clicked) was->clicks.emplace_back(mark.mark.at, intent);
  if (is_response) responses.push_back({was->labels.item, &was->labels, mark.mark.kind, stays});
  if (!is) return std::nullopt;
  std::optional<op::AddMark> taken = mark;
  if (!stays) {
    // The answer is about what stood there; that somebody looked is about the slot. Where no view says so, the answer did.
    if (looked_at_.contains(mark.id) || is->shown()) return std::nullopt;
    taken->mark.kind = view_of(is->labels.medium);
    taken->mark.event = Symbol::none;
  }
  put_mark(is->entry, taken->mark);
  if (taken->mark.kind == MarkKind::clicked) is->clicks.emplace_back(mark.mark.at, intent);
  return taken;
}

std::vector<Operation> Slots::translated(std::span<const Operation> operations) {
  std::vector<Operation> taken;
  std::vector<Response> responses; // marks come before what the journey says of them
  const auto stays = [&](MarkKind kind, const auto& is_meant) {
    const auto meant = [&](const Response& response) { return response.kind == kind && is_meant(response); };
    return std::none_of(responses.begin(), responses.end(), meant) || std::any_of(responses.begin(), responses.end(), [&](const Response& response) { return meant(response) && response.is_kept; });
  };
  for (const Operation& operation : operations) {
    if (const auto* mark = std::get_if<op::AddMark>(&operation)) {
      const Exposure* was = logged(mark->id);
      if (auto translated = translated_mark(*mark, intent_of(operations, was ? was->labels.item : Symbol::none), responses)) taken.emplace_back(std::move(*translated));
      continue;
    }
    if (const auto* journey = std::get_if<op::Journey>(&operation); journey && is_click(journey->event.kind)) {
      const Symbol item = journey->event.item;
      if (!stays(MarkKind::clicked, [&](const Response& response) { return item == Symbol::none || response.item == item; })) continue;
    }
    if (const auto* dismiss = std::get_if<op::Dismiss>(&operation))
      if (!stays(MarkKind::dismissed, [&](const Response& response) { return is_dismissal_of(dismiss->dismissal, *response.labels); })) continue;
    if (const auto* released = std::get_if<op::Release>(&operation)) release(*released);
    taken.push_back(operation);
  }
  return taken;
}

void Slots::release(const op::Release& freed) {
  std::erase_if(views_, [&](const auto& view) { return view.second.origin == freed.decision.bytes && view.first >= freed.at; });
}

void Slots::see(const ExposureId& id, const Mark& mark) { put_mark(simulated(id)->entry, mark); }

std::vector<Operation> Slots::views_due(UtcTime clock, const CustomerRecord& record) {
  std::vector<Operation> due;
  for (auto view = views_.begin(); view != views_.end() && view->first <= clock;) {
    const auto [at, id] = *view;
    const Entry* const entry = find_entry(record.ledger, id);
    if (!entry) { // of a record that is to be absorbed: it is told there, or after
      ++view;
      continue;
    }
    const Mark mark{view_of(record.ledger.labels_of(*entry).medium), Symbol::none, at, 0};
    see(id, mark);
    due.emplace_back(op::AddMark{id, mark});
    view = views_.erase(view);
  }
  return due;
}

void Slots::finish() {
  for (const auto& [at, id] : views_) see(id, {view_of(simulated(id)->labels.medium), Symbol::none, at, 0}); // no record asks any more, but they are seen
  views_.clear();
  for (Side* side : {&told_.log, &told_.draft})
    for (Exposure& exposure : side->exposures) {
      const auto shown = exposure.shown();
      for (const auto& [at, intent] : exposure.clicks)
        if (shown && at >= *shown && at < *shown + click_window) exposure.response = std::max(exposure.response, intent);
    }
}

} // namespace takt::what_if
