#include "engine/artefact.h"

#include "engine/artefact_codec.h"
#include "engine/artefact_cold_start.h"
#include "engine/artefact_fatigue.h"
#include "engine/artefact_repurchase.h"
#include "engine/artefact_relevance.h"
#include "engine/fatigue_plot.h"
#include "engine/train/choose_index.h"
#include "features/feature_row.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <openssl/evp.h>
#include <unistd.h>

namespace takt {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr int manifest_format = 2;
constexpr const char* manifest_name = "manifest.json";
constexpr std::array<const char*, 7> data_files{"tables.bin", "vectors.bin", "scorer.bin", "golden.bin", "intent.bin", "relevance.bin", "rates.bin"};
/// Came later than format 2: where the manifest does not name it, nothing was learnt of it.
constexpr const char* cold_start_file = "cold_start.bin";
constexpr const char* fatigue_file = "fatigue.bin";
constexpr const char* repurchase_file = "repurchase.bin";
/// For people; nothing reads it.
constexpr const char* fatigue_plot_file = "fatigue.svg";
constexpr std::size_t load_recall_queries = 20;
constexpr std::uint64_t load_recall_seed = 99;

std::string sha256(std::string_view bytes) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  EVP_Digest(bytes.data(), bytes.size(), digest.data(), &size, EVP_sha256(), nullptr);
  std::string text;
  for (unsigned int i = 0; i < size; ++i) {
    constexpr char digits[] = "0123456789abcdef";
    text += digits[digest[i] >> 4];
    text += digits[digest[i] & 15];
  }
  return text;
}

std::string hex(std::uint64_t value) {
  std::array<char, 16> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value, 16).ptr;
  return {digits.data(), end};
}

/// Data and name on the device before the caller goes on.
Status sync_path(const fs::path& path) {
  const int file = ::open(path.c_str(), O_RDONLY);
  if (file < 0) return fail(ErrorCode::unavailable, "cannot open " + path.string());
  const bool synced = ::fsync(file) == 0;
  ::close(file);
  if (!synced) return fail(ErrorCode::unavailable, "cannot sync " + path.string());
  return {};
}

Status write_file(const fs::path& path, std::string_view bytes) {
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  out.close();
  if (!out) return fail(ErrorCode::unavailable, "cannot write " + path.string());
  return sync_path(path);
}

Result<std::string> read_file(const fs::path& path) {
  std::ifstream in(path, std::ios::binary | std::ios::ate);
  if (!in) return fail(ErrorCode::not_found, "cannot read " + path.string());
  std::string bytes(static_cast<std::size_t>(std::max<std::streamoff>(in.tellg(), 0)), '\0');
  in.seekg(0);
  in.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  if (!in) return fail(ErrorCode::unavailable, "cannot read " + path.string());
  return bytes;
}

json manifest_of(const Models& models, const std::vector<std::pair<std::string, std::string>>& files) {
  json manifest;
  manifest["format"] = manifest_format;
  manifest["name"] = models.name;
  manifest["version"] = models.version;
  manifest["feature_schema"] = hex(feature_schema().fingerprint);
  manifest["trained_from"] = format_utc(models.trained_from);
  manifest["trained_until"] = format_utc(models.trained_until);
  manifest["index"] = {{"name", models.index ? models.index->name() : "none"}, {"probes", models.probes}};
  for (const auto& [name, bytes] : files) manifest["files"][name] = {{"sha256", sha256(bytes)}, {"bytes", bytes.size()}};
  manifest["metrics"] = json::array();
  for (const ArtefactMetrics& one : models.metrics) {
    json metrics = {{"name", one.name}, {"version", one.version}, {"rows", one.rows}, {"seconds", one.seconds}};
    if (one.recall_at_100) metrics["recall_at_100"] = *one.recall_at_100;
    if (!one.notes.empty()) metrics["notes"] = one.notes;
    manifest["metrics"].push_back(std::move(metrics));
  }
  return manifest;
}

