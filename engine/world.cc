#include "engine/world.h"

#include "core/hash.h"

namespace takt {

std::uint64_t rules_hash_of(const Policy& policy, std::uint64_t documents_print) { return mix64(policy.hash, documents_print); }

Versions World::versions() const {
  Versions versions;
  versions.rules = policy().version;
  versions.rules_hash = rules_hash_of(policy(), rulebook->placements_print + rulebook->features_print + rulebook->audiences_print);
  versions.catalogue = catalogue->version();
  versions.artefacts = models->version;
  versions.model = models->scorer ? models->scorer->name() : "none";
  versions.index = models->index ? models->index->name() : "none";
  return versions;
}

} // namespace takt
