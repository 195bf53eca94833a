#pragma once
/// Parts of a training under way as files of one folder beside the artefacts: `<name>.part`, written beside and renamed, each with its
/// fingerprint and a checksum (docs/formats.md). Torn, flipped or foreign files are not found, and computed again. One file per name, so
/// the folder holds at most what the artefact will, and one vector per item; `remove` after the artefact is published.
/// Errors: none. A disk that is full costs a part its keeping, nothing else. Threads: one.
#include "core/time.h"
#include "engine/relevance/kept_parts.h"

#include <functional>
#include <string>
#include <vector>

namespace takt {

/// A training that began longer ago is not resumed: it would teach what was true this morning.
constexpr Duration work_kept = hours(6);

class WorkFolder final : public KeptParts {
public:
  /// `on_resumed` hears the name of each part that was found and used.
  explicit WorkFolder(std::string directory, std::function<void(std::string_view name)> on_resumed = {});
  /// The `now` of the training that was killed, if it had finished a part, began within work_kept before this one and was to publish the
  /// same version (else it did so, and died while tidying up); else this one's, in an empty folder. A resumed training must see the same past: what came since
  /// is for the next one.
  UtcTime begin(UtcTime now, std::uint64_t version);
  void remove();
  std::optional<std::string> find(std::string_view name, std::uint64_t fingerprint) override;
  void keep(std::string_view name, std::uint64_t fingerprint, std::string_view bytes) override;
  void forget(std::string_view name) override;
  void resumed(std::string_view name) override;
  /// Names of what was not computed again, in the order it was found.
  const std::vector<std::string>& resumed_parts() const { return resumed_; }

private:
  std::string path_of(std::string_view name) const { return directory_ + "/" + std::string(name) + ".part"; }
  std::string directory_;
  std::function<void(std::string_view name)> on_resumed_;
  std::vector<std::string> resumed_;
};

} // namespace takt
