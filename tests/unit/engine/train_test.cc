#include "engine/train/train_models.h"

#include "engine/train/choose_index.h"

#include "core/random.h"
#include "engine/artefact_codec.h"
#include "engine/train/co_occurrence.h"
#include "engine/train/interactions.h"
#include "engine/train/item_vectors.h"

#include <cmath>
#include <gtest/gtest.h>
#include <map>
#include <set>

namespace takt {
namespace {

constexpr UtcTime now = utc_from_ms(1'709'640'000'000);

/// A memory store and short ways to write journeys into it.
class Train : public testing::Test {
protected:
  Symbol symbol(std::string_view text) { return store->symbols().intern(text); }

  void commit(std::uint64_t customer, UtcTime at, std::vector<Operation> operations) {
    Version& version = versions[customer];
    if (version == 0) operations.insert(operations.begin(), op::Found{at, bots.contains(customer)});
    Commit next;
    next.customer = CustomerId{customer};
    next.expected = version++;
    next.id.bytes[0] = static_cast<std::uint8_t>(customer);
    for (std::size_t i = 0; i < 8; ++i) next.id.bytes[1 + i] = static_cast<std::uint8_t>((customer * 1000 + version) >> (8 * i));
    next.delta = {at, std::move(operations)};
    const auto outcome = store->records().commit({&next, 1}, Durability::wal, Deadline{});
    ASSERT_EQ(outcome.front(), CommitOutcome::committed);
  }
  op::Journey look(std::string_view item, UtcTime at, double weight = 1) {
    op::Journey journey;
    journey.event.at = at;
    journey.event.kind = JourneyKind::view;
    journey.event.item = symbol(item);
    journey.event.weight = static_cast<float>(weight);
    return journey;
  }
  void view(std::uint64_t customer, UtcTime at, std::initializer_list<std::string_view> looks, double weight = 1) {
    std::vector<Operation> operations{op::Activity{at}};
    for (const auto item : looks) operations.push_back(look(item, at, weight));
    commit(customer, at, std::move(operations));
  }
  void buy(std::uint64_t customer, std::string_view order, UtcTime at, std::initializer_list<std::string_view> lines, int quantity = 1) {
    Order put;
    put.order_id = symbol(order);
    put.at = at;
    for (const auto item : lines) put.lines.push_back({symbol(item), symbol(item), {}, quantity, 0});
    commit(customer, at, {op::PutOrder{put}});
  }
  Interactions read(std::size_t kept_max = occurrences_max) {
    auto seen = read_interactions(*store, IntentModel{}, now, [](double) {}, kept_max);
    EXPECT_TRUE(seen);
    return std::move(*seen);
  }
  std::shared_ptr<const Catalogue> catalogue() { return Catalogue::build(items, store->symbols(), 1); }
  std::shared_ptr<const Models> train() {
    auto models = train_models(*store, *catalogue(), now, [](std::string_view, double) {});
    EXPECT_TRUE(models);
    return *models;
  }
  Item& add_item(std::string_view id) {
    Item item;
    item.id = *ItemId::parse(id);
    return items.emplace_back(std::move(item));
  }
  std::string list(std::span<const ScoredSymbol> scored) {
    std::string text;
    for (const ScoredSymbol& one : scored) text += (text.empty() ? "" : ",") + std::string(store->symbols().name(one.item));
    return text;
  }
  static float score_of(std::span<const ScoredSymbol> scored, Symbol item) {
    for (const ScoredSymbol& one : scored)
      if (one.item == item) return one.score;
    return 0;
  }

