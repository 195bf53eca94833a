#pragma once
/// The configuration as files, for a repository: policy.json, placements/ID.json, audiences/ID.json, features/ID.json. No versions, no
/// times, no people: the same configuration gives the same bytes. Audiences that are lists of people are left where they are.
/// In file names what is no letter, digit, ".", "_" or "-" is %XX.
#include "api/json/document_diff.h"
#include "core/audience.h"
#include "core/result.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace takt {

struct ConfigFolder {
  std::map<std::string, std::string> files;      ///< "placements/home.hero.json" → text
  std::vector<std::string> folders;              ///< sub-folders that are there: only their kinds are pruned
  std::vector<std::string> left_out;             ///< audiences that are lists of people; by id
};

struct ApplyOptions {
  bool plan = false;                             ///< only say what would change
  bool prune = false;                            ///< what has no file goes
  std::string note = {};
  std::string author = "config";
};

struct ConfigChange {
  enum class Kind : std::uint8_t { added, changed, removed };
  Kind kind = Kind::changed;
  std::string file, document, id;                ///< document: placement, audience, feature, policy
  std::vector<FieldChange> fields;               ///< of a changed document that is not the policy
  PolicyDiff policy;
};
struct ConfigPlan {
  std::vector<ConfigChange> changes;             ///< in the order they are made: audiences, features, placements, the policy
  std::vector<std::string> not_in_folder;        ///< files that an export would make of what is there beyond the folder
  std::optional<std::uint64_t> policy_version;   ///< set where a policy was published
};

/// Reads a folder. Errors: not_found (no folder), invalid (nothing of a configuration in it; a .json that is no part of one; links; sizes).
Result<ConfigFolder> read_config_folder(const std::string& directory);
struct WrittenFolder { std::size_t written = 0, unchanged = 0, removed = 0; };
/// Makes the folder be that: what is the same is not touched, .json files of our sub-folders that are not in it go. Errors: invalid (the
/// folder has other things in it and no policy.json), unavailable.
Result<WrittenFolder> write_config_folder(const std::string& directory, const ConfigFolder& folder);

/// "placements/home.hero.json"; the policy's is policy.json.
std::string config_file_of(std::string_view document, std::string_view id);
struct ConfigName { std::string document, id; };
/// The other way. None: not a file of a configuration.
std::optional<ConfigName> config_name_of(std::string_view file);

std::string write_config_plan(const ConfigPlan& plan, bool only_plan);

} // namespace takt
