#include "engine/world.h"

namespace takt {

Versions World::versions() const {
  Versions versions;
  versions.rules = policy().version;
  versions.rules_hash = policy().hash;
  versions.catalogue = catalogue->version();
  versions.artefacts = models->version;
  versions.model = models->scorer ? models->scorer->name() : "none";
  versions.index = models->index ? models->index->name() : "none";
  return versions;
}

} // namespace takt
