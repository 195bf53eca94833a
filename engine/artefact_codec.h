#pragma once
/// The binary files of an artefact (docs/formats.md), without disk or checksum. Little-endian; numbers are varints.
/// Errors: corrupt. Pure.
#include "core/result.h"
#include "engine/models.h"

#include <string>
#include <string_view>

namespace takt::artefact {

/// Symbols by text, popular with its scaled form, trending, both neighbour tables.
std::string encode_tables(const Models& models, const SymbolTable& symbols);
Status decode_tables(std::string_view bytes, SymbolTable& symbols, Models& models);

std::string encode_vectors(const Models& models, const SymbolTable& symbols);
Status decode_vectors(std::string_view bytes, SymbolTable& symbols, Models& models);

/// Errors: also invalid, where the scorer is of a kind that has no file format.
Result<std::string> encode_scorer(const Scorer& scorer);
Status decode_scorer(std::string_view bytes, Models& models);

std::string encode_rates(const ResponseRates& rates, const SymbolTable& symbols);
Status decode_rates(std::string_view bytes, SymbolTable& symbols, ResponseRates& rates);

std::string encode_intent(const IntentModel& intent);
Status decode_intent(std::string_view bytes, IntentModel& intent);

/// Feature rows with their probabilities, vector queries with their best score: written from the models, checked against them.
std::string encode_golden(const Models& models);
Status check_golden(std::string_view bytes, const Models& models);

} // namespace takt::artefact
