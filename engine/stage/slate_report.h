#pragma once
/// Why a slate is shorter than asked: contract.md §3 wants an answer that says so. Pure.
#include "engine/call.h"

#include <vector>

namespace takt {

/// The commonest reasons of the drops, one per (stage, code, rule), at most `slate_reasons_max`; what never was there is `no_candidates`.
constexpr std::size_t slate_reasons_max = 8;
std::vector<Reason> why_short(const Slate& slate);

} // namespace takt
