// Popular by situation: counted from journeys, pulled towards the situation around it, and asked for by what a call tells.
#include "engine/train/learn_segments.h"

#include "core/random.h"
#include "engine/source/source.h"
#include "engine/taste.h"
#include "tests/support/engine_builders.h"

#include <cmath>
#include <functional>
#include <gtest/gtest.h>
#include <map>
#include <set>

namespace takt {
namespace {

using test::Bound;
using test::noon;
using test::Scene;

struct Look {
  int person = 0;
  std::string item, locale, channel;
  Device device = Device::unknown;
  JourneyKind kind = JourneyKind::view;
  Duration age{};
  float weight = 1;
};

class LearnSegments : public testing::Test {
protected:
  static constexpr int items = 30;
  LearnSegments() {
    for (int i = 0; i < items; ++i) {
      scene.add_item(item_name(i));
      const auto score = static_cast<float>(300 - 10 * i);
      scene.models.popular.push_back({scene.symbol(item_name(i)), score});
      scene.models.popularity.emplace(scene.symbol(item_name(i)), std::log1p(score) / std::log1p(300.0F));
    }
  }
  static std::string item_name(int i) { return "item-" + std::to_string(100 + i); }

  std::vector<SegmentPopularity> learn(const std::vector<Look>& looks) {
    std::map<int, CustomerRecord> people;
    for (const Look& look : looks) {
      CustomerRecord& record = people[look.person];
      record.version = 1;
      record.is_bot = look.person < 0;
      record.locale = scene.symbol(look.locale);
      JourneyEvent event;
      event.at = noon - look.age;
      event.kind = look.kind;
      event.item = scene.symbol(look.item);
      event.channel = scene.symbol(look.channel);
      event.device = look.device;
      event.weight = look.weight;
      record.journey.push_back(event);
    }
    SegmentCounter counter(noon, scene.symbols);
    for (const auto& [person, record] : people) counter.add(record);
    return counter.learnt(scene.models.popular);
  }
  Segment segment(std::string_view territory, std::string_view channel, Device device) {
    Segment one;
    one.set_territory(territory);
    one.channel = scene.symbol(channel);
    one.device = device;
    return one;
  }
  /// First items of the source `popular` for a stranger's call, by retrieval score.
  std::string first_for(std::string_view locale, std::string_view device) {
    scene.request.context.locale = locale;
    scene.request.context.device = device;
    scene.placement.sources = {Source::popular};
    Bound bound(scene);
    const CustomerFeatures features = customer_features(*bound.call.world.models, bound.person);
    const Ranked ranked = arbitrate(bound.call, bound.opening, score_items(bound.call, bound.opening, features, retrieve_items(bound.call, bound.opening, features, {}, false)));
    return bound.name(ranked.alive.front().index);
  }

