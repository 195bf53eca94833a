#pragma once
/// Who is this? Identities to the one record that goes on (semantics.md "Identity"): user id wins, an anonymous id is absorbed by
/// the first known id, identify with another one rebinds it from then on and moves nothing, known ids merge only by alias.
/// A merge is two idempotent commits: seal one record with a forward pointer, append its contents to the other; whoever meets a
/// sealed record that is not absorbed yet completes the merge first. Events that name one device and two users at the same time give it
/// to one of them: the commit that names or seals the device's record decides. Threads: any. Errors: those of the store.
#include "core/event.h"
#include "store/store.h"

#include <optional>

namespace takt {

/// Follows forward pointers, completing merges on the way. The record that takes commits.
Result<RecordPtr> read_canonical(Store& store, CustomerId customer);

/// The customer an identity belongs to; founds nobody: 0 where unknown.
Result<CustomerId> find_customer(Store& store, const Identity& identity);
/// As above, founding an id (not yet a record) for an unknown identity.
Result<CustomerId> find_or_found(Store& store, const Identity& identity);

/// The customer an event belongs to, after linking, rebinding or merging what the event says belongs together.
Result<CustomerId> resolve_event(Store& store, const Event& event);

} // namespace takt
