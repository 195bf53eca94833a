#pragma once
/// Two people that were taken for one are parted again (semantics.md "Identity": the same journal folded without that link; an entry
/// belongs to every identity its request named). The absorbed record gets what it held when it was sealed and, of what came after, what
/// named its identities; the other keeps the rest and what named both. A device that turned up later belongs to whom it was named with.
/// Two commits, each idempotent: the absorbed record is restored first, so a crash in between counts an exposure twice, never not at
/// all; asking again finishes. Decisions that were made meanwhile stay as they were logged.
/// Errors: not_found (no such link), conflict (a later merge lies over it, or too many writers), invalid (older than
/// limits::unmerge_window). Threads: any. Cost: both journals, read twice; milliseconds.
#include "core/id.h"
#include "core/result.h"
#include "store/store.h"

#include <functional>
#include <string_view>
#include <vector>

namespace takt {

/// Whom a raw event names. Injected: reading JSON is the border's affair.
using IdentitiesOf = std::function<std::vector<Identity>(std::string_view raw)>;

struct Parted {
  CustomerId survivor;
  CustomerId restored;
};
Result<Parted> unmerge_customers(Store& store, CustomerId survivor, CustomerId absorbed, UtcTime now, const IdentitiesOf& identities_of);

} // namespace takt
