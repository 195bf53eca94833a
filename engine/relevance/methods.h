#pragma once
/// The methods by name, with the settings that `takt evaluate` compares. Each is itself at its best;
/// the blend is the one that the engine serves (learn_served_blend.h), with parts as small as serving wants them.
/// Deterministic, whatever the number of threads. Errors: not_found (an unknown name). Threads: `threads`, as an argument.
#include "core/result.h"
#include "engine/relevance/training_data.h"

#include <memory>
#include <string>

namespace takt {

struct MethodOptions {
  std::size_t threads = 1;
  float ease_lambda = 200;
};

/// In the order of the tables that people read.
std::span<const std::string_view> method_names();

/// `progress` may be empty. Time and memory: see each method.
Result<std::shared_ptr<const RelevanceMethod>> train_method(std::string_view name, const TrainingData& data, const MethodOptions& options,
                                                            const std::function<void(double)>& progress);

} // namespace takt
