#pragma once
/// The World as it was at a logged decision: items, placements, audiences, configured features and policy from the history of their documents, models from the
/// artefacts on disk. A past state is recognised by its content, so what is handed out is what was, or nothing.
/// Threads: one. Cost: the first past catalogue reads every item's history (~10 µs an item), each one 10 ms per million items.
#include "api/app.h"

#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace takt {

/// What a document in use adds to the version of the catalogue (or the placements). A sum: the same documents have the same version
/// after a restart, whatever was changed in which order.
std::uint64_t print_of(std::string_view document_json);

/// Prints of documents whose text was rewritten because a person was forgotten in it: they stand for what they said when decisions were made,
/// so those can be made again. Everybody else is on that list as before.
class KeptPrints {
public:
  static Result<KeptPrints> read(Documents& documents);
  /// Before the rewriting; the first one stays. Errors: unavailable.
  static Status keep(Documents& documents, const Document& original, UtcTime now);
  std::uint64_t of(const Document& document) const;   ///< print_of its text where nothing was kept

private:
  std::map<std::string, std::uint64_t, std::less<>> kept_;   ///< by kind, id and version
};

/// Every state that the documents of one kind were in, as steps back from the present one. Changes of one millisecond count as
/// one; a document that is deleted today has no history here, so states that had it are not found.
class DocumentsPast {
public:
  /// `is_used(document)`: false where it cannot be read, and so has no part in the sum.
  static Result<DocumentsPast> read(Documents& documents, std::string_view kind, std::uint64_t print_now, const KeptPrints& kept,
                                    const std::function<bool(const Document&)>& is_used);
  /// The sums of prints, newest state first.
  const std::vector<std::uint64_t>& prints() const { return prints_; }
  std::optional<std::size_t> steps_to(std::uint64_t print) const;
  /// Documents that were otherwise `steps` ago, and their version then (0: not there yet).
  std::map<std::string, std::uint64_t> versions(std::size_t steps) const;

private:
  struct Change { UtcTime at{}; std::string id; std::uint64_t version_before = 0, print_before = 0, print_after = 0; };
  std::vector<Change> changes_;                        ///< newest first
  std::vector<std::uint64_t> prints_;                  ///< after so many changes were taken back
  std::unordered_map<std::uint64_t, std::size_t> steps_;
};

class PastWorlds {
public:
  PastWorlds(App& app, WorldPtr current) : app_(app), current_(std::move(current)) {}
  /// Errors: not_found with the name of what is no longer held: "policy 3", "placements, features, audiences (or margin) beside policy 3", "model 2", "catalogue 0f…".
  Result<WorldPtr> find(const Versions& wanted);

private:
  Result<WorldPtr> make(const Versions& wanted);
  Result<std::shared_ptr<const Catalogue>> catalogue(std::uint64_t version);
  Result<std::shared_ptr<const Rulebook>> rulebook(const Versions& wanted);
  Result<std::shared_ptr<const Models>> models(std::uint64_t version);
  Status restore_placements(Rulebook& rulebook, std::size_t steps);
  Status restore_features(Rulebook& rulebook, std::size_t steps);
  Status restore_audiences(Rulebook& rulebook, std::size_t steps);
  Status read_rule_documents();

  struct Held { Versions versions; Result<WorldPtr> world; };
  App& app_;
  WorldPtr current_;
  std::optional<DocumentsPast> items_, placements_, features_, audiences_;
  std::vector<Held> held_;                             ///< latest use last
};

} // namespace takt
