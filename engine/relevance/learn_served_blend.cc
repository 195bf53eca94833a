#include "engine/relevance/learn_served_blend.h"

#include "core/hash.h"
#include "engine/relevance/ease.h"
#include "engine/relevance/part_codec.h"
#include "engine/relevance/popularity.h"

#include <algorithm>
#include <bit>
#include <initializer_list>

namespace takt {
namespace {

using Progress = std::function<void(double)>;

/// A month of nine.
constexpr double held_out_share = 0.12;
/// Their mean is known to about 3 %; twice as many cost twice the time.
constexpr std::size_t cases_max = 1'000;
/// Serving adds up rows: the strongest weights carry the ranking, and 100 of them keep a row within a page or two of memory.
constexpr std::size_t weights_per_item_max = 100;
/// Enough that two purchases are no trend.
constexpr float trend_prior_customers = 5;
/// Shares of the whole time over which a trend is looked for.
constexpr std::array<std::int64_t, 4> trend_parts{40, 20, 10, 5};
/// The parts of a session are minutes apart, those of a season months: a quarter of what was seen separates them on public retail data.
constexpr std::int64_t recent_part = 4;

/// What is further back than a few moments counts next to nothing, and a decision must not meet ten thousand sessions.
SessionKnnOptions session_settings() {
  SessionKnnOptions options;
  options.items_max = 8;
  options.sessions_per_item_max = 300;
  options.neighbours_max = 300;
  return options;
}

Progress step(const Progress& progress, double from, double to) {
  return [&progress, from, to](double share) {
    if (progress) progress(from + (to - from) * share);
  };
}

constexpr std::size_t index_of(RelevancePart part) { return static_cast<std::size_t>(part); }

using Wanted = std::array<bool, relevance_parts>;

/// Raised whenever a learner of the blend gives other numbers for the same input: what an older build kept is not found then.
constexpr std::uint64_t learners_version = 1;

std::uint64_t mixed(std::initializer_list<double> settings) {
  std::uint64_t print = learners_version;
  for (const double one : settings) print = mix64(print, std::bit_cast<std::uint64_t>(one));
  return print;
}

std::uint64_t fingerprint_of(const TrainingData& data) {
  std::uint64_t print = mixed({static_cast<double>(data.customers), static_cast<double>(data.items), data.has_times ? 1.0 : 0.0, data.customers_are_sessions ? 1.0 : 0.0});
  for (const Interaction& one : data.events) {
    print = mix64(print, (static_cast<std::uint64_t>(one.customer) << 32) | one.item);
    print = mix64(print, mix64(std::bit_cast<std::uint32_t>(one.weight), static_cast<std::uint64_t>(one.at_seconds)));
  }
  return print;
}

/// Trains parts, or finds them where a training before this one left them.
class PartTrainer {
public:
  /// `stage` "past" or "all": the same part is trained on both.
  PartTrainer(const TrainingData& data, std::string stage, std::uint64_t fingerprint, const ServedBlendOptions& options)
      : data_(data), stage_(std::move(stage)), fingerprint_(mix64(fingerprint, hash64(stage_))), options_(options), matrix_(data.matrix()) {}

  std::shared_ptr<const ItemWeights> ease(const Progress& progress) {
    EaseOptions ease;
    ease.lambda = options_.ease_lambda;
    ease.weights_per_item_max = weights_per_item_max;
    ease.threads = options_.threads;
    const std::uint64_t settings = mixed({static_cast<double>(ease.lambda), static_cast<double>(ease.weights_per_item_max), static_cast<double>(ease.dense_items_max),
                                          static_cast<double>(ease.predictors_max)});
    return once<ItemWeights>("ease", settings, read_weights, [&] { return std::make_shared<const ItemWeights>(train_ease(matrix_, ease, progress)); });
  }
  std::shared_ptr<const SessionIndex> sessions() {
    const SessionKnnOptions knn = session_settings();
    const std::uint64_t settings = mixed({static_cast<double>(knn.silence_seconds), static_cast<double>(knn.sessions_per_item_max), static_cast<double>(knn.neighbours_max),
                                          static_cast<double>(knn.items_max), static_cast<double>(knn.recency_steps), static_cast<double>(knn.distance_steps),
                                          static_cast<double>(knn.before_weight)});
    return once<SessionIndex>("sessions", settings, read_sessions, [&] { return std::make_shared<const SessionIndex>(data_, knn); });
  }
  std::shared_ptr<const IalsModel> ials(const Progress& progress) {
    const IalsOptions ials = ials_settings(data_.items, options_.threads);
    const std::uint64_t settings = mixed({static_cast<double>(ials.dimension), static_cast<double>(ials.epochs), static_cast<double>(ials.unseen_weight),
                                          static_cast<double>(ials.lambda), static_cast<double>(ials.nu), static_cast<double>(ials.seed)});
    auto model = once<IalsModel>("ials", settings, read_ials, [&] {
      return std::make_shared<const IalsModel>(train_ials(matrix_, ials, progress, checkpoint_of(ials, settings)));
    });
    if (options_.kept) options_.kept->forget(name_of("ials-epochs"));
    return model;
  }

private:
  std::string name_of(std::string_view part) const { return stage_ + "-" + std::string(part); }

