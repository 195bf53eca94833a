#include "engine/unmerge.h"

#include "core/fold.h"
#include "core/hash.h"
#include "core/limits.h"
#include "engine/resolve.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <set>

namespace takt {
namespace {

constexpr int attempts_max = 64; // conflicts need another writer between read and commit
constexpr Version no_end = std::numeric_limits<Version>::max();

/// A link that is folded without: what named these identities, from the merge to the parting, belongs to the other side.
struct Split {
  CustomerId absorbed;
  Version from = 0;                      ///< of the survivor's entry that took the other in
  Version as_of = no_end;
  std::set<Identity> identities;

  bool spans(Version version) const { return from < version && version <= as_of; }
};

/// The journal of the one that went on, and what each of its entries names.
class SurvivorJournal {
public:
  SurvivorJournal(Store& store, const IdentitiesOf& identities_of) : store_(store), identities_of_(identities_of) {}

  Status read(CustomerId survivor, Version up_to) {
    entries_.clear();
    names_.clear();
    TAKT_TRY(beginning, store_.journal().snapshot(survivor, 0));
    beginning_ = std::move(beginning);
    Status status;
    TAKT_TRY_VOID(store_.journal().scan(survivor, 0, [&](const JournalEntry& entry) {
      if (entry.version > up_to) return false;
      if (entry.delta.empty()) status = fail(ErrorCode::conflict, "somebody who was merged into this customer was erased: what came before cannot be parted any more");
      auto named = names_of(entry);
      if (!named) status = tl::unexpected(named.error());
      else names_.push_back(std::move(*named));
      entries_.push_back(entry);
      return status.has_value();
    }));
    return status;
  }

  /// What the journal begins with: nobody yet, or what retention left of a longer one.
  const CustomerRecord& beginning() const { return beginning_; }
  const std::vector<JournalEntry>& entries() const { return entries_; }
  const std::vector<Identity>& names(std::size_t index) const { return names_[index]; }

  /// Every link that this journal was folded without before, and its latest one to `absorbed`, which ends at `as_of`.
  /// Errors: conflict where retention has cut the journal between a link and its end.
  Result<std::vector<Split>> splits(CustomerId absorbed, Version as_of) const {
    std::vector<Split> found;
    for (const JournalEntry& entry : entries_)
      for (const Operation& operation : entry.delta.operations)
        if (const auto* restate = std::get_if<op::Restate>(&operation); restate && !restate->restored) add_split(restate->other, restate->as_of, found);
    add_split(absorbed, as_of, found);
    if (beginning_.version > 0 && std::any_of(found.begin(), found.end(), [](const Split& split) { return split.from == 0; }))
      return fail(ErrorCode::conflict, "what came before the merge is older than the journal (retention.journal)");
    return found;
  }

private:
  Result<std::vector<Identity>> names_of(const JournalEntry& entry) const {
    if (!entry.raw.empty()) return identities_of_(entry.raw);
    std::vector<Identity> named;
    TAKT_TRY(decision, store_.decisions().find(DecisionId{entry.commit.bytes}));
    if (decision) {
      if (!decision->request.user_id.empty()) named.push_back({IdentityKind::user, decision->request.user_id});
      if (!decision->request.anonymous_id.empty()) named.push_back({IdentityKind::anonymous, decision->request.anonymous_id});
      return named;
    }
    for (const Operation& operation : entry.delta.operations) add_stamped(operation, named);
    return named;
  }

  /// A decision whose log has gone, and an event without its text, still left names on what they showed.
  void add_stamped(const Operation& operation, std::vector<Identity>& named) const {
    const auto* grant = std::get_if<op::Grant>(&operation);
    const auto* seen = std::get_if<op::Elsewhere>(&operation);
    if (!grant && !seen) return;
    for (const Symbol symbol : grant ? grant->entry.identities : seen->entry.identities) {
      const std::string text(store_.symbols().name(symbol));
      named.push_back({text.starts_with("u:") ? IdentityKind::user : IdentityKind::anonymous, text.substr(2)});
    }
  }

  void add_split(CustomerId absorbed, Version as_of, std::vector<Split>& splits) const {
    Split split{absorbed, 0, as_of, {}};
    std::set<Identity> others; // known before the merge
    for (const LinkedIdentity& linked : beginning_.identities) others.insert(linked.identity);
    for (const JournalEntry& entry : entries_) {
      if (entry.version > as_of) break;
      for (const Operation& operation : entry.delta.operations) {
        const auto* absorb = std::get_if<op::Absorb>(&operation);
        if (absorb == nullptr || absorb->record.id != absorbed) continue;
        split.from = entry.version;
        split.identities.clear();
        for (const LinkedIdentity& linked : absorb->record.identities) split.identities.insert(linked.identity);
      }
    }
    for (const JournalEntry& entry : entries_)
      if (entry.version < split.from)
        for (const Operation& operation : entry.delta.operations)
          if (const auto* linked = std::get_if<op::Link>(&operation)) others.insert(linked->identity);
    for (const Identity& identity : split.identities) others.erase(identity);
    for (std::size_t i = 0; i < entries_.size(); ++i)
      if (split.spans(entries_[i].version)) add_newcomers(names_[i], others, split.identities);
    splits.push_back(std::move(split));
  }

