#pragma once
/// Customer → variant: pure, stable, and the same in every language (docs/glossary.md "unit"). Nothing is stored: whoever knows
/// the seed and the id knows the arm. Source of the method: hash bucketing as in GrowthBook's SDKs; bucket = hash64 in [0,1).
/// Threads: pure. Cost: one hash.
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace takt {

/// Uniform in [0,1) from (experiment seed, unit id).
double bucket_of(std::string_view seed, std::string_view unit);

/// Index of the variant whose cumulative weight holds the bucket; none where the weights end below it (not in the experiment).
/// Weights are >= 0 and sum to at most 1 (+1e-9).
std::optional<std::size_t> assign(std::string_view seed, std::string_view unit, std::span<const double> weights);

} // namespace takt