  template <class Part>
  using Pointer = std::shared_ptr<const Part>;

  template <class Part, class Make>
  Pointer<Part> once(std::string_view part, std::uint64_t settings, Pointer<Part> (*read)(ByteReader&, std::size_t), const Make& make) {
    const std::string name = name_of(part);
    const std::uint64_t print = mix64(fingerprint_, settings);
    if (const auto bytes = options_.kept ? options_.kept->find(name, print) : std::nullopt) {
      ByteReader in(*bytes);
      if (auto found = read(in, data_.items); found && in.done()) {
        options_.kept->resumed(name);
        return found;
      }
    }
    Pointer<Part> made = make();
    if (options_.kept) {
      ByteWriter out;
      write_part(out, *made);
      options_.kept->keep(name, print, out.bytes());
    }
    return made;
  }

  /// Every other epoch is kept: a few seconds of work against some megabytes of writing.
  IalsCheckpoint checkpoint_of(const IalsOptions& ials, std::uint64_t settings) {
    IalsCheckpoint checkpoint;
    if (!options_.kept) return checkpoint;
    constexpr std::size_t epochs_between = 2;
    const std::string name = name_of("ials-epochs");
    const std::uint64_t print = mix64(fingerprint_, settings);
    checkpoint.keep = [this, name, print, last = ials.epochs](std::size_t done, const Factors& items) {
      if (done % epochs_between != 0 || done == last) return;
      ByteWriter out;
      out.varint(done);
      write_factors(out, items);
      options_.kept->keep(name, print, out.bytes());
    };
    if (const auto bytes = options_.kept->find(name, print)) {
      ByteReader in(*bytes);
      const auto done = static_cast<std::size_t>(in.varint());
      if (auto items = read_factors(in, data_.items, ials.dimension); items && in.done() && done < ials.epochs) {
        checkpoint.epochs_done = done;
        checkpoint.items = std::move(*items);
        options_.kept->resumed(name);
      }
    }
    return checkpoint;
  }

