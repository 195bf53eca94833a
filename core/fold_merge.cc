/// The union of two records (semantics.md "Identity"). The survivor keeps its id, version, bot flag and session ordinals.
#include "core/fold_steps.h"
#include "core/hash.h"
#include "core/limits.h"

#include <algorithm>
#include <iterator>
#include <unordered_map>

namespace takt::fold_steps {

namespace {

std::uint64_t hash_of(const LabelSet& labels) {
  std::uint64_t hash = static_cast<std::uint64_t>(labels.medium);
  const auto add = [&](Symbol symbol) { hash = mix64(hash, static_cast<std::uint64_t>(symbol)); };
  for (const Symbol symbol : {labels.item, labels.kind, labels.group, labels.brand, labels.campaign, labels.purpose, labels.channel, labels.placement})
    add(symbol);
  for (const Symbol symbol : labels.category) add(symbol);
  for (const Symbol symbol : labels.tags) add(symbol);
  return hash;
}

/// Where the other ledger's label sets are in this one; new ones are appended.
std::vector<std::uint32_t> unite_labels(Ledger& ledger, const Ledger& other) {
  std::unordered_multimap<std::uint64_t, std::uint32_t> known; // looked up, never walked: its order reaches nothing
  for (std::uint32_t i = 0; i < ledger.label_sets.size(); ++i) known.emplace(hash_of(ledger.label_sets[i]), i);
  std::vector<std::uint32_t> moved;
  moved.reserve(other.label_sets.size());
  for (const LabelSet& labels : other.label_sets) {
    const auto [first, last] = known.equal_range(hash_of(labels));
    const auto same = std::find_if(first, last, [&](const auto& entry) { return ledger.label_sets[entry.second] == labels; });
    if (same == last) {
      make_room(ledger.label_sets);
      ledger.label_sets.push_back(labels);
    }
    moved.push_back(same == last ? static_cast<std::uint32_t>(ledger.label_sets.size() - 1) : same->second);
  }
  return moved;
}

/// The other's sessions after this record's last activity follow as new ones. The two running sessions are one where no 30
/// minutes of silence lie between them: it then began when the earlier of the two did. Older ones of the other get no ordinal.
void unite_sessions(CustomerRecord& record, const CustomerRecord& other) {
  if (!other.last_activity || other.sessions.empty()) return;
  if (!record.last_activity || record.sessions.empty()) {
    record.sessions = other.sessions;
    record.last_activity = other.last_activity;
    return;
  }
  const UtcTime own_last = *record.last_activity;
  const std::size_t own_count = record.sessions.size();
  for (const SessionSpan& session : other.sessions)
    if (session.start >= own_last + limits::session_silence) record.sessions.push_back({record.sessions.back().ordinal + 1, session.start});
  record.last_activity = std::max(own_last, *other.last_activity);
  const UtcTime other_start = other.sessions.back().start;
  SessionSpan& running = record.sessions.back();
  const bool touching = record.sessions.size() == own_count && other_start < own_last + limits::session_silence &&
                        running.start < *other.last_activity + limits::session_silence;
  if (touching) {
    running.start = std::min(running.start, other_start);
    if (own_count > 1) running.start = std::max(running.start, record.sessions[own_count - 2].start + Duration{1});
  }
  if (record.sessions.size() > limits::sessions_max)
    record.sessions.erase(record.sessions.begin(), record.sessions.end() - static_cast<std::ptrdiff_t>(limits::sessions_max));
}

/// What lies in the running session is stamped with it, on both sides.
void restamp_running(CustomerRecord& record) {
  if (record.sessions.empty()) return;
  const SessionSpan running = record.sessions.back();
  const auto stamp = [&](std::uint32_t& session, UtcTime at) {
    if (at >= running.start) session = running.ordinal;
  };
  for (Entry& entry : record.ledger.entries) {
    stamp(entry.session, entry.granted_at);
    for (Mark& mark : entry.marks) stamp(mark.session, mark.at);
  }
  for (JourneyEvent& event : record.journey) stamp(event.session, event.at);
}

void unite_ledgers(CustomerRecord& record, const Ledger& other) {
  Ledger& ledger = record.ledger;
  const std::vector<std::uint32_t> moved = unite_labels(ledger, other);
  for (Tally tally : other.tallies) {
    tally.labels = moved[tally.labels];
    count_into_tallies(ledger, tally);
  }
  for (Entry entry : other.entries) {
    entry.labels = moved[entry.labels];
    entry.session = session_at(record, entry.granted_at); // ordinals of the other mean nothing here
    for (Mark& mark : entry.marks) mark.session = session_at(record, mark.at);
    unite_entry(ledger, std::move(entry));
  }
  ledger.complete_since = std::max(ledger.complete_since, other.complete_since);
  ledger.saturated = ledger.saturated || other.saturated;
}

/// Deny wins until restated: a denial is moved to the time of the newest grant of the other side that it meets, and ties deny.
std::vector<Consent> denials_over(const std::vector<Consent>& denying, const std::vector<Consent>& granting) {
  std::vector<Consent> result = denying;
  for (Consent& denial : result) {
    if (denial.granted) continue;
    for (const Consent& grant : granting) {
      const bool meets = denial.channel == grant.channel || denial.channel == Symbol::none || grant.channel == Symbol::none;
      if (grant.granted && grant.purpose == denial.purpose && meets) denial.at = std::max(denial.at, grant.at);
    }
  }
  return result;
}

void unite_consents(CustomerRecord& record, const CustomerRecord& other) {
  const std::vector<Consent> theirs = denials_over(other.consents, record.consents);
  record.consents = denials_over(record.consents, other.consents);
  for (const Consent& consent : theirs) set_consent(record, consent);
}

void unite_orders(CustomerRecord& record, const CustomerRecord& other) {
  for (const Order& order : other.orders) {
    const auto known = std::find_if(record.orders.begin(), record.orders.end(), [&](const Order& own) { return own.order_id == order.order_id; });
    if (known == record.orders.end()) {
      put_order(record, order);
    } else if (known->refunded_at.empty() == order.refunded_at.empty() ? order.at > known->at : known->refunded_at.empty()) {
      *known = order; // a refunded version says more than one that is not
    }
  }
}

void unite_profile(CustomerRecord& record, const CustomerRecord& other) {
  for (const LinkedIdentity& linked : other.identities) link(record, linked);
  for (const Trait& trait : other.traits) {
    const auto newer = [&](const Trait& own) { return own.name == trait.name && own.at >= trait.at; }; // ties: the survivor's
    if (std::none_of(record.traits.begin(), record.traits.end(), newer)) set_trait(record, trait);
  }
  unite_consents(record, other);
  for (const ZoneSpan& zone : other.zones) set_zone(record, zone);
  if (record.locale == Symbol::none) record.locale = other.locale;
  if (record.account_group == Symbol::none) record.account_group = other.account_group;
  for (const Fact& fact : other.facts)
    for (const Fact::Switch& change : fact.switches) switch_fact(record, {fact.name, fact.key, fact.source, change});
  for (const Dismissal& dismissal : other.dismissals) dismiss(record, dismissal);
  for (const RequestMark& mark : other.requests) {
    const auto same = [&](const RequestMark& own) { return own.request == mark.request; };
    if (std::none_of(record.requests.begin(), record.requests.end(), same)) mark_request(record, mark);
  }
}

void unite_journeys(CustomerRecord& record, const CustomerRecord& other) {
  std::vector<JourneyEvent> theirs = other.journey;
  for (JourneyEvent& event : theirs) event.session = session_at(record, event.at);
  const auto earlier = [](const JourneyEvent& a, const JourneyEvent& b) { return a.at < b.at; };
  // Each side is in order of arrival; by time both become one story.
  std::stable_sort(theirs.begin(), theirs.end(), earlier);
  std::stable_sort(record.journey.begin(), record.journey.end(), earlier);
  std::vector<JourneyEvent> merged;
  merged.reserve(theirs.size() + record.journey.size());
  std::merge(record.journey.begin(), record.journey.end(), theirs.begin(), theirs.end(), std::back_inserter(merged), earlier);
  record.journey = std::move(merged);
  bound_journey(record);
}

} // namespace

void absorb(CustomerRecord& record, const CustomerRecord& other, UtcTime at) {
  const auto same = [&](const MergeLink& link) { return link.absorbed == other.id; };
  if (std::any_of(record.merges.begin(), record.merges.end(), same)) return; // two who met the sealed record finished its merge
  record.clock = std::max(record.clock, other.clock);
  record.founded_at = std::min(record.founded_at, other.founded_at);
  unite_sessions(record, other);
  unite_profile(record, other);
  unite_ledgers(record, other.ledger);
  unite_orders(record, other);
  unite_journeys(record, other);
  restamp_running(record);
  for (const Affinity& affinity : other.affinities) add_affinity(record, affinity);
  bound_affinities(record);
  record.merges.push_back({other.id, at});
  record.merges.insert(record.merges.end(), other.merges.begin(), other.merges.end());
  if (record.merges.size() > limits::merges_max)
    record.merges.erase(record.merges.begin(), record.merges.end() - static_cast<std::ptrdiff_t>(limits::merges_max));
}

void restate(CustomerRecord& record, const CustomerRecord& stated) {
  const CustomerId id = record.id;
  const Version version = record.version;
  const UtcTime clock = record.clock;
  record = stated;
  record.id = id;
  record.version = version;
  record.clock = std::max(clock, stated.clock); // the time of one customer never runs backwards
  record.sealed_into = CustomerId{};
}

} // namespace takt::fold_steps