  std::unique_ptr<Store> store = make_memory_store();
  std::map<std::uint64_t, Version> versions;
  std::set<std::uint64_t> bots;
  std::vector<Item> items;
};

double cosine(const ItemVectors& vectors, Symbol a, Symbol b) {
  double sum = 0;
  const auto x = vectors.row(vectors.row_of.at(a)), y = vectors.row(vectors.row_of.at(b));
  for (std::size_t i = 0; i < x.size(); ++i) sum += static_cast<double>(x[i]) * static_cast<double>(y[i]);
  return sum;
}

TEST_F(Train, an_empty_store_gives_empty_models_that_serve) {
  const auto models = train();
  EXPECT_TRUE(models->popular.empty());
  EXPECT_EQ(models->index, nullptr);
  ASSERT_NE(models->scorer, nullptr);
}

TEST_F(Train, popularity_decays_and_a_purchase_says_more_than_a_look) {
  view(1, now - days(30), {"old"});
  view(1, now, {"new"});
  buy(2, "o1", now, {"bought"});
  const auto models = train();
  EXPECT_EQ(list(models->popular), "bought,new,old");
  EXPECT_NEAR(models->popular[1].score / models->popular[2].score, 2, 1e-5);
  EXPECT_FLOAT_EQ(models->popularity.at(symbol("bought")), 1);
  EXPECT_EQ(models->trained_from, now - days(30));
  EXPECT_EQ(models->trained_until, now);
}

TEST_F(Train, bots_accidents_and_returns_do_not_count) {
  bots = {7};
  view(7, now, {"robot"});
  view(1, now, {"accident"}, 0.05);
  buy(1, "o1", now - days(1), {"kept", "returned"});
  commit(1, now, {op::Refund{symbol("o1"), now, {{symbol("returned"), symbol("returned"), {}, 1, 0}}}});
  const Interactions seen = read();
  EXPECT_EQ(seen.bots, 1U);
  EXPECT_EQ(seen.lines, 1U);
  EXPECT_TRUE(seen.views.empty()) << "an accident is a little popularity, but no basket";
  ASSERT_EQ(seen.purchases.size(), 1U);
  EXPECT_EQ(seen.items[seen.purchases[0].item], symbol("kept"));
}

TEST_F(Train, of_an_order_the_latest_version_counts) {
  buy(1, "o1", now - days(1), {"a", "b"});
  buy(1, "o1", now - days(1), {"a"});
  EXPECT_EQ(read().lines, 1U);
}

TEST_F(Train, trending_rises_against_the_usual_rate) {
  for (int day = 0; day < 60; ++day) view(1, now - days(day), {"steady"});
  for (int day = 0; day < 60; ++day) view(2, now - days(day), {"other"});
  for (int n = 0; n < 20; ++n) view(3, now - hours(n), {"rising"});
  for (int n = 0; n < 60; ++n) view(4, now - days(40), {"fallen"});
  EXPECT_EQ(list(train()->trending).substr(0, 6), "rising");
  EXPECT_EQ(list(train()->trending).find("fallen"), std::string::npos);
}

TEST_F(Train, viewed_together_is_one_session_not_one_customer) {
  view(1, now - hours(5), {"a", "b"});
  view(1, now - hours(1), {"c"});
  const auto models = train();
  EXPECT_EQ(list(models->viewed_together.of(symbol("a"))), "b");
  EXPECT_TRUE(models->viewed_together.of(symbol("c")).empty());
}

TEST_F(Train, bought_together_prefers_one_basket_to_one_month_and_ends_after_it) {
  buy(1, "o1", now - days(50), {"a", "b"});
  buy(1, "o2", now - days(30), {"c"});
  buy(1, "o3", now - days(10), {"d"});
  const auto models = train();
  EXPECT_EQ(list(models->bought_together.of(symbol("a"))), "b,c");
  EXPECT_EQ(list(models->bought_together.of(symbol("c"))), "a,b,d");
  EXPECT_FLOAT_EQ(score_of(models->bought_together.of(symbol("a")), symbol("b")), 1.0F / 3);
  EXPECT_FLOAT_EQ(score_of(models->bought_together.of(symbol("a")), symbol("c")), 0.5F / 3);
}

TEST_F(Train, co_occurrence_is_the_cosine_of_a_naive_count) {
  Random random(5);
  std::map<std::string, std::map<std::string, double>> together;
  std::map<std::string, double> count;
  for (std::uint64_t session = 0; session < 60; ++session) {
    std::map<std::string, double> basket; // with how surely each look was meant
    for (std::uint64_t n = 1 + random.below(4); n > 0; --n) basket.emplace("i" + std::to_string(random.below(8)), 0.25 * static_cast<double>(1 + random.below(4)));
    std::vector<Operation> operations;
    const UtcTime at = now - hours(static_cast<std::int64_t>(session));
    for (const auto& [item, meant] : basket) {
      operations.push_back(look(item, at, meant / 2));
      operations.push_back(look(item, at, meant)); // once more, and surer
    }
    commit(session % 5 + 1, at, operations);
    for (const auto& [a, meant] : basket) {
      count[a] += meant;
      for (const auto& [b, other] : basket)
        if (a != b) together[a][b] += meant * other;
    }
  }
  const auto models = train();
  for (const auto& [a, others] : together) {
    const auto neighbours = models->viewed_together.of(symbol(a));
    EXPECT_EQ(neighbours.size(), others.size());
    for (const auto& [b, n] : others) EXPECT_NEAR(score_of(neighbours, symbol(b)), n / (std::sqrt(count[a] * count[b]) + pair_shrinkage), 1e-6) << a << " " << b;
    for (std::size_t i = 1; i < neighbours.size(); ++i) EXPECT_GE(neighbours[i - 1].score, neighbours[i].score);
  }
}

TEST_F(Train, a_tap_that_was_hardly_meant_makes_a_weak_pair) {
  for (std::uint64_t customer = 1; customer <= 20; ++customer) {
    commit(customer, now, {look("wanted", now), look("liked", now), look("tapped", now, 0.2)});
    commit(customer + 100, now, {look("tapped", now)});
  }
  const auto models = train();
  const auto neighbours = models->viewed_together.of(symbol("wanted"));
  EXPECT_GT(score_of(neighbours, symbol("liked")), 4 * score_of(neighbours, symbol("tapped")));
  EXPECT_GT(score_of(neighbours, symbol("tapped")), 0);
}

TEST_F(Train, a_journal_over_the_bound_is_sampled_by_customer_and_popularity_is_not) {
  for (std::uint64_t customer = 1; customer <= 200; ++customer) view(customer, now, {"a", "b", "c"});
  const Interactions all = read(), sampled = read(300);
  EXPECT_EQ(all.views.size(), 600U);
  EXPECT_LE(sampled.views.size(), 300U);
  EXPECT_GE(sampled.views.size(), 60U);
  EXPECT_EQ(sampled.slow, all.slow);
  EXPECT_EQ(sampled.customers, 200U);
  for (std::size_t i = 0; i < sampled.views.size(); i += 3) EXPECT_EQ(sampled.views[i].owner, sampled.views[i + 2].owner) << "whole customers";
}

TEST_F(Train, an_item_without_an_event_has_a_vector_near_its_like) {
  for (int i = 0; i < 30; ++i) {
    Item& item = add_item("p" + std::to_string(10 + i));
    item.category = {"Shoes", i % 2 == 0 ? "Pumps" : "Boots"};
    item.brand = i % 3 == 0 ? "Rosa" : "Nera";
    item.title = i % 2 == 0 ? "elegant pumps" : "winter boots";
  }
  for (int n = 0; n < 20; ++n) view(1, now - hours(n), {"p11", "p13"});
  const auto models = train();
  ASSERT_EQ(models->vectors.items.size(), 30U);
  EXPECT_GT(cosine(models->vectors, symbol("p12"), symbol("p14")), 0.5); // neither was ever seen
  EXPECT_LT(cosine(models->vectors, symbol("p12"), symbol("p15")), 0.3);
  for (const Symbol item : models->vectors.items) EXPECT_NEAR(cosine(models->vectors, item, item), 1, 1e-5);
}

TEST_F(Train, items_seen_together_come_together_where_descriptions_say_nothing) {
  for (int i = 0; i < 40; ++i) add_item("p" + std::to_string(10 + i));
  for (int n = 0; n < 20; ++n) {
    view(1, now - hours(n), {"p10", "p11", "p12"});
    view(2, now - hours(n), {"p20", "p21", "p22"});
  }
  const auto models = train();
  EXPECT_GT(cosine(models->vectors, symbol("p10"), symbol("p11")), 0.5);
  EXPECT_LT(std::abs(cosine(models->vectors, symbol("p10"), symbol("p20"))), 0.4);
}

TEST_F(Train, the_same_journal_gives_the_same_bytes) {
  Random random(9);
  for (int i = 0; i < 50; ++i) {
    Item& item = add_item("p" + std::to_string(i));
    item.category = {"C" + std::to_string(i % 5)};
    item.title = "word" + std::to_string(i % 7) + " word" + std::to_string(i % 3);
  }
  for (std::uint64_t n = 0; n < 300; ++n) {
    const UtcTime at = now - minutes(static_cast<std::int64_t>(random.below(100'000)));
    const std::string a = "p" + std::to_string(random.below(50)), b = "p" + std::to_string(random.below(50));
    if (n % 4 == 0) buy(1 + n % 20, "o" + std::to_string(n), at, {a, b});
    else view(1 + n % 20, at, {a, b});
  }
  const auto first = train(), second = train();
  EXPECT_EQ(artefact::encode_tables(*first, store->symbols()), artefact::encode_tables(*second, store->symbols()));
  EXPECT_EQ(artefact::encode_vectors(*first, store->symbols()), artefact::encode_vectors(*second, store->symbols()));
  EXPECT_GT(first->bought_together.size(), 10U);
}

TEST_F(Train, learns_what_is_popular_in_a_situation) {
  add_item("tea");
  add_item("coffee");
  for (std::uint64_t customer = 1; customer <= 400; ++customer) {
    const bool is_british = customer % 4 == 0;
    op::Journey journey = look(is_british ? "tea" : "coffee", now - days(1));
    journey.event.channel = symbol("web");
    commit(customer, now - days(1), {op::Activity{now - days(1)}, op::SetLocale{symbol(is_british ? "en-GB" : "de-DE")}, journey});
  }
  const auto models = train();
  EXPECT_EQ(list(models->popular), "coffee,tea");
  const auto best_in = [&](std::string_view territory) {
    Segment situation;
    situation.set_territory(territory);
    situation.channel = symbol("web");
    const SegmentPopularity* found = models->cold_start.find(situation);
    return found ? list(found->best) : "nobody's";
  };
  EXPECT_EQ(best_in("GB"), "tea,coffee");
  EXPECT_EQ(best_in("DE"), "coffee,tea");
  EXPECT_EQ(best_in("FR"), "coffee,tea") << "the web's";
}

TEST_F(Train, reports_each_part) {
  add_item("a").category = {"Shoes"};
  add_item("b").category = {"Shoes"};
  view(1, now, {"a", "b"});
  std::vector<std::string> parts;
  const auto models = train_models(*store, *catalogue(), now, [&](std::string_view part, double share) {
    EXPECT_GE(share, 0);
    EXPECT_LE(share, 1);
    if (parts.empty() || parts.back() != part) parts.emplace_back(part);
  }, {.version = 12});
  ASSERT_TRUE(models);
  EXPECT_EQ((*models)->version, 12U);
  std::vector<std::string> names;
  for (const ArtefactMetrics& one : (*models)->metrics) names.push_back(one.name);
  EXPECT_EQ(names, (std::vector<std::string>{"intent", "journal", "popular", "trending", "viewed_together", "bought_together", "relevance", "item_vectors", "index-exact", "rates", "segments", "fatigue", "repurchase", "scorer"}));
  EXPECT_EQ((*models)->metrics[8].recall_at_100, 1.0);
  EXPECT_FALSE(parts.empty());
}

TEST(MeasureRecall, sees_an_index_that_misses) {
  Random random(3);
  std::vector<float> rows(5000 * 8);
  for (float& value : rows) value = static_cast<float>(random.normal());
  const auto half = make_exact_index(std::span(rows).first(2500 * 8), 8);
  EXPECT_LT(measure_recall_at_100(*half, rows, 16, 20, 1), 0.7);
  EXPECT_DOUBLE_EQ(measure_recall_at_100(*make_exact_index(rows, 8), rows, 16, 20, 1), 1);
}

} // namespace
} // namespace takt
