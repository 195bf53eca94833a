#pragma once
/// Training of the served blend, one way for the engine and for `takt evaluate`: the parts on everything but the newest part of the time,
/// their weights on what came then (engine/relevance/blend.h), then the parts that got weight on everything.
/// Deterministic, whatever the number of threads. Errors: none. Threads: `threads`. Cost: the parts twice, and the learning of weights.
#include "engine/relevance/kept_parts.h"
#include "engine/relevance/served_blend.h"
#include "engine/relevance/training_data.h"

#include <functional>
#include <optional>

namespace takt {

/// Of one customer at most so many newest events teach: who did more is a crawler or a wholesaler, pairs grow with the square, and no one
/// should say more than a hundred others. The busiest of public retail data has some thousands a year, of which the newest say enough.
constexpr std::size_t events_per_customer_max = 2'000;
TrainingData with_newest(const TrainingData& data, std::size_t events_per_customer);

struct ServedBlendOptions {
  std::size_t threads = 1;
  float ease_lambda = 200;
  std::size_t cases_min = 0;                           ///< fewer held-out people: nothing is learnt
  KeptParts* kept = nullptr;                           ///< where parts are kept and found again; the answer is the same with it and without
};

struct LearntBlend {
  std::optional<BlendedParts> parts;                   ///< none: fewer cases than asked for
  BlendChoice choice;
  std::size_t cases = 0;                               ///< people whose future was held out
};

/// `progress` may be empty.
LearntBlend learn_served_blend(const TrainingData& data, const ServedBlendOptions& options, const std::function<void(double)>& progress);

/// Settings of iALS that searches on public sets found, by the number of items.
IalsOptions ials_settings(std::size_t items, std::size_t threads);

} // namespace takt
