#include "api/demo/pink_pumps.h"

#include "core/check.h"

#include <algorithm>
#include <cmath>
#include <map>

namespace takt::demo {
namespace {

constexpr std::uint64_t story_number = 2'000'000'000;    // nobody of the population
constexpr std::uint64_t pilot_customers_max = 5000;
constexpr std::string_view pumps = "pink-pumps";

/// She runs and drinks coffee, comes every third day to see what is new, and opens nothing of her own accord.
CustomerTruth story_customer(const Town& town) {
  CustomerTruth truth = draw_customer(town, story_number);
  truth.user_id = "anna";
  truth.kind = town.options.response.classes[1];
  truth.favourite_leaves = {leaf_at("Sport/Running/Running shoes"), leaf_at("Home/Kitchen/Coffee makers")};
  for (std::size_t i = 0; i < taste_dimension; ++i) truth.taste[i] = town.leaf_tastes[truth.favourite_leaves[0]][i] + 0.7 * town.leaf_tastes[truth.favourite_leaves[1]][i];
  const double length = std::sqrt(cosine(truth.taste, truth.taste));
  for (double& value : truth.taste) value /= length;
  truth.price_level = 0.5;
  truth.devices = {Device{"anna-phone", "web", true, {}, 0}};
  truth.visits_per_day = 1.0 / 3;
  truth.foreign_pages_per_day = 1.5;
  truth.takes_mail = true;
  truth.browses = false;
  return truth;
}

void live_story(const Town& town, Life& life) {
  const UtcTime start = town.options.start;
  const auto first_of = [&](std::size_t leaf, std::size_t n) {
    const auto& shelf = town.catalogue.leaves[leaf].products;
    return town.catalogue.products[shelf[n % shelf.size()]].variants.front();
  };
  for (std::int64_t i = 0; i < 4; ++i) life.look(start - days(9) + hours(i), first_of(life.truth().favourite_leaves[0], static_cast<std::size_t>(i)), 40'000, false);
  for (std::int64_t i = 0; i < 2; ++i) life.look(start - days(4) + hours(i), first_of(life.truth().favourite_leaves[1], static_cast<std::size_t>(i)), 35'000, false);
  life.look(start + hours(5), town.catalogue.products.front().variants.front(), 1'600, true); // the thumb slips
  for (std::uint32_t day = 0; day < town.options.days; ++day) life.live_day(day);
  life.finish();
}

std::string category_of(const Town& town, std::size_t item) {
  const Item& shown = town.catalogue.items[item];
  return shown.kind == "product" ? shown.category.back() : shown.kind + "s";
}

Story story_of(const Town& town, const Life& life) {
  Story story;
  story.days.resize(town.options.days);
  story.counts = life.counts();
  std::vector<std::map<std::string, std::uint32_t>> others(town.options.days);
  std::map<std::string, std::uint32_t> categories;
  std::vector<UtcTime> seen;
  for (const Sight& sight : life.secrets().sights) {
    const auto day = static_cast<std::size_t>((sight.at - town.options.start) / takt::days(1));
    if (sight.at < town.options.start || day >= story.days.size()) continue;
    ++story.days[day].impressions;
    ++story.impressions;
    if (town.catalogue.items[sight.item].group == pumps) {
      ++story.days[day].pumps;
      ++story.pumps;
      seen.push_back(sight.at);
    } else {
      ++others[day][category_of(town, sight.item)];
      ++categories[category_of(town, sight.item)];
    }
  }
  for (const UtcTime last : seen)
    story.pumps_in_any_week_max = std::max(story.pumps_in_any_week_max, static_cast<std::uint32_t>(std::count_if(seen.begin(), seen.end(), [&](UtcTime at) { return at > last - takt::days(7) && at <= last; })));
  for (std::size_t day = 0; day < others.size(); ++day) {
    story.days[day].others.assign(others[day].begin(), others[day].end());
    std::stable_sort(story.days[day].others.begin(), story.days[day].others.end(), [](const auto& a, const auto& b) { return a.second > b.second; });
  }
  story.categories = categories.size();
  return story;
}

/// What comes after the last midnight, when somebody is offline, counts for the last day.
void count_opt_outs(const Town& town, const Life& life, std::vector<std::uint64_t>& by_day) {
  for (const LifeSecrets::OptOut& opt_out : life.secrets().opt_outs) {
    const auto day = static_cast<std::size_t>((opt_out.at - town.options.start) / takt::days(1));
    ++by_day[std::min(day, by_day.size() - 1)];
  }
}

void compare(std::array<ArmSummary, arms_count>& arms, const std::array<std::vector<double>, arms_count>& values) {
  const double n = static_cast<double>(values[0].size());
  for (std::size_t arm = 0; arm < arms_count; ++arm) {
    double sum = 0, more = 0, squares = 0;
    for (std::size_t i = 0; i < values[arm].size(); ++i) {
      sum += values[arm][i];
      more += values[arm][i] - values[0][i];
    }
    const double mean = more / n;
    for (std::size_t i = 0; i < values[arm].size(); ++i) squares += std::pow(values[arm][i] - values[0][i] - mean, 2);
    arms[arm].value = sum / n;
    arms[arm].value_more = mean;
    arms[arm].value_more_error = n > 1 ? std::sqrt(squares / (n - 1) / n) : 0;
  }
}

void read_limit(const Town& town, PinkPumps& told) {
  const auto store = make_memory_store();
  const auto world = make_simulated_world(town, *store, {});
  for (const CapRule& rule : world->policy().caps)
    if (rule.per == std::vector<Per>{Per::item} && rule.limit) {
      told.limit = *rule.limit;
      told.limit_days = rule.window.length / days(1);
    }
}

} // namespace

PinkPumps tell_pink_pumps(const PinkPumpsOptions& options, const std::function<void(double, std::string_view)>& watch, const std::function<double()>& seconds_now) {
  TAKT_CHECK(options.customers > 0 && options.days > 0, "a story needs people and days");
  TownOptions town_options;
  town_options.items = options.items;
  town_options.days = options.days;
  town_options.seed = options.seed;
  town_options.start = utc_from_ms(1'764'547'200'000); // 2025-12-01
  town_options.response.beta_scale = options.beta_scale;
  town_options.response.annoyance_scale = options.annoyance_scale;
  const Town town = make_town(town_options);
  PinkPumps told;
  told.options = options;
  read_limit(town, told);
  watch(0, "a pilot month, to train on");
  const auto models = train_on_pilot(town, std::min(pilot_customers_max, std::max<std::uint64_t>(200, options.customers / 2)));
  const std::array<BlockOpener, arms_count> openers{retargeting_blocks(town), memory_blocks(town, {false, models, {}}), memory_blocks(town, {true, models, {}})};
  std::array<std::vector<double>, arms_count> values;
  for (std::size_t arm = 0; arm < arms_count; ++arm) {
    const MarketerMaker make_marketer = openers[arm]();
    const auto marketer = make_marketer();
    Life life(town, story_customer(town), *marketer, true);
    live_story(town, life);
    told.stories[arm] = story_of(town, life);
    PopulationOptions population;
    population.customers = options.customers;
    population.threads = options.threads;
    told.arms[arm].opt_outs_by_day.resize(options.days);
    population.on_life = [&, arm](const Life& lived) {
      values[arm].push_back(lived.counts().net_value());
      count_opt_outs(town, lived, told.arms[arm].opt_outs_by_day);
    };
    population.progress = [&, arm](std::uint64_t done) { watch((static_cast<double>(arm) + static_cast<double>(done) / static_cast<double>(options.customers)) / arms_count, arm_names[arm]); };
    const double before = seconds_now();
    const PopulationCounts counts = live_population(town, population, openers[arm]);
    TAKT_CHECK(counts.failures == 0, "a memory store without faults answers");
    told.arms[arm].seconds = seconds_now() - before;
    told.arms[arm].sums = counts.lives;
  }
  compare(told.arms, values);
  return told;
}

} // namespace takt::demo
