#pragma once
/// What an erasure reaches beside the store's records: lists of audiences and the audit log; and the note that keeps backups from bringing
/// anybody back. A note's subject is the salt and the salted hashes of the person's names, in hex: "<salt>:<hash>:<hash>…".
#include "api/backup/erasures.h"
#include "store/store.h"

#include <functional>

namespace takt {

/// Rewrites every version of every imported list without the names for which `is_gone` is true, keeping what the list stands for in the logs
/// (api/past_worlds.h KeptPrints), and every note of the audit log without the ids of `members`. The number of rewritten versions. Whoever
/// serves reads the rules again after it.
Result<std::size_t> forget_in_documents(Documents& documents, const std::function<bool(const Identity&)>& is_gone, std::span<const CustomerId> members, UtcTime now);

/// Removes what is in it, if it is there; what cannot be removed stays.
void empty_folder(const std::string& directory);

/// Under the salt that the store has settled on.
ErasureNote note_of(const Erasure& erasure, const Bytes16& salt);

/// Those people leave a restored store: who has one of the names, unless the store knows of the erasure already. Errors: corrupt (a note that
/// is none). Cost: one read of every customer.
Status apply_erasure_notes(Store& store, std::span<const ErasureNote> notes);

} // namespace takt
