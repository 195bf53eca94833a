// Double-entry book-keeping: what was answered and taken against what the journals, the log and the records hold.
#include "core/fold.h"
#include "core/record_codec.h"
#include "engine/resolve.h"
#include "tests/simulation/checkers/knowledge.h"

#include <algorithm>
#include <cmath>

namespace takt::simulation {
namespace {

struct Page { CustomerId customer; JournalEntry entry; };

/// Every journal entry of everybody.
std::vector<Page> all_pages(Store& store) {
  std::vector<Page> pages;
  const Status status = store.records().for_each_customer([&](CustomerId customer) {
    return store.journal().scan(customer, 0, [&](const JournalEntry& entry) { pages.push_back({customer, entry}); return true; }).has_value();
  });
  TAKT_CHECK(status.has_value(), "the store behind a simulation can be read");
  return pages;
}

/// The messageId of an event as it came.
std::string message_of(const std::string& raw) {
  constexpr std::string_view name = R"("messageId":")";
  const std::size_t at = raw.find(name);
  if (at == std::string::npos) return {};
  const std::size_t from = at + name.size();
  return raw.substr(from, raw.find('"', from) - from);
}

RecordPtr record_of(Store& store, const Knowledge& person) {
  const std::string& name = *person.identities.rbegin(); // "u:…" comes after "a:…"
  const auto customer = find_customer(store, {name.starts_with("u:") ? IdentityKind::user : IdentityKind::anonymous, name.substr(2)});
  if (!customer || !*customer) return std::make_shared<const CustomerRecord>();
  const auto record = read_canonical(store, *customer);
  TAKT_CHECK(record.has_value(), "the store behind a simulation can be read");
  return *record;
}

std::vector<std::pair<MarkKind, UtcTime>> marks_of(const Entry& entry) {
  std::vector<std::pair<MarkKind, UtcTime>> marks;
  for (const Mark& mark : entry.marks) marks.emplace_back(mark.kind, mark.at);
  std::sort(marks.begin(), marks.end());
  marks.erase(std::unique(marks.begin(), marks.end()), marks.end()); // marks are sets of times
  return marks;
}

void compare_ledgers(const Knowledge& person, const CustomerRecord& record, bool is_faulty, Findings& findings) {
  std::map<ExposureId, const Entry*> kept;
  for (const Entry& entry : record.ledger.entries)
    if (!kept.emplace(entry.id, &entry).second) findings.push_back(to_text(record.id) + " has an exposure twice");
  for (const Entry& entry : person.ledger.entries) {
    const auto found = kept.find(entry.id);
    const std::string name = to_text(record.id) + ": exposure of " + format_utc(entry.granted_at) + " slot " + std::to_string(entry.id.slot);
    if (found == kept.end()) findings.push_back(name + " is lost");
    else if (found->second->granted_at != entry.granted_at || found->second->expires_at != entry.expires_at) findings.push_back(name + " has other times");
    else if (record.ledger.label_sets[found->second->labels] != person.ledger.label_sets[entry.labels]) findings.push_back(name + " has other labels");
    else if (marks_of(*found->second) != marks_of(entry)) findings.push_back(name + " has other marks");
  }
  if (!is_faulty && kept.size() != person.ledger.entries.size())
    findings.push_back(to_text(record.id) + " has " + std::to_string(kept.size()) + " exposures, not " + std::to_string(person.ledger.entries.size()));
}

/// Every taste in full, each look decayed on its own.
void compare_tastes(const Knowledge& person, const CustomerRecord& record, Findings& findings) {
  if (record.affinities.size() >= 60) return; // close to the bound the smallest leave
  std::map<Symbol, std::vector<const Interest*>> by_category;
  for (const Interest& interest : person.interests)
    if (interest.weight > 0) by_category[interest.category].push_back(&interest);
  for (const auto& [category, interests] : by_category) {
    const auto kept = std::find_if(record.affinities.begin(), record.affinities.end(), [&, wanted = category](const Affinity& one) {
      return one.dimension == Affinity::Dimension::category && one.label == wanted;
    });
    if (kept == record.affinities.end()) {
      findings.push_back(to_text(record.id) + " lost a taste");
      continue;
    }
    double value = 0;
    for (const Interest* interest : interests)
      value += interest->weight * std::exp2(-static_cast<double>((kept->at - interest->at).count()) / static_cast<double>(affinity_half_life.count()));
    if (std::abs(value - kept->value) > 1e-6 * std::max(1.0, value))
      findings.push_back(to_text(record.id) + " has a taste of " + std::to_string(kept->value) + ", not " + std::to_string(value));
  }
}

void compare_journeys(const Knowledge& person, const CustomerRecord& record, const World& world, Findings& findings) {
  if (record.orders.size() != person.orders.size()) findings.push_back(to_text(record.id) + " has " + std::to_string(record.orders.size()) + " orders, not " + std::to_string(person.orders.size()));
  for (const Order& order : record.orders) {
    const auto known = person.orders.find(std::string(world.symbols->name(order.order_id)));
    if (known == person.orders.end() || known->second != order.at) findings.push_back(to_text(record.id) + " has an order that nobody made then");
  }
  if (record.journey.size() >= 200) return; // bounded
  std::map<JourneyKind, std::size_t> steps;
  for (const JourneyEvent& event : record.journey) ++steps[event.kind];
  for (const auto& [kind, count] : person.journey)
    if (steps[kind] != count) findings.push_back(to_text(record.id) + " has " + std::to_string(steps[kind]) + " steps of kind " + std::to_string(static_cast<int>(kind)) + ", not " + std::to_string(count));
}

/// The latest moment a delta speaks of. Promises end later, of course.
UtcTime newest_of(const Delta& delta) {
  UtcTime newest = UtcTime::min();
  const auto see = [&](UtcTime at) { newest = std::max(newest, at); };
  for (const Operation& operation : delta.operations) {
    if (const auto* journey = std::get_if<op::Journey>(&operation)) see(journey->event.at);
    if (const auto* marked = std::get_if<op::AddMark>(&operation)) see(marked->mark.at);
    if (const auto* activity = std::get_if<op::Activity>(&operation)) see(activity->at);
    if (const auto* order = std::get_if<op::PutOrder>(&operation)) see(order->order.at);
    if (const auto* fact = std::get_if<op::SwitchFact>(&operation)) see(fact->change.at);
    if (const auto* consent = std::get_if<op::SetConsent>(&operation)) see(consent->consent.at);
    if (const auto* grant = std::get_if<op::Grant>(&operation)) see(grant->entry.granted_at);
    if (const auto* elsewhere = std::get_if<op::Elsewhere>(&operation)) see(elsewhere->entry.granted_at);
  }
  return newest;
}

} // namespace

