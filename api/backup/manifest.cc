#include "api/backup/manifest.h"

#include "api/backup/durable_files.h"

#include <algorithm>
#include <filesystem>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace takt {
namespace {

using Json = nlohmann::ordered_json;

Json json_of(const Backup& backup) {
  Json files = Json::array();
  for (const BackedUpFile& file : backup.files) {
    Json one{{"path", file.path}, {"sha256", file.sha256}, {"bytes", file.bytes}};
    if (!file.stamp.empty()) one["stamp"] = file.stamp;
    files.push_back(std::move(one));
  }
  return {{"format", backup_format}, {"id", backup.id}, {"at", format_utc(backup.at)}, {"takt", backup.takt}, {"store_format", backup.store_format},
          {"bytes", backup.bytes}, {"bytes_added", backup.bytes_added}, {"seconds", backup.seconds}, {"files", std::move(files)}};
}

bool is_hash(std::string_view text) {
  return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

/// "store/000012.sst": no way out, no way around.
bool is_path_below(const std::string& path) {
  if (path.empty() || path.front() == '/' || path.back() == '/') return false;
  const std::filesystem::path parts(path);
  return parts.lexically_normal().string() == path && std::none_of(parts.begin(), parts.end(), [](const auto& part) { return part == ".." || part == "."; });
}

tl::unexpected<Error> damaged(std::string_view what) { return fail(ErrorCode::corrupt, fmt::format("the manifest of a backup is damaged: {}", what)); }

/// Throws what nlohmann throws.
Result<Backup> backup_of(const Json& json) {
  Backup backup;
  backup.id = json.at("id").get<std::string>();
  const auto at = parse_utc(json.at("at").get<std::string>());
  if (!is_backup_id(backup.id) || !at) return damaged("its id or time is none");
  backup.at = *at;
  backup.takt = json.at("takt").get<std::string>();
  backup.store_format = json.at("store_format").get<std::uint64_t>();
  backup.bytes_added = json.at("bytes_added").get<std::uint64_t>();
  backup.seconds = json.at("seconds").get<double>();
  for (const Json& one : json.at("files")) {
    BackedUpFile file{one.at("path").get<std::string>(), one.at("sha256").get<std::string>(), one.at("bytes").get<std::uint64_t>(), one.value("stamp", "")};
    if (!is_path_below(file.path)) return damaged(file.path + " is no path below the data directory");
    if (!is_hash(file.sha256)) return damaged(file.path + " has no SHA-256");
    if (!backup.files.empty() && backup.files.back().path >= file.path) return damaged("its paths are not ascending");
    backup.bytes += file.bytes;
    backup.files.push_back(std::move(file));
  }
  if (backup.bytes != json.at("bytes").get<std::uint64_t>()) return damaged("its sizes do not add up");
  return backup;
}

} // namespace

std::string write_manifest(const Backup& backup) {
  Json json = json_of(backup);
  const std::string checksum = sha256_of(json.dump());
  json["checksum"] = checksum;
  return json.dump(1) + "\n";
}

Result<Backup> read_manifest(std::string_view text) {
  Json json = Json::parse(text, nullptr, false);
  if (!json.is_object()) return damaged("it is no JSON object");
  try {
    // Before the checksum, which a later format may compute otherwise.
    if (const auto format = json.at("format").get<std::uint64_t>(); format > backup_format)
      return fail(ErrorCode::corrupt, fmt::format("the backup was made by a newer Takt: format {}, this one reads up to {}", format, backup_format));
    const std::string checksum = json.at("checksum").get<std::string>();
    json.erase("checksum");
    if (sha256_of(json.dump()) != checksum) return damaged("its checksum does not fit");
    return backup_of(json);
  } catch (const nlohmann::json::exception& problem) {
    return damaged(problem.what());
  }
}

bool is_backup_id(std::string_view text) {
  constexpr std::string_view shape = "00000000T000000.000Z";
  if (text.size() != shape.size()) return false;
  for (std::size_t i = 0; i < shape.size(); ++i)
    if (shape[i] == '0' ? text[i] < '0' || text[i] > '9' : text[i] != shape[i]) return false;
  return true;
}

std::string backup_id_of(UtcTime at) {
  std::string text = format_utc(at);           // 2026-11-22T22:15:12.123Z, or without a fraction
  std::erase_if(text, [](char c) { return c == '-' || c == ':' || c == 'Z'; });
  if (text.find('.') == std::string::npos) text += ".000";
  return text + "Z";
}

} // namespace takt
