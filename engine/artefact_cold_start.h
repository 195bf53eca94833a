#pragma once
/// `cold_start.bin` of an artefact (docs/formats.md): popularity by situation and impressions per item, without disk or checksum.
/// Errors: corrupt. Pure. Cost: some 20 bytes per entry.
#include "core/result.h"
#include "engine/cold_start.h"

#include <string>
#include <string_view>

namespace takt::artefact {

std::string encode_cold_start(const ColdStart& cold_start, const SymbolTable& symbols);
Status decode_cold_start(std::string_view bytes, SymbolTable& symbols, ColdStart& cold_start);

} // namespace takt::artefact
