#include "experiments/assign.h"

#include "core/hash.h"

#include <string>

namespace takt {

double bucket_of(std::string_view seed, std::string_view unit) {
  std::string key(seed);
  key.push_back('\x1f');
  key.append(unit);
  return static_cast<double>(hash64(key) >> 11) * 0x1.0p-53;
}

std::optional<std::size_t> assign(std::string_view seed, std::string_view unit, std::span<const double> weights) {
  const double bucket = bucket_of(seed, unit);
  double upto = 0;
  for (std::size_t i = 0; i < weights.size(); ++i) {
    upto += weights[i];
    if (bucket < upto) return i;
  }
  return std::nullopt;
}

} // namespace takt
