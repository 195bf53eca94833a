#pragma once
/// Who was erased, so that no backup brings them back. The list stands in the data directory and in every directory of backups that was made from
/// it, as an append-only file `erasures`: one line per person, `<time> <subject>`. What a subject is, whoever erases decides (a salted hash, an id):
/// one word to this file. A restore hands the list to ApplyErasures before the restored directory can be opened, and fails where it fails.
/// Errors: corrupt, invalid, unavailable (disk). Threads: one at a time per directory.
#include "core/result.h"
#include "core/time.h"

#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <vector>

namespace takt {

class Store;

struct ErasureNote {
  UtcTime at{};
  std::string subject;                         ///< printable ASCII without blanks, at most erasure_subject_bytes_max
  bool operator==(const ErasureNote&) const = default;
};
constexpr std::size_t erasure_subject_bytes_max = 4096;    ///< the salted hashes of a hundred identities

/// Erases those people from a store that nobody else has open. Called with the whole list, in order; must not mind people it does not know.
using ApplyErasures = std::function<Status(Store& store, std::span<const ErasureNote> erasures)>;

/// Oldest first; an absent file is an empty list. A last line without its end was never acknowledged, and is not read.
Result<std::vector<ErasureNote>> read_erasures(const std::filesystem::path& directory);
/// On the device when it returns.
Status append_erasures(const std::filesystem::path& directory, std::span<const ErasureNote> erasures);
/// Those of `from` that `to` does not have yet.
Status copy_erasures(const std::filesystem::path& from, const std::filesystem::path& to);

/// Remembered in the data directory: where its backups went, so that an erasure finds them.
Status remember_backup_place(const std::filesystem::path& data_directory, const std::filesystem::path& place);
Result<std::vector<std::string>> backup_places(const std::filesystem::path& data_directory);

struct ToldPlaces {
  std::vector<std::string> told;
  std::vector<std::string> not_reached;        ///< gone, not mounted …: they are told by the next backup into them. A receipt should say so
};
/// What `takt erase` calls: the data directory first, then every place its backups went to.
Result<ToldPlaces> note_erasure(const std::filesystem::path& data_directory, const ErasureNote& erasure);

} // namespace takt
