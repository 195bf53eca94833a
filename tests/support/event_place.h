#pragma once
/// A store and a World without items or rules: labels come from the events.
#include "engine/resolve.h"
#include "store/store.h"

#include <memory>
#include <utility>

namespace takt::test {

struct EventPlace {
  explicit EventPlace(std::unique_ptr<Store> opened) : store(std::move(opened)) {
    auto rulebook = std::make_shared<Rulebook>();
    rulebook->policy = std::make_shared<const Policy>();
    auto models = std::make_shared<Models>();
    models->scorer = make_prior_scorer();
    world.symbols = &store->symbols();
    world.catalogue = Catalogue::build({}, store->symbols(), 1);
    world.rulebook = std::move(rulebook);
    world.models = std::move(models);
  }
  std::unique_ptr<Store> store;
  World world;
};

} // namespace takt::test
