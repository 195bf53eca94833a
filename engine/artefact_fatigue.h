#pragma once
/// `fatigue.bin` of an artefact (docs/formats.md): wear-out as fitted, with its intervals, gaps and the points of its plot; without disk or
/// checksum. Errors: corrupt, also for numbers that nothing could have fitted. Pure. Cost: 50 bytes per number.
#include "core/result.h"
#include "core/symbol.h"
#include "engine/fatigue_model.h"

#include <memory>
#include <string>
#include <string_view>

namespace takt::artefact {

std::string encode_fatigue(const FatigueModel& fatigue, const SymbolTable& symbols);
Result<std::shared_ptr<const FatigueModel>> decode_fatigue(std::string_view bytes, SymbolTable& symbols);

} // namespace takt::artefact
