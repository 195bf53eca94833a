// Learners against the truth: a month of simulated people teaches the models, other people live the next month with them, and what was
// learnt is laid beside what only the simulation knows. TAKT_LEARNERS_CUSTOMERS sets how many teach (1500).
#include "api/demo/simulation.h"
#include "core/random.h"
#include "engine/person.h"
#include "engine/taste.h"
#include "engine/train/train_models.h"
#include "features/feature_row.h"
#include "features/logistic_fit.h"
#include "features/scorer.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <gtest/gtest.h>
#include <iostream>
#include <map>
#include <numeric>
#include <unordered_set>

namespace takt::simulation {
namespace {

std::uint64_t teachers_wanted() {
  const char* const text = std::getenv("TAKT_LEARNERS_CUSTOMERS");
  return text != nullptr ? std::strtoull(text, nullptr, 10) : 1'500;
}
constexpr std::uint64_t learners_judges = 400;

/// What one life left behind.
struct Lived {
  demo::CustomerTruth truth;
  demo::LifeSecrets secrets;
  CustomerId customer;                                 ///< of the last answer
};

/// People living a month, one after the other, in one store.
struct Month {
  Month(const demo::Town& its_town, std::uint64_t first, std::uint64_t customers, const demo::WorldOptions& options, bool keeps_trace) : town(its_town) {
    world = demo::make_simulated_world(town, *store, options);
    for (std::uint64_t number = first; number < first + customers; ++number) {
      demo::Trace own;
      demo::TaktMarketer marketer(town, *store, *world, keeps_trace ? &own : nullptr);
      demo::Life life(town, demo::draw_customer(town, number), marketer, true);
      for (std::uint32_t day = 0; day < town.options.days; ++day) life.live_day(day);
      lived.push_back({life.truth(), life.secrets(), customer_of(own)});
      std::move(own.begin(), own.end(), std::back_inserter(trace));
      failures += marketer.failures();
    }
  }
  static CustomerId customer_of(const demo::Trace& trace) {
    CustomerId customer;
    for (const auto& entry : trace)
      if (const auto* asked = std::get_if<demo::Asked>(&entry); asked && asked->decision) customer = asked->decision->customer;
    return customer;
  }

  demo::Town town;
  std::unique_ptr<Store> store = make_memory_store();
  std::shared_ptr<const World> world;
  std::vector<Lived> lived;
  demo::Trace trace;
  std::uint64_t failures = 0;
};

demo::Town a_town() {
  demo::TownOptions options;
  options.items = 500;
  options.start = utc_from_ms(1'772'409'600'000);
  return demo::make_town(options);
}

/// Trained once for all tests.
struct School {
  demo::Town town = a_town();
  Month before{demo::month_before(town), demo::pilot_numbers, teachers_wanted(), {}, false};
  std::shared_ptr<const Models> models;
  std::unique_ptr<Month> after;

