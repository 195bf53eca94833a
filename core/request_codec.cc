/// Bytes of what was asked: the first half of a decision's log entry (decision_codec.cc).
#include "core/decision_codec_parts.h"

#include <array>
#include <type_traits>
#include <variant>

namespace takt::codec {

namespace {

/// A parser refuses conditions far below this (limits::condition_depth_max); here it bounds recursion on damaged bytes.
constexpr int condition_depth_read_max = 32;

void put_operand(ByteWriter& out, const Operand& operand) {
  out.varint(operand.index());
  std::visit(
      [&](const auto& value) {
        using Value = std::decay_t<decltype(value)>;
        if constexpr (std::is_same_v<Value, bool>) put_bool(out, value);
        if constexpr (std::is_same_v<Value, double>) out.f64(value);
        if constexpr (std::is_same_v<Value, std::string>) out.text(value);
        if constexpr (std::is_same_v<Value, std::vector<std::string>>) put_texts(out, value);
        if constexpr (std::is_same_v<Value, FieldRef>) out.text(value.path);
      },
      operand);
}

Operand get_operand(ByteReader& in) {
  switch (in.varint()) {
    case 0: return std::monostate{};
    case 1: return get_bool(in);
    case 2: return in.f64();
    case 3: return std::string(in.text());
    case 4: {
      std::vector<std::string> texts;
      get_texts(in, texts);
      return texts;
    }
    case 5: return FieldRef{std::string(in.text())};
    default: in.refuse(); return std::monostate{};
  }
}

/// In the order of the bytes.
constexpr std::array<std::vector<std::string> LabelTexts::*, 9> label_keys{&LabelTexts::kinds, &LabelTexts::tags, &LabelTexts::brands, &LabelTexts::campaigns, &LabelTexts::items,
                                                                           &LabelTexts::groups, &LabelTexts::purposes, &LabelTexts::channels, &LabelTexts::placements};

void put_occurrence(ByteWriter& out, const Occurrence& occurrence) {
  put_enum(out, occurrence.book);
  out.text(occurrence.event);
  for (const auto key : label_keys) put_texts(out, occurrence.match.*key);
  put_list(out, occurrence.match.categories, [&](const std::vector<std::string>& path) { put_texts(out, path); });
  put_bool(out, occurrence.within.has_value());
  if (occurrence.within) out.svarint(occurrence.within->count());
  out.varint(occurrence.at_least);
  put_optional_number(out, occurrence.at_most);
}

void get_occurrence(ByteReader& in, Occurrence& occurrence) {
  occurrence.book = get_enum(in, Occurrence::Book::seen);
  occurrence.event = in.text();
  for (const auto key : label_keys) get_texts(in, occurrence.match.*key);
  get_list(in, occurrence.match.categories, 1, [&](std::vector<std::string>& path) { get_texts(in, path); });
  if (get_bool(in)) occurrence.within = Duration{in.svarint()};
  occurrence.at_least = get_number<std::uint32_t>(in);
  occurrence.at_most = get_optional_number(in);
}

void put_condition(ByteWriter& out, const Condition& condition) {
  put_enum(out, condition.kind);
  put_list(out, condition.children, [&](const Condition& child) { put_condition(out, child); });
  if (condition.kind == Condition::Kind::occurrence) put_occurrence(out, condition.occurrence.value_or(Occurrence{}));
  if (condition.kind == Condition::Kind::audience) out.text(condition.field);
  if (condition.kind != Condition::Kind::compare) return;
  out.text(condition.field);
  put_enum(out, condition.op);
  put_operand(out, condition.value);
}

void get_condition(ByteReader& in, Condition& condition, int depth_left) {
  if (depth_left == 0) return in.refuse();
  condition.kind = get_enum(in, Condition::Kind::audience);
  get_list(in, condition.children, 2, [&](Condition& child) { get_condition(in, child, depth_left - 1); });
  if (condition.kind == Condition::Kind::occurrence) get_occurrence(in, condition.occurrence.emplace());
  if (condition.kind == Condition::Kind::audience) condition.field = in.text();
  if (condition.kind != Condition::Kind::compare) return;
  condition.field = in.text();
  condition.op = get_enum(in, ConditionOp::exists);
  condition.value = get_operand(in);
}

void put_placement_request(ByteWriter& out, const PlacementRequest& placement) {
  put_id(out, placement.placement);
  put_optional_number(out, placement.limit);
  put_ids(out, placement.anchor_items);
  put_bool(out, placement.candidates.has_value());
  if (!placement.candidates) return;
  put_list(out, *placement.candidates, [&](const CallerCandidate& candidate) {
    put_id(out, candidate.item);
    put_score(out, candidate.score);
  });
}

void get_placement_request(ByteReader& in, PlacementRequest& placement) {
  placement.placement = get_id<PlacementId>(in);
  placement.limit = get_optional_number(in);
  get_ids(in, placement.anchor_items);
  if (!get_bool(in)) return;
  get_list(in, placement.candidates.emplace(), 2, [&](CallerCandidate& candidate) {
    candidate.item = get_id<ItemId>(in);
    candidate.score = get_score(in);
  });
}

void put_context(ByteWriter& out, const RequestContext& context) {
  for (const std::string* text : {&context.channel, &context.device, &context.locale, &context.timezone, &context.session_id, &context.page_path})
    out.text(*text);
  put_list(out, context.consent, [&](const std::pair<Purpose, bool>& consent) {
    put_enum(out, consent.first);
    put_bool(out, consent.second);
  });
}

void get_context(ByteReader& in, RequestContext& context) {
  for (std::string* text : {&context.channel, &context.device, &context.locale, &context.timezone, &context.session_id, &context.page_path})
    *text = in.text();
  get_list(in, context.consent, 2, [&](std::pair<Purpose, bool>& consent) {
    consent.first = get_enum(in, Purpose::service);
    consent.second = get_bool(in);
  });
}

} // namespace

void put_request(ByteWriter& out, const DecisionRequest& request) {
  out.svarint(ms_of(request.now));
  for (const std::string* text : {&request.request_id, &request.user_id, &request.anonymous_id, &request.key_name}) out.text(*text);
  out.fixed(request.customer.value, 8);
  put_list(out, request.placements, [&](const PlacementRequest& placement) { put_placement_request(out, placement); });
  put_context(out, request.context);
  put_ids(out, request.exclude);
  put_bool(out, request.filter.has_value());
  if (request.filter) put_condition(out, *request.filter);
  put_bytes16(out, request.after.bytes);
  put_list(out, request.replaces, [&](const DecisionId& id) { put_bytes16(out, id.bytes); });
  put_enum(out, request.explain);
  put_bool(out, request.dry_run);
  out.fixed(request.seed, 8);
  out.fixed(request.body_hash, 8);
}

void get_request(ByteReader& in, DecisionRequest& request) {
  request.now = utc_from_ms(in.svarint());
  for (std::string* text : {&request.request_id, &request.user_id, &request.anonymous_id, &request.key_name}) *text = in.text();
  request.customer.value = in.fixed(8);
  get_list(in, request.placements, 4, [&](PlacementRequest& placement) { get_placement_request(in, placement); });
  get_context(in, request.context);
  get_ids(in, request.exclude);
  if (get_bool(in)) get_condition(in, request.filter.emplace(), condition_depth_read_max);
  request.after.bytes = get_bytes16(in);
  get_list(in, request.replaces, 16, [&](DecisionId& id) { id.bytes = get_bytes16(in); });
  request.explain = get_enum(in, Explain::full);
  request.dry_run = get_bool(in);
  request.seed = in.fixed(8);
  request.body_hash = in.fixed(8);
}

} // namespace takt::codec
