#pragma once
/// `relevance.bin` of an artefact (docs/formats.md): what engine/relevance learnt, without disk or checksum.
/// Errors: corrupt. Pure. Cost: 8 bytes per weight, 4 per number of a vector; the session index is built again.
#include "core/result.h"
#include "engine/relevance_model.h"

#include <memory>
#include <string>
#include <string_view>

namespace takt::artefact {

/// Null is a file too.
std::string encode_relevance(const RelevanceModel* model, const SymbolTable& symbols);
Result<std::shared_ptr<const RelevanceModel>> decode_relevance(std::string_view bytes, SymbolTable& symbols);

} // namespace takt::artefact
