// Items, placements, audiences and policies: checked, stored with a version, and in the World before the call returns.
#include "api/app.h"
#include "api/audience_uses.h"
#include "core/limits.h"
#include "engine/named_audiences.h"

#include <algorithm>
#include <fmt/format.h>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <unordered_map>

namespace takt {
namespace {

constexpr const char* default_author = "api";

/// {"title":…} → {"id":"sku-1","title":…}: in PUT /items/sku-1 the path says it already.
std::string with_id(std::string_view json, std::string_view id) {
  const std::size_t brace = json.find('{');
  if (brace == std::string_view::npos) return std::string(json);
  const std::size_t next = json.find_first_not_of(" \t\r\n", brace + 1);
  const bool empty = next != std::string_view::npos && json[next] == '}';
  return fmt::format("{}\"id\":{}{}{}", json.substr(0, brace + 1), nlohmann::json(id).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace),
                     empty ? "" : ",", json.substr(brace + 1));
}

bool lacks_id(const Error& error) {
  return std::any_of(error.fields.begin(), error.fields.end(), [](const FieldError& field) { return field.pointer == "/id"; });
}

const std::string& name_of(const std::string& id) { return id; }
template <class Tag>
const std::string& name_of(const Id<Tag>& id) { return id.text(); }

/// With these, not more than may be configured.
Status room_for_features(const Rulebook& rulebook, std::set<std::string, std::less<>> names) {
  for (const CustomFeature& feature : rulebook.features) names.insert(feature.id);
  if (names.size() <= limits::custom_features_max) return {};
  return fail(ErrorCode::invalid, fmt::format("at most {} features can be configured: each is read for every candidate", limits::custom_features_max));
}

/// Parses; where the document has no id of its own, takes the one of the path.
template <class Parse>
auto parse_named(std::string_view json, std::string_view id, Parse&& parse) -> decltype(parse(json)) {
  auto parsed = parse(json);
  if (!parsed && !id.empty() && lacks_id(parsed.error())) parsed = parse(with_id(json, id));
  if (parsed && !id.empty() && name_of(parsed->id) != id) return fail_at("/id", "is not the id in the path");
  return parsed;
}

/// First seen by Takt: an item that is written again stays as old as it was, or "new" would mean "edited".
void keep_age(Item& item, const World& world) {
  const auto known = world.catalogue->find(world.symbols->find(item.id.text()));
  if (!known) return;
  const Item& before = world.catalogue->at(*known).item;
  if (before.id == item.id && before.added_at != UtcTime{}) item.added_at = std::min(item.added_at, before.added_at);
}

} // namespace

/// Nobody who reads an item should have to guess whom it is for.
Status no_item_is_for(const Catalogue& catalogue, std::string_view audience) {
  for (ItemIndex row = 0; row < catalogue.size(); ++row) {
    if (catalogue.is_removed(row) || catalogue.front(row).facts.for_everybody) continue;
    const Item& item = catalogue.at(row).item;
    const auto named = named_audiences(*item.audience);
    if (std::find(named.begin(), named.end(), audience) != named.end())
      return fail(ErrorCode::invalid, fmt::format("the item \"{}\" is for this audience: change it first", item.id.text()));
  }
  return {};
}

Result<Item> App::checked_item(std::string_view json, std::string_view id) {
  const ItemContext context = item_context();
  TAKT_TRY(item, parse_named(json, id, [&](std::string_view text) { return parse_item(text, context); }));
  keep_age(item, *world());
  return item;
}

Result<std::uint64_t> App::put_item(std::string_view json, std::string_view id, std::optional<std::uint64_t> expected) {
  const std::lock_guard lock(change_mutex_);
  TAKT_TRY(item, checked_item(json, id));
  TAKT_TRY_VOID(check_audience_names(item.audience, {}));
  TAKT_TRY(version, store_->documents().put({"item", item.id.text(), 0, write_item(item), clock_.utc_now(), default_author}, expected));
  const WorldPtr before = world();
  publish(changed_catalogue(*before->catalogue, {std::move(item)}, {}), before->rulebook, before->models);
  return version;
}

