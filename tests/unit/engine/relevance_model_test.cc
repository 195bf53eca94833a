// What is learnt from journeys and served: against the same blend over all items, through the bytes of an artefact, and with too little to learn.
#include "engine/artefact_relevance.h"
#include "engine/relevance_model.h"
#include "engine/train/learn_relevance.h"
#include "tests/unit/engine/relevance/relevance_world.h"

#include <cmath>
#include <gtest/gtest.h>
#include <numeric>
#include <thread>

namespace takt {
namespace {

constexpr UtcTime now = utc_from_ms(1'709'640'000'000);

/// People with tastes: items of the same number modulo the clusters go together. Item indices are ranks by id already.
struct World {
  SymbolTable symbols;
  Interactions seen;
  std::vector<std::uint32_t> rank;

  explicit World(std::size_t customers, std::size_t items = 120, std::size_t clusters = 4) {
    Random random(3);
    for (std::size_t i = 0; i < items; ++i) seen.items.push_back(symbols.intern("item-" + std::to_string(1000 + i)));
    rank.resize(items);
    std::iota(rank.begin(), rank.end(), 0U);
    seen.customers_kept = customers;
    for (std::uint32_t customer = 0; customer < customers; ++customer)
      for (int visit = 0; visit < 12; ++visit) {
        auto item = static_cast<std::uint32_t>(random.below(items));
        if (random.uniform() < 0.85) item = item / static_cast<std::uint32_t>(clusters) * static_cast<std::uint32_t>(clusters) + customer % static_cast<std::uint32_t>(clusters);
        seen.acts.push_back({customer, item, random.uniform() < 0.5 ? 1.0F : 0.2F, ms_of(now - days(90)) / 1000 + static_cast<std::int64_t>(random.below(90 * 86'400))});
      }
  }
  std::shared_ptr<const RelevanceModel> learnt(std::size_t threads = 1, KeptParts* kept = nullptr) const {
    return learn_relevance(seen, rank, {threads, kept}, [](double) {}).model;
  }
  std::vector<RecentItem> history(std::initializer_list<std::size_t> newest_first) const {
    std::vector<RecentItem> recent;
    for (const std::size_t item : newest_first) recent.push_back({seen.items[item], 1, now - hours(static_cast<int>(recent.size()))});
    return recent;
  }
};

TEST(RelevanceModel, finds_what_people_like_this_one_want) {
  const World world(600);
  const auto model = world.learnt();
  ASSERT_TRUE(model);
  for (const std::size_t taste : {0U, 1U, 2U, 3U}) {
    const auto best = model->best(world.history({taste, taste + 8, taste + 40}), now, 20);
    ASSERT_EQ(best.size(), 20U);
    EXPECT_FLOAT_EQ(best.front().score, 1);
    std::size_t fits = 0;
    for (const ScoredSymbol& one : best) {
      const auto place = std::find(world.seen.items.begin(), world.seen.items.end(), one.item) - world.seen.items.begin();
      fits += static_cast<std::size_t>(place) % 4 == taste ? 1U : 0U;
    }
    EXPECT_GE(fits, 17U) << "taste " << taste;
  }
}

TEST(RelevanceModel, is_the_blend_over_all_items) {
  const World world(400);
  const auto model = world.learnt();
  ASSERT_TRUE(model);
  const RelevanceParts& parts = model->parts();
  std::vector<BlendPart> methods;
  const auto weight = [&](RelevancePart part) { return parts.weights[static_cast<std::size_t>(part)]; };
  if (parts.ease) methods.push_back({std::make_shared<ItemWeightsMethod>(parts.ease), weight(RelevancePart::ease)});
  if (parts.ease) methods.push_back({std::make_shared<ItemWeightsMethod>(parts.ease, HistoryDecay{parts.recent_half_life_seconds}), weight(RelevancePart::ease_recent)});
  if (parts.sessions) methods.push_back({std::make_shared<SessionKnnMethod>(parts.sessions), weight(RelevancePart::session_knn)});
  if (parts.ials) methods.push_back({std::make_shared<IalsMethod>(parts.ials), weight(RelevancePart::ials)});
  const BlendMethod blend(methods, parts.trend);
  Random random(9);
  for (int round = 0; round < 50; ++round) {
    std::vector<RecentItem> recent;
    std::vector<HistoryItem> history;
    for (int back = 0; back < 6; ++back) {
      const auto item = static_cast<std::uint32_t>(random.below(world.seen.items.size()));
      if (std::any_of(history.begin(), history.end(), [&](const HistoryItem& one) { return one.item == item; })) continue;
      recent.push_back({world.seen.items[item], 0.4F, now - hours(back)});
      history.insert(history.begin(), {item, 0.4F, ms_of(now - hours(back)) / 1000});
    }
    const auto scores = testing_relevance::scores_of(blend, {history, ms_of(now) / 1000}, world.seen.items.size());
    const float most = *std::max_element(scores.begin(), scores.end());
    const auto best = model->best(recent, now, 30);
    ASSERT_FALSE(best.empty());
    for (const ScoredSymbol& one : best) {
      const auto place = static_cast<std::size_t>(std::find(world.seen.items.begin(), world.seen.items.end(), one.item) - world.seen.items.begin());
      ASSERT_NEAR(one.score, scores[place] / most, 1e-4) << round;
    }
    for (std::size_t i = 1; i < best.size(); ++i) ASSERT_GE(best[i - 1].score, best[i].score);
  }
}

TEST(RelevanceModel, the_number_of_threads_changes_no_bit) {
  const World world(300);
  const auto one = world.learnt(1), two = world.learnt(2);
  ASSERT_TRUE(one && two);
  EXPECT_EQ(one->best(world.history({5, 9}), now, 50), two->best(world.history({5, 9}), now, 50));
}

TEST(RelevanceModel, too_few_people_teach_nothing_and_it_says_so) {
  const LearntRelevance learnt = learn_relevance(World(40).seen, World(40).rank, {}, [](double) {});
  EXPECT_FALSE(learnt.model);
  ASSERT_EQ(learnt.notes.size(), 1U);
  EXPECT_NE(learnt.notes[0].find("fewer than 100"), std::string::npos);
  EXPECT_FALSE(learn_relevance({}, {}, {}, [](double) {}).model);
}

TEST(RelevanceModel, a_person_it_knows_nothing_of_gets_nothing) {
  World world(300);
  const auto model = world.learnt();
  EXPECT_TRUE(model->best({}, now, 10).empty());
  const RecentItem unknown{world.symbols.intern("made-yesterday"), 1, now};
  EXPECT_TRUE(model->best({&unknown, 1}, now, 10).empty());
}

TEST(RelevanceModel, threads_share_it_and_models_of_other_sizes_take_turns) {
  const World large(300), small(300, 40);
  const auto a = large.learnt(), b = small.learnt();
  const auto wanted_a = a->best(large.history({1, 2}), now, 10), wanted_b = b->best(small.history({1, 2}), now, 10);
  const auto ask = [&] {
    for (int round = 0; round < 20; ++round) {
      EXPECT_EQ(a->best(large.history({1, 2}), now, 10), wanted_a);
      EXPECT_EQ(b->best(small.history({1, 2}), now, 10), wanted_b);
    }
  };
  std::jthread other(ask);
  ask();
}

TEST(RelevanceBytes, come_back_as_they_were) {
  const World world(400);
  const auto model = world.learnt();
  const std::string bytes = artefact::encode_relevance(model.get(), world.symbols);
  SymbolTable other; // another data directory
  other.intern("something else");
  const auto back = artefact::decode_relevance(bytes, other);
  ASSERT_TRUE(back) << back.error().message;
  ASSERT_TRUE(*back);
  EXPECT_EQ(artefact::encode_relevance(back->get(), other), bytes);
  auto recent = world.history({3, 7, 11});
  const auto before = model->best(recent, now, 40);
  for (RecentItem& one : recent) one.item = other.find(world.symbols.name(one.item));
  const auto after = (*back)->best(recent, now, 40);
  ASSERT_EQ(before.size(), after.size());
  for (std::size_t i = 0; i < before.size(); ++i) {
    EXPECT_EQ(world.symbols.name(before[i].item), other.name(after[i].item));
    EXPECT_EQ(before[i].score, after[i].score);
  }
}

TEST(RelevanceBytes, nothing_learnt_is_a_file_too) {
  SymbolTable symbols;
  const auto back = artefact::decode_relevance(artefact::encode_relevance(nullptr, symbols), symbols);
  ASSERT_TRUE(back);
  EXPECT_EQ(*back, nullptr);
}

TEST(RelevanceBytes, an_item_without_a_name_or_twice_is_refused) {
  const World world(300, 40);
  std::string bytes = artefact::encode_relevance(world.learnt().get(), world.symbols);
  const std::size_t second = bytes.find("item-1001");
  ASSERT_NE(second, std::string::npos);
  bytes.replace(second, 9, "item-1000");
  SymbolTable symbols;
  EXPECT_EQ(artefact::decode_relevance(bytes, symbols).error().code, ErrorCode::corrupt);
  bytes.replace(second - 1, 10, 1, '\0'); // a length of 0
  EXPECT_EQ(artefact::decode_relevance(bytes, symbols).error().code, ErrorCode::corrupt);
}

/// Bytes that pass no checksum on the way: the decoder alone must survive them, and so must whoever asks what it let through.
TEST(RelevanceBytes, damaged_ones_are_refused_or_harmless) {
  const World world(300, 40);
  const std::string good = artefact::encode_relevance(world.learnt().get(), world.symbols);
  Random random(4);
  std::size_t refused = 0;
  for (int round = 0; round < 600; ++round) {
    std::string bytes = good;
    for (std::uint64_t n = 1 + random.below(3); n > 0; --n) bytes[random.below(bytes.size())] = static_cast<char>(random.below(256));
    if (random.below(4) == 0) bytes.resize(random.below(bytes.size()));
    SymbolTable symbols;
    const auto back = artefact::decode_relevance(bytes, symbols);
    if (!back) {
      EXPECT_EQ(back.error().code, ErrorCode::corrupt);
      ++refused;
    } else if (*back && !(*back)->parts().items.empty()) {
      const RecentItem recent{(*back)->parts().items.front(), 1, now};
      for (const ScoredSymbol& one : (*back)->best({&recent, 1}, now, 10)) EXPECT_FALSE(std::isnan(one.score));
    }
  }
  EXPECT_GT(refused, 200U);
}

} // namespace
} // namespace takt
