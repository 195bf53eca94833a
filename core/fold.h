#pragma once
/// The fold: pure, left to right in version order. Used live, in rebuild, in replay and in tests; there is no second one.
/// What grows is bounded here, deterministically, from the record and the delta alone.
#include "core/delta.h"

namespace takt {

/// record := fold(record, entry). entry.version must be record.version + 1 (TAKT_CHECK). Cost: O(delta), not O(record),
/// but for pruning at the horizon and Absorb.
void apply(CustomerRecord& record, const JournalEntry& entry);

/// A sealed record takes no commit but the one that restores it.
bool takes(const CustomerRecord& record, const Delta& delta);

} // namespace takt
