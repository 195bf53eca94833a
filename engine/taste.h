#pragma once
/// The person's taste as a vector in the space of the items: decayed mean of recent items (features/feature_row.h gives the
/// weights), of unit length. Empty where nothing is known: no vectors, or no recent item among them.
/// Pure. Cost: recent items (<= 50) × dimension; a match is one dot product.
#include "engine/models.h"
#include "engine/person.h"
#include "features/feature_row.h"

#include <span>
#include <vector>

namespace takt {

/// What a decision knows of its customer: features/ over the record, and the taste in the served model's space.
CustomerFeatures customer_features(const Models& models, const Person& person);

std::vector<float> taste_vector(const Models& models, const CustomerFeatures& features);
/// Cosine of the taste with an item, in [-1,1]; 0 where either is unknown.
float taste_match(const Models& models, std::span<const float> taste, Symbol item);

/// Asks the memory for an item's vector, some time before it is read. Changes nothing.
void prefetch_row(const ItemVectors& vectors, std::uint32_t row);

} // namespace takt
