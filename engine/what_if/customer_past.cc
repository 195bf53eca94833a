#include "engine/what_if/customer_past.h"

#include "core/fold.h"
#include "engine/person.h"

#include <algorithm>
#include <variant>

namespace takt::what_if {
namespace {

/// The newest stored record from before the range: what lies between it and the range is folded as it was.
Result<CustomerRecord> record_before(Store& store, const CustomerRecord& now, UtcTime from) {
  Version at_most = now.clock < from ? now.version : now.version - 1;
  if (from == UtcTime::min()) at_most = 0;
  for (;;) {
    TAKT_TRY(record, store.journal().snapshot(now.id, at_most));
    if (record.version == 0 || record.clock < from || record.version > at_most) return record; // the last: the journal does not reach back further
    at_most = record.version - 1;
  }
}

/// Merges of merges: a chain longer than that is damaged.
constexpr int merges_followed_max = 16;

template <class Op>
bool has(const JournalEntry& entry) {
  const auto& operations = entry.delta.operations;
  return std::any_of(operations.begin(), operations.end(), [](const Operation& operation) { return std::holds_alternative<Op>(operation); });
}

/// A decision's commit has its id; that of an event is a hash, which looks like an id of this customer once in 10^11.
Result<std::optional<DecisionRecord>> decision_of(Store& store, CustomerId customer, const JournalEntry& entry) {
  const DecisionId id{entry.commit.bytes};
  if (!tagged_for(id, customer) || time_of(id) != entry.delta.clock) return std::nullopt;
  TAKT_TRY(found, store.decisions().find(id));
  if (found && found->decision.customer != customer) return std::nullopt;
  return found;
}

CustomerPast left_out(LeftOut reason) {
  CustomerPast past;
  past.left_out = reason;
  return past;
}

/// One record's own journal, and those of the records it took in.
struct Reading { CustomerPast past; bool has_decisions = false, is_sealed = false, is_parted = false; };

struct Question { Store& store; const TimeRange& range; ReadDecisions decisions; };

Result<Reading> read_journal(const Question& question, const CustomerRecord& now, int followed);

Status follow_merges(const Question& question, const JournalEntry& entry, int followed, Reading& reading) {
  for (const Operation& operation : entry.delta.operations) {
    const auto* absorb = std::get_if<op::Absorb>(&operation);
    if (!absorb) continue;
    if (followed == merges_followed_max) return fail(ErrorCode::corrupt, "a chain of merges without end at " + to_text(absorb->record.id));
    TAKT_TRY(taken_in, read_journal(question, absorb->record, followed + 1));
    reading.has_decisions = reading.has_decisions || taken_in.has_decisions;
    reading.past.absorbed.emplace(absorb->record.id, std::move(taken_in.past));
  }
  return {};
}

Status take(const Question& question, const CustomerRecord& now, const JournalEntry& entry, int followed, Reading& reading) {
  TAKT_TRY_VOID(follow_merges(question, entry, followed, reading));
  std::optional<DecisionRecord> decision;
  if (question.decisions == ReadDecisions::yes) {
    TAKT_TRY(found, decision_of(question.store, now.id, entry));
    decision = std::move(found);
  }
  reading.is_sealed = reading.is_sealed || has<op::Seal>(entry);
  reading.is_parted = reading.is_parted || has<op::Restate>(entry);
  reading.has_decisions = reading.has_decisions || decision.has_value();
  reading.past.entries.push_back({entry, std::move(decision)});
  return {};
}

Result<Reading> read_journal(const Question& question, const CustomerRecord& now, int followed) {
  const TimeRange& range = question.range;
  Reading reading;
  CustomerPast& past = reading.past;
  TAKT_TRY(before, record_before(question.store, now, range.from));
  past.before = std::move(before);
  Status status;
  UtcTime clock = past.before.clock;
  TAKT_TRY_VOID(question.store.journal().scan(now.id, past.before.version, [&](const JournalEntry& entry) {
    if (entry.version > now.version) return false; // came after the read
    clock = std::max(clock, entry.delta.clock);
    if (clock >= range.to) return false;
    if (clock < range.from) apply(past.before, entry); // entries begin with the range
    else status = take(question, now, entry, followed, reading);
    return status.has_value();
  }));
  TAKT_TRY_VOID(std::move(status));
  return reading;
}

} // namespace

std::string_view to_text(LeftOut reason) {
  switch (reason) {
  case LeftOut::none: return "none";
  case LeftOut::no_decisions: return "no_decisions";
  case LeftOut::no_analytics_consent: return "no_analytics_consent";
  case LeftOut::told_elsewhere: return "told_elsewhere";
  case LeftOut::bot: return "bot";
  case LeftOut::parted: return "parted";
  case LeftOut::world_not_held: return "world_not_held";
  }
  return "none";
}

void put_mark(Entry& entry, const Mark& mark) {
  const auto later = [&](const Mark& other) { return std::pair(other.at, other.kind) > std::pair(mark.at, mark.kind); };
  entry.marks.insert(std::find_if(entry.marks.begin(), entry.marks.end(), later), mark);
}

Result<CustomerPast> read_past(Store& store, const CustomerRecord& now, const TimeRange& range, const ConsentPolicy& consent, ReadDecisions decisions) {
  if (now.version == 0 || now.clock < range.from) return left_out(LeftOut::no_decisions);
  TAKT_TRY(reading, read_journal({store, range, decisions}, now, 0));
  if (reading.is_parted) return left_out(LeftOut::parted);
  if (reading.is_sealed) return left_out(LeftOut::told_elsewhere);
  if (!reading.has_decisions && decisions == ReadDecisions::yes) return left_out(LeftOut::no_decisions);
  if (now.is_bot) return left_out(LeftOut::bot);
  if (!consent_allows(now, consent, {}, Purpose::analytics, Symbol::none)) return left_out(LeftOut::no_analytics_consent);
  return std::move(reading.past);
}

} // namespace takt::what_if
