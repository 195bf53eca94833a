#pragma once
/// `repurchase.bin` of an artefact (docs/formats.md): cycles per category; without disk or checksum. Errors: corrupt, also for lengths
/// that nothing could have learnt. Pure. Cost: 50 bytes per category.
#include "core/result.h"
#include "core/symbol.h"
#include "engine/repurchase_model.h"

#include <memory>
#include <string>
#include <string_view>

namespace takt::artefact {

std::string encode_repurchase(const RepurchaseModel& model, const SymbolTable& symbols);
Result<std::shared_ptr<const RepurchaseModel>> decode_repurchase(std::string_view bytes, SymbolTable& symbols);

} // namespace takt::artefact