Result<std::uint64_t> App::put_placement(std::string_view json, std::string_view id, std::optional<std::uint64_t> expected) {
  const std::lock_guard lock(change_mutex_);
  TAKT_TRY(placement, parse_named(json, id, [](std::string_view text) { return parse_placement(text); }));
  TAKT_TRY(version, store_->documents().put({"placement", placement.id.text(), 0, write_placement(placement), clock_.utc_now(), default_author}, expected));
  TAKT_TRY_VOID(reload_rulebook());
  return version;
}

Result<std::uint64_t> App::put_feature(std::string_view json, std::string_view id, std::optional<std::uint64_t> expected) {
  const std::lock_guard lock(change_mutex_);
  TAKT_TRY(feature, parse_named(json, id, [](std::string_view text) { return parse_custom_feature(text); }));
  TAKT_TRY_VOID(room_for_features(*world()->rulebook, {feature.id}));
  TAKT_TRY(version, store_->documents().put({"feature", feature.id, 0, write_custom_feature(feature), clock_.utc_now(), default_author}, expected));
  TAKT_TRY_VOID(reload_rulebook());
  return version;
}

Result<std::uint64_t> App::put_audience(std::string_view json, std::string_view id, std::optional<std::uint64_t> expected) {
  const std::lock_guard lock(change_mutex_);
  TAKT_TRY(audience, parse_named(json, id, [](std::string_view text) { return parse_audience(text); }));
  TAKT_TRY_VOID(check_audiences({{audience.id, audience}}, ""));
  TAKT_TRY(version, store_->documents().put({"audience", audience.id, 0, write_audience(audience), clock_.utc_now(), default_author}, expected));
  TAKT_TRY_VOID(reload_rulebook());
  return version;
}

Result<std::uint64_t> App::delete_document(std::string_view kind, std::string_view id, std::optional<std::uint64_t> expected) {
  const std::lock_guard lock(change_mutex_);
  TAKT_TRY(before, document(kind, id));
  if (kind == "audience") {
    TAKT_TRY_VOID(check_audiences({}, id)); // as they would be without it
    TAKT_TRY_VOID(no_item_is_for(*world()->catalogue, id));
    TAKT_TRY_VOID(no_policy_is_for(id));
  }
  TAKT_TRY(version, store_->documents().put({before.kind, before.id, 0, "", clock_.utc_now(), default_author}, expected));
  if (kind == "placement" || kind == "feature" || kind == "audience") {
    TAKT_TRY_VOID(reload_rulebook());
    return version;
  }
  TAKT_TRY(item, ItemId::parse(id));
  const WorldPtr current = world();
  publish(changed_catalogue(*current->catalogue, {}, {&item, 1}), current->rulebook, current->models);
  return version;
}

Result<Document> App::document(std::string_view kind, std::string_view id) {
  TAKT_TRY(found, store_->documents().get(kind, id));
  if (!found || found->json.empty()) return fail(ErrorCode::not_found, fmt::format("there is no {} \"{}\"", kind, id));
  return std::move(*found);
}

Result<std::vector<Document>> App::documents(std::string_view kind, std::string_view after, std::size_t limit) {
  std::vector<Document> page;
  TAKT_TRY_VOID(store_->documents().scan(kind, [&](const Document& found) {
    if (!found.json.empty() && found.id > after) page.push_back(found);
    return page.size() < limit;
  }));
  return page;
}

/// What one call changes, before anything is written.
struct App::Changes {
  std::vector<Document> documents;
  std::vector<Item> items;
  std::unordered_map<std::string, std::size_t> positions;     ///< of an item named twice, the later line counts
  std::vector<ItemId> gone;
  std::set<std::string, std::less<>> features;                 ///< put so far, configured or not
  std::map<std::string, Audience> audiences;                   ///< put so far
  bool rules = false;                                          ///< placements, configured features, audiences or the policy
};

