#include "engine/train/outcomes.h"

#include "core/hash.h"
#include "features/feature_row.h"
#include "features/intent.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <optional>

namespace takt {
namespace {

constexpr std::uint64_t sample_salt = 0x6f7574636f6d6573;
/// Merges of merges: a chain longer than that is damaged.
constexpr int seals_followed_max = 16;

/// A logged row that waits for its outcome.
struct Waiting {
  std::uint64_t hash = 0;                              ///< of its decision: the sample's order
  CustomerId customer;
  ExposureId exposure;
  UtcTime decided_at{};
};

/// Rows of the log's decisions, bounded.
class Sample {
public:
  Sample(std::size_t rows_max, const std::vector<CustomFeature>& custom) : rows_max_(rows_max), width_(feature_schema().columns.size() + custom.size()) {
    for (const CustomFeature& feature : custom) custom_.push_back(print_of(feature));
  }

  void add(const Decision& decision, Outcomes& counts) {
    ++counts.decisions;
    const FeatureSchema& schema = feature_schema();
    const auto has_rows = [](const PlacementDecision& placement) { return placement.features.schema != 0; };
    const auto& placements = decision.placements;
    if (std::none_of(placements.begin(), placements.end(), has_rows)) {
      ++counts.without_rows;
      return;
    }
    if (std::any_of(placements.begin(), placements.end(), [&](const PlacementDecision& one) { return has_rows(one) && one.features.schema != schema.fingerprint; })) {
      ++counts.other_schema;
      return;
    }
    const std::uint64_t hash = mix64(hash64({reinterpret_cast<const char*>(decision.id.bytes.data()), decision.id.bytes.size()}), sample_salt);
    if (hash > hash_max_) return;
    ++decisions_;
    for (std::size_t ordinal = 0; ordinal < placements.size(); ++ordinal) add_placement(decision, ordinal, hash);
    while (waiting_.size() > rows_max_ && hash_max_ > 0) halve();
  }

  std::vector<Waiting>& waiting() { return waiting_; }
  std::span<const float> row(std::size_t index) const { return std::span(rows_).subspan(index * width_, width_); }
  std::size_t decisions() const { return decisions_; }

private:
  void add_placement(const Decision& decision, std::size_t ordinal, std::uint64_t hash) {
    const LoggedFeatures& features = decision.placements[ordinal].features;
    const std::size_t own = feature_schema().columns.size() - feature_schema().shared_count;
    if (features.shared.size() != feature_schema().shared_count || features.own.size() != features.items.size() * own) return;
    for (const Choice& choice : decision.placements[ordinal].choices) {
      const auto item = std::find(features.items.begin(), features.items.end(), choice.item);
      if (item == features.items.end()) continue; // a fallback: nobody scored it
      const ExposureId exposure{decision.id.bytes, static_cast<std::uint16_t>(ordinal), static_cast<std::uint16_t>(choice.slot)};
      waiting_.push_back({hash, decision.customer, exposure, decision.now});
      rows_.insert(rows_.end(), features.shared.begin(), features.shared.end());
      const auto begin = features.own.begin() + (item - features.items.begin()) * static_cast<std::ptrdiff_t>(own);
      rows_.insert(rows_.end(), begin, begin + static_cast<std::ptrdiff_t>(own));
      add_custom(features, static_cast<std::size_t>(item - features.items.begin()));
    }
  }

  /// By what a column meant when it was logged.
  void add_custom(const LoggedFeatures& features, std::size_t row) {
    const auto& logged = features.custom_columns;
    const bool fits = features.custom.size() == features.items.size() * logged.size();
    for (const std::uint64_t wanted : custom_) {
      const auto column = static_cast<std::size_t>(std::find(logged.begin(), logged.end(), wanted) - logged.begin());
      rows_.push_back(fits && column < logged.size() ? features.custom[row * logged.size() + column] : 0.0F);
    }
  }

  /// Keeps the decisions of the lower half of the hashes.
  void halve() {
    hash_max_ /= 2;
    std::size_t kept = 0;
    ExposureId last;
    decisions_ = 0;
    for (std::size_t i = 0; i < waiting_.size(); ++i) {
      if (waiting_[i].hash > hash_max_) continue;
      if (kept == 0 || waiting_[i].exposure.origin != last.origin) ++decisions_;
      last = waiting_[i].exposure;
      std::copy_n(rows_.begin() + static_cast<std::ptrdiff_t>(i * width_), width_, rows_.begin() + static_cast<std::ptrdiff_t>(kept * width_));
      waiting_[kept++] = waiting_[i];
    }
    waiting_.resize(kept);
    rows_.resize(kept * width_);
  }

