#include "api/config_folder.h"

#include "api/json/writer.h"
#include "core/limits.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <unistd.h>

namespace takt {
namespace {

namespace fs = std::filesystem;

struct Kind { std::string_view document, folder; };
constexpr std::array kinds{Kind{"placement", "placements"}, Kind{"audience", "audiences"}, Kind{"feature", "features"}};
constexpr std::string_view policy_file = "policy.json", suffix = ".json";
constexpr std::size_t files_max = 20'000;      // ten times what may be configured

constexpr std::string_view hex = "0123456789ABCDEF";

bool is_plain(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-'; }

std::string encoded(std::string_view id) {
  std::string name;
  for (const char c : id) {
    const auto byte = static_cast<unsigned char>(c);
    if (is_plain(c) && !(c == '.' && name.empty())) name += c;
    else name.append({'%', hex[byte >> 4], hex[byte & 15]});
  }
  return name;
}

std::optional<std::string> decoded(std::string_view name) {
  std::string id;
  for (std::size_t i = 0; i < name.size(); ++i) {
    if (name[i] != '%') {
      id += name[i];
      continue;
    }
    const std::size_t high = i + 2 < name.size() ? hex.find(name[i + 1]) : std::string_view::npos;
    const std::size_t low = i + 2 < name.size() ? hex.find(name[i + 2]) : std::string_view::npos;
    if (high == std::string_view::npos || low == std::string_view::npos) return std::nullopt;
    id += static_cast<char>(high * 16 + low);
    i += 2;
  }
  if (id.empty() || encoded(id) != name) return std::nullopt; // one name per id
  return id;
}

std::string_view folder_of(std::string_view document) {
  const auto* const found = std::find_if(kinds.begin(), kinds.end(), [&](const Kind& kind) { return kind.document == document; });
  return found == kinds.end() ? "" : found->folder;
}

Result<std::string> read_file(const fs::path& path, const std::string& name) {
  std::error_code error;
  if (!fs::is_regular_file(fs::symlink_status(path, error))) return fail_at(name, "is no plain file");
  if (fs::file_size(path, error) > limits::body_bytes_max || error) return fail_at(name, "is larger than 1 MB, or cannot be read");
  std::ifstream stream(path, std::ios::binary);
  std::string text((std::istreambuf_iterator<char>(stream)), {});
  if (!stream.good() && !stream.eof()) return fail_at(name, "cannot be read");
  return text;
}

/// Names of the entries of a folder, sorted; hidden ones are nobody's business.
/// Somebody else's repository may have a link for a folder: what is written or removed there would be elsewhere.
Status check_no_link(const fs::path& directory) {
  std::error_code error;
  if (fs::is_symlink(fs::symlink_status(directory, error))) return fail(ErrorCode::invalid, directory.string() + " is a symbolic link: folders of a configuration are its own");
  return {};
}

Result<std::vector<std::string>> names_in(const fs::path& directory) {
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator entry(directory, error), end; !error && entry != end; entry.increment(error)) {
    std::string name = entry->path().filename().string();
    if (!name.starts_with('.')) names.push_back(std::move(name));
    if (names.size() > files_max) return fail(ErrorCode::too_large, "there are too many files in " + directory.string());
  }
  if (error) return fail(ErrorCode::not_found, "cannot read the folder " + directory.string());
  std::sort(names.begin(), names.end());
  return names;
}

void take_file(const fs::path& root, const std::string& name, ConfigFolder& folder, Error& errors) {
  if (!std::string_view(name).ends_with(suffix)) return; // a README, a licence
  if (!config_name_of(name)) {
    errors.fields.push_back({name, "is no file of a configuration: policy.json, or placements/, audiences/ or features/ID.json, with what is no letter, digit, dot, _ or - as %XX"});
    return;
  }
  auto text = read_file(root / name, name);
  if (text) folder.files.emplace(name, std::move(*text));
  else errors.fields.insert(errors.fields.end(), text.error().fields.begin(), text.error().fields.end());
}

/// Whole or not at all, also for who reads at the same time.
Status replace_file(const fs::path& path, std::string_view text) {
  const fs::path beside = path.parent_path() / ("." + path.filename().string() + "." + std::to_string(::getpid()) + ".tmp");
  std::error_code error;
  {
    std::ofstream stream(beside, std::ios::binary | std::ios::trunc);
    stream << text;
    stream.flush();
    if (!stream) {
      fs::remove(beside, error);
      return fail(ErrorCode::unavailable, "cannot write " + path.string());
    }
  }
  fs::rename(beside, path, error);
  return error ? Status(fail(ErrorCode::unavailable, "cannot write " + path.string())) : Status();
}

bool is_same(const fs::path& path, std::string_view text) {
  std::error_code error;
  if (fs::file_size(path, error) != text.size() || error) return false;
  std::ifstream stream(path, std::ios::binary);
  return std::string((std::istreambuf_iterator<char>(stream)), {}) == text;
}

std::string_view name_of(ConfigChange::Kind kind) {
  return kind == ConfigChange::Kind::added ? "added" : kind == ConfigChange::Kind::removed ? "removed" : "changed";
}

} // namespace

std::string config_file_of(std::string_view document, std::string_view id) {
  if (document == "policy") return std::string(policy_file);
  return std::string(folder_of(document)) + "/" + encoded(id) + std::string(suffix);
}

std::optional<ConfigName> config_name_of(std::string_view file) {
  if (file == policy_file) return ConfigName{"policy", "current"};
  if (!file.ends_with(suffix)) return std::nullopt;
  for (const Kind& kind : kinds) {
    if (!file.starts_with(kind.folder) || file.size() <= kind.folder.size() + 1 || file[kind.folder.size()] != '/') continue;
    const std::string_view name = file.substr(kind.folder.size() + 1);
    if (auto id = decoded(name.substr(0, name.size() - suffix.size()))) return ConfigName{std::string(kind.document), std::move(*id)};
  }
  return std::nullopt;
}

Result<ConfigFolder> read_config_folder(const std::string& directory) {
  const fs::path root(directory);
  TAKT_TRY(names, names_in(root));
  ConfigFolder folder;
  Error errors{ErrorCode::invalid, "the folder cannot be taken as it is: nothing was changed", {}};
  std::error_code error;
  for (const std::string& name : names) {
    const bool ours = std::any_of(kinds.begin(), kinds.end(), [&](const Kind& kind) { return kind.folder == name; });
    if (!ours || !fs::is_directory(root / name, error)) {
      if (!fs::is_directory(root / name, error)) take_file(root, name, folder, errors);
      continue;
    }
    TAKT_TRY_VOID(check_no_link(root / name));
    folder.folders.push_back(name);
    TAKT_TRY(inside, names_in(root / name));
    for (const std::string& file : inside) take_file(root, name + "/" + file, folder, errors);
  }
  if (!errors.fields.empty()) return tl::unexpected<Error>(std::move(errors));
  if (folder.files.empty() && folder.folders.empty()) return fail(ErrorCode::invalid, "there is no configuration in " + directory + ": policy.json, placements/, audiences/, features/");
  return folder;
}

Result<WrittenFolder> write_config_folder(const std::string& directory, const ConfigFolder& folder) {
  const fs::path root(directory);
  std::error_code error;
  if (fs::exists(root, error) && !fs::is_empty(root, error) && !fs::exists(root / policy_file, error))
    return fail(ErrorCode::invalid, directory + " has other things in it and no policy.json: name a new folder, or one that was exported to before");
  constexpr std::size_t name_bytes_max = 255 - 16;   // of a file's name, with room for the one beside it while it is written
  Error too_long{ErrorCode::invalid, "the names of some files would be too long: nothing was written", {}};
  for (const auto& [name, text] : folder.files)
    if (fs::path(name).filename().string().size() > name_bytes_max) too_long.fields.push_back({name, "a shorter id is needed: what is no letter, digit, dot, _ or - takes three bytes each"});
  if (!too_long.fields.empty()) return tl::unexpected<Error>(std::move(too_long));
  WrittenFolder written;
  for (const Kind& kind : kinds) TAKT_TRY_VOID(check_no_link(root / kind.folder));
  for (const Kind& kind : kinds) {
    fs::create_directories(root / kind.folder, error);
    if (error) return fail(ErrorCode::unavailable, "cannot make the folder " + (root / kind.folder).string());
  }
  for (const auto& [name, text] : folder.files) {
    if (is_same(root / name, text)) {
      ++written.unchanged;
      continue;
    }
    TAKT_TRY_VOID(replace_file(root / name, text));
    ++written.written;
  }
  for (const Kind& kind : kinds) {
    TAKT_TRY(names, names_in(root / kind.folder));
    for (const std::string& name : names) {
      const std::string file = std::string(kind.folder) + "/" + name;
      if (!config_name_of(file) || folder.files.contains(file)) continue;
      if (fs::remove(root / file, error)) ++written.removed;
    }
  }
  return written;
}

std::string write_config_plan(const ConfigPlan& plan, bool only_plan) {
  JsonWriter json;
  json.begin_object().field("plan", only_plan).key("changes").begin_array();
  for (const ConfigChange& change : plan.changes) {
    json.begin_object().field("change", name_of(change.kind)).field("file", change.file).field("document", change.document).field("id", change.id);
    if (change.kind == ConfigChange::Kind::changed && change.document == "policy") {
      write_policy_diff(json, change.policy);
    } else if (change.kind == ConfigChange::Kind::changed) {
      json.key("fields");
      write_field_changes(json, change.fields);
    }
    json.end_object();
  }
  json.end_array().key("not_in_folder").begin_array();
  for (const std::string& file : plan.not_in_folder) json.text(file);
  json.end_array().field("policy_version", plan.policy_version).end_object();
  return json.take();
}

} // namespace takt