  static void add_newcomers(const std::vector<Identity>& named, const std::set<Identity>& others, std::set<Identity>& identities) {
    if (std::none_of(named.begin(), named.end(), [&](const Identity& identity) { return identities.contains(identity); })) return;
    for (const Identity& identity : named)
      if (!others.contains(identity)) identities.insert(identity);
  }

  Store& store_;
  const IdentitiesOf& identities_of_;
  CustomerRecord beginning_;
  std::vector<JournalEntry> entries_;
  std::vector<std::vector<Identity>> names_;
};

/// Where the operations of one entry go.
class Router {
public:
  Router(const std::vector<Split>& splits, const JournalEntry& entry, const std::vector<Identity>& named) : splits_(splits), entry_(entry) {
    kept_ = named.empty() || std::any_of(named.begin(), named.end(), [&](const Identity& identity) { return owner(identity) == nullptr; });
    given_ = std::any_of(named.begin(), named.end(), [&](const Identity& identity) { return owner(identity) == &splits_.back(); });
  }

  bool keeps(const Operation& operation) const {
    if (const auto* absorb = std::get_if<op::Absorb>(&operation))
      return std::none_of(splits_.begin(), splits_.end(), [&](const Split& split) { return split.absorbed == absorb->record.id && entry_.version <= split.as_of; });
    if (const auto* restate = std::get_if<op::Restate>(&operation)) return restate->restored; // the others are what this fold does anew
    if (const Identity* changed = identity_of(operation)) return owner(*changed) == nullptr;
    return goes_where_its_entry_is(operation) || kept_;
  }

  bool gives(const Operation& operation) const {
    if (!splits_.back().spans(entry_.version) || std::holds_alternative<op::Absorb>(operation) || std::holds_alternative<op::Restate>(operation)) return false;
    if (const Identity* changed = identity_of(operation)) return owner(*changed) == &splits_.back();
    return goes_where_its_entry_is(operation) || given_;
  }

private:
  const Split* owner(const Identity& identity) const {
    for (auto split = splits_.rbegin(); split != splits_.rend(); ++split)
      if (split->spans(entry_.version) && split->identities.contains(identity)) return &*split;
    return nullptr;
  }
  static const Identity* identity_of(const Operation& operation) {
    if (const auto* linked = std::get_if<op::Link>(&operation)) return &linked->identity;
    if (const auto* unlinked = std::get_if<op::Unlink>(&operation)) return &unlinked->identity;
    return nullptr;
  }
  /// A mark or a release finds its entry or nothing, on either side.
  static bool goes_where_its_entry_is(const Operation& operation) { return std::holds_alternative<op::AddMark>(operation) || std::holds_alternative<op::Release>(operation); }

