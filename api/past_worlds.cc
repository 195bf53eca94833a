#include "api/past_worlds.h"

#include "core/hash.h"
#include "engine/artefact.h"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>

namespace takt {
namespace {

/// The log is read in order of time and versions change now and then: the last few Worlds are all that is asked for again.
constexpr std::size_t worlds_kept = 4;

/// Its text is the number, in decimal.
constexpr std::string_view kept_print_kind = "print";

std::string version_name(const Document& document) { return fmt::format("{}/{}@{}", document.kind, document.id, document.version); }

Result<Document> document_at(App& app, std::string_view kind, std::string_view id, std::uint64_t version) {
  TAKT_TRY(document, app.store().documents().get_version(kind, id, version));
  if (!document) return fail(ErrorCode::not_found, fmt::format("{} {} version {}", kind, id, version));
  return std::move(*document);
}

Result<Item> item_in(const App& app, const Document& document) {
  ItemContext context = app.item_context();
  context.now = document.at;
  return parse_item(document.json, context);
}

} // namespace

std::uint64_t print_of(std::string_view document_json) { return hash64(document_json); }

Result<KeptPrints> KeptPrints::read(Documents& documents) {
  KeptPrints prints;
  Status status;
  TAKT_TRY_VOID(documents.scan(kept_print_kind, [&](const Document& document) {
    std::uint64_t print = 0;
    const char* const end = document.json.data() + document.json.size();
    if (const auto read = std::from_chars(document.json.data(), end, print); read.ec != std::errc() || read.ptr != end) status = fail(ErrorCode::corrupt, "the print of " + document.id);
    prints.kept_.emplace(document.id, print);
    return status.has_value();
  }));
  TAKT_TRY_VOID(std::move(status));
  return prints;
}

Status KeptPrints::keep(Documents& documents, const Document& original, UtcTime now) {
  const std::string name = version_name(original);
  TAKT_TRY(known, documents.get(kept_print_kind, name));
  if (known) return {};
  return documents.put({std::string(kept_print_kind), name, 0, std::to_string(print_of(original.json)), now, "takt"}, 0).map([](std::uint64_t) {});
}

std::uint64_t KeptPrints::of(const Document& document) const {
  const auto found = kept_.empty() ? kept_.end() : kept_.find(version_name(document));
  return found == kept_.end() ? print_of(document.json) : found->second;
}

Result<DocumentsPast> DocumentsPast::read(Documents& documents, std::string_view kind, std::uint64_t print_now, const KeptPrints& kept,
                                          const std::function<bool(const Document&)>& is_used) {
  DocumentsPast past;
  std::vector<std::string> ids;
  TAKT_TRY_VOID(documents.scan(kind, [&](const Document& document) {
    ids.push_back(document.id);
    return true;
  }));
  for (const std::string& id : ids) {
    TAKT_TRY(history, documents.history(kind, id));
    std::uint64_t version = 0, print = 0;
    for (const Document& document : history) {
      Change change{document.at, id, version, print, !document.json.empty() && is_used(document) ? kept.of(document) : 0};
      version = document.version;
      print = change.print_after;
      past.changes_.push_back(std::move(change));
    }
  }
  // Newest first; of one document the later version, whatever the clock said.
  std::reverse(past.changes_.begin(), past.changes_.end());
  std::stable_sort(past.changes_.begin(), past.changes_.end(), [](const Change& a, const Change& b) { return a.at > b.at; });
  past.prints_.push_back(print_now);
  for (const Change& change : past.changes_) past.prints_.push_back(past.prints_.back() - change.print_after + change.print_before);
  for (std::size_t steps = 0; steps < past.prints_.size(); ++steps) past.steps_.emplace(past.prints_[steps], steps);
  return past;
}

std::optional<std::size_t> DocumentsPast::steps_to(std::uint64_t print) const {
  const auto found = steps_.find(print);
  return found == steps_.end() ? std::nullopt : std::optional(found->second);
}

std::map<std::string, std::uint64_t> DocumentsPast::versions(std::size_t steps) const {
  std::map<std::string, std::uint64_t> versions;
  for (std::size_t i = 0; i < steps; ++i) versions[changes_[i].id] = changes_[i].version_before;
  return versions;
}

Result<WorldPtr> PastWorlds::find(const Versions& wanted) {
  if (wanted == current_->versions()) return current_;
  const auto known = std::find_if(held_.begin(), held_.end(), [&](const Held& one) { return one.versions == wanted; });
  if (known != held_.end()) {
    std::rotate(known, known + 1, held_.end());
  } else {
    if (held_.size() == worlds_kept) held_.erase(held_.begin());
    held_.push_back({wanted, make(wanted)});
  }
  return held_.back().world;
}

Result<WorldPtr> PastWorlds::make(const Versions& wanted) {
  auto past = std::make_shared<World>(*current_);
  TAKT_TRY(rulebook_then, rulebook(wanted));
  TAKT_TRY(models_then, models(wanted.artefacts));
  TAKT_TRY(catalogue_then, catalogue(wanted.catalogue));
  past->rulebook = std::move(rulebook_then);
  past->models = std::move(models_then);
  past->catalogue = std::move(catalogue_then);
  past->custom = past->rulebook->features.empty() ? nullptr : CustomColumns::build(past->rulebook->features, past->catalogue, current_->custom.get());
  if (!(past->versions() == wanted)) return fail(ErrorCode::not_found, fmt::format("model {} as it was ({}, {})", wanted.artefacts, wanted.model, wanted.index));
  return past;
}

Result<std::shared_ptr<const Catalogue>> PastWorlds::catalogue(std::uint64_t version) {
  if (current_->catalogue->version() == version) return current_->catalogue;
  if (!items_) {
    TAKT_TRY(read, DocumentsPast::read(app_.store().documents(), "item", current_->catalogue->version(), KeptPrints{}, [&](const Document& document) {
      return item_in(app_, document).has_value(); // as in the catalogue: an item that cannot be read is not offered
    }));
    items_ = std::move(read);
  }
  const auto steps = items_->steps_to(version);
  if (!steps) return fail(ErrorCode::not_found, fmt::format("catalogue {:016x}", version));
  std::vector<Item> changed;
  std::vector<ItemId> gone;
  for (const auto& [id, then] : items_->versions(*steps)) {
    TAKT_TRY(name, ItemId::parse(id));
    auto document = then == 0 ? Result<Document>(Document{}) : document_at(app_, "item", id, then);
    if (!document) return tl::unexpected(document.error());
    auto item = document->json.empty() ? Result<Item>(fail(ErrorCode::not_found, "deleted then")) : item_in(app_, *document);
    if (item) changed.push_back(std::move(*item));
    else gone.push_back(name);
  }
  return current_->catalogue->with(std::move(changed), gone, app_.store().symbols(), version);
}

Result<std::shared_ptr<const Rulebook>> PastWorlds::rulebook(const Versions& wanted) {
  if (current_->versions().rules_hash == wanted.rules_hash && current_->policy().version == wanted.rules) return current_->rulebook;
  auto past = std::make_shared<Rulebook>(*current_->rulebook);
  if (past->policy->version != wanted.rules) {
    const auto document = document_at(app_, "policy", "current", wanted.rules);
    if (!document) return fail(ErrorCode::not_found, fmt::format("policy {}", wanted.rules));
    TAKT_TRY(policy, app_.checked_policy(document->json, document->version));
    set_policy(*past, std::make_shared<const Policy>(std::move(policy)), app_.store().symbols());
  }
  TAKT_TRY_VOID(read_rule_documents());
  // The log names all three by one sum. Few of any change, and what was found is remembered per version of the rules.
  const auto& features = features_->prints();
  const auto& audiences = audiences_->prints();
  for (std::size_t pair = 0; pair < features.size() * audiences.size(); ++pair) {
    const std::size_t feature_steps = pair % features.size(), audience_steps = pair / features.size();
    const std::uint64_t beside = features[feature_steps] + audiences[audience_steps];
    const auto& prints = placements_->prints();
    const auto print = std::find_if(prints.begin(), prints.end(), [&](std::uint64_t one) { return rules_hash_of(*past->policy, one + beside) == wanted.rules_hash; });
    if (print == prints.end()) continue;
    TAKT_TRY_VOID(restore_placements(*past, static_cast<std::size_t>(print - prints.begin())));
    TAKT_TRY_VOID(restore_features(*past, feature_steps));
    TAKT_TRY_VOID(restore_audiences(*past, audience_steps));
    return past;
  }
  return fail(ErrorCode::not_found, fmt::format("placements, features, audiences (or margin) beside policy {}", wanted.rules));
}

Status PastWorlds::read_rule_documents() {
  if (placements_) return {};
  const Rulebook& now = *current_->rulebook;
  Documents& documents = app_.store().documents();
  TAKT_TRY(kept, KeptPrints::read(documents));
  TAKT_TRY(features, DocumentsPast::read(documents, "feature", now.features_print, kept, [](const Document& document) { return parse_custom_feature(document.json).has_value(); }));
  TAKT_TRY(audiences, DocumentsPast::read(documents, "audience", now.audiences_print, kept, [](const Document& document) { return parse_audience(document.json).has_value(); }));
  TAKT_TRY(placements, DocumentsPast::read(documents, "placement", now.placements_print, kept, [](const Document& document) { return parse_placement(document.json).has_value(); }));
  features_ = std::move(features);
  audiences_ = std::move(audiences);
  placements_ = std::move(placements);
  return {};
}

Status PastWorlds::restore_placements(Rulebook& rulebook, std::size_t steps) {
  for (const auto& [id, then] : placements_->versions(steps)) {
    rulebook.placements.erase(id);
    if (then == 0) continue;
    TAKT_TRY(document, document_at(app_, "placement", id, then));
    if (document.json.empty()) continue;
    TAKT_TRY(placement, parse_placement(document.json));
    rulebook.placements.emplace(id, compile_placement(placement, app_.store().symbols()));
  }
  rulebook.placements_print = placements_->prints()[steps];
  return {};
}

Status PastWorlds::restore_features(Rulebook& rulebook, std::size_t steps) {
  for (const auto& [id, then] : features_->versions(steps)) {
    std::erase_if(rulebook.features, [&](const CustomFeature& feature) { return feature.id == id; });
    if (then == 0) continue;
    TAKT_TRY(document, document_at(app_, "feature", id, then));
    if (document.json.empty()) continue;
    TAKT_TRY(feature, parse_custom_feature(document.json));
    rulebook.features.push_back(std::move(feature));
  }
  std::sort(rulebook.features.begin(), rulebook.features.end(), [](const CustomFeature& a, const CustomFeature& b) { return a.id < b.id; });
  rulebook.features_print = features_->prints()[steps];
  return {};
}

Status PastWorlds::restore_audiences(Rulebook& rulebook, std::size_t steps) {
  std::vector<Audience> then_there = rulebook.audiences ? rulebook.audiences->audiences() : std::vector<Audience>{};
  for (const auto& [id, then] : audiences_->versions(steps)) {
    std::erase_if(then_there, [&](const Audience& audience) { return audience.id == id; });
    if (then == 0) continue;
    TAKT_TRY(document, document_at(app_, "audience", id, then));
    if (document.json.empty()) continue;
    TAKT_TRY(audience, parse_audience(document.json));
    then_there.push_back(std::move(audience));
  }
  TAKT_TRY(set, AudienceSet::build(std::move(then_there), app_.store().symbols()));
  rulebook.audiences = std::move(set);
  rulebook.audiences_print = audiences_->prints()[steps];
  return {};
}

Result<std::shared_ptr<const Models>> PastWorlds::models(std::uint64_t version) {
  if (current_->models->version == version) return current_->models;
  if (version == 0) return untrained_models();
  auto loaded = load_models(fmt::format("{}/artefacts/{}", app_.config().data_dir, version), app_.store().symbols());
  if (!loaded) return fail(ErrorCode::not_found, fmt::format("model {}", version));
  return std::move(*loaded);
}

} // namespace takt