/// Everything of the manifest but the data. Throws what nlohmann throws: the caller catches.
std::string read_manifest(const json& manifest, Models& models) {
  if (manifest.at("format").get<int>() != manifest_format) throw std::runtime_error("another format version");
  if (manifest.at("feature_schema").get<std::string>() != hex(feature_schema().fingerprint)) throw std::runtime_error("another feature schema than this build has: train again");
  models.name = manifest.at("name").get<std::string>();
  models.version = manifest.at("version").get<std::uint64_t>();
  const auto from = parse_utc(manifest.at("trained_from").get<std::string>()), until = parse_utc(manifest.at("trained_until").get<std::string>());
  if (!from || !until) throw std::runtime_error("a time is not a time");
  models.trained_from = *from;
  models.trained_until = *until;
  models.probes = std::max<std::size_t>(1, manifest.at("index").at("probes").get<std::size_t>());
  for (const json& one : manifest.at("metrics")) {
    ArtefactMetrics metrics{one.at("name").get<std::string>(), one.at("version").get<std::uint64_t>(), one.at("rows").get<std::size_t>(), std::nullopt,
                            one.at("seconds").get<double>()};
    if (one.contains("recall_at_100")) metrics.recall_at_100 = one.at("recall_at_100").get<double>();
    if (one.contains("notes")) metrics.notes = one.at("notes").get<std::vector<std::string>>();
    models.metrics.push_back(std::move(metrics));
  }
  return manifest.at("index").at("name").get<std::string>();
}

struct Parts {
  std::string index;
  std::array<std::string, data_files.size()> files;
  std::optional<std::string> cold_start, fatigue, repurchase;
};

/// Throws what nlohmann throws.
Result<std::string> read_data(const fs::path& directory, const json& manifest, const char* name) {
  TAKT_TRY(bytes, read_file(directory / name));
  if (sha256(bytes) != manifest.at("files").at(name).at("sha256").get<std::string>()) return fail(ErrorCode::corrupt, std::string(name) + ": the checksum does not fit");
  return bytes;
}

/// Manifest and bytes, each file with the checksum it was saved with.
Result<Parts> read_parts(const fs::path& directory, Models& models) {
  TAKT_TRY(text, read_file(directory / manifest_name));
  Parts parts;
  try {
    const json manifest = json::parse(text);
    parts.index = read_manifest(manifest, models);
    for (std::size_t i = 0; i < data_files.size(); ++i) {
      TAKT_TRY(bytes, read_data(directory, manifest, data_files[i]));
      parts.files[i] = std::move(bytes);
    }
    for (const auto& [name, part] : {std::pair{cold_start_file, &parts.cold_start}, {fatigue_file, &parts.fatigue}, {repurchase_file, &parts.repurchase}}) {
      if (!manifest.at("files").contains(name)) continue;
      TAKT_TRY(bytes, read_data(directory, manifest, name));
      *part = std::move(bytes);
    }
  } catch (const std::exception& error) {
    return fail(ErrorCode::corrupt, std::string("manifest: ") + error.what());
  }
  return parts;
}

Status build_index(const std::string& name, Models& models) {
  if (models.vectors.items.empty()) return {};
  const std::span<const float> rows = models.vectors.values;
  if (name == "exact") {
    models.index = make_exact_index(rows, models.vectors.dimension);
    return {};
  }
  if (name != "faiss-ivf") return fail(ErrorCode::corrupt, "manifest: an index of a kind this build does not know");
  models.index = make_faiss_index(rows, models.vectors.dimension);
  const double recall = measure_recall_at_100(*models.index, rows, models.probes, load_recall_queries, load_recall_seed);
  if (recall < recall_at_100_min) return fail(ErrorCode::corrupt, "index: recall@100 is " + std::to_string(recall) + ", at least 0.98 is asked");
  return {};
}

std::vector<std::uint64_t> versions_in(const std::string& directory) {
  std::vector<std::uint64_t> versions;
  std::error_code ignored; // a directory that is not there has no versions
  for (fs::directory_iterator entry(directory, ignored), end; entry != end; entry.increment(ignored)) {
    const std::string name = entry->path().filename().string();
    std::uint64_t version = 0;
    const auto [rest, error] = std::from_chars(name.data(), name.data() + name.size(), version);
    if (error == std::errc{} && rest == name.data() + name.size()) versions.push_back(version);
  }
  std::sort(versions.rbegin(), versions.rend());
  return versions;
}

} // namespace

