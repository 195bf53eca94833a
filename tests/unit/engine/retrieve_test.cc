#include "engine/source/source.h"
#include "engine/taste.h"
#include "engine/train/item_vectors.h"
#include "tests/support/engine_builders.h"

#include <algorithm>
#include <gtest/gtest.h>
#include <map>

namespace takt {
namespace {

using test::Bound;
using test::item_id;
using test::noon;
using test::Scene;

/// Forty products in four categories, a few services, one customer who looked at pumps.
class Retrieve : public testing::Test {
protected:
  Retrieve() {
    for (int i = 0; i < 40; ++i) {
      Item& item = scene.add_item("p" + std::to_string(10 + i));
      item.category = {"Shoes", "Kind" + std::to_string(i % 4)};
      item.brand = "brand" + std::to_string(i % 3);
      item.title = "Title word" + std::to_string(i % 4) + " number" + std::to_string(i);
      item.added_at = noon - days(100 + i);
    }
    for (const char* id : {"s1", "s2"}) {
      Item& item = scene.add_item(id);
      item.kind = "service";
      item.purpose = "service";
    }
  }

  void look_at(std::string_view item, UtcTime at) {
    JourneyEvent event;
    event.at = at;
    event.kind = JourneyKind::view;
    event.item = scene.symbol(item);
    scene.record.journey.push_back(event);
  }

  /// Vectors, neighbours and popularity by hand-made evidence.
  void train() {
    scene.models.scorer = make_prior_scorer();
    scene.models.viewed_together.put(scene.symbol("p10"), {{scene.symbol("p11"), 0.9F}, {scene.symbol("p12"), 0.4F}, {scene.symbol("gone"), 0.8F}});
    scene.models.viewed_together.put(scene.symbol("p13"), {{scene.symbol("p12"), 0.6F}, {scene.symbol("p10"), 0.5F}});
    scene.models.bought_together.put(scene.symbol("p10"), {{scene.symbol("p20"), 0.7F}});
    scene.models.popular = {{scene.symbol("p30"), 100}, {scene.symbol("gone"), 50}, {scene.symbol("p31"), 10}};
    scene.models.popularity = {{scene.symbol("p30"), 1.0F}, {scene.symbol("gone"), 0.8F}, {scene.symbol("p31"), 0.5F}};
    scene.models.trending = {{scene.symbol("p32"), 5.0F}};
    const auto catalogue = Catalogue::build(scene.items, scene.symbols, 1);
    scene.models.vectors = make_item_vectors(*catalogue, scene.symbols, scene.models.viewed_together, scene.models.bought_together, [](Symbol) { return 0.0; }, [](double) {});
    scene.models.index = make_index(scene.models.vectors.values, scene.models.vectors.dimension);
  }

  void only(Source source) { scene.placement.sources = {source}; }
  PlacementRequest& request() { return scene.request.placements.front(); }

  struct Answer {
    std::vector<std::string> ids;                      ///< in the order of the list
    std::map<std::string, Candidate> by_id;
    std::vector<std::string> unknown;
    std::string dropped;
    std::string best_first() const {
      std::vector<const Candidate*> all;
      for (const std::string& id : ids) all.push_back(&by_id.at(id));
      std::stable_sort(all.begin(), all.end(), [](const Candidate* a, const Candidate* b) { return a->retrieval_score > b->retrieval_score; });
      std::string text;
      for (const Candidate* one : all)
        for (const auto& [id, candidate] : by_id)
          if (&candidate == one) text += (text.empty() ? "" : ",") + id;
      return text;
    }
  };

  Answer ask(std::vector<std::string> without = {}, bool popular_only = false) {
    Bound bound(scene);
    std::vector<ItemIndex> rows;
    for (const std::string& id : without) rows.push_back(*bound.world.catalogue->find(scene.symbols.find(id)));
    std::sort(rows.begin(), rows.end());
    const CustomerFeatures features = customer_features(*bound.call.world.models, bound.person);
    Candidates candidates = retrieve_items(bound.call, bound.opening, features, rows, popular_only);
    Answer answer;
    for (Candidate& candidate : candidates.alive) {
      const std::string id = bound.name(candidate.index);
      answer.ids.push_back(id);
      EXPECT_TRUE(answer.by_id.emplace(id, std::move(candidate)).second) << id << " twice";
    }
    EXPECT_TRUE(std::is_sorted(answer.ids.begin(), answer.ids.end())) << "ascending by item id";
    answer.unknown = candidates.unknown;
    answer.dropped = dropped_text(bound, candidates.dropped);
    return answer;
  }

