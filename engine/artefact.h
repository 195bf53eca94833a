#pragma once
/// Trained models as an immutable directory `<artefacts>/<version>/`: manifest.json (what, from when, how good, SHA-256 of each
/// file), binary data (docs/formats.md) and golden rows: inputs with the answers they gave when they were saved.
/// Written beside, synced, renamed: a directory with a number for a name is complete. Loading checks everything before anything
/// is used; symbols are stored as texts, so an artefact also fits another data directory.
/// Errors: unavailable (disk), conflict (that version exists), not_found, corrupt (with the reason; never a crash).
/// Threads: one writer; readers any. Cost: reading 100 bytes + 4 × dimension per item, then building the index.
#include "core/result.h"
#include "engine/models.h"

#include <functional>
#include <string>

namespace takt {

Status save_models(const std::string& artefacts_directory, const Models& models, const SymbolTable& symbols);
Result<std::shared_ptr<const Models>> load_models(const std::string& artefact_directory, SymbolTable& symbols);

/// Largest version in the directory; 0 where there is none.
std::uint64_t newest_artefact(const std::string& artefacts_directory);
/// The newest that passes its checks, else untrained_models(). Each refused one is reported, newest first.
std::shared_ptr<const Models> load_newest_models(const std::string& artefacts_directory, SymbolTable& symbols,
                                                 const std::function<void(std::uint64_t version, const Error& why)>& refused);
/// Removes all but the newest `kept` ones: what was published lately may be wanted back, and nothing else.
void remove_old_artefacts(const std::string& artefacts_directory, std::size_t kept);

} // namespace takt
