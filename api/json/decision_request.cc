#include "api/json/codecs.h"
#include "api/json/condition_reader.h"
#include "api/json/deep_document.h"
#include "api/json/names.h"
#include "core/bytes.h"
#include "core/hash.h"

#include <charconv>

namespace takt {

namespace {

RequestContext read_context(Fields& request) {
  RequestContext context;
  const auto value = request.take("context");
  if (!value) return context;
  Fields fields(*value, request.pointer("context"), request.complaints());
  const auto text = [&fields](std::string_view key) { return fields.text(key, limits::id_bytes_max).value_or(""); };
  context.channel = text("channel");
  context.device = text("device");
  context.locale = text("locale");
  context.timezone = text("timezone");
  context.session_id = text("session_id");
  if (const auto page = fields.take("page")) {
    Fields inner(*page, fields.pointer("page"), request.complaints());
    context.page_path = inner.text("path").value_or("");
    inner.finish();
  }
  if (const auto consent = fields.take("consent")) {
    Fields inner(*consent, fields.pointer("consent"), request.complaints());
    for (const Purpose purpose : {Purpose::marketing, Purpose::profile, Purpose::frequency, Purpose::analytics, Purpose::service})
      if (const auto granted = inner.flag(to_text(purpose))) context.consent.emplace_back(purpose, *granted);
    inner.finish();
  }
  fields.not_built("attributes", "a condition over context.attributes");
  fields.finish();
  return context;
}

std::optional<std::vector<CallerCandidate>> read_candidates(Fields& placement) {
  if (!placement.has("candidates")) {
    placement.take("candidates");
    return std::nullopt;
  }
  std::vector<CallerCandidate> candidates;
  for (const auto& [value, pointer] : placement.list("candidates", limits::caller_candidates_max)) {
    Fields fields(value, pointer, placement.complaints());
    CallerCandidate candidate;
    const auto item = fields.id<struct ItemTag>("item");
    fields.need("item", item.has_value());
    if (item) candidate.item = *item;
    candidate.score = fields.real("score", -1e9, 1e9);
    fields.finish();
    candidates.push_back(std::move(candidate));
  }
  return candidates;
}

PlacementRequest read_placement(JsonValue value, const std::string& pointer, Complaints& complaints) {
  Fields fields(value, pointer, complaints);
  PlacementRequest placement;
  const auto id = fields.id<struct PlacementTag>("placement");
  fields.need("placement", id.has_value());
  if (id) placement.placement = *id;
  if (const auto limit = fields.natural("limit", 1, limits::slots_max)) placement.limit = static_cast<std::uint32_t>(*limit);
  if (const auto anchor = fields.take("anchor")) {
    Fields inner(*anchor, fields.pointer("anchor"), complaints);
    placement.anchor_items = inner.ids<struct ItemTag>("items", limits::slots_max);
    inner.finish();
  }
  placement.candidates = read_candidates(fields);
  fields.finish();
  return placement;
}

void read_customer(Fields& request, DecisionRequest& result, AnswerWishes& wishes) {
  const auto customer = request.take("customer");
  if (!customer) return; // nobody in particular: a cold start, capped within the session
  Fields fields(*customer, request.pointer("customer"), request.complaints());
  result.user_id = fields.text("user_id", limits::id_bytes_max).value_or("");
  result.anonymous_id = fields.text("anonymous_id", limits::id_bytes_max).value_or("");
  wishes.user_hash = fields.text("user_hash", limits::id_bytes_max).value_or("");
  fields.finish();
}

DecisionId read_decision_id(Fields& request, JsonValue value, const std::string& pointer) {
  const auto id = value.is(JsonKind::string) ? parse_decision_id(value.text()) : fail(ErrorCode::invalid, "must be the id of a decision");
  if (id) return *id;
  request.complaints().add(pointer, id.error().message);
  return {};
}

/// Any 64 bits. JavaScript's numbers end at 2^53, so text is fine too: it is what GET /decisions/{id} shows.
std::uint64_t read_seed(Fields& request) {
  const auto value = request.take("seed");
  if (!value) return 0;
  std::optional<std::uint64_t> seed = value->natural();
  if (value->is(JsonKind::string)) {
    const std::string_view digits = value->text();
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
    if (error == std::errc{} && end == digits.data() + digits.size()) seed = number;
  }
  if (!seed) request.complain("seed", "must be a whole number below 2^64");
  return seed.value_or(0);
}

/// What must be equal for a repeated request_id (contract.md §3): customer, placements, candidates, exclude and filter.
std::uint64_t hash_of_body(const DecisionRequest& request, std::string_view canonical_filter) {
  ByteWriter bytes;
  bytes.text(request.user_id);
  bytes.text(request.anonymous_id);
  bytes.varint(request.placements.size());
  for (const PlacementRequest& placement : request.placements) {
    bytes.text(placement.placement.text());
    bytes.varint(placement.limit.value_or(0));
    bytes.varint(placement.anchor_items.size());
    for (const ItemId& item : placement.anchor_items) bytes.text(item.text());
    bytes.u8(placement.candidates ? 1 : 0);
    if (!placement.candidates) continue;
    bytes.varint(placement.candidates->size());
    for (const CallerCandidate& candidate : *placement.candidates) {
      bytes.text(candidate.item.text());
      bytes.u8(candidate.score ? 1 : 0);
      bytes.f64(candidate.score.value_or(0) + 0.0); // -0 is 0
    }
  }
  bytes.varint(request.exclude.size());
  for (const ItemId& item : request.exclude) bytes.text(item.text());
  bytes.text(canonical_filter);
  return hash64(bytes.bytes());
}

} // namespace

Result<DecisionRequest> parse_decision_request(std::string_view json, AnswerWishes* wishes) {
  if (json.size() > limits::body_bytes_max) return fail(ErrorCode::too_large, "a request of more than " + std::to_string(limits::body_bytes_max) + " bytes");
  JsonDocument document;
  TAKT_TRY_VOID(parse_own_document(document, json));
  Complaints complaints;
  Fields fields(document.root(), "", complaints);
  DecisionRequest request;
  request.request_id = fields.text("request_id", limits::id_bytes_max).value_or("");
  AnswerWishes asked;
  read_customer(fields, request, asked);
  asked.links = fields.flag("links");
  const auto placements = fields.list("placements", limits::placements_per_call_max);
  if (placements.empty()) fields.complain("placements", "must be a list of at least one placement");
  for (const auto& [value, pointer] : placements) request.placements.push_back(read_placement(value, pointer, complaints));
  request.context = read_context(fields);
  request.exclude = fields.ids<struct ItemTag>("exclude", limits::exclude_max);
  const auto filter = fields.take("filter");
  if (filter) request.filter = read_condition(*filter, fields.pointer("filter"), complaints);
  if (const auto after = fields.take("after")) request.after = read_decision_id(fields, *after, fields.pointer("after"));
  for (const auto& [value, pointer] : fields.list("replaces", limits::requests_max)) request.replaces.push_back(read_decision_id(fields, value, pointer));
  request.explain = fields.choice<Explain>("explain", {{"none", Explain::none}, {"summary", Explain::summary}, {"full", Explain::full}}).value_or(Explain::none);
  request.dry_run = fields.flag("dry_run").value_or(false);
  if (const auto now = fields.time("now")) request.now = *now;
  request.seed = read_seed(fields);
  fields.finish();
  if (!complaints.none()) return tl::unexpected<Error>(complaints.error());
  if (wishes) *wishes = std::move(asked);
  request.body_hash = hash_of_body(request, filter ? canonical_json(*filter) : "");
  return request;
}

} // namespace takt
