#include "engine/erase.h"

#include "core/record_labels.h"
#include "engine/resolve.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>
#include <variant>

namespace takt {
namespace {

using Labels = std::set<Symbol>;

/// Labels that one person may have brought into the dictionary: what they are called, their orders and cases, and words of their events.
struct OwnLabels {
  Labels& found;
  void add(Symbol symbol) const {
    if (symbol != Symbol::none) found.insert(symbol);
  }
  void operator()(const op::PutOrder& change) const { for_each_label(change.order, [this](Symbol symbol) { add(symbol); }); }
  void operator()(const op::Refund& change) const {
    add(change.order_id);
    for (const OrderLine& line : change.lines) add(line.item);
  }
  void operator()(const op::Journey& change) const {
    for (const Symbol symbol : {change.event.name, change.event.item, change.event.group, change.event.brand}) add(symbol);
    for (const Symbol symbol : change.category) add(symbol);
    for (const Symbol symbol : change.tags) add(symbol);
  }
  void operator()(const op::SetAccountGroup& change) const { add(change.group); }
  void operator()(const op::SwitchFact& change) const {
    for (const Symbol symbol : {change.name, change.key, change.source}) add(symbol);
  }
  void operator()(const op::Grant& change) const { add_identities(change.entry); }
  void operator()(const op::Elsewhere& change) const {
    add_identities(change.entry);
    for (const Symbol symbol : {change.labels.item, change.labels.group, change.labels.brand, change.labels.placement}) add(symbol);
    for (const Symbol symbol : change.labels.category) add(symbol);
  }
  void operator()(const op::Absorb& change) const { add_record(change.record); }
  void operator()(const op::Restate& change) const { add_record(change.record); }
  template <class Other>
  void operator()(const Other&) const {}