  const TrainingData& data_;
  std::string stage_;
  std::uint64_t fingerprint_;
  const ServedBlendOptions& options_;
  InteractionMatrix matrix_;
};

/// The parts without weights.
BlendedParts train_parts(const TrainingData& data, PartTrainer trainer, const Wanted& wanted, const Progress& progress) {
  BlendedParts trained;
  trained.recent_half_life_seconds = data.period_seconds() / recent_part;
  if (wanted[index_of(RelevancePart::ease)] || wanted[index_of(RelevancePart::ease_recent)]) trained.ease = trainer.ease(step(progress, 0, 0.5));
  if (wanted[index_of(RelevancePart::session_knn)]) trained.sessions = trainer.sessions();
  if (wanted[index_of(RelevancePart::ials)]) trained.ials = trainer.ials(step(progress, 0.5, 1));
  return trained;
}

/// Attention over the newest 40th, 20th, 10th and 5th of the time, against all of it.
std::vector<std::vector<float>> trends_of(const TrainingData& data) {
  std::vector<std::vector<float>> trends;
  if (data.period_seconds() < trend_parts.front()) return trends;
  const InteractionMatrix matrix = data.matrix();
  const auto overall = popularity_of(matrix, data.now_seconds, 0);
  for (const std::int64_t part : trend_parts)
    trends.push_back(trend_of(popularity_of(matrix, data.now_seconds, data.period_seconds() / part), overall, trend_prior_customers));
  return trends;
}

BlendChoice choose(const HeldOut& held, const BlendedParts& past, const Progress& progress) {
  BlendProblem problem;
  problem.items = held.past.items;
  for (std::size_t part = 0; part < relevance_parts; ++part) problem.parts.push_back(method_of(past, static_cast<RelevancePart>(part)));
  problem.weights_min.assign(problem.parts.size(), 0);
  problem.trends = trends_of(held.past);
  problem.cases = held.cases;
  problem.now_seconds = held.past.now_seconds;
  return learn_blend(problem, progress);
}

constexpr std::string_view choice_name = "blend";
std::uint64_t choice_print(const ServedBlendOptions& options, std::uint64_t print) { return mix64(print, mixed({static_cast<double>(options.ease_lambda)})); }

bool find_choice(const ServedBlendOptions& options, std::uint64_t print, LearntBlend& learnt) {
  const auto bytes = options.kept ? options.kept->find(choice_name, choice_print(options, print)) : std::nullopt;
  if (!bytes) return false;
  ByteReader in(*bytes);
  LearntBlend found;
  found.cases = static_cast<std::size_t>(in.varint());
  found.choice.trend = static_cast<std::size_t>(in.varint());
  found.choice.exponent = in.f32();
  found.choice.quality = in.f64();
  for (std::size_t part = 0; part < relevance_parts; ++part) {
    found.choice.weights.push_back(in.f32());
    found.choice.single_qualities.push_back(in.f64());
  }
  if (!in.ok() || !in.done() || found.cases < options.cases_min) return false;
  options.kept->resumed(choice_name);
  learnt = std::move(found);
  return true;
}

/// What it was learnt from is not needed any more.
void keep_choice(const ServedBlendOptions& options, std::uint64_t print, const LearntBlend& learnt) {
  if (!options.kept) return;
  ByteWriter out;
  out.varint(learnt.cases);
  out.varint(learnt.choice.trend);
  out.f32(learnt.choice.exponent);
  out.f64(learnt.choice.quality);
  for (std::size_t part = 0; part < relevance_parts; ++part) {
    out.f32(learnt.choice.weights[part]);
    out.f64(learnt.choice.single_qualities[part]);
  }
  options.kept->keep(choice_name, choice_print(options, print), out.bytes());
  for (const char* part : {"past-ease", "past-sessions", "past-ials"}) options.kept->forget(part);
}

} // namespace

IalsOptions ials_settings(std::size_t items, std::size_t threads) {
  IalsOptions options;
  options.threads = threads;
  options.lambda = 0.01F;
  // The more items, the less it says that one was not taken: 3,400 items .3, 20,000 .1, 41,000 .02 were best.
  options.unseen_weight = std::clamp(1000 / static_cast<float>(std::max<std::size_t>(items, 1)), 0.02F, 0.3F);
  return options;
}

TrainingData with_newest(const TrainingData& data, std::size_t events_per_customer) {
  TrainingData kept = data;
  kept.events.clear();
  const auto begins = customer_begins(data);
  for (std::size_t customer = 0; customer < data.customers; ++customer) {
    const std::size_t begin = std::max(begins[customer], begins[customer + 1] - std::min(begins[customer + 1], events_per_customer));
    kept.events.insert(kept.events.end(), data.events.begin() + static_cast<std::ptrdiff_t>(begin), data.events.begin() + static_cast<std::ptrdiff_t>(begins[customer + 1]));
  }
  return kept;
}

LearntBlend learn_served_blend(const TrainingData& all, const ServedBlendOptions& options, const Progress& progress) {
  const TrainingData data = with_newest(all, events_per_customer_max);
  const std::uint64_t print = fingerprint_of(data);
  LearntBlend learnt;
  if (!find_choice(options, print, learnt)) {
    const HeldOut held = hold_out(data, held_out_share, cases_max);
    learnt.cases = held.cases.size();
    if (learnt.cases < options.cases_min) return learnt;
    Wanted every;
    every.fill(true);
    const BlendedParts past = train_parts(held.past, PartTrainer(held.past, "past", print, options), every, step(progress, 0, 0.4));
    learnt.choice = choose(held, past, step(progress, 0.4, 0.6));
    keep_choice(options, print, learnt);
  }
  Wanted wanted{};
  for (std::size_t part = 0; part < relevance_parts; ++part) wanted[part] = learnt.choice.weights[part] > 0;
  BlendedParts parts = train_parts(data, PartTrainer(data, "all", print, options), wanted, step(progress, 0.6, 1));
  std::copy_n(learnt.choice.weights.begin(), relevance_parts, parts.weights.begin());
  const auto trends = trends_of(data);
  if (learnt.choice.trend < trends.size()) parts.trend = factors_of(trends[learnt.choice.trend], learnt.choice.exponent);
  learnt.parts = std::move(parts);
  return learnt;
}

} // namespace takt