Status App::collect(const ImportLine& line, Changes& changes) {
  const UtcTime now = clock_.utc_now();
  if (line.kind == ImportLine::Kind::item) {
    TAKT_TRY(item, checked_item(line.json, ""));
    TAKT_TRY_VOID(check_audience_names(item.audience, changes.audiences));
    const auto [position, first] = changes.positions.try_emplace(item.id.text(), changes.items.size());
    if (first) changes.items.push_back(std::move(item));
    else changes.items[position->second] = std::move(item);
  } else if (line.kind == ImportLine::Kind::placement) {
    TAKT_TRY(placement, parse_placement(line.json));
    changes.documents.push_back({"placement", placement.id.text(), 0, write_placement(placement), now, "import"});
    changes.rules = true;
  } else if (line.kind == ImportLine::Kind::feature) {
    TAKT_TRY(feature, parse_custom_feature(line.json));
    if (const auto [place, is_new] = changes.features.insert(feature.id); is_new)
      if (const Status room = room_for_features(*world()->rulebook, changes.features); !room) {
        changes.features.erase(place);
        return room;
      }
    changes.documents.push_back({"feature", feature.id, 0, write_custom_feature(feature), now, "import"});
    changes.rules = true;
  } else if (line.kind == ImportLine::Kind::audience) {
    return collect_audience(line, changes);
  } else if (line.kind == ImportLine::Kind::policy) {
    TAKT_TRY(policy, checked_policy(line.json, 0));
    static_cast<void>(policy);
    TAKT_TRY_VOID(check_policy_audiences(line.json, changes.audiences));
    TAKT_TRY(at, next_policy_at());
    changes.documents.push_back({"policy", "current", 0, line.json, at, "import"});
    changes.rules = true;
  }
  return {};
}

/// What a line names must stand before it, or be there already.
Status App::collect_audience(const ImportLine& line, Changes& changes) {
  TAKT_TRY(audience, parse_audience(line.json));
  std::map<std::string, Audience> all = changes.audiences;
  all.insert_or_assign(audience.id, audience);
  TAKT_TRY_VOID(check_audiences(all, ""));
  changes.documents.push_back({"audience", audience.id, 0, write_audience(audience), clock_.utc_now(), "import"});
  all[audience.id].customers.clear(); // names are all that later lines ask about
  changes.audiences = std::move(all);
  changes.rules = true;
  return {};
}

Result<std::size_t> App::put_documents(std::span<const ImportLine> lines, bool replace,
                                       const std::function<void(std::size_t, const Error&)>& rejected) {
  const std::lock_guard lock(change_mutex_);
  Changes changes;
  for (std::size_t i = 0; i < lines.size(); ++i)
    if (const Status status = collect(lines[i], changes); !status) rejected(i + 1, status.error());
  const UtcTime now = clock_.utc_now();
  for (const Item& item : changes.items) changes.documents.push_back({"item", item.id.text(), 0, write_item(item), now, "import"});
  const std::size_t count = changes.documents.size();
  const WorldPtr before = world();
  if (replace)
    for (ItemIndex row = 0; row < before->catalogue->size(); ++row) {
      const CatalogueItem& known = before->catalogue->at(row);
      if (known.removed || changes.positions.contains(known.item.id.text())) continue;
      changes.gone.push_back(known.item.id);
      changes.documents.push_back({"item", known.item.id.text(), 0, "", now, "import"});
    }
  if (changes.documents.empty()) return count;
  TAKT_TRY_VOID(store_->documents().put_all(changes.documents));
  std::shared_ptr<const Rulebook> rulebook = before->rulebook;
  if (changes.rules) {
    TAKT_TRY(next, read_rulebook());
    rulebook = std::move(next);
  }
  std::shared_ptr<const Catalogue> catalogue = before->catalogue;
  if (!changes.items.empty() || !changes.gone.empty())
    catalogue = changed_catalogue(*catalogue, std::move(changes.items), changes.gone);
  publish(std::move(catalogue), std::move(rulebook), before->models);
  return count;
}

} // namespace takt
