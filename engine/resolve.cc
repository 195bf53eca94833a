#include "engine/resolve.h"

#include "core/hash.h"
#include "core/limits.h"

#include <algorithm>

namespace takt {
namespace {

constexpr int forward_pointers_max = 32; // a chain of merges is as long as a person has logins; more is a broken store

CommitId link_commit_id(std::string_view what, CustomerId a, CustomerId b) {
  return {hash128(std::string(what) + '\x1f' + to_text(a) + '\x1f' + to_text(b))};
}

bool has_absorbed(const CustomerRecord& record, CustomerId sealed) {
  return std::any_of(record.merges.begin(), record.merges.end(), [&](const MergeLink& link) { return link.absorbed == sealed; });
}

bool knows(const CustomerRecord& record, const Identity& identity) {
  return std::any_of(record.identities.begin(), record.identities.end(), [&](const LinkedIdentity& linked) { return linked.identity == identity; });
}

/// Any user at all, or with `but`: one of another name.
bool has_user(const CustomerRecord& record, const Identity* but = nullptr) {
  return std::any_of(record.identities.begin(), record.identities.end(), [&](const LinkedIdentity& linked) {
    return linked.identity.kind == IdentityKind::user && !(but && linked.identity == *but);
  });
}

/// Commits one delta, reading again on a conflict. `describe` sees the record it will be applied to; an empty delta writes nothing.
/// False: somebody sealed the record meanwhile, and what was described last is not in it.
template <class Describe>
Result<bool> commit_one(Store& store, CustomerId customer, CommitId id, Describe&& describe) {
  for (int attempt = 0; attempt < 64; ++attempt) { // conflicts need another writer between read and commit: 64 in a row do not happen
    TAKT_TRY(record, store.records().read(customer, Deadline{}));
    Delta delta = describe(*record);
    if (delta.empty()) return true;
    const Commit commit{customer, record->version, id, std::move(delta), {}, std::nullopt, {}};
    switch (store.records().commit({&commit, 1}, Durability::wal, Deadline{}).front()) {
    case CommitOutcome::moved:
      if (store.erasures().is_erased(customer)) return fail(ErrorCode::unavailable, "this customer was erased a moment ago: send it again");
      return false;
    case CommitOutcome::committed:
    case CommitOutcome::duplicate: return true;
    case CommitOutcome::conflict:
    case CommitOutcome::unknown: continue;
    case CommitOutcome::unavailable: return fail(ErrorCode::unavailable, "the store takes no writes at the moment");
    }
  }
  return fail(ErrorCode::unavailable, "too many writers on one customer");
}

/// Second half of a merge: the sealed record's contents into the one that goes on.
Status complete_merge(Store& store, const CustomerRecord& sealed) {
  TAKT_TRY_VOID(commit_one(store, sealed.sealed_into, link_commit_id("absorb", sealed.sealed_into, sealed.id), [&](const CustomerRecord& into) {
    Delta delta;
    if (has_absorbed(into, sealed.id) || into.sealed_into) return delta;
    delta.clock = sealed.clock;
    delta.operations.push_back(op::Absorb{sealed, sealed.clock});
    return delta;
  }));
  return {};
}

/// Links an identity to a customer: the index first (it finds the record), then the journal (it can rebuild the index).
Status link_identity(Store& store, const Identity& identity, CustomerId customer, CustomerId expected, UtcTime at) {
  TAKT_TRY(holder, store.identities().claim(identity, customer, expected));
  if (holder != customer) return {}; // somebody was faster: the next event sees their link
  const std::string key = std::string(identity.kind == IdentityKind::user ? "u:" : "a:") + identity.value + '\x1f' + to_text(customer) + format_utc(at);
  TAKT_TRY_VOID(commit_one(store, customer, {hash128("link\x1f" + key)}, [&](const CustomerRecord& record) {
    Delta delta;
    if (knows(record, identity)) return delta;
    delta.clock = at;
    if (record.version == 0) delta.operations.push_back(op::Found{at, false});
    delta.operations.push_back(op::Link{identity, at});
    return delta;
  }));
  return {};
}

Status unlink_identity(Store& store, const Identity& identity, CustomerId customer, UtcTime at) {
  const std::string key = identity.value + '\x1f' + to_text(customer) + format_utc(at);
  TAKT_TRY_VOID(commit_one(store, customer, {hash128("unlink\x1f" + key)}, [&](const CustomerRecord& record) {
    Delta delta;
    if (!knows(record, identity)) return delta;
    delta.clock = at;
    delta.operations.push_back(op::Unlink{identity});
    return delta;
  }));
  return {};
}

/// A device that nobody has a login of yet gets its first one. False where another login was faster: a device has one owner, and the
/// commit that names the record decides who. The journal first: an index that pointed to it before would give this login's events away.
Result<bool> name_device(Store& store, CustomerId device, const Identity& user, UtcTime at) {
  const CommitId id{hash128("name\x1fu:" + user.value + '\x1f' + to_text(device) + format_utc(at))};
  bool is_free = false;
  TAKT_TRY(is_here, commit_one(store, device, id, [&](const CustomerRecord& record) {
    Delta delta;
    is_free = !record.sealed_into && !has_user(record, &user);
    if (!is_free || knows(record, user)) return delta;
    delta.clock = at;
    if (record.version == 0) delta.operations.push_back(op::Found{at, false});
    delta.operations.push_back(op::Link{user, at});
    return delta;
  }));
  if (!is_here || !is_free) return false;
  TAKT_TRY_VOID(store.identities().claim(user, device, CustomerId{}));
  return true;
}

/// What may become one: any two; or a device and its only user, where nobody said that two users are one.
enum class Merging { any_two, device_with_its_user };

/// `device` and `user` as of now become one; 0 where the device has got somebody else's name and that is not for this event to decide.
Result<CustomerId> merge_customers(Store& store, Merging merging, CustomerId device, CustomerId of_user, const Identity& user, UtcTime now) {
  for (int attempt = 0; attempt < 64; ++attempt) { // again only where one of them was named or sealed between reading and sealing
    TAKT_TRY(device_record, read_canonical(store, device));
    TAKT_TRY(user_record, read_canonical(store, of_user));
    const CustomerId one = device_record->id ? device_record->id : device, other = user_record->id ? user_record->id : of_user;
    if (one == other) return one;
    if (merging == Merging::device_with_its_user && has_user(*device_record, &user)) return CustomerId{};
    if (store.erasures().is_erased(one) || store.erasures().is_erased(other)) // nobody living is sealed into somebody who was erased
      return fail(ErrorCode::unavailable, "this customer was erased a moment ago: send it again");
    // Who has a name goes on; between equals the smaller id. Names do not go and a sealed record gets none, so forward pointers lead from
    // the nameless to the named and from larger to smaller ids: never in a circle, whoever merges whom at the same time.
    const bool device_named = has_user(*device_record), user_named = has_user(*user_record);
    const bool device_goes_on = device_named == user_named ? one < other : device_named;
    const CustomerId target = device_goes_on ? one : other, source = device_goes_on ? other : one;
    const bool source_named = device_goes_on ? user_named : device_named;
    TAKT_TRY_VOID(commit_one(store, target, link_commit_id("found-for-merge", target, source), [&](const CustomerRecord& record) {
      Delta delta;
      if (record.version != 0) return delta;
      delta.clock = now;
      delta.operations.push_back(op::Found{now, false});
      return delta;
    }));
    TAKT_TRY_VOID(commit_one(store, source, link_commit_id("seal", source, target), [&](const CustomerRecord& record) {
      Delta delta;
      if (record.sealed_into || has_user(record) != source_named) return delta;
      delta.clock = now;
      if (record.version == 0) delta.operations.push_back(op::Found{now, false});
      delta.operations.push_back(op::Seal{target, now});
      return delta;
    }));
  }
  return fail(ErrorCode::unavailable, "too many writers on one customer");
}

/// One event names a login and a device: absorb the device's past, rebind the device, or nothing, by what each of them is already.
Result<CustomerId> join_login_and_device(Store& store, const Identity& user, const Identity& device, bool is_identify, UtcTime at) {
  TAKT_TRY(device_id, find_customer(store, device));
  TAKT_TRY(user_id, find_customer(store, user));
  if (device_id && device_id == user_id) return user_id;
  if (!device_id) { // a new device of a known or new login
    TAKT_TRY(customer, find_or_found(store, user));
    TAKT_TRY_VOID(link_identity(store, user, customer, customer, at));
    TAKT_TRY_VOID(link_identity(store, device, customer, CustomerId{}, at));
    return customer;
  }
  if (!user_id) { // the first known id: the anonymous record simply gets a name
    TAKT_TRY(named, name_device(store, device_id, user, at));
    if (named) return find_or_found(store, user);
  }
  TAKT_TRY(customer, find_or_found(store, user));
  TAKT_TRY_VOID(link_identity(store, user, customer, customer, at));
  TAKT_TRY(merged, merge_customers(store, Merging::device_with_its_user, device_id, customer, user, at));
  TAKT_TRY(holder, store.identities().find(device));
  if (merged) {
    TAKT_TRY_VOID(link_identity(store, device, merged, holder, at));
    return merged;
  }
  if (is_identify) { // a family's tablet: somebody else's device so far
    TAKT_TRY(owner, find_customer(store, device));
    TAKT_TRY_VOID(unlink_identity(store, device, owner, at));
    TAKT_TRY_VOID(link_identity(store, device, customer, holder, at));
  }
  return customer;
}

/// A page joins a browser and its user, and what the browser did before; it does not say that two users are one, because whoever reads the
/// key in the page could join any two for good. Checked where records are sealed, so that two such events at the same time cannot either.
Result<CustomerId> join_alias_of_page(Store& store, const Identity& user, CustomerId into, const std::string& previous_id, UtcTime at) {
  const Identity device{IdentityKind::anonymous, previous_id};
  TAKT_TRY(from, find_customer(store, device));
  if (!from) {
    TAKT_TRY_VOID(link_identity(store, device, into, CustomerId{}, at));
    return into;
  }
  TAKT_TRY(merged, merge_customers(store, Merging::device_with_its_user, from, into, user, at));
  return merged ? merged : into;
}

/// Two names of one person, whoever they are.
Result<CustomerId> join_alias(Store& store, const Identity& user, CustomerId into, const std::string& previous_id, UtcTime at) {
  const Identity former{IdentityKind::user, previous_id};
  TAKT_TRY(by_user, find_customer(store, former));
  TAKT_TRY(by_device, find_customer(store, {IdentityKind::anonymous, previous_id}));
  if (!by_user && !by_device) TAKT_TRY_VOID(link_identity(store, former, into, CustomerId{}, at));
  for (const CustomerId from : {by_user, by_device})
    if (from) {
      TAKT_TRY(merged, merge_customers(store, Merging::any_two, from, into, user, at));
      into = merged;
    }
  return into;
}

} // namespace

Result<RecordPtr> read_canonical(Store& store, CustomerId customer) {
  for (int step = 0; step < forward_pointers_max; ++step) {
    TAKT_TRY(record, store.records().read(customer, Deadline{}));
    if (!record->sealed_into) return record;
    TAKT_TRY_VOID(complete_merge(store, *record));
    customer = record->sealed_into;
  }
  return fail(ErrorCode::corrupt, "forward pointers of merged customers run in a circle");
}

Result<CustomerId> find_customer(Store& store, const Identity& identity) {
  TAKT_TRY(customer, store.identities().find(identity));
  if (!customer) return customer;
  TAKT_TRY(record, read_canonical(store, customer));
  const CustomerId canonical = record->id ? record->id : customer; // an absent record has only the id that was claimed for it
  if (!store.erasures().is_erased(canonical)) return canonical;
  // A name that the erased record did not have any more, or that was linked while it was erased: whoever comes with it is new.
  TAKT_TRY_VOID(store.identities().claim(identity, CustomerId{}, customer).map([](CustomerId) {}));
  return CustomerId{};
}

Result<CustomerId> find_or_found(Store& store, const Identity& identity) {
  TAKT_TRY(known, find_customer(store, identity));
  if (known) return known;
  const std::string name = std::string(identity.kind == IdentityKind::user ? "u:" : "a:") + identity.value;
  for (std::uint64_t salt = 0;; ++salt) { // 64 bits collide once in 10^9 customers: then the next salt
    const CustomerId customer{std::max<std::uint64_t>(1, hash64(name, salt))};
    if (store.erasures().is_erased(customer)) continue; // who comes back after an erasure is somebody new
    TAKT_TRY(record, store.records().read(customer, Deadline{}));
    if (record->version != 0 && !knows(*record, identity)) continue;
    return store.identities().claim(identity, customer, CustomerId{});
  }
}

Result<CustomerId> resolve_event(Store& store, const Event& event) {
  const Identity user{IdentityKind::user, event.user_id}, device{IdentityKind::anonymous, event.anonymous_id};
  if (event.type == EventType::alias) {
    TAKT_TRY(into, find_or_found(store, user));
    TAKT_TRY_VOID(link_identity(store, user, into, into, event.received_at));
    return (event.is_from_page ? join_alias_of_page : join_alias)(store, user, into, event.previous_id, event.received_at);
  }
  if (!event.user_id.empty() && !event.anonymous_id.empty())
    return join_login_and_device(store, user, device, event.type == EventType::identify, event.received_at);
  const Identity& only = event.user_id.empty() ? device : user;
  if (only.value.empty()) return fail_at("/anonymousId", "an event needs userId or anonymousId");
  return find_or_found(store, only);
}

} // namespace takt
