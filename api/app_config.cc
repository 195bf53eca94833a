// The configuration as files: written out, compared, and put in force in one write.
#include "api/app.h"
#include "api/audience_uses.h"
#include "api/config_folder.h"
#include "api/json/deep_document.h"
#include "api/json/pretty_json.h"
#include "api/json/writer.h"
#include "core/limits.h"
#include "engine/audience.h"
#include "engine/named_audiences.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <set>

namespace takt {
namespace {

/// What a later document needs comes before it.
constexpr std::array<std::string_view, 3> kinds{"audience", "feature", "placement"};

/// A document in the one spelling of the repository; "type" is left to the folder. A stop of selling is no configuration: it must neither
/// come back with an old commit nor go with a new one.
Result<std::string> pretty(std::string_view json, bool with_stops = true) {
  JsonDocument document;
  TAKT_TRY_VOID(parse_own_document(document, json));
  if (!document.root().is(JsonKind::object)) return fail_at("", "must be an object");
  JsonWriter without;
  without.begin_object();
  for (const JsonMember member : document.root().members())
    if (member.key != "type" && (with_stops || member.key != "pauses")) without.key(member.key).raw(member.value.source());
  without.end_object();
  const std::string text = without.take();
  TAKT_TRY_VOID(document.parse(text));
  return pretty_json(document.root());
}

/// The text the store keeps of it, and its id. Errors: invalid.
struct Kept { std::string id, json; };
Result<Kept> kept(std::string_view kind, std::string_view json) {
  if (kind == "placement") {
    TAKT_TRY(placement, parse_placement(json));
    return Kept{placement.id.text(), write_placement(placement)};
  }
  if (kind == "feature") {
    TAKT_TRY(feature, parse_custom_feature(json));
    return Kept{feature.id, write_custom_feature(feature)};
  }
  TAKT_TRY(audience, parse_audience(json));
  if (!audience.condition) return fail_at("/customers", "a list of people is nothing for a repository: put it with the API");
  return Kept{audience.id, write_audience(audience)};
}

/// One document that is there, or is to be.
struct Piece {
  std::string kind, id, json;                ///< as the store keeps it; "" = goes
  bool operator==(const Piece&) const = default;
};
using Pieces = std::map<std::string, Piece>; ///< by file

void complain(Error& errors, const std::string& file, const Error& error) {
  if (error.fields.empty()) errors.fields.push_back({file, error.message});
  for (const FieldError& field : error.fields) errors.fields.push_back({field.pointer.empty() ? file : file + "#" + field.pointer, field.detail});
}

/// Everything a folder says, checked one by one; every complaint is collected.
Pieces wanted_pieces(const ConfigFolder& wanted, Error& errors) {
  Pieces pieces;
  for (const auto& [file, text] : wanted.files) {
    const auto name = config_name_of(file);
    if (!name || name->document == "policy") continue;
    auto checked = kept(name->document, text);
    if (!checked) complain(errors, file, checked.error());
    else if (checked->id != name->id) complain(errors, file, Error{ErrorCode::invalid, "", {{"/id", "is not the id in the file's name, " + name->id}}});
    else pieces.emplace(file, Piece{name->document, name->id, std::move(checked->json)});
  }
  return pieces;
}

std::vector<FieldChange> fields_changed(const std::string& before, const std::string& after) {
  JsonDocument one, other;
  if (!one.parse(before) || !other.parse(after)) return {};
  return diff_fields(one.root(), other.root());
}

/// Audiences as they would be: all names known, nobody in a circle.
void check_named(const std::map<std::string, Audience>& audiences, const Pieces& wanted, SymbolTable& symbols, Error& errors) {
  bool complete = true;
  for (const auto& [file, piece] : wanted) {
    if (piece.kind != "audience") continue;
    for (const std::string& named : named_audiences(*audiences.at(piece.id).condition)) {
      if (audiences.contains(named)) continue;
      errors.fields.push_back({file + "#/condition", fmt::format("there is no audience \"{}\"", named)});
      complete = false;
    }
  }
  if (audiences.size() > limits::audiences_max) errors.fields.push_back({"audiences", fmt::format("at most {} audiences can be configured", limits::audiences_max)});
  if (!complete) return;
  std::vector<Audience> all;
  for (const auto& [id, audience] : audiences) all.push_back(audience);
  if (auto set = AudienceSet::build(std::move(all), symbols); !set) complain(errors, "audiences", set.error());
}

} // namespace

Result<ConfigFolder> App::config_folder() {
  ConfigFolder folder;
  for (const std::string_view kind : kinds) {
    TAKT_TRY(found, documents(kind, "", SIZE_MAX));
    for (const Document& document : found) {
      auto known = kept(kind, document.json);
      if (!known && kind == "audience") {
        folder.left_out.push_back(document.id);
        continue;
      }
      if (!known) return tl::unexpected(known.error());
      TAKT_TRY(text, pretty(known->json));
      folder.files.emplace(config_file_of(kind, document.id), std::move(text));
    }
  }
  TAKT_TRY(policy, document("policy", "current"));
  TAKT_TRY(text, pretty(policy.json, false));
  folder.files.emplace(config_file_of("policy", ""), std::move(text));
  return folder;
}

namespace {

/// What is there, and what the folder wants of it.
struct Comparison {
  ConfigPlan plan;
  std::vector<Document> documents;           ///< to write, in order
  std::map<std::string, Audience> audiences; ///< as they would be, lists included
  std::size_t features = 0;                  ///< as many as there would be
  std::vector<std::pair<std::string, std::string>> audiences_gone; ///< file and id
};

void compare(const Pieces& there, const Pieces& wanted, const ConfigFolder& folder, const ApplyOptions& options, UtcTime now, Comparison& out) {
  for (const std::string_view kind : kinds) {
    for (const auto& [file, piece] : wanted) {
      if (piece.kind != kind) continue;
      const auto before = there.find(file);
      if (before != there.end() && before->second.json == piece.json) continue;
      ConfigChange change{before == there.end() ? ConfigChange::Kind::added : ConfigChange::Kind::changed, file, piece.kind, piece.id, {}, {}};
      if (before != there.end()) change.fields = fields_changed(before->second.json, piece.json);
      out.plan.changes.push_back(std::move(change));
      out.documents.push_back({piece.kind, piece.id, 0, piece.json, now, options.author});
    }
    for (const auto& [file, piece] : there) {
      if (piece.kind != kind || wanted.contains(file)) continue;
      const bool kind_is_managed = std::find(folder.folders.begin(), folder.folders.end(), file.substr(0, file.find('/'))) != folder.folders.end();
      if (!options.prune || !kind_is_managed) {
        out.plan.not_in_folder.push_back(file);
        continue;
      }
      out.plan.changes.push_back({ConfigChange::Kind::removed, file, piece.kind, piece.id, {}, {}});
      out.documents.push_back({piece.kind, piece.id, 0, "", now, options.author});
      if (piece.kind == "audience") out.audiences_gone.emplace_back(file, piece.id);
    }
  }
  std::set<std::string> features;
  for (const Pieces* pieces : {&there, &wanted})
    for (const auto& [file, piece] : *pieces)
      if (piece.kind == "feature") features.insert(piece.id);
  for (const Document& document : out.documents)
    if (document.kind == "feature" && document.json.empty()) features.erase(document.id);
  out.features = features.size();
}

} // namespace

namespace {

/// The text of the policy to publish; none where it is the one in force. A folder that says nothing of stops leaves them running.
Result<std::optional<std::string>> policy_change(const std::string& wanted, const std::string& current, UtcTime now, ConfigPlan& plan) {
  JsonDocument one, other;
  TAKT_TRY_VOID(parse_own_document(other, wanted));
  const bool with_stops = other.root().find("pauses").has_value();
  TAKT_TRY(before, pretty(current, with_stops));
  TAKT_TRY(after, pretty(wanted));
  if (before == after) return std::optional<std::string>();
  TAKT_TRY_VOID(one.parse(before));
  TAKT_TRY_VOID(other.parse(after));
  plan.changes.push_back({ConfigChange::Kind::changed, "policy.json", "policy", "current", {}, diff_policies(one.root(), other.root())});
  const auto stops = with_stops ? std::vector<std::string>() : pauses_running(current, now, "");
  return std::optional<std::string>(stops.empty() ? std::move(after) : with_pauses(after, stops));
}

/// Nobody may lose an audience that goes: no item, no draft, nothing that waits.
void check_gone(App& app, const std::vector<std::pair<std::string, std::string>>& gone, Error& errors) {
  if (gone.empty()) return;
  const auto draft = app.document("policy_draft", "draft");   // not_found where none was started, or it was published
  const auto waiting = app.scheduled_policies();
  const WorldPtr world = app.world();
  for (const auto& [file, id] : gone) {
    if (const Status free = no_item_is_for(*world->catalogue, id); !free) errors.fields.push_back({file, free.error().message});
    const auto look_at = [&](std::string_view json, std::string_view what) {
      for (const AudienceUse& use : audiences_named_in(json))
        if (use.audience == id) errors.fields.push_back({file, fmt::format("{} names it at {}", what, use.pointer)});
    };
    if (draft) look_at(draft->json, "the draft of the policy");
    if (waiting)
      for (const ScheduledPolicy& scheduled : *waiting)
        if (!scheduled.failed_at) look_at(scheduled.json, scheduled.id);
  }
}

/// A circle of audiences is one of those that come, so the names that a policy may use are those of `audiences`.
void check_policy_names(const std::string& json, const std::string& file, const std::map<std::string, Audience>& audiences, Error& errors) {
  for (const AudienceUse& use : audiences_named_in(json))
    if (!audiences.contains(use.audience)) errors.fields.push_back({file + "#" + use.pointer, fmt::format("there is no audience \"{}\"", use.audience)});
}

} // namespace

Result<ConfigPlan> App::apply_config(const ConfigFolder& wanted, const ApplyOptions& options) {
  const std::lock_guard lock(change_mutex_);
  Error errors{ErrorCode::invalid, "the folder cannot be taken as it is: nothing was changed", {}};
  const Pieces pieces = wanted_pieces(wanted, errors);
  Comparison compared;
  Pieces there;
  for (const std::string_view kind : kinds) {
    TAKT_TRY(found, documents(kind, "", SIZE_MAX));
    for (const Document& document : found) {
      auto known = kept(kind, document.json);
      if (kind == "audience") {
        TAKT_TRY(audience, parse_audience(document.json));
        compared.audiences.emplace(document.id, std::move(audience));
      } else if (!known) {
        return tl::unexpected(known.error());
      }
      if (known) there.emplace(config_file_of(kind, document.id), Piece{std::string(kind), document.id, std::move(known->json)});
    }
  }
  compare(there, pieces, wanted, options, clock_.utc_now(), compared);
  for (const auto& [file, id] : compared.audiences_gone) compared.audiences.erase(id);
  for (const auto& [file, piece] : pieces)
    if (piece.kind == "audience") compared.audiences.insert_or_assign(piece.id, *parse_audience(piece.json));
  check_named(compared.audiences, pieces, store_->symbols(), errors);
  check_gone(*this, compared.audiences_gone, errors);
  if (compared.features > limits::custom_features_max)
    errors.fields.push_back({"features", fmt::format("at most {} features can be configured: each is read for every candidate", limits::custom_features_max)});
  TAKT_TRY(current, document("policy", "current"));
  std::optional<std::string> policy;
  const auto file = wanted.files.find("policy.json");
  if (file != wanted.files.end()) {
    auto changed = policy_change(file->second, current.json, clock_.utc_now(), compared.plan);
    if (changed) policy = std::move(*changed);
    auto checked = changed ? checked_policy(file->second, 0) : Result<Policy>(tl::unexpected(changed.error()));
    if (!checked) complain(errors, file->first, checked.error());
  }
  check_policy_names(policy ? *policy : current.json, "policy.json", compared.audiences, errors);
  if (!errors.fields.empty()) return tl::unexpected<Error>(std::move(errors));
  if (options.plan) return std::move(compared.plan);
  if (policy) {
    TAKT_TRY(version, publish_policy_locked(*policy, {"apply", options.author, options.note}, std::move(compared.documents)));
    compared.plan.policy_version = version;
  } else if (!compared.documents.empty()) {
    TAKT_TRY_VOID(store_->documents().put_all(compared.documents));
    TAKT_TRY_VOID(reload_rulebook());
  }
  return std::move(compared.plan);
}

} // namespace takt