  Scene scene;
};

TEST_F(Retrieve, day_one_answers_from_the_catalogue_alone) {
  const Answer answer = ask();
  EXPECT_EQ(answer.ids.size(), 42U);
  for (const auto& [id, candidate] : answer.by_id) {
    EXPECT_GE(candidate.retrieval_score, 0) << id;
    EXPECT_LE(candidate.retrieval_score, 1) << id;
    EXPECT_NE(candidate.because, Because::popular) << "nobody has bought anything yet";
  }
  EXPECT_EQ(answer.by_id.at("s1").source, Source::service);
  EXPECT_EQ(answer.by_id.at("p10").source, Source::new_items);
}

TEST_F(Retrieve, labels_are_those_of_this_placement) {
  const Answer answer = ask();
  EXPECT_EQ(answer.by_id.at("p10").labels.placement, scene.symbol("home.hero"));
  EXPECT_EQ(answer.by_id.at("p10").labels.channel, scene.symbol("web"));
}

TEST_F(Retrieve, popular_skips_unknown_items_and_fills_up_below_evidence) {
  train();
  only(Source::popular);
  const Answer answer = ask();
  EXPECT_EQ(answer.best_first().substr(0, 7), "p30,p31");
  EXPECT_EQ(answer.by_id.at("p30").because, Because::popular);
  EXPECT_LT(answer.by_id.at("p11").retrieval_score, answer.by_id.at("p31").retrieval_score);
  EXPECT_EQ(answer.ids.size(), 42U);
}

TEST_F(Retrieve, similar_works_for_an_item_without_one_event_untrained) {
  only(Source::similar);
  request().anchor_items = {item_id("p10")};
  const Answer answer = ask();
  ASSERT_FALSE(answer.ids.empty());
  EXPECT_FALSE(answer.by_id.contains("p10")) << "the anchor itself is excluded";
  // Same category and brand: p22 and p34 share both with p10 (12 apart), p14 only the category.
  EXPECT_EQ(answer.best_first().substr(0, 7), "p22,p34");
  EXPECT_GT(answer.by_id.at("p22").retrieval_score, answer.by_id.at("p14").retrieval_score);
  EXPECT_GT(answer.by_id.at("p14").retrieval_score, answer.by_id.at("p11").retrieval_score);
  EXPECT_EQ(answer.by_id.at("p22").because, Because::similar_to);
  EXPECT_EQ(answer.by_id.at("p22").because_item, scene.symbol("p10"));
}

TEST_F(Retrieve, similar_works_for_an_item_without_one_event_trained) {
  train();
  only(Source::similar);
  request().anchor_items = {item_id("p17")};
  const std::string best = ask().best_first();
  // p29 and p41 share category, brand and word with p17.
  EXPECT_TRUE(best.starts_with("p29,p41") || best.starts_with("p41,p29")) << best;
}

TEST_F(Retrieve, similar_sees_items_newer_than_the_training_on_both_sides) {
  train();
  Item& fresh = scene.add_item("x1");
  fresh.category = {"Shoes", "Kind0"};
  fresh.brand = "brand0";
  fresh.added_at = noon;
  only(Source::similar);
  request().anchor_items = {item_id("p10")};
  EXPECT_TRUE(ask().by_id.contains("x1"));
  request().anchor_items = {item_id("x1")};
  EXPECT_TRUE(ask().by_id.contains("p22"));
}

TEST_F(Retrieve, anchors_exclude_their_variants) {
  for (Item& item : scene.items)
    if (item.id == item_id("p22") || item.id == item_id("p10")) item.group = "pump-7";
  train();
  only(Source::similar);
  request().anchor_items = {item_id("p10")};
  EXPECT_FALSE(ask().by_id.contains("p22"));
}

TEST_F(Retrieve, together_starts_from_the_anchor_and_says_so) {
  train();
  scene.placement.sources = {Source::bought_together, Source::viewed_together};
  request().anchor_items = {item_id("p10")};
  const Answer answer = ask();
  EXPECT_EQ(answer.ids, (std::vector<std::string>{"p11", "p12", "p20"}));
  EXPECT_EQ(answer.by_id.at("p20").source, Source::bought_together);
  EXPECT_EQ(answer.by_id.at("p20").because_item, scene.symbol("p10"));
}

TEST_F(Retrieve, together_without_anchor_adds_up_over_recent_items) {
  train();
  only(Source::viewed_together);
  look_at("p10", noon - hours(1));
  look_at("p13", noon - hours(1));
  const Answer answer = ask();
  EXPECT_EQ(answer.best_first(), "p12,p11"); // 0.4 + 0.6 against 0.9; p10 is a seed itself
  EXPECT_EQ(answer.by_id.at("p12").because, Because::viewed);
  EXPECT_EQ(answer.by_id.at("p12").because_item, scene.symbol("p13")) << "the larger part";
}

TEST_F(Retrieve, taste_finds_what_is_like_the_recent_items) {
  train();
  only(Source::taste);
  look_at("p10", noon - hours(1));
  look_at("p14", noon - hours(1));
  const Answer answer = ask();
  const std::string best = answer.best_first();
  ASSERT_FALSE(best.empty());
  // Kind0 items are 10, 14, 18 …: the first four found are all of that kind.
  for (std::size_t i = 0; i < 4; ++i) EXPECT_EQ((std::stoi(best.substr(4 * i + 1, 2)) - 10) % 4, 0) << best;
}

TEST_F(Retrieve, without_profile_nothing_starts_from_the_person) {
  train();
  look_at("p10", noon - minutes(1));
  scene.record.sessions = {{1, noon - minutes(1)}};
  scene.record.journey.back().session = 1;
  scene.record.last_activity = noon - minutes(1);
  const auto personal = [](const Answer& answer) {
    std::size_t count = 0;
    for (const auto& [id, candidate] : answer.by_id) {
      const Source source = candidate.source;
      count += source == Source::taste || source == Source::session || source == Source::recently_viewed || source == Source::viewed_together || source == Source::bought_together;
    }
    return count;
  };
  EXPECT_GT(personal(ask()), 0U);
  scene.request.context.consent = {{Purpose::profile, false}};
  EXPECT_EQ(personal(ask()), 0U);
  EXPECT_FALSE(ask().ids.empty());
}

TEST_F(Retrieve, session_starts_from_the_running_session) {
  train();
  only(Source::session);
  look_at("p10", noon - minutes(1));
  scene.record.sessions = {{1, noon - minutes(1)}};
  scene.record.journey.back().session = 1;
  scene.record.last_activity = noon - minutes(1);
  EXPECT_EQ(ask().best_first(), "p11,p12");
}

TEST_F(Retrieve, recently_viewed_gives_them_back) {
  only(Source::recently_viewed);
  look_at("p15", noon - days(20));
  look_at("p16", noon - hours(1));
  EXPECT_EQ(ask().best_first(), "p16,p15");
}

TEST_F(Retrieve, kinds_of_the_placement_and_removed_items_are_static) {
  train();
  scene.placement.kinds = {"service"};
  EXPECT_EQ(ask().ids, (std::vector<std::string>{"s1", "s2"}));
}

TEST_F(Retrieve, widening_leaves_out_exactly_what_was_seen) {
  train();
  const Answer first = ask();
  const std::vector<std::string> seen{"p30", "p11", "s1"};
  const Answer second = ask(seen);
  for (const std::string& id : seen) EXPECT_FALSE(second.by_id.contains(id)) << id;
  for (const std::string& id : first.ids) EXPECT_TRUE(second.by_id.contains(id) || std::find(seen.begin(), seen.end(), id) != seen.end()) << id;
}

TEST_F(Retrieve, widening_reaches_beyond_the_first_hundred) {
  for (int i = 0; i < 300; ++i) {
    Item& item = scene.add_item("q" + std::to_string(1000 + i));
    item.added_at = noon - days(1) - minutes(i);
  }
  only(Source::new_items);
  const Answer first = ask();
  ASSERT_EQ(first.ids.size(), limits::per_source_max);
  const Answer second = ask(first.ids);
  EXPECT_EQ(second.ids.size(), limits::per_source_max);
  for (const std::string& id : first.ids) EXPECT_FALSE(second.by_id.contains(id));
  const Answer popular = ask({}, true);
  EXPECT_EQ(popular.ids.size(), 342U);
  EXPECT_EQ(popular.by_id.at("p10").source, Source::popular) << "popular, though the placement does not name it";
}

TEST_F(Retrieve, never_more_than_the_bound_and_the_best_stay) {
  for (int i = 0; i < 2000; ++i) {
    Item& item = scene.add_item("q" + std::to_string(1000 + i));
    item.added_at = noon - minutes(i);
    if (i >= 1200) scene.models.popular.push_back({scene.symbol(item.id.text()), static_cast<float>(3000 - i)});
    if (i >= 1200) scene.models.popularity[scene.symbol(item.id.text())] = 0.9F;
  }
  const Answer answer = ask({}, true);
  EXPECT_EQ(answer.ids.size(), limits::candidates_max);
  EXPECT_TRUE(answer.by_id.contains("q2200"));
}

TEST_F(Retrieve, caller_candidates_replace_every_source) {
  train();
  request().candidates = std::vector<CallerCandidate>{{item_id("p12"), 1.5}, {item_id("nobody"), 9.0}, {item_id("p11"), 7.0}, {item_id("p12"), 8.0}, {item_id("s1"), std::nullopt}};
  scene.placement.kinds = {"product"};
  const Answer answer = ask();
  EXPECT_EQ(answer.ids, (std::vector<std::string>{"p11", "p12"}));
  EXPECT_EQ(answer.by_id.at("p11").caller_score, 7.0);
  EXPECT_EQ(answer.by_id.at("p12").caller_score, 1.5) << "the first mention counts";
  EXPECT_GT(answer.by_id.at("p11").retrieval_score, answer.by_id.at("p12").retrieval_score);
  EXPECT_EQ(answer.unknown, std::vector<std::string>{"nobody"});
  EXPECT_EQ(answer.dropped, "s1:placement_mismatch");
}

TEST_F(Retrieve, caller_candidates_over_the_bound_are_dropped_with_a_reason) {
  std::vector<CallerCandidate> offered;
  for (int i = 0; i < 450; ++i) {
    scene.add_item("q" + std::to_string(1000 + i));
    offered.push_back({item_id("q" + std::to_string(1000 + i)), static_cast<double>(i)});
  }
  request().candidates = offered;
  const Answer answer = ask();
  EXPECT_EQ(answer.ids.size(), limits::candidates_max);
  EXPECT_EQ(std::count(answer.dropped.begin(), answer.dropped.end(), ':'), 50);
  EXPECT_TRUE(answer.by_id.contains("q1449"));
  EXPECT_TRUE(answer.dropped.starts_with("q1000:not_retrieved"));
}

TEST_F(Retrieve, an_item_of_several_sources_keeps_the_best_one) {
  train();
  look_at("p30", noon - hours(1));
  const Answer answer = ask();
  EXPECT_EQ(answer.by_id.at("p30").source, Source::recently_viewed) << "1.0 there and 1.0 in popular: the order of sources decides";
  EXPECT_EQ(answer.by_id.at("p30").retrieval_score, 1.0F);
}

TEST(ContentOverlap, compares_what_the_wanted_item_has) {
  Scene scene;
  Item& a = scene.add_item("a");
  a.category = {"Shoes", "Pumps"};
  Item& b = scene.add_item("b");
  b.category = {"Shoes", "Pumps"};
  b.brand = "Rosa";
  Item& c = scene.add_item("c");
  c.category = {"Shoes"};
  scene.add_item("d");
  Bound bound(scene);
  EXPECT_FLOAT_EQ(content_overlap(bound.item("a"), bound.item("b")), 1);
  EXPECT_FLOAT_EQ(content_overlap(bound.item("a"), bound.item("c")), 0.5);
  EXPECT_FLOAT_EQ(content_overlap(bound.item("d"), bound.item("a")), 0) << "nothing known, nothing alike";
}

} // namespace
} // namespace takt
