// Any bytes as a part of a trained artefact, or as a manifest of an artefact or a backup. A part that is understood is written again in one
// way, and understood again. The first byte chooses.
#include "api/backup/durable_files.h"
#include "api/backup/manifest.h"
#include "core/check.h"
#include "engine/artefact.h"
#include "engine/artefact_codec.h"
#include "engine/artefact_cold_start.h"
#include "engine/artefact_fatigue.h"
#include "engine/artefact_relevance.h"
#include "engine/artefact_repurchase.h"
#include "tests/fuzz/bytes.h"
#include "tests/support/small_models.h"
#include "tests/support/temp_dir.h"

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

namespace takt {
namespace {

/// `read(bytes)`: what the bytes say, written again; or the error.
template <class Read>
void check_part(std::string_view bytes, Read read) {
  const Result<std::string> written = read(bytes);
  if (!written) {
    TAKT_CHECK(written.error().code == ErrorCode::corrupt, "bad bytes are corrupt and nothing else");
    return;
  }
  const Result<std::string> again = read(*written);
  TAKT_CHECK(again && *again == *written, "written again it is something else");
}

/// A whole artefact on the disk, whose manifest is replaced.
class Saved {
public:
  Saved() {
    test::fill_small_models(models_, symbols_);
    TAKT_CHECK(save_models(directory_.path(), models_, symbols_).has_value(), "the artefact could not be saved");
  }
  void load_with(std::string_view manifest) {
    const std::string artefact = directory_.path() + "/3";
    std::ofstream(artefact + "/manifest.json", std::ios::binary | std::ios::trunc) << manifest;
    const auto loaded = load_models(artefact, symbols_);
    TAKT_CHECK(!loaded || (*loaded)->vectors.items.size() == models_.vectors.items.size(), "a manifest made another model of the same data");
  }

private:
  test::TempDir directory_;
  SymbolTable symbols_;
  Models models_;
};

/// With the checksum that it should have, or nobody would ever come past it.
std::string with_checksum(std::string_view manifest) {
  auto json = nlohmann::ordered_json::parse(manifest, nullptr, false);
  if (!json.is_object()) return std::string(manifest);
  json.erase("checksum");
  json["checksum"] = sha256_of(json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace));
  return json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

} // namespace
} // namespace takt

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace takt;
  using Bytes = std::string_view;
  const auto [choice, input] = fuzz::split(data, size);
  SymbolTable symbols;
  Models models;
  const auto as_text = [&](Status status, auto&& write) -> Result<std::string> {
    if (!status) return tl::unexpected(status.error());
    return write();
  };
  switch (choice % 11) {
    case 0: check_part(input, [&](Bytes bytes) { Models read; return as_text(artefact::decode_tables(bytes, symbols, read), [&] { return artefact::encode_tables(read, symbols); }); }); break;
    case 1: check_part(input, [&](Bytes bytes) { Models read; return as_text(artefact::decode_vectors(bytes, symbols, read), [&] { return artefact::encode_vectors(read, symbols); }); }); break;
    case 2: check_part(input, [&](Bytes bytes) { Models read; return as_text(artefact::decode_scorer(bytes, read), [&] { return artefact::encode_scorer(*read.scorer).value(); }); }); break;
    case 3: check_part(input, [&](Bytes bytes) { ResponseRates read; return as_text(artefact::decode_rates(bytes, symbols, read), [&] { return artefact::encode_rates(read, symbols); }); }); break;
    case 4: check_part(input, [&](Bytes bytes) { IntentModel read; return as_text(artefact::decode_intent(bytes, read), [&] { return artefact::encode_intent(read); }); }); break;
    case 5: check_part(input, [&](Bytes bytes) { ColdStart read; return as_text(artefact::decode_cold_start(bytes, symbols, read), [&] { return artefact::encode_cold_start(read, symbols); }); }); break;
    case 6: check_part(input, [&](Bytes bytes) { return artefact::decode_fatigue(bytes, symbols).map([&](const auto& read) { return artefact::encode_fatigue(*read, symbols); }); }); break;
    case 7: check_part(input, [&](Bytes bytes) { return artefact::decode_repurchase(bytes, symbols).map([&](const auto& read) { return artefact::encode_repurchase(*read, symbols); }); }); break;
    case 8: check_part(input, [&](Bytes bytes) { return artefact::decode_relevance(bytes, symbols).map([&](const auto& read) { return artefact::encode_relevance(read.get(), symbols); }); }); break;
    case 9:
      if (const auto backup = read_manifest(with_checksum(input))) TAKT_CHECK(read_manifest(write_manifest(*backup)).value() == *backup, "written again it is another backup");
      break;
    default: {
      static Saved saved;
      saved.load_with(input);
    }
  }
  return 0;
}
