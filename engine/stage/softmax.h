#pragma once
/// One draw from a softmax, with its exact probability: p_i = exp(u_i/τ) / Σ_j exp(u_j/τ), u = gain ÷ largest |gain|.
/// Drawn as argmax(u_i/τ + Gumbel_i), each Gumbel keyed by its option alone (Gumbel 1954; Maddison, Tarlow, Minka 2014), computed as a race: an option
/// that disappears moves no other option's noise. τ = 0: the largest gain, the first of equals, probability 1.
/// Cost: ~60 ns per option. Pure.
#include <cstdint>
#include <span>

namespace takt {

struct DrawOption {
  double gain = 0;                  ///< finite
  std::uint64_t key = 0;            ///< of the draw: unlike that of any other option and slot
};

struct Draw {
  std::size_t index = 0;
  double propensity = 1;            ///< in (0,1]
};

/// `options` is not empty.
Draw draw_softmax(std::span<const DrawOption> options, double temperature, std::uint64_t seed);

} // namespace takt
