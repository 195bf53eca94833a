#pragma once
/// Chance as data. A draw is keyed, never taken in order: the same (seed, key) gives the same number whatever was drawn
/// before, so a candidate that disappears moves no other draw (semantics.md "Draws").
#include "core/hash.h"

#include <cmath>
#include <cstdint>

namespace takt {

/// Uniform in (0,1), 53 bits, never 0 and never 1.
inline double uniform_open(std::uint64_t seed, std::uint64_t key) {
  const std::uint64_t bits = mix64(seed, key) >> 11;
  return (static_cast<double>(bits) + 0.5) * 0x1.0p-53;
}

/// A small generator for simulations and demo data: SplitMix64 (Steele, Lea, Flood 2014).
class Random {
public:
  explicit Random(std::uint64_t seed) : state_(seed) {}
  std::uint64_t next() {
    state_ += 0x9e3779b97f4a7c15ULL;
    return spread64(state_);
  }
  double uniform() { return (static_cast<double>(next() >> 11) + 0.5) * 0x1.0p-53; }
  /// In [0, bound); bound > 0.
  std::uint64_t below(std::uint64_t bound) {
    return static_cast<std::uint64_t>(uniform() * static_cast<double>(bound)); // bias < 2^-53 x bound: fine for simulations
  }
  double normal() { // Box and Muller 1958; two statements, so that no compiler chooses the order of the draws
    const double radius = std::sqrt(-2.0 * std::log(uniform()));
    return radius * std::cos(6.283185307179586 * uniform());
  }

private:
  std::uint64_t state_;
};

} // namespace takt
