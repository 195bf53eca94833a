#pragma once
/// What methods are trained from: events in time order per customer, with dense indices; and the ways to cut it in time, so that a blend
/// can learn from people whose near future it knows. A value. Errors: none (unsorted events are our bug). Threads: read from any.
#include "engine/relevance/evaluate.h"
#include "engine/relevance/interaction_matrix.h"

namespace takt {

struct TrainingData {
  std::size_t customers = 0, items = 0;
  std::vector<Interaction> events;                    ///< by customer, then time; equal times in order of arrival
  bool has_times = false;                             ///< else at_seconds is the order of arrival, and nothing decays
  bool customers_are_sessions = false;                ///< one visit each: what comes next is one click
  std::int64_t now_seconds = 0;                       ///< the newest event
  std::vector<std::vector<std::uint32_t>> item_words; ///< what items are about (engine/relevance/content.h); empty where nobody said
  std::size_t words_count = 0;

  InteractionMatrix matrix() const { return {events, customers, items}; }
  /// From the oldest event to the newest; 0 where the order of customers says nothing about time.
  std::int64_t period_seconds() const;
};

/// Puts the events into the order that TrainingData wants (stable) and sets now_seconds.
void sort_events(TrainingData& data);

/// The events of each customer, in order: event i of customer c is events[begin[c] + i].
std::vector<std::size_t> customer_begins(const TrainingData& data);

/// Each item once, at its newest event, oldest first; the strongest weight.
std::vector<HistoryItem> history_of(std::span<const Interaction> events);

struct HeldOut {
  TrainingData past;
  std::vector<EvaluationCase> cases; ///< at most cases_max, evenly spread over the customers
};
/// Cuts off the newest `share` of the events. With times: at one moment for everybody. Sessions: the newest sessions, every click after the
/// first one is a case. Without times: the end of everybody's row, from five events on. Items of the history are masked, but not in sessions.
HeldOut hold_out(const TrainingData& data, double share, std::size_t cases_max);

} // namespace takt
