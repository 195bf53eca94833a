#include "engine/what_if/draft_worlds.h"

#include <algorithm>

namespace takt::what_if {

WorldPtr with_policy(const World& world, std::shared_ptr<const Policy> policy) {
  auto rulebook = std::make_shared<Rulebook>(*world.rulebook);
  set_policy(*rulebook, std::move(policy), *world.symbols);
  auto changed = std::make_shared<World>(world);
  changed->rulebook = std::move(rulebook);
  return changed;
}

Result<WorldPair> DraftWorlds::at(const Versions& versions) {
  const std::lock_guard lock(mutex_);
  const auto known = std::find_if(held_.begin(), held_.end(), [&](const Held& held) { return held.versions == versions; });
  if (known != held_.end()) {
    held_.splice(held_.begin(), held_, known);
    return held_.front().worlds;
  }
  if (held_.size() == held_max) held_.pop_back();
  const auto found = find_(versions);
  if (found) held_.push_front({versions, WorldPair{*found, with_policy(**found, draft_)}});
  else held_.push_front({versions, tl::unexpected(found.error())});
  return held_.front().worlds;
}

} // namespace takt::what_if
