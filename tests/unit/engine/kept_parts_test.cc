// A training that is killed goes on where it was: the same bytes as if nothing had happened, whatever was kept, and whatever became of it.
#include "core/random.h"
#include "engine/artefact_relevance.h"
#include "engine/relevance/learn_served_blend.h"
#include "engine/train/work_folder.h"
#include "tests/support/temp_dir.h"

#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <map>

namespace takt {
namespace {

struct Killed {};

/// In memory; the process dies right after the given number of parts was kept.
class MortalParts final : public KeptParts {
public:
  std::optional<std::string> find(std::string_view name, std::uint64_t fingerprint) override {
    const auto part = parts.find(std::string(name));
    return part != parts.end() && part->second.first == fingerprint ? std::optional(part->second.second) : std::nullopt;
  }
  void keep(std::string_view name, std::uint64_t fingerprint, std::string_view bytes) override {
    parts[std::string(name)] = {fingerprint, std::string(bytes)};
    if (--lives == 0) throw Killed{};
  }
  void forget(std::string_view name) override { parts.erase(std::string(name)); }
  void resumed(std::string_view name) override { found.emplace_back(name); }

  int lives = -1;
  std::map<std::string, std::pair<std::uint64_t, std::string>> parts;
  std::vector<std::string> found;
};

TrainingData people_with_tastes(std::uint64_t seed = 3) {
  TrainingData data;
  data.customers = 200;
  data.items = 60;
  data.has_times = true;
  Random random(seed);
  for (std::uint32_t customer = 0; customer < data.customers; ++customer)
    for (int visit = 0; visit < 12; ++visit) {
      auto item = static_cast<std::uint32_t>(random.below(data.items));
      if (random.uniform() < 0.85) item = item / 4 * 4 + customer % 4;
      data.events.push_back({customer, item, random.uniform() < 0.5 ? 1.0F : 0.2F, 1'700'000'000 + static_cast<std::int64_t>(random.below(90 * 86'400))});
    }
  sort_events(data);
  return data;
}

std::string learnt(const TrainingData& data, KeptParts* kept, float ease_lambda = 200) {
  SymbolTable symbols;
  ServedBlendOptions options;
  options.kept = kept;
  options.ease_lambda = ease_lambda;
  LearntBlend blend = learn_served_blend(data, options, {});
  RelevanceParts parts{std::move(*blend.parts), {}};
  for (std::size_t item = 0; item < data.items; ++item) parts.items.push_back(symbols.intern("i" + std::to_string(100 + item)));
  const RelevanceModel model(std::move(parts));
  return artefact::encode_relevance(&model, symbols);
}

TEST(KeptParts, a_training_killed_after_any_part_gives_the_bytes_of_one_that_was_not) {
  const TrainingData data = people_with_tastes();
  const std::string whole = learnt(data, nullptr);
  MortalParts counted;
  EXPECT_EQ(learnt(data, &counted), whole);
  EXPECT_TRUE(counted.found.empty());
  const int keeps = -1 - counted.lives;
  ASSERT_GE(keeps, 12); // each part of the past and of all, epochs between them, the blend
  for (int lives = 1; lives <= keeps; ++lives) {
    MortalParts kept;
    kept.lives = lives;
    EXPECT_THROW(learnt(data, &kept), Killed) << lives;
    kept.lives = -1;
    EXPECT_EQ(learnt(data, &kept), whole) << "killed after part " << lives;
    EXPECT_FALSE(kept.found.empty()) << "killed after part " << lives;
  }
}

TEST(KeptParts, killed_again_and_again_it_still_ends) {
  const TrainingData data = people_with_tastes();
  const std::string whole = learnt(data, nullptr);
  MortalParts kept;
  int kills = 0;
  for (std::string bytes; bytes.empty() && kills < 100;) {
    kept.lives = 1 + kills % 2;
    try {
      bytes = learnt(data, &kept);
      EXPECT_EQ(bytes, whole);
    } catch (const Killed&) {
      ++kills;
    }
  }
  EXPECT_GT(kills, 5);
  EXPECT_LT(kills, 100);
}

TEST(KeptParts, of_other_data_or_settings_are_not_found) {
  MortalParts kept;
  kept.lives = 4;
  EXPECT_THROW(learnt(people_with_tastes(), &kept), Killed);
  kept.lives = -1;
  EXPECT_EQ(learnt(people_with_tastes(4), &kept), learnt(people_with_tastes(4), nullptr));
  EXPECT_TRUE(kept.found.empty());
  MortalParts other;
  other.lives = 1; // EASE of the past
  EXPECT_THROW(learnt(people_with_tastes(), &other), Killed);
  other.lives = -1;
  EXPECT_EQ(learnt(people_with_tastes(), &other, 100), learnt(people_with_tastes(), nullptr, 100));
  EXPECT_TRUE(other.found.empty());
}

TEST(KeptParts, a_damaged_one_is_computed_again) {
  const TrainingData data = people_with_tastes();
  const std::string whole = learnt(data, nullptr);
  MortalParts kept;
  kept.lives = 3;
  EXPECT_THROW(learnt(data, &kept), Killed);
  for (auto& [name, part] : kept.parts) part.second.resize(part.second.size() / 2); // a store that does not notice
  kept.lives = -1;
  EXPECT_EQ(learnt(data, &kept), whole);
  EXPECT_TRUE(kept.found.empty());
}

class WorkFolderTest : public testing::Test {
protected:
  std::string path() const { return dir.path() + "/work"; }
  std::filesystem::path file(const std::string& name) const { return std::filesystem::path(path()) / (name + ".part"); }
  test::TempDir dir;
};

