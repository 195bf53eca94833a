/// Bytes of the decision log. Layout and evolution: docs/formats.md. Times are differences to request.now.
#include "core/decision_codec_parts.h"

#include <array>
#include <string>

namespace takt {

namespace {

using namespace codec;

constexpr std::uint8_t decision_format_version = 1;

enum class Section : std::uint8_t { request = 1, decision = 2 };

constexpr auto last_stage = static_cast<Stage>(stages_count - 1);
constexpr auto last_reason = static_cast<ReasonCode>(reason_codes_count - 1);
constexpr auto last_source = static_cast<Source>(sources_count - 1);

void put_reason(ByteWriter& out, const Reason& reason, UtcTime base) {
  put_enum(out, reason.stage);
  put_enum(out, reason.code);
  out.text(reason.rule);
  put_optional_number(out, reason.observed);
  put_optional_number(out, reason.limit);
  put_score(out, reason.factor);
  put_optional_time(out, reason.eligible_again, base);
  put_bool(out, reason.provisional);
}

void get_reason(ByteReader& in, Reason& reason, UtcTime base) {
  reason.stage = get_enum(in, last_stage);
  reason.code = get_enum(in, last_reason);
  reason.rule = in.text();
  reason.observed = get_optional_number(in);
  reason.limit = get_optional_number(in);
  reason.factor = get_score(in);
  reason.eligible_again = get_optional_time(in, base);
  reason.provisional = get_bool(in);
}

void put_reasons(ByteWriter& out, const std::vector<Reason>& reasons, UtcTime base) {
  put_list(out, reasons, [&](const Reason& reason) { put_reason(out, reason, base); });
}
void get_reasons(ByteReader& in, std::vector<Reason>& reasons, UtcTime base) {
  get_list(in, reasons, 8, [&](Reason& reason) { get_reason(in, reason, base); });
}

using TermList = std::array<double ScoreTerms::*, 8>;
constexpr TermList score_terms{&ScoreTerms::p_act, &ScoreTerms::p_nothing,    &ScoreTerms::value,           &ScoreTerms::context,
                               &ScoreTerms::lever, &ScoreTerms::contact_cost, &ScoreTerms::attention_price, &ScoreTerms::fatigue_factor};

void put_choice(ByteWriter& out, const Choice& choice, UtcTime base) {
  put_id(out, choice.item);
  out.varint(choice.slot);
  out.f64(choice.score);
  out.f64(choice.propensity);
  put_bool(out, choice.usable_for_evaluation);
  put_enum(out, choice.source);
  put_time(out, choice.reserved_until, base);
  for (const auto term : score_terms) out.f64(choice.terms.*term);
  put_enum(out, choice.because);
  out.text(choice.because_item);
  put_reasons(out, choice.reasons, base);
}

void get_choice(ByteReader& in, Choice& choice, UtcTime base) {
  choice.item = get_id<ItemId>(in);
  choice.slot = get_number<std::uint32_t>(in);
  choice.score = in.f64();
  choice.propensity = in.f64();
  choice.usable_for_evaluation = get_bool(in);
  choice.source = get_enum(in, last_source);
  choice.reserved_until = get_time(in, base);
  for (const auto term : score_terms) choice.terms.*term = in.f64();
  choice.because = get_enum(in, Because::picked);
  choice.because_item = in.text();
  get_reasons(in, choice.reasons, base);
}

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
  put_list(out, placement.choices, [&](const Choice& choice) { put_choice(out, choice, base); });
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
}

void get_placement(ByteReader& in, PlacementDecision& placement, UtcTime base) {
  placement.placement = get_id<PlacementId>(in);
  placement.outcome = get_enum(in, Outcome::defer);
  placement.not_before = get_optional_time(in, base);
  get_hold(in, placement.hold);
  get_list(in, placement.choices, 88, [&](Choice& choice) { get_choice(in, choice, base); });
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

void get_answer(ByteReader& in, Decision& decision, UtcTime base) {
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
  get_list(in, decision.placements, 10, [&](PlacementDecision& placement) { get_placement(in, placement, base); });
  get_list(in, decision.degraded, 2, [&](Degraded& degraded) {
    degraded.stage = get_enum(in, last_stage);
    degraded.code = get_enum(in, last_reason);
  });
  decision.replayed = get_bool(in);
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
  return out.take();
}

Result<DecisionRecord> decode_decision(std::string_view bytes) {
  ByteReader in(bytes);
  TAKT_TRY(format, get_format(in, decision_format_version, "a decision"));
  if (format == 0) return fail(ErrorCode::corrupt, "a decision: format 0 never had a decision log");
  DecisionRecord record;
  std::uint64_t last = 0;
  while (!in.done()) {
    const std::uint64_t id = in.varint();
    ByteReader body(in.text());
    const bool next_in_order = last < 2 ? id == last + 1 : id > last; // both known sections, then whatever a later build adds
    if (!in.ok() || !next_in_order) return fail(ErrorCode::corrupt, "a decision: sections are cut off or out of order");
    last = id;
    if (id == static_cast<std::uint64_t>(Section::request)) get_request(body, record.request);
    if (id == static_cast<std::uint64_t>(Section::decision)) get_answer(body, record.decision, record.request.now);
    if (id <= 2 && !(body.ok() && body.done())) return fail(ErrorCode::corrupt, "a decision: section " + std::to_string(id) + " is damaged");
  }
  if (last < 2) return fail(ErrorCode::corrupt, "a decision: request or answer is missing");
  return record;
}

} // namespace takt