Status save_models(const std::string& artefacts_directory, const Models& models, const SymbolTable& symbols) {
  TAKT_TRY(scorer, artefact::encode_scorer(*models.scorer));
  std::vector<std::pair<std::string, std::string>> files{{"tables.bin", artefact::encode_tables(models, symbols)},
                                                         {"vectors.bin", artefact::encode_vectors(models, symbols)},
                                                         {"scorer.bin", std::move(scorer)},
                                                         {"golden.bin", artefact::encode_golden(models)},
                                                         {"intent.bin", artefact::encode_intent(models.intent)},
                                                         {"relevance.bin", artefact::encode_relevance(models.relevance.get(), symbols)},
                                                         {"rates.bin", artefact::encode_rates(models.rates, symbols)},
                                                         {cold_start_file, artefact::encode_cold_start(models.cold_start, symbols)}};
  if (models.fatigue) {
    files.emplace_back(fatigue_file, artefact::encode_fatigue(*models.fatigue, symbols));
    files.emplace_back(fatigue_plot_file, fatigue_svg(*models.fatigue));
  }
  if (models.repurchase) files.emplace_back(repurchase_file, artefact::encode_repurchase(*models.repurchase, symbols));
  const fs::path root(artefacts_directory), final_place = root / std::to_string(models.version);
  const fs::path beside = root / (".writing-" + std::to_string(models.version));
  std::error_code error;
  if (fs::exists(final_place, error)) return fail(ErrorCode::conflict, "artefact " + std::to_string(models.version) + " exists already");
  fs::remove_all(beside, error); // left by a crash
  fs::create_directories(beside, error);
  if (error) return fail(ErrorCode::unavailable, "cannot create " + beside.string());
  for (const auto& [name, bytes] : files) TAKT_TRY_VOID(write_file(beside / name, bytes));
  TAKT_TRY_VOID(write_file(beside / manifest_name, manifest_of(models, files).dump(1) + "\n"));
  TAKT_TRY_VOID(sync_path(beside));
  fs::rename(beside, final_place, error);
  if (error) return fail(ErrorCode::unavailable, "cannot publish " + final_place.string());
  return sync_path(root);
}

Result<std::shared_ptr<const Models>> load_models(const std::string& artefact_directory, SymbolTable& symbols) {
  auto models = std::make_shared<Models>();
  TAKT_TRY(parts, read_parts(artefact_directory, *models));
  TAKT_TRY_VOID(artefact::decode_tables(parts.files[0], symbols, *models));
  TAKT_TRY_VOID(artefact::decode_vectors(parts.files[1], symbols, *models));
  TAKT_TRY_VOID(artefact::decode_scorer(parts.files[2], *models));
  TAKT_TRY_VOID(artefact::decode_intent(parts.files[4], models->intent));
  TAKT_TRY(relevance, artefact::decode_relevance(parts.files[5], symbols));
  models->relevance = std::move(relevance);
  TAKT_TRY_VOID(artefact::decode_rates(parts.files[6], symbols, models->rates));
  if (parts.cold_start) TAKT_TRY_VOID(artefact::decode_cold_start(*parts.cold_start, symbols, models->cold_start));
  if (parts.fatigue) {
    TAKT_TRY(fatigue, artefact::decode_fatigue(*parts.fatigue, symbols));
    models->fatigue = std::move(fatigue);
  }
  if (parts.repurchase) {
    TAKT_TRY(repurchase, artefact::decode_repurchase(*parts.repurchase, symbols));
    models->repurchase = std::move(repurchase);
  }
  TAKT_TRY_VOID(artefact::check_golden(parts.files[3], *models));
  TAKT_TRY_VOID(build_index(parts.index, *models));
  return models;
}

std::uint64_t newest_artefact(const std::string& artefacts_directory) {
  const std::vector<std::uint64_t> versions = versions_in(artefacts_directory);
  return versions.empty() ? 0 : versions.front();
}

std::shared_ptr<const Models> load_newest_models(const std::string& artefacts_directory, SymbolTable& symbols,
                                                 const std::function<void(std::uint64_t version, const Error& why)>& refused) {
  for (const std::uint64_t version : versions_in(artefacts_directory)) {
    auto models = load_models((fs::path(artefacts_directory) / std::to_string(version)).string(), symbols);
    if (models) return *models;
    refused(version, models.error());
  }
  return untrained_models();
}

void remove_old_artefacts(const std::string& artefacts_directory, std::size_t kept) {
  const std::vector<std::uint64_t> versions = versions_in(artefacts_directory);
  std::error_code ignored; // an old one that stays costs space, nothing else
  for (std::size_t i = kept; i < versions.size(); ++i) fs::remove_all(fs::path(artefacts_directory) / std::to_string(versions[i]), ignored);
}

} // namespace takt
