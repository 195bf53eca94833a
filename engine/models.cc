#include "engine/models.h"

namespace takt {

std::shared_ptr<const Models> untrained_models() {
  auto models = std::make_shared<Models>();
  models->scorer = make_prior_scorer();
  return models;
}

} // namespace takt
