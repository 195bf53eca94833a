// Artefacts: what was saved comes back; what was damaged is refused with a reason and never crashes.
#include "core/random.h"
#include "engine/artefact.h"
#include "engine/artefact_codec.h"
#include "engine/artefact_cold_start.h"
#include "engine/artefact_fatigue.h"
#include "engine/artefact_repurchase.h"
#include "engine/taste.h"
#include "engine/world.h"
#include "tests/support/small_models.h"
#include "tests/support/temp_dir.h"

#include <cmath>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace takt {
namespace {

namespace fs = std::filesystem;

class Artefact : public testing::Test {
protected:
  Artefact() { test::fill_small_models(models, symbols); }
  std::string directory() const { return (fs::path(root.path()) / "artefacts").string(); }
  fs::path file(const std::string& name) const { return fs::path(directory()) / "3" / name; }
  void save() { ASSERT_TRUE(save_models(directory(), models, symbols)); }
  Result<std::shared_ptr<const Models>> load() { return load_models((fs::path(directory()) / "3").string(), symbols); }
  static std::string read(const fs::path& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  static void write(const fs::path& path, const std::string& bytes) { std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes; }

  test::TempDir root;
  SymbolTable symbols;
  Models models;
};

TEST_F(Artefact, comes_back_as_it_was) {
  save();
  const auto loaded = load();
  ASSERT_TRUE(loaded) << loaded.error().message;
  const Models& back = **loaded;
  EXPECT_EQ(back.version, 3U);
  EXPECT_EQ(back.name, "journal-3");
  EXPECT_EQ(back.trained_until, models.trained_until);
  EXPECT_EQ(back.popular, models.popular);
  EXPECT_EQ(back.popularity, models.popularity);
  EXPECT_EQ(back.trending, models.trending);
  EXPECT_TRUE(back.viewed_together == models.viewed_together);
  EXPECT_TRUE(back.bought_together == models.bought_together);
  EXPECT_EQ(back.vectors.items, models.vectors.items);
  EXPECT_EQ(back.vectors.values, models.vectors.values);
  EXPECT_EQ(back.scorer->name(), models.scorer->name());
  EXPECT_EQ(back.index->name(), "exact");
  EXPECT_EQ(back.metrics, models.metrics);
  EXPECT_EQ(back.intent, models.intent);
  EXPECT_EQ(back.rates.by_item, models.rates.by_item);
  EXPECT_EQ(back.rates.by_category, models.rates.by_category);
  EXPECT_EQ(back.rates.of_all, models.rates.of_all);
  EXPECT_EQ(back.cold_start, models.cold_start);
  ASSERT_TRUE(back.fatigue);
  EXPECT_EQ(*back.fatigue, *models.fatigue);
  ASSERT_TRUE(back.repurchase);
  EXPECT_EQ(*back.repurchase, *models.repurchase);
  EXPECT_NE(read(file("fatigue.svg")).find("item: beta 0.310"), std::string::npos);
  EXPECT_NE(back.cold_start.find({{'A', 'T'}, symbols.find("app"), Device::phone}), nullptr);
  ASSERT_TRUE(back.intent.by_device[1]);
  EXPECT_EQ(back.intent.of(2500, Device::desktop), models.intent.of(2500, Device::desktop));
}

TEST_F(Artefact, fits_another_dictionary) {
  save();
  SymbolTable other;
  other.intern("something else first");
  const auto loaded = load_models((fs::path(directory()) / "3").string(), other);
  ASSERT_TRUE(loaded) << loaded.error().message;
  EXPECT_EQ(other.name((*loaded)->popular.front().item), "item-0");
  EXPECT_EQ(other.name((*loaded)->bought_together.of(other.find("item-2")).front().item), "ghost");
}

TEST_F(Artefact, of_before_there_were_segments_knows_of_none) {
  save();
  nlohmann::json manifest = nlohmann::json::parse(read(file("manifest.json")));
  manifest["files"].erase("cold_start.bin");
  write(file("manifest.json"), manifest.dump());
  fs::remove(file("cold_start.bin"));
  const auto loaded = load();
  ASSERT_TRUE(loaded) << loaded.error().message;
  EXPECT_EQ((*loaded)->cold_start, ColdStart{});
  EXPECT_EQ((*loaded)->popular, models.popular);
}

TEST_F(Artefact, is_written_once) {
  save();
  const auto again = save_models(directory(), models, symbols);
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, ErrorCode::conflict);
}

TEST_F(Artefact, a_flipped_byte_in_any_file_is_refused_with_a_reason) {
  save();
  for (const char* name : {"tables.bin", "vectors.bin", "scorer.bin", "golden.bin", "intent.bin", "relevance.bin", "rates.bin", "cold_start.bin", "fatigue.bin", "repurchase.bin"}) {
    const std::string good = read(file(name));
    std::string bad = good;
    bad[bad.size() / 2] = static_cast<char>(bad[bad.size() / 2] ^ 1);
    write(file(name), bad);
    const auto loaded = load();
    ASSERT_FALSE(loaded) << name;
    EXPECT_EQ(loaded.error().code, ErrorCode::corrupt);
    EXPECT_NE(loaded.error().message.find(name), std::string::npos) << loaded.error().message;
    write(file(name), good);
  }
  EXPECT_TRUE(load());
}

TEST_F(Artefact, a_damaged_manifest_is_refused_wherever_it_is_cut_or_changed) {
  save();
  const std::string good = read(file("manifest.json"));
  for (std::size_t cut = 0; cut + 2 < good.size(); cut += 7) {
    write(file("manifest.json"), good.substr(0, cut));
    const auto loaded = load();
    ASSERT_FALSE(loaded) << cut;
    EXPECT_EQ(loaded.error().code, ErrorCode::corrupt);
  }
  write(file("manifest.json"), "{\"format\": 99}");
  EXPECT_FALSE(load());
  fs::remove(file("manifest.json"));
  EXPECT_EQ(load().error().code, ErrorCode::not_found);
}

/// Bytes that pass no checksum on the way: the decoders alone must survive them.
TEST_F(Artefact, decoders_survive_mutated_bytes) {
  Random random(4);
  const std::string tables = artefact::encode_tables(models, symbols), vectors = artefact::encode_vectors(models, symbols), scorer = *artefact::encode_scorer(*models.scorer),
                    golden = artefact::encode_golden(models), intent = artefact::encode_intent(models.intent), rates = artefact::encode_rates(models.rates, symbols),
                    cold_start = artefact::encode_cold_start(models.cold_start, symbols), fatigue = artefact::encode_fatigue(*models.fatigue, symbols);
  std::size_t refused = 0;
  for (int round = 0; round < 2000; ++round) {
    const auto mutate = [&](std::string bytes) {
      for (std::uint64_t n = 1 + random.below(3); n > 0; --n) bytes[random.below(bytes.size())] = static_cast<char>(random.below(256));
      if (random.below(4) == 0) bytes.resize(random.below(bytes.size()));
      return bytes;
    };
    Models back;
    SymbolTable own;
    const std::string bad_tables = mutate(tables), bad_vectors = mutate(vectors), bad_scorer = mutate(scorer), bad_golden = mutate(golden);
    refused += artefact::decode_tables(bad_tables, own, back) ? 0U : 1U;
    refused += artefact::decode_vectors(bad_vectors, own, back) ? 0U : 1U;
    refused += artefact::decode_scorer(bad_scorer, back) ? 0U : 1U;
    refused += artefact::check_golden(bad_golden, models) ? 0U : 1U;
    refused += artefact::decode_intent(mutate(intent), back.intent) ? 0U : 1U;
    refused += artefact::decode_rates(mutate(rates), own, back.rates) ? 0U : 1U;
    refused += artefact::decode_fatigue(mutate(fatigue), own) ? 0U : 1U;
    refused += artefact::decode_cold_start(mutate(cold_start), own, back.cold_start) ? 0U : 1U;
  }
  EXPECT_GT(refused, 2000U);
}

TEST_F(Artefact, golden_rows_notice_other_weights_and_other_vectors) {
  const std::string golden = artefact::encode_golden(models);
  EXPECT_TRUE(artefact::check_golden(golden, models));
  Models other = models;
  for (std::size_t c = 0; c < 8; ++c) other.vectors.values[c] *= 100;
  EXPECT_FALSE(artefact::check_golden(golden, other));
}

TEST_F(Artefact, the_newest_good_one_serves_and_refused_ones_are_told) {
  save();
  models.version = 4;
  save();
  models.version = 12;
  save();
  EXPECT_EQ(newest_artefact(directory()), 12U);
  write(fs::path(directory()) / "12" / "vectors.bin", "nonsense");
  fs::create_directories(fs::path(directory()) / ".writing-13");
  std::vector<std::uint64_t> refused;
  const auto served = load_newest_models(directory(), symbols, [&](std::uint64_t version, const Error& why) {
    refused.push_back(version);
    EXPECT_FALSE(why.message.empty());
  });
  EXPECT_EQ(served->version, 4U);
  EXPECT_EQ(refused, std::vector<std::uint64_t>{12});
  remove_old_artefacts(directory(), 2);
  EXPECT_FALSE(fs::exists(file("manifest.json")));
  EXPECT_TRUE(fs::exists(fs::path(directory()) / "4"));
}

TEST_F(Artefact, without_any_the_untrained_models_serve) {
  const auto served = load_newest_models(directory(), symbols, [](std::uint64_t, const Error&) { FAIL(); });
  EXPECT_EQ(served->version, 0U);
  EXPECT_NE(served->scorer, nullptr);
  EXPECT_EQ(newest_artefact(directory()), 0U);
}

TEST_F(Artefact, faiss_comes_back_as_faiss) {
  Random random(2);
  models.vectors = {};
  models.vectors.dimension = 16;
  for (int i = 0; i < 3000; ++i) {
    const Symbol item = symbols.intern("v" + std::to_string(i));
    models.vectors.items.push_back(item);
    models.vectors.row_of.emplace(item, static_cast<std::uint32_t>(i));
    for (int c = 0; c < 16; ++c) models.vectors.values.push_back(static_cast<float>(random.normal()));
  }
  models.index = make_faiss_index(models.vectors.values, 16);
  models.probes = 128;
  save();
  const auto loaded = load();
  ASSERT_TRUE(loaded) << loaded.error().message;
  EXPECT_EQ((*loaded)->index->name(), "faiss-ivf");
  EXPECT_EQ((*loaded)->probes, 128U);
}

TEST_F(Artefact, an_index_that_misses_too_much_is_refused) {
  Random random(2);
  models.vectors = {};
  models.vectors.dimension = 64;
  for (int i = 0; i < 20'000; ++i) {
    const Symbol item = symbols.intern("v" + std::to_string(i));
    models.vectors.items.push_back(item);
    models.vectors.row_of.emplace(item, static_cast<std::uint32_t>(i));
    for (int c = 0; c < 64; ++c) models.vectors.values.push_back(static_cast<float>(random.normal()));
  }
  models.index = make_faiss_index(models.vectors.values, 64);
  models.probes = 1; // random directions and one list: nothing can be found that way
  save();
  const auto loaded = load();
  ASSERT_FALSE(loaded);
  EXPECT_NE(loaded.error().message.find("recall"), std::string::npos) << loaded.error().message;
}

TEST(Taste, is_the_weighted_mean_of_recent_items_at_unit_length) {
  Models models;
  models.vectors.dimension = 2;
  models.vectors.items = {static_cast<Symbol>(1), static_cast<Symbol>(2)};
  models.vectors.values = {1, 0, 0, 1};
  models.vectors.row_of = {{static_cast<Symbol>(1), 0U}, {static_cast<Symbol>(2), 1U}};
  CustomerFeatures features;
  EXPECT_TRUE(taste_vector(models, features).empty());
  features.recent_items = {static_cast<Symbol>(1), static_cast<Symbol>(2), static_cast<Symbol>(9)};
  features.recent_weights = {0.6F, 0.8F, 5.0F};
  const auto taste = taste_vector(models, features);
  ASSERT_EQ(taste.size(), 2U);
  EXPECT_FLOAT_EQ(taste[0], 0.6F);
  EXPECT_FLOAT_EQ(taste[1], 0.8F);
  EXPECT_FLOAT_EQ(taste_match(models, taste, static_cast<Symbol>(2)), 0.8F);
  EXPECT_EQ(taste_match(models, taste, static_cast<Symbol>(9)), 0);
  EXPECT_EQ(taste_match(models, {}, static_cast<Symbol>(2)), 0);
}

TEST(World, names_its_versions) {
  SymbolTable symbols;
  auto rulebook = std::make_shared<Rulebook>();
  auto policy = std::make_shared<Policy>();
  policy->version = 5;
  policy->hash = 77;
  set_policy(*rulebook, policy, symbols);
  const World world{Catalogue::build({}, symbols, 9), rulebook, untrained_models(), nullptr, &symbols};
  const Versions versions = world.versions();
  EXPECT_EQ(versions.rules, 5U);
  EXPECT_NE(versions.rules_hash, 0U);
  EXPECT_EQ(versions.catalogue, 9U);
  EXPECT_EQ(versions.artefacts, 0U);
  EXPECT_EQ(versions.model, "prior-logistic-1");
  EXPECT_EQ(versions.index, "none");
  auto other_placements = std::make_shared<Rulebook>(*rulebook);
  other_placements->placements_print = 1;
  EXPECT_NE((World{world.catalogue, other_placements, world.models, nullptr, &symbols}.versions().rules_hash), versions.rules_hash) << "slots and sources decide too";
}

} // namespace
} // namespace takt
