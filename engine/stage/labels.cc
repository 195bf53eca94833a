#include "engine/stage/stages.h"

namespace takt {

LabelSet labels_at(const ItemFront& item, const PlacementRules& rules) {
  LabelSet labels = item.labels;
  labels.channel = rules.channel;
  labels.placement = rules.symbol;
  labels.medium = rules.medium;
  return labels;
}

} // namespace takt
