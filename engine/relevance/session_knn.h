#pragma once
/// Session-based nearest neighbours with an index: VMIS-kNN (Kersbergen, Sprangers, Schelter 2022, "Serenade"), after S-KNN and its variants
/// (Jannach, Ludewig 2017; Ludewig, Jannach 2018). Each item knows the newest sessions it was in; a running session is compared with those
/// only. Similarity = Σ shared items × how recent they are in the running session; score = Σ neighbours' similarity × how recent the newest
/// shared item is × idf. "Recent" counts moments, not items: what happened at one time (the lines of an order) is one step back.
/// Immutable. Errors: none. Threads: any. Memory: 4 bytes per item of a session and 4 per kept pair of item and session.
/// Cost: at most items_max × sessions_per_item_max steps per query, then the items of neighbours_max sessions.
#include "engine/relevance/method.h"
#include "engine/relevance/training_data.h"

#include <memory>

namespace takt {

struct SessionKnnOptions {
  std::int64_t silence_seconds = 1800;     ///< ends a session where times are known and customers are not sessions
  std::size_t sessions_per_item_max = 500; ///< m: the newest ones
  std::size_t neighbours_max = 100;        ///< k
  std::size_t items_max = 50;              ///< of the running session, the newest; a crawler's ends there
};

class SessionIndex {
public:
  SessionIndex() = default;
  SessionIndex(const TrainingData& data, const SessionKnnOptions& options);
  std::size_t sessions() const { return session_begin_.size() - 1; }
  /// Distinct, ascending. Sessions are numbered by when they ended.
  std::span<const std::uint32_t> items_of(std::uint32_t session) const { return slice(session_items_, session_begin_, session); }
  /// Newest first, at most sessions_per_item_max.
  std::span<const std::uint32_t> sessions_of(std::uint32_t item) const {
    return item + 1 < item_begin_.size() ? slice(item_sessions_, item_begin_, item) : std::span<const std::uint32_t>{};
  }
  /// log(sessions / sessions with the item).
  float idf(std::uint32_t item) const { return idf_[item]; }
  const SessionKnnOptions& options() const { return options_; }

private:
  static std::span<const std::uint32_t> slice(const std::vector<std::uint32_t>& all, const std::vector<std::size_t>& begin, std::size_t index) {
    return std::span(all).subspan(begin[index], begin[index + 1] - begin[index]);
  }
  void index_items(std::size_t items);
  SessionKnnOptions options_;
  std::vector<std::size_t> session_begin_ = {0}, item_begin_ = {0};
  std::vector<std::uint32_t> session_items_, item_sessions_;
  std::vector<float> idf_;
};

class SessionKnnMethod final : public RelevanceMethod {
public:
  explicit SessionKnnMethod(std::shared_ptr<const SessionIndex> index) : index_(std::move(index)) {}
  void score(const RelevanceQuery& query, ScoreSheet& sheet) const override;

private:
  std::shared_ptr<const SessionIndex> index_;
};

/// Steps back in time per item of the history, 0 = the newest moment. For tests too.
std::vector<std::uint32_t> steps_back(std::span<const HistoryItem> history);
/// What a step back costs when neighbours speak: 1, .9, … 0 from ten steps on.
float match_weight(std::uint32_t steps);

} // namespace takt
