// Writes what the fuzzers start from: records, decisions and artefacts as the program writes them. Texts come from make_seeds.py.
// usage: seeds DIRECTORY
#include "core/decision.h"
#include "core/record_codec.h"
#include "engine/artefact_codec.h"
#include "engine/artefact_cold_start.h"
#include "engine/artefact_fatigue.h"
#include "engine/artefact_relevance.h"
#include "engine/artefact_repurchase.h"
#include "engine/artefact.h"
#include "tests/support/builders.h"
#include "tests/support/small_models.h"

#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>

int main(int argc, char** argv) {
  using namespace takt;
  if (argc != 2) {
    std::cerr << "usage: seeds DIRECTORY\n";
    return 2;
  }
  const std::filesystem::path root = argv[1];
  const auto write = [&](const char* corpus, const char* name, int choice, const std::string& bytes) {
    std::filesystem::create_directories(root / corpus);
    std::ofstream(root / corpus / name, std::ios::binary) << static_cast<char>(choice) << bytes;
  };
  for (std::uint64_t seed = 1; seed <= 4; ++seed) {
    const std::string number = std::to_string(seed);
    write("record_corpus", ("seed_record" + number).c_str(), 0, encode_record(test::random_record(seed, 4)));
    const test::JournalBuilder journal = test::random_journal(seed, 3, hours(5));
    for (const JournalEntry& entry : journal.entries()) write("record_corpus", ("seed_entry" + number + "_" + std::to_string(entry.version)).c_str(), 1, encode_journal_entry(entry));
    write("record_corpus", ("seed_decision" + number).c_str(), 2, encode_decision(test::random_decision(seed)));
  }
  SymbolTable symbols;
  Models models;
  test::fill_small_models(models, symbols);
  write("artefact_corpus", "seed_tables", 0, artefact::encode_tables(models, symbols));
  write("artefact_corpus", "seed_vectors", 1, artefact::encode_vectors(models, symbols));
  write("artefact_corpus", "seed_scorer", 2, artefact::encode_scorer(*models.scorer).value());
  write("artefact_corpus", "seed_rates", 3, artefact::encode_rates(models.rates, symbols));
  write("artefact_corpus", "seed_intent", 4, artefact::encode_intent(models.intent));
  write("artefact_corpus", "seed_cold_start", 5, artefact::encode_cold_start(models.cold_start, symbols));
  write("artefact_corpus", "seed_fatigue", 6, artefact::encode_fatigue(*models.fatigue, symbols));
  write("artefact_corpus", "seed_repurchase", 7, artefact::encode_repurchase(*models.repurchase, symbols));
  write("artefact_corpus", "seed_relevance", 8, artefact::encode_relevance(models.relevance.get(), symbols));
  const std::filesystem::path saved = std::filesystem::temp_directory_path() / "takt-fuzz-seeds";
  std::filesystem::remove_all(saved);
  if (!save_models(saved.string(), models, symbols)) return 1;
  std::ifstream manifest(saved / "3" / "manifest.json", std::ios::binary);
  write("artefact_corpus", "seed_manifest", 10, {std::istreambuf_iterator<char>(manifest), {}});
  std::filesystem::remove_all(saved);
  return 0;
}