  School() {
    auto trained = train_models(*before.store, *before.world->catalogue, town.options.start, [](std::string_view, double) {}, {.rulebook = before.world->rulebook});
    if (!trained) return;
    models = *trained;
    demo::WorldOptions options;
    options.models = models;
    after = std::make_unique<Month>(town, 0, learners_judges, options, true);
  }
};

class Learners : public testing::Test {
protected:
  static void SetUpTestSuite() { school = new School(); }
  static void TearDownTestSuite() { delete school; }
  void SetUp() override {
    ASSERT_TRUE(school->models);
    ASSERT_EQ(school->before.failures + school->after->failures, 0U);
  }
  static std::string notes(std::string_view part) {
    std::string text;
    for (const ArtefactMetrics& one : school->models->metrics)
      if (one.name == part)
        for (const std::string& note : one.notes) text += note + "\n";
    return text;
  }
  static School* school;
};
School* Learners::school = nullptr;

/// Ranks with ties in the middle.
std::vector<double> ranks_of(const std::vector<double>& values) {
  std::vector<std::size_t> order(values.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return values[a] < values[b]; });
  std::vector<double> ranks(values.size());
  for (std::size_t begin = 0, end = 0; begin < order.size(); begin = end) {
    while (end < order.size() && values[order[end]] == values[order[begin]]) ++end;
    for (std::size_t i = begin; i < end; ++i) ranks[order[i]] = 0.5 * static_cast<double>(begin + end - 1);
  }
  return ranks;
}

double correlation(const std::vector<double>& one, const std::vector<double>& other) {
  const auto n = static_cast<double>(one.size());
  const double mean = std::accumulate(one.begin(), one.end(), 0.0) / n, other_mean = std::accumulate(other.begin(), other.end(), 0.0) / n;
  double both = 0, squares = 0, other_squares = 0;
  for (std::size_t i = 0; i < one.size(); ++i) {
    both += (one[i] - mean) * (other[i] - other_mean);
    squares += (one[i] - mean) * (one[i] - mean);
    other_squares += (other[i] - other_mean) * (other[i] - other_mean);
  }
  return squares > 0 && other_squares > 0 ? both / std::sqrt(squares * other_squares) : 0;
}
double rank_correlation(const std::vector<double>& one, const std::vector<double>& other) { return correlation(ranks_of(one), ranks_of(other)); }

/// Clicks and looks with their dwell times, as they were told, and whether they were meant.
struct ToldClick { std::uint32_t dwell_ms = 0; Device device = Device::unknown; bool is_meant = true; };

std::vector<ToldClick> clicks_of(const Month& month) {
  std::unordered_set<std::string> accidents, told;
  for (const Lived& life : month.lived) accidents.insert(life.secrets.accidents.begin(), life.secrets.accidents.end());
  std::vector<ToldClick> clicks;
  for (const auto& entry : month.trace) {
    const auto* event = std::get_if<demo::Told>(&entry);
    if (!event || !event->event.dwell_ms || !told.insert(event->event.message_id).second) continue;
    clicks.push_back({*event->event.dwell_ms, event->event.device, !accidents.contains(event->event.message_id)});
  }
  return clicks;
}

ProbabilityMetrics judged(const IntentModel& intent, const std::vector<ToldClick>& clicks) {
  std::vector<double> predicted;
  std::vector<float> labels, weights(clicks.size(), 1);
  for (const ToldClick& click : clicks) {
    predicted.push_back(std::clamp(intent.of(click.dwell_ms, click.device), 1e-4, 1 - 1e-4));
    labels.push_back(click.is_meant ? 1 : 0);
  }
  return measure_probabilities(predicted, labels, weights);
}

TEST_F(Learners, intent_tells_accidents_from_clicks_that_were_meant) {
  const std::vector<ToldClick> clicks = clicks_of(*school->after);
  const auto accidents = std::count_if(clicks.begin(), clicks.end(), [](const ToldClick& click) { return !click.is_meant; });
  ASSERT_GT(accidents, 30);
  const ProbabilityMetrics learnt = judged(school->models->intent, clicks), prior = judged(IntentModel{}, clicks);
  std::cout << notes("intent") << clicks.size() << " held-out clicks, " << accidents << " accidents: AUC " << learnt.auc << ", calibration error " << learnt.calibration_error
            << ", log loss " << learnt.log_loss << "; the prior's " << prior.log_loss << ", " << prior.calibration_error << "\n";
  EXPECT_GT(learnt.auc, 0.95);
  EXPECT_LT(learnt.calibration_error, 0.03);
  EXPECT_LT(learnt.log_loss, prior.log_loss);
  const double truth = 1000 * school->town.options.response.accident_mode;
  for (const Device device : {Device::phone, Device::desktop}) {
    const auto& found = school->models->intent.by_device[static_cast<std::size_t>(device)];
    EXPECT_TRUE(found || device != Device::phone) << notes("intent"); // where most accidents happen
    if (found) {
      EXPECT_NEAR(found->accidental_mode_ms(), truth, 0.15 * truth) << to_text(device);
    }
  }
}

/// How well a score finds, among the products of the shop, what a person truly likes: its rank correlation with the true affinity, and
/// the mean affinity of its best twenty.
struct Fit {
  double ranks = 0, best = 0;
  void add(const std::vector<double>& score, const std::vector<double>& affinity) {
    ranks += rank_correlation(score, affinity);
    std::vector<std::size_t> order(score.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return score[a] > score[b]; });
    for (std::size_t i = 0; i < 20; ++i) best += affinity[order[i]] / 20;
  }
  void divide(double people) {
    ranks /= people;
    best /= people;
  }
};
std::ostream& operator<<(std::ostream& out, const Fit& fit) { return out << fit.ranks << " (best twenty " << fit.best << ")"; }

struct TasteFit {
  Fit relevance, vector, popularity, truth;
  std::size_t people = 0;
};

