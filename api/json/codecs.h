#pragma once
/// JSON at the border: text in, values of core/ out, and back. One .cc per document. Every parser is strict: depth and size are
/// bounded while parsing (core/limits.h), unknown fields, duplicate keys, NaN, overflow, wrong types and invalid UTF-8 are refused
/// with a JSON pointer; numbers are never silently converted. No exception leaves. Callers never see a JSON library.
/// Errors: malformed (not JSON, too deep: 400), too_large (413), invalid with FieldErrors (422), not_built (501).
#include "core/audience.h"
#include "core/condition.h"
#include "core/custom_feature.h"
#include "core/decision.h"
#include "core/event.h"
#include "core/item.h"
#include "core/placement.h"
#include "core/policy.h"
#include "core/result.h"
#include "core/symbol.h"
#include "engine/world.h"

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace takt {

class JsonValue;

// ---- events (contract.md §4, ecosystem.md §1)
struct EventContext {
  std::string source;                    ///< write key or --source
  std::string type_from_path;            ///< "track" for POST /v1/track; "" = the body's own
  UtcTime received_at{};
  bool received_at_from_line = false;    ///< import: `receivedAt` of the line, else occurred_at
  Duration shift{};                      ///< --shift-to-now: added to every time
  const std::vector<ConsentMapping>* consent_map = nullptr; ///< the policy's; none = Advertising, Analytics, Personalization
  std::string_view account_currency = "EUR";
  const std::map<std::string, double>* rates = nullptr;     ///< of the config; a price in a currency that is not here is left out. none = no rates
  /// Set: asked of every event before anything else is read of it; `user_hash` is context.user_hash or integrations.Takt.user_hash. Errors: forbidden.
  std::function<Status(EventType type, std::string_view user_id, std::string_view user_hash)> check_identity = {};
};
/// Without messageId: over HTTP minted from content and receipt; of an import line "content-" and its content's hash, equal for
/// equal lines, to which the importer adds the ordinal (line_ordinals.h).
Result<Event> parse_event(std::string_view json, const EventContext& context);
struct BatchItem { Result<Event> event; std::string message_id, text = {}; };  ///< text: of one that was refused
/// {"batch":[…],"writeKey","sentAt","context"}: batch-level context is merged, skew = receivedAt − sentAt is corrected.
struct EventBatch { std::string write_key; std::vector<BatchItem> items; };
Result<EventBatch> parse_event_batch(std::string_view json, const EventContext& context);
/// A CloudEvent 1.0 as a track call. `source`: the CloudEvent's.
struct CloudEvent { std::string source, id, segment_json; };
Result<CloudEvent> parse_cloud_event(JsonValue envelope);

// ---- decide (contract.md §3)
/// What a call says about its answer, or about itself; no part of what is decided.
struct AnswerWishes {
  std::string user_hash;                 ///< customer.user_hash: HMAC of user_id, "" = none
  std::optional<bool> links;             ///< none: where the placement's channel is a message
};
Result<DecisionRequest> parse_decision_request(std::string_view json, AnswerWishes* wishes = nullptr);
struct AnswerLinks { std::string impression_url, click_url; };  ///< "" = none
/// For publishable keys scores and ids are left out, and what says something about the person: `knows_person` that they have proved to be them.
struct AnswerView {
  bool publishable = false, knows_person = false;
  std::function<AnswerLinks(std::size_t placement, std::uint32_t slot, std::string_view item_url)> links = {};   ///< none: no links
  bool tells_about_person() const { return !publishable || knows_person; }
};
std::string write_decision(const Decision& decision, const DecisionRequest& request, const World& world, const AnswerView& view);
std::string write_decision_record(const DecisionRecord& record, const World& world);
/// Which fields a condition may name: a filter knows item, anchor, call and person; the audience of a rule or an item the call and the
/// person; a named audience the person alone.
enum class ConditionUse : std::uint8_t { filter, rule, audience };
Result<Condition> parse_condition(std::string_view json, ConditionUse use = ConditionUse::filter);

// ---- documents (contract.md §5)
/// now: added_at of an item that has none. Unknown currency (not the account's, no rate) → invalid with code no_rate in the detail.
struct ItemContext { UtcTime now{}; std::string account_currency = "EUR"; std::map<std::string, double> rates; };
Result<Item> parse_item(std::string_view json, const ItemContext& context);
std::string write_item(const Item& item);
Result<Placement> parse_placement(std::string_view json);
std::string write_placement(const Placement& placement);
/// A configured column: {"id","trait","attribute","equals","mean","deviation"}.
Result<CustomFeature> parse_custom_feature(std::string_view json);
std::string write_custom_feature(const CustomFeature& feature);
/// {"id","title","condition"} or {"id","title","customers"}.
Result<Audience> parse_audience(std::string_view json);
std::string write_audience(const Audience& audience);
Result<Policy> parse_policy(std::string_view json, SymbolTable& symbols);
/// The starter policy of a fresh data directory (contract.md §5 "Day one is never empty"), as a document.
std::string starter_policy_json();
/// Default placements of a fresh data directory, so that the first decide answers: home.hero, product.similar, mail.weekly.
std::vector<std::string> starter_placements_json();

/// One line of an import: an event, or a document with its kind ("item", "placement", "feature", "audience", "policy").
struct ImportLine {
  enum class Kind { event, item, placement, feature, audience, policy } kind = Kind::event;
  std::optional<Event> event;
  std::string id;                        ///< of the document
  std::string json;                      ///< of the document, without "type"
};
Result<ImportLine> parse_import_line(std::string_view line, const EventContext& context, const ItemContext& items);
/// Is a line of this `type` a document? Else it is an event.
bool is_import_document(std::string_view type);
/// Newest time in a line, for --shift-to-now's first pass; none for documents.
std::optional<UtcTime> time_of_import_line(std::string_view line);

// ---- problems (RFC 9457)
struct Problem { int status = 500; std::string body; };
Problem problem_of(const Error& error);
int status_of(ErrorCode code);
/// The stable `code` of a problem: "invalid", "malformed", "not_found" …
std::string_view name_of(ErrorCode code);

} // namespace takt