  void add_identities(const Entry& entry) const {
    for (const Symbol symbol : entry.identities) add(symbol);
  }
  void add_record(const CustomerRecord& record) const {
    for (const Order& order : record.orders) for_each_label(order, [this](Symbol symbol) { add(symbol); });
    for (const JourneyEvent& event : record.journey)
      for (const Symbol symbol : {event.name, event.item, event.group, event.brand}) add(symbol);
    for (const Fact& fact : record.facts)
      for (const Symbol symbol : {fact.name, fact.key, fact.source}) add(symbol);
    for (const Entry& entry : record.ledger.entries) add_identities(entry);
  }
};

bool is_member(const Erasure& erasure, CustomerId customer) {
  return std::find(erasure.members.begin(), erasure.members.end(), customer) != erasure.members.end();
}

/// What the journals of the members say: their labels, and from whom they were parted.
Status read_journals(Store& store, const Erasure& erasure, Labels& labels, std::set<CustomerId>& parted) {
  for (const CustomerId member : erasure.members) {
    TAKT_TRY(beginning, store.journal().snapshot(member, 0)); // more than nothing where retention has cut the journal
    OwnLabels{labels}.add_record(beginning);
    TAKT_TRY_VOID(store.journal().scan(member, 0, [&](const JournalEntry& entry) {
      for (const Operation& operation : entry.delta.operations) {
        std::visit(OwnLabels{labels}, operation);
        if (const auto* restate = std::get_if<op::Restate>(&operation); restate && !is_member(erasure, restate->other)) parted.insert(restate->other);
      }
      return true;
    }));
  }
  return {};
}

bool names_one_of(const DecisionRequest& request, const Erasure& erasure) {
  return std::any_of(erasure.identities.begin(), erasure.identities.end(), [&](const Identity& identity) {
    return !identity.value.empty() && identity.value == (identity.kind == IdentityKind::user ? request.user_id : request.anonymous_id);
  });
}

/// Somebody who had taken this person in has in their journal what both did until they were parted. What they are since is said by the
/// entry that parted them, so what lies before it may lose its content.
Status clear_parted(Store& store, CustomerId other, Erasure& erasure) {
  Version before = 0;
  std::vector<std::pair<Version, DecisionId>> commits;
  TAKT_TRY_VOID(store.journal().scan(other, 0, [&](const JournalEntry& entry) {
    commits.emplace_back(entry.version, DecisionId{entry.commit.bytes});
    for (const Operation& operation : entry.delta.operations)
      if (const auto* restate = std::get_if<op::Restate>(&operation); restate && !restate->restored && is_member(erasure, restate->other)) before = entry.version;
    return true;
  }));
  if (before == 0) return {};
  erasure.cleared.push_back({other, before});
  for (const auto& [version, id] : commits) {
    if (version >= before) break;
    TAKT_TRY(logged, store.decisions().find(id));
    if (logged && names_one_of(logged->request, erasure)) erasure.decisions.push_back(id);
  }
  return {};
}

/// Its keys and strings, one after the other, without the escapes in which the same letters have several forms.
std::string texts_of(const std::string& json) {
  std::string texts;
  const auto collect = [&](int, nlohmann::json::parse_event_t event, nlohmann::json& parsed) {
    if ((event == nlohmann::json::parse_event_t::value || event == nlohmann::json::parse_event_t::key) && parsed.is_string())
      texts.append(parsed.get_ref<const std::string&>()) += '\n';
    return true;
  };
  return nlohmann::json::parse(json, collect, false).is_discarded() ? json : texts;
}

/// A rule, a placement or an audience may speak of a label by its text.
Status keep_unspoken(Store& store, Labels& labels) {
  for (const std::string_view kind : {"policy", "policy_draft", "placement", "audience", "feature", "item"})
    TAKT_TRY_VOID(store.documents().scan(kind, [&](const Document& document) {
      const std::string texts = texts_of(document.json);
      std::erase_if(labels, [&](Symbol symbol) {
        const std::vector<std::string> path = store.symbols().path_of(symbol);
        return !path.empty() && texts.find(path.back()) != std::string::npos;
      });
      return true;
    }));
  return {};
}

/// Leaves those that nobody else uses, and nothing else: an order may be called like an item.
Status keep_unused(Store& store, const Catalogue* catalogue, const Erasure& erasure, Labels& labels, const std::function<void(std::size_t)>& progress) {
  const auto used = [&](Symbol symbol) { labels.erase(symbol); };
  for (std::size_t i = 0; catalogue != nullptr && i < catalogue->size() && !labels.empty(); ++i) for_each_label(catalogue->at(static_cast<ItemIndex>(i)).labels, used);
  std::size_t looked_at = 0;
  Status status;
  if (labels.empty()) return status;
  TAKT_TRY_VOID(store.records().for_each_customer([&](CustomerId customer) {
    if (progress) progress(++looked_at);
    if (is_member(erasure, customer)) return true;
    auto record = store.records().read(customer, Deadline{});
    if (!record) status = tl::unexpected(record.error());
    else for_each_label(**record, used);
    return status.has_value() && !labels.empty();
  }));
  return status;
}

Result<Erasure> plan_once(Store& store, const Catalogue* catalogue, CustomerId customer, UtcTime now, const Bytes16& salt, const std::function<void(std::size_t)>& progress) {
  TAKT_TRY(record, read_canonical(store, customer));
  if (record->version == 0) return fail(ErrorCode::not_found, "nobody is known under this id");
  Erasure erasure;
  erasure.at = now;
  erasure.salt = salt;
  erasure.members.push_back(record->id);
  for (const MergeLink& link : record->merges) erasure.members.push_back(link.absorbed);
  for (const LinkedIdentity& linked : record->identities) erasure.identities.push_back(linked.identity);
  Labels labels;
  std::set<CustomerId> parted;
  TAKT_TRY_VOID(read_journals(store, erasure, labels, parted));
  for (const CustomerId other : parted) TAKT_TRY_VOID(clear_parted(store, other, erasure));
  TAKT_TRY_VOID(keep_unspoken(store, labels));
  TAKT_TRY_VOID(keep_unused(store, catalogue, erasure, labels, progress));
  erasure.labels.assign(labels.begin(), labels.end());
  return erasure;
}

} // namespace

Result<Erasure> plan_erasure(Store& store, const Catalogue* catalogue, CustomerId customer, UtcTime now, const Bytes16& salt, const std::function<void(std::size_t)>& progress) {
  constexpr int plans_max = 3; // looking at everybody takes seconds, and a login meanwhile would make the plan one of somebody else
  for (int attempt = 1;; ++attempt) {
    TAKT_TRY(before, read_canonical(store, customer));
    const Version version = before->version;
    before.reset();
    TAKT_TRY(erasure, plan_once(store, catalogue, customer, now, salt, progress));
    TAKT_TRY(after, read_canonical(store, customer));
    if (attempt == plans_max || (after->id == erasure.members.front() && after->version == version)) return erasure;
  }
}

bool is_of_erased(Store& store, const Event& event) {
  const UtcTime at = std::min(event.occurred_at, event.received_at);
  const auto was_later = [&](IdentityKind kind, const std::string& value) {
    if (value.empty()) return false;
    const auto erased_at = store.erasures().erased_at({kind, value});
    return erased_at && at < *erased_at;
  };
  return was_later(IdentityKind::user, event.user_id) || was_later(IdentityKind::anonymous, event.anonymous_id) ||
         was_later(IdentityKind::user, event.previous_id) || was_later(IdentityKind::anonymous, event.previous_id);
}

} // namespace takt