  Scene scene;
};

/// The same sums, one segment and one item at a time, over the looks as they were given.
double slow_share(const std::vector<Look>& looks, const Segment& segment, const std::function<Segment(const Look&)>& situation_of, const std::string& item,
                  const std::function<double(const std::string&)>& share_of_all) {
  const auto holds = [&](const Segment& s) {
    return (!segment.has_territory() || s.territory == segment.territory) && (segment.channel == Symbol::none || s.channel == segment.channel) &&
           (segment.device == Device::unknown || s.device == segment.device);
  };
  std::map<std::pair<int, Segment>, std::map<std::string, double>> strongest;
  for (const Look& look : looks) {
    const double kinds = look.kind == JourneyKind::view ? 1 : look.kind == JourneyKind::add_to_cart ? 3 : 5;
    const double evidence = kinds * static_cast<double>(look.weight) * std::pow(0.5, static_cast<double>(look.age.count()) / static_cast<double>(days(30).count()));
    double& best = strongest[{look.person, situation_of(look)}][look.item];
    if (holds(situation_of(look)) && look.person >= 0) best = std::max(best, evidence);
  }
  double all = 0, own = 0;
  for (auto& [whom, by_item] : strongest) {
    double sum = 0;
    for (const auto& [name, evidence] : by_item) sum += evidence;
    if (sum == 0) continue;
    all += std::min(sum, 20.0);
    own += by_item[item] * std::min(1.0, 20.0 / sum);
  }
  const auto broader = segment.broader();
  const double around = broader ? slow_share(looks, *broader, situation_of, item, share_of_all) : share_of_all(item);
  return all < 50 ? around : (200 * around + own) / (200 + all);
}

TEST_F(LearnSegments, agree_with_a_count_by_hand) {
  Random random(5);
  std::vector<Look> looks;
  for (int i = 0; i < 1200; ++i) {
    Look look;
    look.person = static_cast<int>(random.below(150)) - 5; // five bots
    look.locale = std::array{"de-DE", "de-AT", "fr", "en-GB"}[static_cast<std::size_t>(std::abs(look.person)) % 4];
    look.channel = random.uniform() < 0.6 ? "web" : "app";
    look.device = std::array{Device::unknown, Device::phone, Device::desktop}[random.below(3)];
    look.item = item_name(static_cast<int>(random.below(look.channel == "app" ? 10 : items)));
    look.kind = std::array{JourneyKind::view, JourneyKind::add_to_cart, JourneyKind::purchase}[random.below(3)];
    look.age = hours(static_cast<int>(random.below(1000)));
    look.weight = static_cast<float>(random.uniform());
    looks.push_back(look);
  }
  const auto segments = learn(looks);
  ASSERT_GE(segments.size(), 12U);
  const auto situation_of = [&](const Look& look) { return segment(look.locale.size() == 5 ? look.locale.substr(3) : "", look.channel, look.device); };
  double all = 0;
  for (const ScoredSymbol& one : scene.models.popular) all += static_cast<double>(one.score);
  const auto share_of_all = [&](const std::string& item) { return (300 - 10 * (std::stoi(item.substr(5)) - 100)) / all; };
  for (const SegmentPopularity& learnt : segments) {
    std::vector<std::pair<double, std::string>> expected;
    for (int i = 0; i < items; ++i) expected.emplace_back(-slow_share(looks, learnt.segment, situation_of, item_name(i), share_of_all), item_name(i));
    std::sort(expected.begin(), expected.end());
    const double most = std::log1p(std::max(300.0, -expected.front().first * all));
    ASSERT_EQ(learnt.best.size(), expected.size());
    for (std::size_t i = 0; i < expected.size(); ++i) {
      EXPECT_EQ(scene.symbols.name(learnt.best[i].item), expected[i].second) << "place " << i;
      EXPECT_NEAR(learnt.best[i].score, std::log1p(-expected[i].first * all) / most, 1e-5);
    }
  }
}

std::vector<Look> two_countries(int people_of_second) {
  std::vector<Look> looks;
  for (int person = 0; person < 400; ++person) looks.push_back({person, "item-110", "de-DE", "web", Device::desktop});
  for (int person = 1000; person < 1000 + people_of_second; ++person) looks.push_back({person, "item-120", "de-AT", "app", Device::phone});
  return looks;
}

TEST_F(LearnSegments, who_is_elsewhere_gets_what_is_popular_there) {
  scene.models.cold_start.segments = learn(two_countries(400));
  EXPECT_EQ(first_for("", ""), "item-110") << "the web, where everybody so far was German";
  EXPECT_EQ(first_for("de-DE", "desktop"), "item-110");
  EXPECT_EQ(first_for("de-AT", "phone"), "item-120");
  EXPECT_EQ(first_for("de-AT", "tablet"), "item-120") << "nobody with a tablet was seen: Austria is what is known";
  EXPECT_EQ(first_for("fr-FR", "tablet"), "item-110") << "neither: the web";
  scene.placement.channel = "kiosk";
  EXPECT_EQ(first_for("fr-FR", "tablet"), "item-100") << "nothing is known: everybody's";
}

TEST_F(LearnSegments, a_situation_with_little_data_has_the_list_of_what_is_around_it) {
  scene.models.cold_start.segments = learn(two_countries(40));
  for (const SegmentPopularity& one : scene.models.cold_start.segments) EXPECT_NE(one.segment.device, Device::phone);
  scene.placement.channel = "app";
  EXPECT_EQ(first_for("de-AT", "phone"), "item-100");
  scene.models.cold_start = {};
  EXPECT_EQ(first_for("de-AT", "phone"), "item-100") << "exactly as without";
}

TEST_F(LearnSegments, where_somebody_lives_is_their_profile) {
  scene.models.cold_start.segments = learn(two_countries(400));
  scene.placement.channel = "kiosk";
  scene.record.locale = scene.symbol("de-AT");
  EXPECT_EQ(first_for("", ""), "item-120");
  EXPECT_EQ(first_for("de-DE", ""), "item-110") << "what the call says comes first";
  scene.request.context.consent = {{Purpose::profile, false}};
  EXPECT_EQ(first_for("", ""), "item-100");
}

TEST_F(LearnSegments, one_person_is_one_person) {
  std::vector<Look> looks = two_countries(0);
  for (int i = 0; i < 150; ++i) looks.push_back({5000, item_name(i % items), "de-CH", "app", Device::phone, JourneyKind::purchase});
  for (const SegmentPopularity& one : learn(looks)) EXPECT_NE(one.segment.territory, (std::array{'C', 'H'}));
}

TEST_F(LearnSegments, locales_that_somebody_made_up_do_not_fill_the_memory) {
  std::vector<Look> looks;
  int person = 0;
  for (char a = 'a'; a <= 'z'; ++a)
    for (char b = 'a'; b <= 'z'; ++b)
      for (int i = 0; i < 60; ++i) looks.push_back({++person, "item-105", std::string("xx-") + a + b, "web", Device::desktop});
  EXPECT_EQ(learn(looks).size(), segments_max);
}

TEST_F(LearnSegments, what_is_not_listed_is_no_more_popular_than_the_last_that_is) {
  SegmentPopularity one;
  one.best = {{scene.symbol("item-101"), 0.9F}, {scene.symbol("item-102"), 0.2F}};
  one.index();
  EXPECT_EQ(one.of(scene.symbol("item-101"), 0.1F), 0.9F);
  EXPECT_EQ(one.of(scene.symbol("item-100"), 1.0F), 0.2F);
  EXPECT_EQ(one.of(scene.symbol("item-100"), 0.1F), 0.1F);
}

} // namespace
} // namespace takt
