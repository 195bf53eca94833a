#include "api/forgetting.h"

#include <algorithm>
#include <fmt/format.h>

namespace takt {

std::string audit_id(UtcTime at, std::uint32_t number) { return fmt::format("{:016x}-{:08x}", static_cast<std::uint64_t>(std::max<std::int64_t>(ms_of(at), 0)), number); }

std::optional<ForgettingState> Forgetting::state() const {
  const std::lock_guard lock(mutex_);
  return state_;
}

/// The first time from which on the log is within its bound: found by halving, for sizes are only known of ranges.
UtcTime Forgetting::end_of_surplus(UtcTime oldest, UtcTime now) {
  Duration low{0}, high = std::max(now - oldest, Duration(0)) + Duration(1);
  while (low < high) {
    const Duration middle = low + (high - low) / 2;
    if (store_->decisions_bytes(oldest + middle) > config_.retention_decisions_bytes) low = middle + Duration(1);
    else high = middle;
  }
  return oldest + low;
}

Status Forgetting::forget(UtcTime now, std::vector<std::string>& sentences) {
  TAKT_TRY(oldest, store_->oldest_decision());
  if (oldest && *oldest < now - config_.retention_decisions) TAKT_TRY_VOID(store_->forget_decisions(now - config_.retention_decisions));
  TAKT_TRY(kept, store_->oldest_decision());
  if (kept && config_.retention_decisions_bytes > 0 && store_->decisions_bytes(kept) > config_.retention_decisions_bytes) {
    const UtcTime from = end_of_surplus(*kept, now);
    TAKT_TRY_VOID(store_->forget_decisions(from));
    sentences.push_back(fmt::format("the log of decisions was larger than retention.decisions_bytes: those before {} are forgotten", format_utc(from)));
  }
  TAKT_TRY_VOID(store_->forget_documents("audit", audit_id(now - config_.retention_audit, 0)));

  TAKT_TRY(first, store_->oldest_decision());
  const ForgettingState state{store_->journal_bytes(), first ? store_->decisions_bytes(first) : 0, config_.retention_decisions_bytes, first};
  const std::lock_guard lock(mutex_);
  const bool was_near = state_ && state_->is_near();
  state_ = state;
  if (state.is_near() && !was_near)
    sentences.push_back(fmt::format("the log of decisions has {:.0f} of the {:.0f} MB of retention.decisions_bytes: beyond that the oldest are forgotten before their time",
                                    static_cast<double>(state.decisions_bytes) * 1e-6, static_cast<double>(state.decisions_bytes_max) * 1e-6));
  return {};
}

std::vector<std::string> Forgetting::look_at_journals(UtcTime now) {
  constexpr Duration every = days(1);
  constexpr std::size_t customers_at_once = 50; // five times a second, 20 million a day. Each is a read of the device: decisions wait behind too many
  std::vector<std::string> sentences;
  if (store_ == nullptr) return sentences;
  if (!journals_next_) {
    if (journals_begun_at_ && now < *journals_begun_at_ + every) return sentences;
    journals_begun_at_ = now;
    journals_next_ = CustomerId{};
    entries_forgotten_ = 0;
  }
  // What a decision of the log was made from must be there as long as the decision.
  const UtcTime before = *journals_begun_at_ - std::max(config_.retention_journal, config_.retention_decisions);
  const auto forgotten = store_->forget_journals(before, *journals_next_, customers_at_once);
  if (!forgotten) {
    if (!is_failing_at_journals_) sentences.push_back("old entries of journals could not be forgotten: " + forgotten.error().message);
    is_failing_at_journals_ = true;
    journals_next_.reset(); // tomorrow again
    return sentences;
  }
  entries_forgotten_ += forgotten->entries;
  journals_next_ = forgotten->next;
  if (journals_next_) return sentences;
  is_failing_at_journals_ = false;
  if (entries_forgotten_ > 0) sentences.push_back(fmt::format("{} entries of journals were older than retention.journal and are forgotten; records keep what came of them", entries_forgotten_));
  return sentences;
}

std::vector<std::string> Forgetting::look(UtcTime now) {
  std::vector<std::string> sentences;
  if (store_ == nullptr) return sentences;
  const Status done = forget(now, sentences);
  if (!done && !is_failing_) sentences.push_back("what is old could not be forgotten: " + done.error().message);
  is_failing_ = !done.has_value();
  return sentences;
}

} // namespace takt
