#pragma once
/// Everything global that a decision reads, as one versioned snapshot: the same World, record, request and seed give the same
/// slate, bit for bit. Readers take it once per request. Threads: immutable, but for the label dictionary, which only grows.
#include "engine/catalogue.h"
#include "engine/custom_columns.h"
#include "engine/models.h"
#include "core/decision.h"
#include "engine/rulebook.h"

#include <memory>

namespace takt {

struct World {
  std::shared_ptr<const Catalogue> catalogue;
  std::shared_ptr<const Rulebook> rulebook;
  std::shared_ptr<const Models> models;
  std::shared_ptr<const CustomColumns> custom;        ///< the rulebook's features over the catalogue; null where it has none
  SymbolTable* symbols = nullptr;                     ///< append-only
  const Policy& policy() const { return *rulebook->policy; }
  Versions versions() const;
};
/// What a decision names as its rules: the policy, and the placements, configured features and audiences beside it (the sum of their prints).
std::uint64_t rules_hash_of(const Policy& policy, std::uint64_t documents_print);
using WorldPtr = std::shared_ptr<const World>;

} // namespace takt
