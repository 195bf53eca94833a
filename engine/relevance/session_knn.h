#pragma once
/// Session-based nearest neighbours with an index: VMIS-kNN (Kersbergen, Sprangers, Schelter 2022, "Serenade"), after S-KNN and its variants
/// (Jannach, Ludewig 2017; Ludewig, Jannach 2018). Each item knows the newest sessions it was in; a running session is compared with those
/// only. Similarity = sum over shared items of how recent they are in the running session; score = sum over the neighbours of similarity ×
/// how near the item stands to the newest shared one (Garg et al. 2019, "STAN"), what came after counting more than what came before × idf.
/// "Recent" and "near" count moments, not items: what happened at one time (the lines of an order) is one step.
/// Immutable. Errors: none. Threads: any. Memory: 8 bytes per item of a session and 4 per kept pair of item and session.
/// Cost: at most items_max × sessions_per_item_max steps per query, then the items of neighbours_max sessions.
#include "engine/relevance/method.h"
#include "engine/relevance/training_data.h"

#include <memory>

namespace takt {

struct SessionKnnOptions {
  std::int64_t silence_seconds = 1800;     ///< ends a session where times are known and customers are not sessions
  std::size_t sessions_per_item_max = 500; ///< m: the newest ones
  std::size_t neighbours_max = 700;        ///< k
  std::size_t items_max = 50;              ///< of the running session, the newest; a crawler's ends there
  float recency_steps = 0.5F;              ///< a shared item so many moments back counts 1/e
  float distance_steps = 1;                ///< so does an item that far behind the newest shared one
  float before_weight = 0.1F;              ///< of items that came before it, against those after
};

/// An item of a past session, and in which moment of it.
struct SessionItem {
  std::uint32_t item = 0;
  std::uint32_t moment = 0;
};

class SessionIndex {
public:
  SessionIndex() = default;
  SessionIndex(const TrainingData& data, const SessionKnnOptions& options);
  /// As it was stored: session i holds session_items[session_begin[i] … session_begin[i + 1]).
  SessionIndex(std::vector<std::size_t> session_begin, std::vector<SessionItem> session_items, std::size_t items, float repeat_share,
               const SessionKnnOptions& options)
      : options_(options), session_begin_(std::move(session_begin)), session_items_(std::move(session_items)), repeat_share_(repeat_share) {
    index_items(items);
  }
  std::size_t sessions() const { return session_begin_.size() - 1; }
  /// Each item once, at its last moment, in order of time. Sessions are numbered by when they ended.
  std::span<const SessionItem> items_of(std::uint32_t session) const { return slice(session_items_, session_begin_, session); }
  /// Newest first, at most sessions_per_item_max.
  std::span<const std::uint32_t> sessions_of(std::uint32_t item) const {
    return item + 1 < item_begin_.size() ? slice(item_sessions_, item_begin_, item) : std::span<const std::uint32_t>{};
  }
  /// log(1 + sessions / sessions with the item).
  float idf(std::uint32_t item) const { return idf_[item]; }
  /// How often the next event is the same item again: what an item says about itself.
  float repeat_share() const { return repeat_share_; }
  const SessionKnnOptions& options() const { return options_; }

private:
  template <class Value>
  static std::span<const Value> slice(const std::vector<Value>& all, const std::vector<std::size_t>& begin, std::size_t index) {
    return std::span(all).subspan(begin[index], begin[index + 1] - begin[index]);
  }
  void index_items(std::size_t items);
  SessionKnnOptions options_;
  std::vector<std::size_t> session_begin_ = {0}, item_begin_ = {0};
  std::vector<SessionItem> session_items_;
  std::vector<std::uint32_t> item_sessions_;
  std::vector<float> idf_;
  float repeat_share_ = 0;
};

class SessionKnnMethod final : public RelevanceMethod {
public:
  explicit SessionKnnMethod(std::shared_ptr<const SessionIndex> index);
  void score(const RelevanceQuery& query, ScoreSheet& sheet) const override;

private:
  void add_neighbour(std::uint32_t session, std::uint32_t shared, float similarity, ScoreSheet& sheet) const;
  std::shared_ptr<const SessionIndex> index_;
  std::vector<float> recency_, nearness_; ///< by steps
};

/// Steps back in time per item of the history, 0 = the newest moment. For tests too.
std::vector<std::uint32_t> steps_back(std::span<const HistoryItem> history);
/// e^(−steps/scale), a table of the first steps; later ones are worth nothing.
std::vector<float> fading(float scale);

} // namespace takt