  std::size_t rows_max_, width_;
  std::vector<std::uint64_t> custom_;                  ///< columns after the schema's
  std::vector<Waiting> waiting_;
  std::vector<float> rows_;                            ///< parallel to waiting_
  std::uint64_t hash_max_ = UINT64_MAX;
  std::size_t decisions_ = 0;
};

struct Click { UtcTime at{}; double intent = 0; };

/// One exposure as its customer's journals tell it.
struct Story {
  Entry entry;                                         ///< its marks
  Medium medium = Medium::screen;
  Symbol item = Symbol::none, group = Symbol::none;
  std::vector<Click> clicks;
};

/// What one customer did after being shown things: the journal, read for the exposures that wait.
class CustomerStory {
public:
  void expect(const ExposureId& exposure) { stories_.emplace(exposure, Story{}); }
  const Story& of(const ExposureId& exposure) const { return stories_.at(exposure); }
  bool is_bot() const { return is_bot_; }
  CustomerId sealed_into() const { return sealed_into_; }

  void read(const JournalEntry& entry) {
    for (const Operation& operation : entry.delta.operations) {
      if (const auto* found = std::get_if<op::Found>(&operation)) is_bot_ = is_bot_ || found->is_bot;
      else if (const auto* grant = std::get_if<op::Grant>(&operation)) read_grant(*grant);
      else if (const auto* mark = std::get_if<op::AddMark>(&operation)) read_mark(*mark, entry.delta);
      else if (const auto* put = std::get_if<op::PutOrder>(&operation)) orders_[put->order.order_id] = put->order;
      else if (const auto* refund = std::get_if<op::Refund>(&operation)) read_refund(*refund);
      else if (const auto* seal = std::get_if<op::Seal>(&operation)) sealed_into_ = seal->into;
    }
  }

  bool ordered(const Story& story, UtcTime from, UtcTime to) const {
    return std::any_of(orders_.begin(), orders_.end(), [&](const auto& named) {
      const Order& order = named.second;
      return order.at >= from && order.at < to && std::any_of(order.lines.begin(), order.lines.end(), [&](const OrderLine& line) {
        return line.quantity > 0 && line.item != Symbol::none && (line.item == story.item || (line.group != Symbol::none && line.group == story.group));
      });
    });
  }

private:
  Story* find(const ExposureId& exposure) {
    const auto found = stories_.find(exposure);
    return found == stories_.end() ? nullptr : &found->second;
  }

  void read_grant(const op::Grant& grant) {
    Story* story = find(grant.entry.id);
    if (!story) return;
    story->medium = grant.labels.medium;
    story->item = grant.labels.item;
    story->group = grant.labels.group;
  }

  void read_mark(const op::AddMark& mark, const Delta& delta) {
    Story* story = find(mark.id);
    if (!story) return;
    auto& marks = story->entry.marks;
    const auto place = std::find_if(marks.begin(), marks.end(), [&](const Mark& other) { return mark.mark < other; });
    marks.insert(place, mark.mark);
    if (mark.mark.kind == MarkKind::clicked) story->clicks.push_back({mark.mark.at, intent_of(*story, mark.mark, delta)});
  }

  /// The same event stands in the journey, with what its dwell says; a click that names no item says as much as one of unknown dwell.
  static double intent_of(const Story& story, const Mark& click, const Delta& delta) {
    double intent = intent_of_unknown_dwell;
    for (const Operation& operation : delta.operations) {
      const auto* journey = std::get_if<op::Journey>(&operation);
      if (!journey || journey->event.item != story.item || story.item == Symbol::none) continue;
      if (journey->event.kind != JourneyKind::promotion_click && journey->event.kind != JourneyKind::message_click) continue;
      intent = static_cast<double>(journey->event.weight);
      if (journey->event.at == click.at) break; // several events of one commit: this one
    }
    return intent;
  }

  void read_refund(const op::Refund& refund) {
    const auto order = orders_.find(refund.order_id);
    if (order == orders_.end()) return;
    if (refund.lines.empty()) order->second.lines.clear();
    for (const OrderLine& back : refund.lines)
      for (OrderLine& line : order->second.lines)
        if (line.item == back.item) line.quantity -= back.quantity;
  }

