/// Bytes of the decision log. Layout and evolution: docs/formats.md. Times are differences to request.now.
#include "core/decision_codec_parts.h"

#include <algorithm>
#include <string>

namespace takt {

namespace {

using namespace codec;

/// Format 1, until rows were logged, wrote every choice in full and knew no features; format 2 had no configured ones, format 3 no merchandising,
/// format 4 no caps over more than one customer.
constexpr std::uint8_t decision_format_version = 5;

enum class Section : std::uint8_t { request = 1, decision = 2, features = 3, custom_features = 4, merchandising = 5, totals = 6 };

constexpr auto last_stage = static_cast<Stage>(stages_count - 1);
constexpr auto last_reason = static_cast<ReasonCode>(reason_codes_count - 1);

void put_hold(ByteWriter& out, const std::optional<Hold>& hold) {
  put_bool(out, hold.has_value());
  if (!hold) return;
  out.varint(hold->slot);
  put_enum(out, hold->kind);
  out.f64(hold->propensity);
}

void get_hold(ByteReader& in, std::optional<Hold>& hold) {
  if (!get_bool(in)) return;
  hold.emplace();
  hold->slot = get_number<std::uint32_t>(in);
  hold->kind = get_enum(in, HoldKind::degraded);
  hold->propensity = in.f64();
}

void put_placement(ByteWriter& out, const PlacementDecision& placement, UtcTime base) {
  put_id(out, placement.placement);
  put_enum(out, placement.outcome);
  put_optional_time(out, placement.not_before, base);
  put_hold(out, placement.hold);
  put_choices(out, placement.choices, base);
  put_reasons(out, placement.reasons, base);
  put_list(out, placement.funnel, [&](const StageTiming& timing) {
    put_enum(out, timing.stage);
    out.varint(timing.in);
    out.varint(timing.out);
    out.svarint(timing.nanos);
  });
  out.varint(placement.drops.size());
  for (const auto& [code, count] : placement.drops) { // a std::map: ascending by code
    put_enum(out, code);
    out.varint(count);
  }
  put_list(out, placement.dropped, [&](const DroppedItem& dropped) {
    put_id(out, dropped.item);
    put_reasons(out, dropped.blocked_by, base);
    put_optional_time(out, dropped.eligible_again, base);
    put_bool(out, dropped.provisional);
  });
  put_texts(out, placement.unknown_candidates);
  put_score(out, placement.diversity_cost);
}

void get_placement(ByteReader& in, PlacementDecision& placement, UtcTime base, std::uint8_t format) {
  placement.placement = get_id<PlacementId>(in);
  placement.outcome = get_enum(in, Outcome::defer);
  placement.not_before = get_optional_time(in, base);
  get_hold(in, placement.hold);
  get_choices(in, placement.choices, base, format);
  get_reasons(in, placement.reasons, base);
  get_list(in, placement.funnel, 4, [&](StageTiming& timing) {
    timing.stage = get_enum(in, last_stage);
    timing.in = get_number<std::uint32_t>(in);
    timing.out = get_number<std::uint32_t>(in);
    timing.nanos = in.svarint();
  });
  const std::size_t codes = in.count();
  for (std::size_t i = 0; i < codes && in.ok(); ++i) {
    const ReasonCode code = get_enum(in, last_reason);
    placement.drops[code] = get_number<std::uint32_t>(in);
  }
  get_list(in, placement.dropped, 4, [&](DroppedItem& dropped) {
    dropped.item = get_id<ItemId>(in);
    get_reasons(in, dropped.blocked_by, base);
    dropped.eligible_again = get_optional_time(in, base);
    dropped.provisional = get_bool(in);
  });
  get_texts(in, placement.unknown_candidates);
  if (format >= 2) placement.diversity_cost = get_score(in);
}

void put_answer(ByteWriter& out, const Decision& decision, UtcTime base) {
  put_bytes16(out, decision.id.bytes);
  put_bytes16(out, decision.supersedes.bytes);
  out.fixed(decision.customer.value, 8);
  out.varint(decision.record_version);
  out.text(decision.session_id);
  put_time(out, decision.now, base);
  const Versions& versions = decision.versions;
  for (const std::uint64_t number : {versions.rules, versions.catalogue, versions.artefacts}) out.varint(number);
  out.fixed(versions.rules_hash, 8);
  out.text(versions.model);
  out.text(versions.index);
  put_list(out, decision.placements, [&](const PlacementDecision& placement) { put_placement(out, placement, base); });
  put_list(out, decision.degraded, [&](const Degraded& degraded) {
    put_enum(out, degraded.stage);
    put_enum(out, degraded.code);
  });
  put_bool(out, decision.replayed);
}

void get_answer(ByteReader& in, Decision& decision, UtcTime base, std::uint8_t format) {
  decision.id.bytes = get_bytes16(in);
  decision.supersedes.bytes = get_bytes16(in);
  decision.customer.value = in.fixed(8);
  decision.record_version = in.varint();
  decision.session_id = in.text();
  decision.now = get_time(in, base);
  Versions& versions = decision.versions;
  for (std::uint64_t* number : {&versions.rules, &versions.catalogue, &versions.artefacts}) *number = in.varint();
  versions.rules_hash = in.fixed(8);
  versions.model = in.text();
  versions.index = in.text();
  get_list(in, decision.placements, 10, [&](PlacementDecision& placement) { get_placement(in, placement, base, format); });
  get_list(in, decision.degraded, 2, [&](Degraded& degraded) {
    degraded.stage = get_enum(in, last_stage);
    degraded.code = get_enum(in, last_reason);
  });
  decision.replayed = get_bool(in);
}

void put_totals(ByteWriter& out, const std::vector<TotalSeen>& totals, UtcTime base) {
  put_list(out, totals, [&](const TotalSeen& seen) {
    out.text(seen.rule);
    put_symbols(out, seen.key);
    out.varint(seen.count);
    out.varint(seen.taken);
    out.varint(seen.needed);
    put_optional_time(out, seen.free_at, base);
    put_bool(out, seen.provisional);
  });
}

void get_totals(ByteReader& in, std::vector<TotalSeen>& totals, UtcTime base) {
  get_list(in, totals, 7, [&](TotalSeen& seen) {
    seen.rule = in.text();
    get_symbols(in, seen.key);
    seen.count = get_number<std::uint32_t>(in);
    seen.taken = get_number<std::uint32_t>(in);
    seen.needed = get_number<std::uint32_t>(in);
    seen.free_at = get_optional_time(in, base);
    seen.provisional = get_bool(in);
  });
}

} // namespace

std::string encode_decision(const DecisionRecord& record) {
  ByteWriter out;
  out.u8(decision_format_version);
  const auto section = [&](Section id, auto put) {
    ByteWriter body;
    put(body);
    out.varint(static_cast<std::uint64_t>(id));
    out.text(body.bytes());
  };
  section(Section::request, [&](ByteWriter& body) { put_request(body, record.request); });
  section(Section::decision, [&](ByteWriter& body) { put_answer(body, record.decision, record.request.now); });
  section(Section::features, [&](ByteWriter& body) {
    for (const PlacementDecision& placement : record.decision.placements) put_features(body, placement);
  });
  section(Section::custom_features, [&](ByteWriter& body) { // empty where there are none, which is the rule
    const auto& placements = record.decision.placements;
    const auto has_some = [](const PlacementDecision& placement) { return !placement.features.custom_columns.empty(); };
    if (std::any_of(placements.begin(), placements.end(), has_some))
      for (const PlacementDecision& placement : placements) put_custom_features(body, placement);
  });
  section(Section::merchandising, [&](ByteWriter& body) { // as above
    const auto& placements = record.decision.placements;
    if (std::any_of(placements.begin(), placements.end(), [](const PlacementDecision& placement) { return placement.merchandising_cost.has_value(); }))
      for (const PlacementDecision& placement : placements) put_score(body, placement.merchandising_cost);
  });
  section(Section::totals, [&](ByteWriter& body) { // as above
    if (!record.decision.totals.empty()) put_totals(body, record.decision.totals, record.request.now);
  });
  return out.take();
}

Result<DecisionRecord> decode_decision(std::string_view bytes) {
  ByteReader in(bytes);
  TAKT_TRY(format, get_format(in, decision_format_version, "a decision"));
  if (format == 0) return fail(ErrorCode::corrupt, "a decision: format 0 never had a decision log");
  DecisionRecord record;
  const std::uint64_t sections = format + std::uint64_t{1};
  std::uint64_t last = 0;
  while (!in.done()) {
    const std::uint64_t id = in.varint();
    ByteReader body(in.text());
    const bool next_in_order = last < sections ? id == last + 1 : id > last; // all known sections, then whatever a later build adds
    if (!in.ok() || !next_in_order) return fail(ErrorCode::corrupt, "a decision: sections are cut off or out of order");
    last = id;
    if (id > sections) continue;
    if (id == static_cast<std::uint64_t>(Section::request)) get_request(body, record.request);
    if (id == static_cast<std::uint64_t>(Section::decision)) get_answer(body, record.decision, record.request.now, format);
    if (id == static_cast<std::uint64_t>(Section::features))
      for (PlacementDecision& placement : record.decision.placements) get_features(body, placement);
    if (id == static_cast<std::uint64_t>(Section::custom_features) && !body.done())
      for (PlacementDecision& placement : record.decision.placements) get_custom_features(body, placement);
    if (id == static_cast<std::uint64_t>(Section::merchandising) && !body.done())
      for (PlacementDecision& placement : record.decision.placements) placement.merchandising_cost = get_score(body);
    if (id == static_cast<std::uint64_t>(Section::totals) && !body.done()) get_totals(body, record.decision.totals, record.request.now);
    if (!(body.ok() && body.done())) return fail(ErrorCode::corrupt, "a decision: section " + std::to_string(id) + " is damaged");
  }
  if (last < sections) return fail(ErrorCode::corrupt, "a decision: a section is missing");
  return record;
}

} // namespace takt
