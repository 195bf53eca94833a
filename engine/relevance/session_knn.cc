#include "engine/relevance/session_knn.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <numeric>

namespace takt {
namespace {

struct Session {
  std::int64_t ended_seconds = 0;
  std::size_t begin = 0, end = 0; ///< of data.events
};

std::vector<Session> cut_sessions(const TrainingData& data, std::int64_t silence_seconds) {
  std::vector<Session> sessions;
  for (std::size_t i = 0; i < data.events.size(); ++i) {
    const Interaction& event = data.events[i];
    const bool continues = i > 0 && data.events[i - 1].customer == event.customer &&
                           (!data.has_times || data.customers_are_sessions || event.at_seconds - data.events[i - 1].at_seconds < silence_seconds);
    if (!continues) sessions.push_back({event.at_seconds, i, i});
    sessions.back().end = i + 1;
    sessions.back().ended_seconds = event.at_seconds;
  }
  std::stable_sort(sessions.begin(), sessions.end(), [](const Session& a, const Session& b) { return a.ended_seconds < b.ended_seconds; });
  return sessions;
}

struct Neighbour {
  std::uint32_t session = 0;
  std::uint32_t shared = 0; ///< the newest item of the running session that is in it
  float similarity = 0;
};

/// Sessions met so far, by number: open addressing, because a query meets some thousand of a million.
class Meetings {
public:
  explicit Meetings(std::size_t meetings_max) : slots_(std::bit_ceil(2 * meetings_max + 1), free_slot), mask_(slots_.size() - 1) {}
  void add(std::uint32_t session, std::uint32_t item, float amount) {
    constexpr std::uint32_t odd = 2'654'435'769U; // spreads what stands close together (Knuth, vol. 3, 6.4)
    std::size_t slot = (session * odd) & mask_;
    while (slots_[slot] != free_slot && met_[slots_[slot]].session != session) slot = (slot + 1) & mask_;
    if (slots_[slot] == free_slot) {
      slots_[slot] = static_cast<std::uint32_t>(met_.size());
      met_.push_back({session, item, 0});
    }
    met_[slots_[slot]].similarity += amount;
  }
  std::vector<Neighbour> take() { return std::move(met_); }

private:
  static constexpr std::uint32_t free_slot = UINT32_MAX;
  std::vector<std::uint32_t> slots_;
  std::size_t mask_;
  std::vector<Neighbour> met_;
};

template <class Better>
void keep_best(std::vector<Neighbour>& all, std::size_t kept_max, const Better& better) {
  if (all.size() <= kept_max) return;
  std::nth_element(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(kept_max), all.end(), better);
  all.resize(kept_max);
}

float at(const std::vector<float>& table, std::uint32_t steps) { return table[std::min<std::size_t>(steps, table.size() - 1)]; }

} // namespace

SessionIndex::SessionIndex(const TrainingData& data, const SessionKnnOptions& options) : options_(options) {
  std::size_t repeats = 0, steps_taken = 0;
  for (const Session& session : cut_sessions(data, options.silence_seconds)) {
    const auto history = history_of(std::span(data.events).subspan(session.begin, session.end - session.begin));
    const auto steps = steps_back(history);
    for (std::size_t i = session.begin + 1; i < session.end; ++i) repeats += data.events[i].item == data.events[i - 1].item ? 1 : 0;
    steps_taken += session.end - session.begin - 1;
    for (std::size_t i = 0; i < history.size(); ++i) session_items_.push_back({history[i].item, steps.front() - steps[i]});
    session_begin_.push_back(session_items_.size());
  }
  if (steps_taken > 0) repeat_share_ = static_cast<float>(repeats) / static_cast<float>(steps_taken);
  index_items(data.items);
}

void SessionIndex::index_items(std::size_t items) {
  std::vector<std::size_t> in_sessions(items, 0);
  for (const SessionItem& one : session_items_) ++in_sessions[one.item];
  idf_.assign(items, 0);
  item_begin_.assign(items + 1, 0);
  for (std::size_t item = 0; item < items; ++item) {
    if (in_sessions[item] > 0) idf_[item] = static_cast<float>(std::log1p(static_cast<double>(sessions()) / static_cast<double>(in_sessions[item])));
    item_begin_[item + 1] = item_begin_[item] + std::min(in_sessions[item], options_.sessions_per_item_max);
  }
  item_sessions_.resize(item_begin_[items]);
  std::vector<std::size_t> next(item_begin_.begin(), item_begin_.end() - 1);
  for (std::size_t session = sessions(); session-- > 0;)
    for (const SessionItem& one : items_of(static_cast<std::uint32_t>(session)))
      if (next[one.item] < item_begin_[one.item + 1]) item_sessions_[next[one.item]++] = static_cast<std::uint32_t>(session);
}

std::vector<std::uint32_t> steps_back(std::span<const HistoryItem> history) {
  std::vector<std::uint32_t> steps(history.size(), 0);
  for (std::size_t i = history.size(); i-- > 1;) steps[i - 1] = steps[i] + (history[i - 1].at_seconds != history[i].at_seconds ? 1 : 0);
  return steps;
}

std::vector<float> fading(float scale) {
  constexpr std::size_t steps_max = 64; // a neighbour that long is a crawler
  std::vector<float> table(steps_max + 1, 0);
  for (std::size_t steps = 0; steps < steps_max; ++steps)
    table[steps] = static_cast<float>(std::exp(-static_cast<double>(steps) / static_cast<double>(scale)));
  return table;
}

SessionKnnMethod::SessionKnnMethod(std::shared_ptr<const SessionIndex> index)
    : index_(std::move(index)), recency_(fading(index_->options().recency_steps)), nearness_(fading(index_->options().distance_steps)) {}

void SessionKnnMethod::score(const RelevanceQuery& query, ScoreSheet& sheet) const {
  const SessionKnnOptions& options = index_->options();
  const auto recent = query.history.last(std::min(query.history.size(), options.items_max));
  if (recent.empty()) return;
  const std::vector<std::uint32_t> steps = steps_back(recent);
  std::size_t meetings_max = 0;
  for (const HistoryItem& seen : recent) meetings_max += index_->sessions_of(seen.item).size();
  Meetings meetings(meetings_max);
  for (std::size_t i = recent.size(); i-- > 0;) // newest first: the first meeting is through the newest shared item
    for (const std::uint32_t session : index_->sessions_of(recent[i].item)) meetings.add(session, recent[i].item, at(recency_, steps[i]));
  std::vector<Neighbour> neighbours = meetings.take();
  const auto nearer = [](const Neighbour& a, const Neighbour& b) {
    return a.similarity != b.similarity ? a.similarity > b.similarity : a.session > b.session;
  };
  keep_best(neighbours, options.neighbours_max, nearer);
  std::sort(neighbours.begin(), neighbours.end(), nearer); // sums in one order, whatever was met first
  for (const Neighbour& neighbour : neighbours) add_neighbour(neighbour.session, neighbour.shared, neighbour.similarity, sheet);
}

void SessionKnnMethod::add_neighbour(std::uint32_t session, std::uint32_t shared, float similarity, ScoreSheet& sheet) const {
  const auto items = index_->items_of(session);
  const auto met = std::find_if(items.begin(), items.end(), [&](const SessionItem& one) { return one.item == shared; });
  for (const SessionItem& one : items) {
    if (one.item == shared) {
      sheet.add(shared, similarity * index_->repeat_share() * index_->idf(shared));
      continue;
    }
    const bool is_before = one.moment < met->moment;
    const std::uint32_t distance = is_before ? met->moment - one.moment : one.moment - met->moment;
    const float near = at(nearness_, std::max(distance, 1U) - 1) * (is_before ? index_->options().before_weight : 1);
    sheet.add(one.item, similarity * near * index_->idf(one.item));
  }
}

} // namespace takt