  std::map<ExposureId, Story> stories_;
  std::map<Symbol, Order> orders_;
  CustomerId sealed_into_;
  bool is_bot_ = false;
};

/// The journal of the customer, and of whoever goes on for them.
Status read_story(Store& store, CustomerId customer, UtcTime now, CustomerStory& story) {
  for (int followed = 0; customer && followed < seals_followed_max; ++followed) {
    Version first = 0;
    TAKT_TRY_VOID(store.journal().scan(customer, 0, [&](const JournalEntry& entry) {
      if (first == 0) first = entry.version;
      if (entry.delta.clock <= now) story.read(entry);
      return true;
    }));
    if (first > 1 && !story.is_bot()) { // the entry that says so is past its retention
      TAKT_TRY(record, store.records().read(customer, Deadline{}));
      if (record->is_bot) story.read({0, {}, {{}, {op::Found{record->founded_at, true}}}, {}});
    }
    customer = story.sealed_into() == customer ? CustomerId{} : story.sealed_into();
  }
  return {};
}

/// What came of one waiting row; none where nothing can be said.
struct Outcome {
  float click = 0;
  OrderLabel order = OrderLabel::unknown;
  UtcTime shown_at{};
};

std::optional<Outcome> outcome_of(const CustomerStory& customer, const ExposureId& exposure, UtcTime now, Outcomes& counts) {
  const Story& story = customer.of(exposure);
  const std::optional<UtcTime> shown = shown_at(story.entry, story.medium);
  if (customer.is_bot()) ++counts.of_bots;
  else if (!shown) ++counts.unconfirmed;
  else if (*shown + click_window > now) ++counts.too_young;
  else {
    double click = 0;
    for (const Click& one : story.clicks)
      if (one.at >= *shown && one.at < *shown + click_window) click = std::max(click, one.intent);
    const bool bought = customer.ordered(story, *shown, *shown + order_window), is_over = *shown + order_window <= now;
    return Outcome{static_cast<float>(click), bought ? OrderLabel::yes : is_over ? OrderLabel::no : OrderLabel::unknown, *shown};
  }
  return std::nullopt;
}

using JoinedRows = std::vector<std::optional<Outcome>>; ///< parallel to the waiting rows

/// Customer by customer, so that each journal is read once.
Result<JoinedRows> join(Store& store, std::span<const Waiting> waiting, UtcTime now, Outcomes& counts, const std::function<void(double)>& progress) {
  std::vector<std::uint32_t> order(waiting.size());
  std::iota(order.begin(), order.end(), 0U);
  std::stable_sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) { return waiting[a].customer < waiting[b].customer; });
  JoinedRows joined(waiting.size());
  for (std::size_t begin = 0, end = 0; begin < order.size(); begin = end) {
    CustomerStory story;
    for (; end < order.size() && waiting[order[end]].customer == waiting[order[begin]].customer; ++end) story.expect(waiting[order[end]].exposure);
    TAKT_TRY_VOID(read_story(store, waiting[order[begin]].customer, now, story));
    for (std::size_t i = begin; i < end; ++i) joined[order[i]] = outcome_of(story, waiting[order[i]].exposure, now, counts);
    if (progress) progress(static_cast<double>(end) / static_cast<double>(order.size()));
  }
  return joined;
}

} // namespace

Result<Outcomes> read_outcomes(Store& store, const OutcomeOptions& options, const std::function<void(double)>& progress) {
  Outcomes outcomes;
  Sample sample(options.rows_max, options.custom);
  TAKT_TRY_VOID(store.decisions().scan(options.from, options.now, [&](const DecisionRecord& record) {
    sample.add(record.decision, outcomes);
    return true;
  }));
  outcomes.sampled_decisions = sample.decisions();
  const std::vector<Waiting>& waiting = sample.waiting();
  TAKT_TRY(joined, join(store, waiting, options.now, outcomes, progress));

  std::vector<std::uint32_t> by_time(waiting.size());
  std::iota(by_time.begin(), by_time.end(), 0U);
  std::stable_sort(by_time.begin(), by_time.end(), [&](std::uint32_t a, std::uint32_t b) { return waiting[a].decided_at < waiting[b].decided_at; });
  LabelledRows& data = outcomes.data;
  data.width = feature_schema().columns.size() + options.custom.size();
  outcomes.custom = options.custom;
  for (const std::uint32_t index : by_time) {
    if (!joined[index]) continue;
    const std::span<const float> row = sample.row(index);
    data.rows.insert(data.rows.end(), row.begin(), row.end());
    data.labels.push_back(joined[index]->click);
    data.weights.push_back(1);
    data.slots.push_back(waiting[index].exposure.slot);
    outcomes.orders.push_back(joined[index]->order);
    outcomes.shown_at.push_back(joined[index]->shown_at);
    outcomes.customers.push_back(waiting[index].customer);
  }
  return outcomes;
}

} // namespace takt
