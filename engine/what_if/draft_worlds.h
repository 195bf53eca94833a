#pragma once
/// The World of each logged decision, and the same one with the draft as its policy. Items, placements and models stay those of then:
/// a what-if swaps the rules and nothing else, so its figures do not mix a change of rules with a change of the catalogue.
/// Threads: any number. Errors: those of the finder; what is not held stays not held. Cost: a look-up among the last few; a miss asks the finder,
/// one thread at a time, and copies a handful of pointers.
#include "engine/history.h"

#include <list>
#include <mutex>

namespace takt::what_if {

/// The World with another policy.
WorldPtr with_policy(const World& world, std::shared_ptr<const Policy> policy);

struct WorldPair { WorldPtr then, draft; };

class DraftWorlds {
public:
  /// `find` is never called by two threads at once.
  DraftWorlds(WorldOfVersions find, std::shared_ptr<const Policy> draft) : find_(std::move(find)), draft_(std::move(draft)) {}
  Result<WorldPair> at(const Versions& versions);
  const Policy& draft() const { return *draft_; }

private:
  struct Held { Versions versions; Result<WorldPair> worlds; };
  static constexpr std::size_t held_max = 64;

  WorldOfVersions find_;
  std::shared_ptr<const Policy> draft_;
  std::mutex mutex_;
  std::list<Held> held_;                               ///< latest use first
};

} // namespace takt::what_if