TasteFit fit_of(const Month& month, const Models& models) {
  TasteFit fit;
  DecisionRequest request;
  request.now = month.town.options.start + days(month.town.options.days);
  for (const Lived& life : month.lived) {
    if (!life.customer) continue;
    const auto record = month.store->records().read(life.customer, Deadline{});
    if (!record || (*record)->version == 0 || (*record)->sealed_into) continue;
    const CustomerFeatures features = customer_features(models, make_person(*record, request, *month.world->rulebook->policy, *month.world->symbols));
    if (features.recent_items.size() < 4 || features.relevance.empty()) continue;
    std::vector<double> affinity, relevance, vector, popularity;
    for (std::size_t product = 0; product < month.town.tastes.size(); ++product) {
      float most = 0, nearest = -1;
      for (const std::size_t variant : month.town.catalogue.products[product].variants) {
        const Symbol item = month.store->symbols().find(month.town.items[variant].id.text());
        if (const float* score = features.relevance.find(item)) most = std::max(most, *score);
        nearest = std::max(nearest, taste_match(models, features.taste, item));
      }
      affinity.push_back(demo::cosine(life.truth.taste, month.town.tastes[product]));
      relevance.push_back(static_cast<double>(most));
      vector.push_back(static_cast<double>(nearest));
      popularity.push_back(month.town.popularity[product]);
    }
    ++fit.people;
    fit.relevance.add(relevance, affinity);
    fit.vector.add(vector, affinity);
    fit.popularity.add(popularity, affinity);
    fit.truth.add(affinity, affinity);
  }
  for (Fit* one : {&fit.relevance, &fit.vector, &fit.popularity, &fit.truth}) one->divide(static_cast<double>(std::max<std::size_t>(fit.people, 1)));
  return fit;
}

TEST_F(Learners, tastes_are_those_people_have) {
  ASSERT_TRUE(school->models->relevance) << notes("relevance");
  const TasteFit fit = fit_of(*school->after, *school->models);
  std::cout << notes("relevance") << fit.people << " people, rank correlation with true affinity: relevance " << fit.relevance << ", taste vector " << fit.vector << ", popularity "
            << fit.popularity << ", the truth itself " << fit.truth << "\n";
  ASSERT_GT(fit.people, 50U);
  // Of most of the shop a month says nothing, so the whole order is a weak measure; what is offered first is the strong one.
  EXPECT_GT(fit.relevance.ranks, fit.popularity.ranks + 0.15);
  EXPECT_GT(fit.vector.ranks, fit.popularity.ranks + 0.08);
  for (const Fit& one : {fit.relevance, fit.vector}) EXPECT_GT(one.best - fit.popularity.best, 0.35 * (fit.truth.best - fit.popularity.best));
}

/// What was predicted of a showing, and how likely an intended click truly was.
struct Prediction { double learnt = 0, prior = 0, truth = 0; std::uint32_t slot = 1; };

std::vector<Prediction> predictions_of(const Month& month, const Models& models) {
  std::map<std::pair<std::string, std::string>, double> truths;
  for (const Lived& life : month.lived)
    for (const demo::Sight& sight : life.secrets.sights) truths[{sight.decision_id, month.town.items[sight.item].id.text()}] = sight.chance;
  const auto prior = make_prior_scorer();
  std::vector<Prediction> predictions;
  for (const auto& entry : month.trace) {
    const auto* asked = std::get_if<demo::Asked>(&entry);
    if (!asked || !asked->decision || !asked->decision->id) continue;
    const PlacementDecision& placement = asked->decision->placements.front();
    const LoggedFeatures& features = placement.features;
    if (features.schema != feature_schema().fingerprint) continue;
    const std::size_t own = features.items.empty() ? 0 : features.own.size() / features.items.size();
    for (const Choice& choice : placement.choices) {
      const auto item = std::find(features.items.begin(), features.items.end(), choice.item);
      const auto truth = truths.find({to_text(asked->decision->id), choice.item.text()});
      if (item == features.items.end() || truth == truths.end()) continue; // a fallback, or nobody saw it
      std::vector<float> row = features.shared;
      const auto begin = features.own.begin() + (item - features.items.begin()) * static_cast<std::ptrdiff_t>(own);
      row.insert(row.end(), begin, begin + static_cast<std::ptrdiff_t>(own));
      Prediction one;
      models.scorer->score(row, {&one.learnt, 1});
      prior->score(row, {&one.prior, 1});
      one.truth = truth->second;
      one.slot = choice.slot;
      predictions.push_back(one);
    }
  }
  return predictions;
}

/// Expected log loss of a prediction where a click truly has this chance.
double loss(double predicted, double truth) { return -truth * std::log(predicted) - (1 - truth) * std::log1p(-predicted); }

