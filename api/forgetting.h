#pragma once
/// How long what grows is kept: decisions by age and by size, journals and notes of who changed what by age. The oldest go first, and that a bound
/// comes near is said before.
/// Threads: look() and look_at_journals() from one at a time, the rest any. Errors are told to the operator, and tried again.
#include "api/upkeep_config.h"
#include "core/time.h"
#include "store/retention.h"

#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace takt {

struct ForgettingState {
  std::uint64_t journal_bytes = 0, decisions_bytes = 0;
  std::uint64_t decisions_bytes_max = 0;             ///< 0 = no bound
  std::optional<UtcTime> decisions_from;             ///< the oldest that is kept
  bool is_near() const { return decisions_bytes_max > 0 && static_cast<double>(decisions_bytes) >= near_share * static_cast<double>(decisions_bytes_max); }
  static constexpr double near_share = 0.8;
};

class Forgetting {
public:
  /// `store` null: nothing is ever forgotten. So it is in a directory of simulated time: its decisions are old from the first day.
  Forgetting(Retention* store, const UpkeepConfig& config) : store_(store), config_(config) {}

  /// Forgets what is too old or too much at that time. Sentences for an operator.
  std::vector<std::string> look(UtcTime now);
  /// Some customers of a way through all of them, which begins once a day: what lies too long in their journals goes, their records stay.
  std::vector<std::string> look_at_journals(UtcTime now);
  /// As at the last look; none before.
  std::optional<ForgettingState> state() const;

private:
  Status forget(UtcTime now, std::vector<std::string>& sentences);
  UtcTime end_of_surplus(UtcTime oldest, UtcTime now);

  Retention* const store_;
  const UpkeepConfig config_;
  bool is_failing_ = false, is_failing_at_journals_ = false;
  std::optional<UtcTime> journals_begun_at_;         ///< the latest way through all customers
  std::optional<CustomerId> journals_next_;          ///< none: it has come to its end
  std::uint64_t entries_forgotten_ = 0;
  mutable std::mutex mutex_;
  std::optional<ForgettingState> state_;
};

/// Notes are named by their time, so that they are listed and forgotten in its order (App::note_change).
std::string audit_id(UtcTime at, std::uint32_t number);

} // namespace takt
