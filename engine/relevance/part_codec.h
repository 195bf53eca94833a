#pragma once
/// The learnt parts of a blend as bytes (docs/formats.md, relevance.bin): of an artefact, and of a training under way.
/// Errors: a null or an empty answer where the bytes are damaged. Pure. Cost: 8 bytes per weight, 4 per number of a vector; reading
/// sessions builds their index again.
#include "core/bytes.h"
#include "engine/relevance/ials.h"
#include "engine/relevance/item_weights.h"
#include "engine/relevance/session_knn.h"

#include <memory>
#include <optional>

namespace takt {

void write_part(ByteWriter& out, const ItemWeights& weights);
void write_part(ByteWriter& out, const SessionIndex& sessions);
void write_part(ByteWriter& out, const IalsModel& model);
void write_factors(ByteWriter& out, const Factors& factors);

/// `items`: of the catalogue that was trained on.
std::shared_ptr<const ItemWeights> read_weights(ByteReader& in, std::size_t items);
std::shared_ptr<const SessionIndex> read_sessions(ByteReader& in, std::size_t items);
std::shared_ptr<const IalsModel> read_ials(ByteReader& in, std::size_t items);
std::optional<Factors> read_factors(ByteReader& in, std::size_t items, std::size_t dimension);

} // namespace takt
