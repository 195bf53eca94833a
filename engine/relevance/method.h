#pragma once
/// What all methods share: a query (somebody's journey so far), a sheet of scores, and the interface that scores one on the other.
/// Implementations are immutable once built and may be asked from any thread; the sheet belongs to the caller.
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace takt {

struct HistoryItem {
  std::uint32_t item = 0;
  float weight = 1;
  std::int64_t at_seconds = 0; ///< of the newest interaction with it
};

struct RelevanceQuery {
  std::span<const HistoryItem> history; ///< each item once, oldest first: the last is what happened last
  std::int64_t now_seconds = 0;
};

/// One score per item, 0 until touched. Clearing costs what was touched, so that a query over few items is cheap among a million.
/// Threads: one.
class ScoreSheet {
public:
  explicit ScoreSheet(std::size_t items) : scores_(items, 0), is_touched_(items, false) {}
  std::size_t size() const { return scores_.size(); }
  void add(std::uint32_t item, float amount) {
    if (is_touched_[item] == 0) {
      is_touched_[item] = 1;
      touched_.push_back(item);
    }
    scores_[item] += amount;
  }
  float operator[](std::uint32_t item) const { return scores_[item]; }
  /// In the order they were first touched.
  std::span<const std::uint32_t> touched() const { return touched_; }
  void clear() {
    for (const std::uint32_t item : touched_) {
      scores_[item] = 0;
      is_touched_[item] = 0;
    }
    touched_.clear();
  }

private:
  std::vector<float> scores_;
  std::vector<std::uint8_t> is_touched_;
  std::vector<std::uint32_t> touched_;
};

class RelevanceMethod {
public:
  virtual ~RelevanceMethod() = default;
  /// Adds to a cleared sheet. Higher is better; items it does not touch are worth 0. Items of the history may be scored too.
  virtual void score(const RelevanceQuery& query, ScoreSheet& sheet) const = 0;
};

} // namespace takt