TEST_F(Learners, the_scorer_comes_nearer_to_true_chances_than_the_prior) {
  const std::vector<Prediction> all = predictions_of(*school->after, *school->models);
  ASSERT_GT(all.size(), 2'000U);
  ASSERT_NE(school->models->scorer->name(), make_prior_scorer()->name()) << notes("scorer");
  double learnt = 0, prior = 0, best = 0, constant = 0, predicted_sum = 0, prior_sum = 0, truth_sum = 0;
  std::vector<double> predicted, believed, truth;
  for (const Prediction& one : all) truth_sum += one.truth;
  const double mean = truth_sum / static_cast<double>(all.size());
  for (const Prediction& one : all) {
    learnt += loss(one.learnt, one.truth);
    prior += loss(one.prior, one.truth);
    best += loss(one.truth, one.truth);
    constant += loss(mean, one.truth);
    predicted_sum += one.learnt;
    prior_sum += one.prior;
    predicted.push_back(one.learnt);
    believed.push_back(one.prior);
    truth.push_back(one.truth);
  }
  const auto n = static_cast<double>(all.size());
  std::cout << notes("scorer") << all.size() << " showings, true chance " << mean << ", predicted " << predicted_sum / n << ", the prior's " << prior_sum / n << "; log loss: learnt " << learnt / n << ", prior "
            << prior / n << ", the mean for all " << constant / n << ", the truth itself " << best / n << "; rank correlation: learnt " << rank_correlation(predicted, truth)
            << ", prior " << rank_correlation(believed, truth) << "\n";
  EXPECT_LT(learnt, prior);
  EXPECT_LT(learnt, constant);
  EXPECT_NEAR(predicted_sum / truth_sum, 1, 0.2);
  EXPECT_GT(rank_correlation(predicted, truth), rank_correlation(believed, truth));
}

TEST_F(Learners, the_next_training_knows_what_the_models_did_and_needs_no_trial) {
  const Month& month = *school->after;
  const UtcTime end = month.town.options.start + days(month.town.options.days);
  const auto again = train_models(*month.store, *month.world->catalogue, end, [](std::string_view, double) {}, {.rulebook = month.world->rulebook});
  ASSERT_TRUE(again);
  EXPECT_NE(notes("scorer").find("level set"), std::string::npos);
  ASSERT_NE((*again)->scorer->name(), make_prior_scorer()->name()) << "too few clicks to learn from";
  for (const ArtefactMetrics& one : (*again)->metrics)
    for (const std::string& note : one.notes) EXPECT_EQ(note.find("level set"), std::string::npos) << note;
  double predicted = 0, truth = 0;
  for (const Prediction& one : predictions_of(month, **again)) {
    predicted += one.learnt;
    truth += one.truth;
  }
  EXPECT_NEAR(predicted / truth, 1, 0.25);
}

TEST_F(Learners, rates_by_category_are_the_true_ones) {
  const Month& month = school->before;
  struct Sum { double chances = 0, sights = 0; };
  std::map<std::string, Sum> by_category;
  Sum all;
  for (const Lived& life : month.lived)
    for (const demo::Sight& sight : life.secrets.sights) {
      all.chances += sight.chance;
      ++all.sights;
      if (!month.town.is_product(sight.item)) continue;
      std::string path; // as labels name it
      for (const std::string& part : month.town.items[sight.item].category) path += (path.empty() ? "" : std::string(1, path_separator)) + part;
      Sum& sum = by_category[path];
      sum.chances += sight.chance;
      ++sum.sights;
    }
  const ResponseRates& rates = school->models->rates;
  std::vector<double> learnt, truth;
  double error = 0;
  for (const auto& [path, sum] : by_category) {
    if (sum.sights < 500) continue;
    const Response* known = rates.by_category.find(month.store->symbols().find(path));
    ASSERT_NE(known, nullptr) << path;
    learnt.push_back(static_cast<double>(known->click));
    truth.push_back(sum.chances / sum.sights);
    error += std::abs(learnt.back() / truth.back() - 1);
  }
  ASSERT_GE(learnt.size(), 8U);
  std::cout << learnt.size() << " categories: correlation " << correlation(learnt, truth) << ", mean relative error " << error / static_cast<double>(learnt.size()) << "; of all "
            << rates.of_all.click << ", truly " << all.chances / all.sights << "\n";
  EXPECT_GT(correlation(learnt, truth), 0.6);
  EXPECT_LT(error / static_cast<double>(learnt.size()), 0.35);
  EXPECT_NEAR(static_cast<double>(rates.of_all.click) * all.sights / all.chances, 1, 0.12); // accidents would lift it by a third
}

} // namespace
} // namespace takt::simulation
