#pragma once
/// How long accidental clicks last in this shop, per device, from the journal (features/dwell_mixture.h has the method).
/// A sample of customers, by hash, is read until there are dwell_clicks_wanted clicks; bots do not count.
/// Deterministic. Errors: those of the store. Threads: one. Cost: one scan of the sampled customers' journals; 5 KB per device.
#include "core/result.h"
#include "features/intent.h"
#include "store/store.h"

#include <functional>
#include <string>
#include <vector>

namespace takt {

/// The numbers of a mixture are known to about 1 % then; more clicks only cost time.
constexpr std::size_t dwell_clicks_wanted = 500'000;

struct LearntIntent {
  IntentModel model;
  std::size_t clicks = 0;                              ///< with a dwell time, in the sample
  std::vector<std::string> notes;                      ///< one line per device: what was found, or why the prior stays
};

/// What came after `now` does not count.
Result<LearntIntent> learn_intent(Store& store, UtcTime now, const std::function<void(double)>& progress, std::size_t clicks_wanted = dwell_clicks_wanted);

} // namespace takt
