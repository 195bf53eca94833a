#include "core/custom_feature.h"

#include "core/hash.h"

#include <bit>

namespace takt {

std::uint64_t print_of(const CustomFeature& feature) {
  std::uint64_t print = hash64(feature.id);
  for (const std::string* text : {&feature.trait, &feature.attribute}) print = mix64(print, hash64(*text));
  print = mix64(print, feature.equals_json ? hash64(*feature.equals_json) : 0);
  for (const double number : {feature.mean, feature.deviation}) print = mix64(print, std::bit_cast<std::uint64_t>(number));
  print = mix64(print, feature.measures_distance ? 1 : 0);
  return print == 0 ? 1 : print;
}

} // namespace takt