  const std::vector<Split>& splits_;
  const JournalEntry& entry_;
  bool kept_ = true, given_ = false;
};

/// Folds what `wanted` lets through, under the versions of the side that it is for.
template <class Wanted>
void fold_part(CustomerRecord& record, const JournalEntry& entry, Wanted&& wanted) {
  JournalEntry part{record.version + 1, entry.commit, {entry.delta.clock, {}}, {}};
  for (const Operation& operation : entry.delta.operations)
    if (wanted(operation)) part.delta.operations.push_back(operation);
  apply(record, part);
}

CustomerRecord kept_part(const SurvivorJournal& journal, const std::vector<Split>& splits) {
  CustomerRecord kept = journal.beginning();
  for (std::size_t i = 0; i < journal.entries().size(); ++i) {
    const JournalEntry& entry = journal.entries()[i];
    const Router router(splits, entry, journal.names(i));
    fold_part(kept, entry, [&](const Operation& operation) { return router.keeps(operation); });
  }
  return kept;
}

CustomerRecord given_part(const CustomerRecord& sealed, const SurvivorJournal& journal, const std::vector<Split>& splits) {
  CustomerRecord given = sealed;
  given.sealed_into = CustomerId{};
  for (std::size_t i = 0; i < journal.entries().size(); ++i) {
    const JournalEntry& entry = journal.entries()[i];
    const Router router(splits, entry, journal.names(i));
    const auto& operations = entry.delta.operations;
    if (std::any_of(operations.begin(), operations.end(), [&](const Operation& operation) { return router.gives(operation); }))
      fold_part(given, entry, [&](const Operation& operation) { return router.gives(operation); });
  }
  return given;
}

CommitId parting_id(std::string_view side, CustomerId survivor, CustomerId absorbed, Version as_of) {
  return {hash128(std::string(side) + '\x1f' + to_text(survivor) + '\x1f' + to_text(absorbed) + '\x1f' + std::to_string(as_of))};
}

/// Up to which version of the survivor's the absorbed side has its part already; none: it is still sealed.
Result<std::optional<Version>> restored_as_of(Store& store, const CustomerRecord& absorbed, CustomerId survivor) {
  std::optional<Version> as_of;
  if (absorbed.sealed_into) return as_of;
  TAKT_TRY_VOID(store.journal().scan(absorbed.id, 0, [&](const JournalEntry& entry) {
    for (const Operation& operation : entry.delta.operations)
      if (const auto* restate = std::get_if<op::Restate>(&operation); restate && restate->restored && restate->other == survivor) as_of = restate->as_of;
    return true;
  }));
  return as_of;
}

Result<bool> commit_restate(Store& store, const CustomerRecord& base, CommitId id, op::Restate restate, UtcTime now) {
  Commit commit{base.id, base.version, id, {std::max(now, base.clock), {}}, {}, std::nullopt, {}};
  commit.delta.operations.push_back(std::move(restate));
  switch (store.records().commit({&commit, 1}, Durability::fsync, Deadline{}).front()) {
  case CommitOutcome::committed:
  case CommitOutcome::duplicate: return true;
  case CommitOutcome::conflict:
  case CommitOutcome::moved:
  case CommitOutcome::unknown: return false;
  case CommitOutcome::unavailable: break;
  }
  return fail(ErrorCode::unavailable, "the store takes no writes at the moment");
}

Status check_link(const CustomerRecord& survivor, const CustomerRecord& sealed, UtcTime now) {
  const auto link = std::find_if(survivor.merges.begin(), survivor.merges.end(), [&](const MergeLink& merge) { return merge.absorbed == sealed.id; });
  if (link == survivor.merges.end()) return fail(ErrorCode::not_found, to_text(sealed.id) + " was not merged into " + to_text(survivor.id));
  if (sealed.sealed_into && sealed.sealed_into != survivor.id)
    return fail(ErrorCode::conflict, to_text(sealed.id) + " came with " + to_text(sealed.sealed_into) + ": part that one first");
  if (link->at < now - limits::unmerge_window) return fail_at("/customer_id", "was merged more than 30 days ago: a merge can be undone for 30 days");
  return {};
}

/// First half. Returns up to which version of the survivor's the other side has its part.
Result<Version> restore_absorbed(Store& store, CustomerId survivor, CustomerId absorbed, UtcTime now, SurvivorJournal& journal) {
  for (int attempt = 0; attempt < attempts_max; ++attempt) {
    TAKT_TRY(kept, store.records().read(survivor, Deadline{}));
    TAKT_TRY(sealed, store.records().read(absorbed, Deadline{}));
    TAKT_TRY_VOID(check_link(*kept, *sealed, now));
    TAKT_TRY(as_of, restored_as_of(store, *sealed, survivor));
    if (as_of) return *as_of;
    const Version version = kept->version;
    TAKT_TRY_VOID(journal.read(survivor, version));
    TAKT_TRY(splits, journal.splits(absorbed, version));
    CustomerRecord given = given_part(*sealed, journal, splits);
    TAKT_TRY(done, commit_restate(store, *sealed, parting_id("restore", survivor, absorbed, version), {std::move(given), survivor, version, true}, now));
    if (done) return version;
  }
  return fail(ErrorCode::conflict, "too many writers on one customer");
}

Status restate_survivor(Store& store, CustomerId survivor, CustomerId absorbed, Version as_of, UtcTime now, SurvivorJournal& journal) {
  for (int attempt = 0; attempt < attempts_max; ++attempt) {
    TAKT_TRY(merged, store.records().read(survivor, Deadline{}));
    TAKT_TRY_VOID(journal.read(survivor, merged->version));
    TAKT_TRY(splits, journal.splits(absorbed, as_of));
    CustomerRecord kept = kept_part(journal, splits);
    TAKT_TRY(done, commit_restate(store, *merged, parting_id("part", survivor, absorbed, as_of), {std::move(kept), absorbed, as_of, false}, now));
    if (done) return {};
  }
  return fail(ErrorCode::conflict, "too many writers on one customer");
}

/// The index finds the record by its names; it can be rebuilt from the records, so it comes last.
Status point_identities(Store& store, CustomerId customer) {
  TAKT_TRY(record, store.records().read(customer, Deadline{}));
  for (const LinkedIdentity& linked : record->identities) {
    TAKT_TRY(holder, store.identities().find(linked.identity));
    if (holder != customer) TAKT_TRY_VOID(store.identities().claim(linked.identity, customer, holder));
  }
  return {};
}

} // namespace

Result<Parted> unmerge_customers(Store& store, CustomerId survivor, CustomerId absorbed, UtcTime now, const IdentitiesOf& identities_of) {
  TAKT_TRY(canonical, read_canonical(store, survivor));
  if (canonical->version == 0) return fail(ErrorCode::not_found, "nobody is known under this id");
  survivor = canonical->id;
  canonical.reset();
  const Lane lane = store.records().enter(survivor); // what is decided for the merged person meanwhile waits
  SurvivorJournal journal(store, identities_of);
  TAKT_TRY(as_of, restore_absorbed(store, survivor, absorbed, now, journal));
  TAKT_TRY_VOID(restate_survivor(store, survivor, absorbed, as_of, now, journal));
  TAKT_TRY_VOID(point_identities(store, absorbed));
  return Parted{survivor, absorbed};
}

} // namespace takt