TEST_F(WorkFolderTest, keeps_what_it_is_given_and_notices_every_damage) {
  WorkFolder work(path());
  EXPECT_EQ(work.find("a", 1), std::nullopt);
  const std::string bytes = "what was learnt" + std::string(1, '\0') + "with nothing in it";
  work.keep("a", 1, bytes);
  EXPECT_EQ(work.find("a", 1), bytes);
  EXPECT_EQ(WorkFolder(path()).find("a", 1), bytes) << "the next process";
  EXPECT_EQ(work.find("a", 2), std::nullopt) << "of other inputs";
  work.keep("a", 1, "");
  EXPECT_EQ(work.find("a", 1), "");
  work.keep("a", 1, bytes);
  std::string good;
  {
    std::ifstream in(file("a"), std::ios::binary);
    good.assign(std::istreambuf_iterator<char>(in), {});
  }
  const auto put = [&](const std::string& content) { std::ofstream(file("a"), std::ios::binary | std::ios::trunc) << content; };
  for (std::size_t i = 0; i < good.size(); ++i) {
    std::string damaged = good;
    damaged[i] = static_cast<char>(damaged[i] ^ 16);
    put(damaged);
    EXPECT_EQ(work.find("a", 1), std::nullopt) << "flipped at " << i;
    put(good.substr(0, i));
    EXPECT_EQ(work.find("a", 1), std::nullopt) << "torn at " << i;
  }
  put(good);
  EXPECT_EQ(work.find("a", 1), bytes);
  work.forget("a");
  EXPECT_FALSE(std::filesystem::exists(file("a")));
}

TEST_F(WorkFolderTest, a_training_of_this_morning_is_gone_on_with_as_of_its_beginning) {
  const UtcTime begun = utc_from_ms(1'709'640'000'000);
  EXPECT_EQ(WorkFolder(path()).begin(begun - minutes(1), 3), begun - minutes(1));
  EXPECT_EQ(WorkFolder(path()).begin(begun, 3), begun) << "nothing was finished: what came since is learnt too";
  WorkFolder(path()).keep("a", 1, "x");
  EXPECT_EQ(WorkFolder(path()).begin(begun + hours(5), 3), begun);
  EXPECT_EQ(WorkFolder(path()).find("a", 1), "x");
  EXPECT_EQ(WorkFolder(path()).begin(begun + work_kept, 3), begun + work_kept);
  EXPECT_EQ(WorkFolder(path()).find("a", 1), std::nullopt) << "yesterday's is gone";
  EXPECT_EQ(WorkFolder(path()).begin(begun, 3), begun) << "a clock that went back";
  EXPECT_EQ(WorkFolder(path()).begin(begun + hours(1), 4), begun + hours(1)) << "that one was published";
  WorkFolder work(path());
  work.remove();
  EXPECT_FALSE(std::filesystem::exists(path()));
}

TEST_F(WorkFolderTest, one_that_cannot_be_written_costs_nothing_but_the_keeping) {
  std::ofstream(dir.path() + "/file") << "in the way";
  WorkFolder work(dir.path() + "/file");
  work.keep("a", 1, "x");
  EXPECT_EQ(work.find("a", 1), std::nullopt);
  const TrainingData data = people_with_tastes();
  EXPECT_EQ(learnt(data, &work), learnt(data, nullptr));
}

TEST(WithNewest, a_crawler_says_no_more_than_the_newest_of_what_it_did) {
  TrainingData data;
  data.customers = 3;
  data.items = 1'000;
  data.has_times = true;
  for (std::uint32_t i = 0; i < 1'000; ++i) data.events.push_back({1, i, 1, static_cast<std::int64_t>(i)});
  data.events.push_back({0, 7, 1, 5});
  data.events.push_back({2, 8, 1, 2'000});
  sort_events(data);
  const TrainingData kept = with_newest(data, 10);
  ASSERT_EQ(kept.events.size(), 12U);
  EXPECT_EQ(kept.events.front().item, 7U);
  for (std::size_t i = 1; i <= 10; ++i) EXPECT_EQ(kept.events[i].item, 989 + i);
  EXPECT_EQ(kept.now_seconds, data.now_seconds);
  EXPECT_EQ(with_newest(data, 2'000).events.size(), data.events.size());
}

TEST(WithNewest, a_crawler_moves_no_weight_of_what_it_did_long_ago) {
  TrainingData data = people_with_tastes(), crawled = data;
  crawled.customers = data.customers + 1;
  const auto crawler = static_cast<std::uint32_t>(data.customers);
  for (std::uint32_t i = 0; i < 100'000; ++i) crawled.events.push_back({crawler, i % 60, 1, 1'600'000'000 + i}); // everything, again and again
  for (std::uint32_t i = 0; i < events_per_customer_max; ++i) crawled.events.push_back({crawler, 0, 1, 1'650'000'000 + i}); // then one thing
  sort_events(crawled);
  data.customers = crawled.customers;
  data.events.push_back({crawler, 0, 1, 1'650'000'000 + events_per_customer_max - 1});
  sort_events(data);
  EXPECT_EQ(with_newest(crawled, events_per_customer_max).matrix().row(crawler).size(), 1U);
  const InteractionMatrix with = with_newest(crawled, events_per_customer_max).matrix(), without = data.matrix();
  for (std::uint32_t customer = 0; customer < data.customers; ++customer) EXPECT_TRUE(std::ranges::equal(with.row(customer), without.row(customer))) << customer;
}

} // namespace
} // namespace takt