Findings check_decisions(const Evidence& evidence) {
  Findings findings;
  std::map<Bytes16, std::vector<const Page*>> by_commit;
  const std::vector<Page> pages = all_pages(evidence.store);
  for (const Page& page : pages) by_commit[page.entry.commit.bytes].push_back(&page);
  std::map<DecisionId, std::size_t> answered;
  for (const auto& step : evidence.trace) {
    const auto* asked = std::get_if<demo::Asked>(&step);
    if (!asked || !asked->decision || !asked->decision->id) continue;
    const Decision& decision = *asked->decision;
    if (++answered[decision.id] > 1) findings.push_back("decision " + to_text(decision.id) + " was answered twice");
    const auto logged = evidence.store.decisions().find(decision.id);
    if (!logged || !*logged) {
      findings.push_back("decision " + to_text(decision.id) + " is not in the log");
      continue;
    }
    const auto& placements = (*logged)->decision.placements;
    if (placements.size() != decision.placements.size() || !std::equal(placements.begin(), placements.end(), decision.placements.begin(), [](const auto& a, const auto& b) { return a.choices == b.choices && a.hold == b.hold; }))
      findings.push_back("decision " + to_text(decision.id) + " was logged otherwise than it was answered");
    const auto& journalled = by_commit[decision.id.bytes];
    if (journalled.size() != 1) {
      findings.push_back("decision " + to_text(decision.id) + " is in " + std::to_string(journalled.size()) + " journal entries");
      continue;
    }
    if (journalled.front()->entry.version != decision.record_version + 1) findings.push_back("decision " + to_text(decision.id) + " was not written on the record it read");
    std::size_t granted = 0, chosen = 0;
    for (const Operation& operation : journalled.front()->entry.delta.operations) granted += std::holds_alternative<op::Grant>(operation) ? 1 : 0;
    for (const PlacementDecision& placement : decision.placements) chosen += placement.choices.size();
    if (granted != chosen) findings.push_back("decision " + to_text(decision.id) + " granted " + std::to_string(granted) + " of " + std::to_string(chosen) + " slots");
  }
  std::size_t logged_count = 0;
  const Status scanned = evidence.store.decisions().scan(UtcTime::min(), UtcTime::max(), [&](const DecisionRecord& record) {
    ++logged_count;
    if (!evidence.is_faulty && !answered.contains(record.decision.id)) findings.push_back("decision " + to_text(record.decision.id) + " is in the log, and nobody got it");
    return true;
  });
  if (!scanned) findings.push_back("the log cannot be read");
  if (logged_count < answered.size()) findings.push_back("the log has " + std::to_string(logged_count) + " decisions of " + std::to_string(answered.size()));
  return findings;
}

