#include "core/fold.h"

#include "core/check.h"
#include "core/fold_steps.h"

#include <algorithm>
#include <variant>

namespace takt {

namespace {

using namespace fold_steps;

/// One operation after the other; the alphabet is core/delta.h.
struct Step {
  CustomerRecord& record;

  void operator()(const op::Found& found) const {
    if (record.version == 0) record.founded_at = found.at;
    record.is_bot = record.is_bot || found.is_bot;
  }
  void operator()(const op::Link& change) const { link(record, {change.identity, change.at}); }
  void operator()(const op::Unlink& change) const { unlink(record, change.identity); }
  void operator()(const op::Activity& activity) const { cut_session(record, activity.at); }
  void operator()(const op::Grant& grant) const { put_entry(record, grant.labels, grant.entry); }
  void operator()(const op::Elsewhere& seen) const {
    Entry entry = seen.entry;
    // An exposure from elsewhere is never reserved: it has its own time in all three, and a mark at that time.
    if (!entry.is_elsewhere()) entry.origin = EntryOrigin::elsewhere;
    entry.show_by = entry.expires_at = entry.granted_at;
    constexpr MarkKind confirmation[] = {MarkKind::viewed, MarkKind::delivered, MarkKind::contact}; // by medium
    entry.marks.push_back({confirmation[static_cast<std::size_t>(seen.labels.medium)], Symbol::none, entry.granted_at, 0});
    put_entry(record, seen.labels, std::move(entry));
  }
  void operator()(const op::AddMark& change) const { add_mark(record, change.id, change.mark); }
  void operator()(const op::Release& change) const { release(record, change.decision, change.at); }
  void operator()(const op::Journey& journey) const { add_journey(record, journey); }
  void operator()(const op::SetTrait& change) const { set_trait(record, change.trait); }
  void operator()(const op::SetConsent& change) const { set_consent(record, change.consent); }
  void operator()(const op::SetZone& change) const { set_zone(record, change.zone); }
  void operator()(const op::SetLocale& change) const { record.locale = change.locale; }
  void operator()(const op::SetAccountGroup& change) const { record.account_group = change.group; }
  void operator()(const op::PutOrder& change) const { put_order(record, change.order); }
  void operator()(const op::Refund& change) const { refund(record, change); }
  void operator()(const op::SwitchFact& change) const { switch_fact(record, change); }
  void operator()(const op::Dismiss& change) const { dismiss(record, change.dismissal); }
  void operator()(const op::Request& change) const { mark_request(record, change.mark); }
  void operator()(const op::Seal& seal) const { record.sealed_into = seal.into; }
  void operator()(const op::Absorb& change) const { absorb(record, change.record, change.at); }
  void operator()(const op::Restate& change) const { restate(record, change.record); }
};

} // namespace

void apply(CustomerRecord& record, const JournalEntry& entry) {
  TAKT_CHECK(entry.version == record.version + 1, "a journal is folded in version order");
  record.clock = std::max(record.clock, entry.delta.clock);
  if (record.version == 0) record.founded_at = entry.delta.clock; // op::Found says it better where there is one
  for (const Operation& operation : entry.delta.operations) std::visit(Step{record}, operation);
  retain(record, entry.version);
  record.version = entry.version;
}

bool takes(const CustomerRecord& record, const Delta& delta) {
  if (!record.sealed_into) return true;
  return std::any_of(delta.operations.begin(), delta.operations.end(), [](const Operation& operation) {
    const auto* restate = std::get_if<op::Restate>(&operation);
    return restate != nullptr && restate->restored;
  });
}

} // namespace takt