Findings check_events(const Evidence& evidence) {
  Findings findings;
  std::map<std::string, std::size_t> journalled, accepted;
  for (const Page& page : all_pages(evidence.store))
    if (const std::string message = message_of(page.entry.raw); !message.empty()) ++journalled[message];
  std::set<std::string> sent;
  for (const auto& step : evidence.trace) {
    const auto* told = std::get_if<demo::Told>(&step);
    if (!told) continue;
    const std::string& message = told->event.message_id;
    const bool is_first = sent.insert(message).second;
    if (!told->outcome) findings.push_back("event " + message + " was refused");
    if (told->outcome == IngestOutcome::accepted && ++accepted[message] > 1) findings.push_back("event " + message + " was taken twice");
    if (is_first && told->outcome == IngestOutcome::duplicate && !evidence.is_faulty) findings.push_back("event " + message + " was called a duplicate, and is none");
  }
  for (const std::string& message : sent)
    if (journalled[message] != 1) findings.push_back("event " + message + " is in " + std::to_string(journalled[message]) + " journal entries");
  for (const auto& [message, count] : journalled)
    if (count > 0 && !sent.contains(message)) findings.push_back("event " + message + " is in a journal, and nobody sent it");
  return findings;
}

Findings check_records(const Evidence& evidence) {
  Findings findings;
  Witness witness(evidence.world);
  for (const auto& step : evidence.trace) std::visit([&](const auto& taken) { witness.take(taken); }, step);
  for (const Knowledge* person : witness.everybody()) {
    const RecordPtr record = record_of(evidence.store, *person);
    compare_ledgers(*person, *record, evidence.is_faulty, findings);
    compare_journeys(*person, *record, evidence.world, findings);
    compare_tastes(*person, *record, findings);
  }
  return findings;
}

Findings check_time(const Evidence& evidence) {
  Findings findings;
  std::map<CustomerId, std::vector<UtcTime>> clocks; // after each version
  for (const Page& page : all_pages(evidence.store)) {
    std::vector<UtcTime>& clock = clocks[page.customer];
    const UtcTime now = std::max(page.entry.delta.clock, clock.empty() ? UtcTime::min() : clock.back());
    clock.push_back(now);
    if (newest_of(page.entry.delta) > now)
      findings.push_back(to_text(page.customer) + " version " + std::to_string(page.entry.version) + " knows what comes after " + format_utc(now));
  }
  for (const auto& step : evidence.trace) {
    const auto* asked = std::get_if<demo::Asked>(&step);
    if (!asked || !asked->decision || !asked->decision->id) continue;
    const Decision& decision = *asked->decision;
    const std::vector<UtcTime>& clock = clocks[decision.customer];
    const std::string name = "decision " + to_text(decision.id);
    if (decision.record_version > clock.size()) findings.push_back(name + " read a version that never was");
    else if (decision.record_version > 0 && clock[decision.record_version - 1] > decision.now) findings.push_back(name + " read a record of later");
    if (decision.now < asked->request.now) findings.push_back(name + " was made before it was asked for");
    if (evidence.world.models->trained_until > decision.now) findings.push_back(name + " used a model that knows what comes after it");
  }
  return findings;
}

Findings check_rebuild(const Evidence& evidence) {
  Findings findings;
  std::map<CustomerId, CustomerRecord> folded;
  for (const Page& page : all_pages(evidence.store)) {
    CustomerRecord& record = folded[page.customer];
    record.id = page.customer;
    apply(record, page.entry);
  }
  const auto compare = [&](const char* when) {
    for (const auto& [customer, record] : folded) {
      const auto live = evidence.store.records().read(customer, Deadline{});
      if (!live || encode_record(**live) != encode_record(record)) findings.push_back(to_text(customer) + " is not what its journal says" + when);
    }
  };
  compare("");
  if (const Status rebuilt = evidence.store.journal().rebuild({}); !rebuilt) findings.push_back("the records cannot be rebuilt");
  compare(" after a rebuild");
  return findings;
}

} // namespace takt::simulation
