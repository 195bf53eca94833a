/// Bytes of what was chosen and of what the scorer saw: the larger half of a decision's log entry (decision_codec.cc). A slate's choices
/// are alike, so each says only where it differs from the one before; a row of features says only what is neither 0 nor known.
#include "core/decision_codec_parts.h"

#include <algorithm>
#include <array>
#include <bit>

namespace takt::codec {

namespace {

constexpr auto last_stage = static_cast<Stage>(stages_count - 1);
constexpr auto last_reason = static_cast<ReasonCode>(reason_codes_count - 1);
constexpr auto last_source = static_cast<Source>(sources_count - 1);

using TermList = std::array<double ScoreTerms::*, 8>;
constexpr TermList score_terms{&ScoreTerms::p_act, &ScoreTerms::p_nothing,    &ScoreTerms::value,           &ScoreTerms::context,
                               &ScoreTerms::lever, &ScoreTerms::contact_cost, &ScoreTerms::attention_price, &ScoreTerms::fatigue_factor};

bool same_bits(double a, double b) { return std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b); }

// ---- reasons
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

// ---- reasons of a choice: mostly that it was fatigued, by the very factor of its terms
enum ReasonFlag : std::uint8_t {
  rule_told = 1,
  observed_told = 2,
  limit_told = 4,
  factor_told = 8,
  fatigue_factor_meant = 16,
  eligible_again_told = 32,
  is_provisional = 64,
};
constexpr std::uint8_t reason_flags_all = 127;

std::uint8_t flags_of(const Reason& reason, double fatigue_factor) {
  unsigned flags = 0;
  if (!reason.rule.empty()) flags |= rule_told;
  if (reason.observed) flags |= observed_told;
  if (reason.limit) flags |= limit_told;
  if (reason.factor) flags |= same_bits(*reason.factor, fatigue_factor) ? fatigue_factor_meant : factor_told;
  if (reason.eligible_again) flags |= eligible_again_told;
  if (reason.provisional) flags |= is_provisional;
  return static_cast<std::uint8_t>(flags);
}

void put_choice_reason(ByteWriter& out, const Reason& reason, double fatigue_factor, UtcTime base) {
  const std::uint8_t flags = flags_of(reason, fatigue_factor);
  put_enum(out, reason.stage);
  put_enum(out, reason.code);
  out.u8(flags);
  if (flags & rule_told) out.text(reason.rule);
  if (flags & observed_told) out.varint(*reason.observed);
  if (flags & limit_told) out.varint(*reason.limit);
  if (flags & factor_told) out.f64(*reason.factor);
  if (flags & eligible_again_told) put_time(out, *reason.eligible_again, base);
}

void get_choice_reason(ByteReader& in, Reason& reason, double fatigue_factor, UtcTime base) {
  reason.stage = get_enum(in, last_stage);
  reason.code = get_enum(in, last_reason);
  const std::uint8_t flags = in.u8();
  if (flags > reason_flags_all || ((flags & factor_told) && (flags & fatigue_factor_meant))) return in.refuse();
  if (flags & rule_told) reason.rule = in.text();
  if (flags & observed_told) reason.observed = get_number<std::uint32_t>(in);
  if (flags & limit_told) reason.limit = get_number<std::uint32_t>(in);
  if (flags & factor_told) reason.factor = in.f64();
  if (flags & fatigue_factor_meant) reason.factor = fatigue_factor;
  if (flags & eligible_again_told) reason.eligible_again = get_time(in, base);
  reason.provisional = (flags & is_provisional) != 0;
}

// ---- choices
enum ChoiceFlag : std::uint8_t {
  slot_told = 1,          // else one more than before
  score_told = 2,         // else what its terms give
  propensity_told = 4,    // else 1
  not_usable = 8,
  reserved_told = 16,     // else as before
  has_reasons = 32,
};
constexpr std::uint8_t choice_flags_all = 63;

std::uint8_t flags_of(const Choice& choice, const Choice& before) {
  unsigned flags = 0;
  if (choice.slot != before.slot + 1) flags |= slot_told;
  if (!same_bits(choice.score, choice.terms.score())) flags |= score_told;
  if (!same_bits(choice.propensity, 1)) flags |= propensity_told;
  if (!choice.usable_for_evaluation) flags |= not_usable;
  if (choice.reserved_until != before.reserved_until) flags |= reserved_told;
  if (!choice.reasons.empty()) flags |= has_reasons;
  return static_cast<std::uint8_t>(flags);
}

void put_choice(ByteWriter& out, const Choice& choice, const Choice& before, UtcTime base) {
  const std::uint8_t flags = flags_of(choice, before);
  out.u8(flags);
  put_id(out, choice.item);
  if (flags & slot_told) out.varint(choice.slot);
  unsigned changed = 0;
  for (std::size_t i = 0; i < score_terms.size(); ++i)
    if (!same_bits(choice.terms.*score_terms[i], before.terms.*score_terms[i])) changed |= 1U << i;
  out.u8(static_cast<std::uint8_t>(changed));
  for (std::size_t i = 0; i < score_terms.size(); ++i)
    if (changed & (1U << i)) out.f64(choice.terms.*score_terms[i]);
  if (flags & score_told) out.f64(choice.score);
  if (flags & propensity_told) out.f64(choice.propensity);
  put_enum(out, choice.source);
  if (flags & reserved_told) put_time(out, choice.reserved_until, base);
  put_enum(out, choice.because);
  out.text(choice.because_item);
  if (flags & has_reasons) put_list(out, choice.reasons, [&](const Reason& reason) { put_choice_reason(out, reason, choice.terms.fatigue_factor, base); });
}

void get_choice(ByteReader& in, Choice& choice, const Choice& before, UtcTime base) {
  const std::uint8_t flags = in.u8();
  if (flags > choice_flags_all) in.refuse();
  choice.item = get_id<ItemId>(in);
  choice.slot = flags & slot_told ? get_number<std::uint32_t>(in) : before.slot + 1;
  const std::uint8_t changed = in.u8();
  choice.terms = before.terms;
  for (std::size_t i = 0; i < score_terms.size(); ++i)
    if (changed & (1U << i)) choice.terms.*score_terms[i] = in.f64();
  choice.score = flags & score_told ? in.f64() : choice.terms.score();
  choice.propensity = flags & propensity_told ? in.f64() : 1;
  choice.usable_for_evaluation = !(flags & not_usable);
  choice.source = get_enum(in, last_source);
  choice.reserved_until = flags & reserved_told ? get_time(in, base) : before.reserved_until;
  choice.because = get_enum(in, Because::picked);
  choice.because_item = in.text();
  if (flags & has_reasons) get_list(in, choice.reasons, 3, [&](Reason& reason) { get_choice_reason(in, reason, choice.terms.fatigue_factor, base); });
}

/// As format 1 wrote it: every field.
void get_choice_of_format_1(ByteReader& in, Choice& choice, UtcTime base) {
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

// ---- rows
enum class Told : std::uint8_t { zero = 0, one = 1, as_before = 2, bits = 3 };
constexpr std::size_t told_per_byte = 4;

Told told_of(std::uint32_t bits, std::span<const float> before, std::size_t column) {
  if (bits == 0) return Told::zero;
  if (bits == std::bit_cast<std::uint32_t>(1.0F)) return Told::one;
  return !before.empty() && bits == std::bit_cast<std::uint32_t>(before[column]) ? Told::as_before : Told::bits;
}

/// Rows are rounded where they are made (features/family/registry.cc); any others are told in full.
int value_bytes(std::span<const float> a, std::span<const float> b) {
  const auto is_rounded = [](float value) { return (std::bit_cast<std::uint32_t>(value) & 0xff) == 0; };
  return std::all_of(a.begin(), a.end(), is_rounded) && std::all_of(b.begin(), b.end(), is_rounded) ? 3 : 4;
}

/// `before`: the row before, or nothing. `bytes` of a told value, the high ones.
void put_row(ByteWriter& out, std::span<const float> row, std::span<const float> before, int bytes) {
  for (std::size_t begin = 0; begin < row.size(); begin += told_per_byte) {
    unsigned byte = 0;
    for (std::size_t c = begin; c < std::min(begin + told_per_byte, row.size()); ++c)
      byte |= static_cast<unsigned>(told_of(std::bit_cast<std::uint32_t>(row[c]), before, c)) << (2 * (c - begin));
    out.u8(static_cast<std::uint8_t>(byte));
  }
  for (std::size_t c = 0; c < row.size(); ++c)
    if (told_of(std::bit_cast<std::uint32_t>(row[c]), before, c) == Told::bits) out.fixed(std::bit_cast<std::uint32_t>(row[c]) >> (8 * (4 - bytes)), bytes);
}

void get_row(ByteReader& in, std::span<float> row, std::span<const float> before, int bytes) {
  const std::string_view told = in.raw((row.size() + told_per_byte - 1) / told_per_byte);
  if (!in.ok()) return;
  for (std::size_t c = 0; c < row.size(); ++c) {
    switch (static_cast<Told>((static_cast<unsigned char>(told[c / told_per_byte]) >> (2 * (c % told_per_byte))) & 3U)) {
    case Told::zero: row[c] = 0; break;
    case Told::one: row[c] = 1; break;
    case Told::as_before:
      if (before.empty()) in.refuse();
      else row[c] = before[c];
      break;
    case Told::bits: row[c] = std::bit_cast<float>(static_cast<std::uint32_t>(in.fixed(bytes) << (8 * (4 - bytes)))); break;
    }
  }
}

} // namespace

void put_reasons(ByteWriter& out, const std::vector<Reason>& reasons, UtcTime base) {
  put_list(out, reasons, [&](const Reason& reason) { put_reason(out, reason, base); });
}
void get_reasons(ByteReader& in, std::vector<Reason>& reasons, UtcTime base) {
  get_list(in, reasons, 8, [&](Reason& reason) { get_reason(in, reason, base); });
}

void put_choices(ByteWriter& out, const std::vector<Choice>& choices, UtcTime base) {
  const Choice first;
  const Choice* before = &first;
  put_list(out, choices, [&](const Choice& choice) {
    put_choice(out, choice, *before, base);
    before = &choice;
  });
}

void get_choices(ByteReader& in, std::vector<Choice>& choices, UtcTime base, std::uint8_t format) {
  const Choice first;
  const Choice* before = &first; // the list is reserved before it is read: its elements do not move
  get_list(in, choices, format == 1 ? 88 : 6, [&](Choice& choice) {
    if (format == 1) return get_choice_of_format_1(in, choice, base);
    get_choice(in, choice, *before, base);
    before = &choice;
  });
}

void put_features(ByteWriter& out, const PlacementDecision& placement) {
  const LoggedFeatures& features = placement.features;
  put_bool(out, features.schema != 0);
  if (features.schema == 0) return;
  out.fixed(features.schema, 8);
  const std::size_t width = features.items.empty() ? 0 : features.own.size() / features.items.size();
  const int bytes = value_bytes(features.shared, features.own);
  out.u8(static_cast<std::uint8_t>(bytes));
  out.varint(features.shared.size());
  put_row(out, features.shared, {}, bytes);
  out.varint(width);
  out.varint(features.items.size());
  for (std::size_t i = 0; i < features.items.size(); ++i) {
    const auto chosen = std::find_if(placement.choices.begin(), placement.choices.end(), [&](const Choice& choice) { return choice.item == features.items[i]; });
    const bool is_chosen = chosen != placement.choices.end();
    out.varint(is_chosen ? static_cast<std::uint64_t>(chosen - placement.choices.begin()) + 1 : 0);
    if (!is_chosen) put_id(out, features.items[i]);
    const std::span<const float> own = features.own;
    put_row(out, own.subspan(i * width, width), i == 0 ? std::span<const float>{} : own.subspan((i - 1) * width, width), bytes);
  }
}

void get_features(ByteReader& in, PlacementDecision& placement) {
  LoggedFeatures& features = placement.features;
  if (!get_bool(in)) return;
  features.schema = in.fixed(8);
  const int bytes = in.u8();
  const std::uint64_t shared = in.varint();
  if (bytes < 3 || bytes > 4 || shared > told_per_byte * in.left()) return in.refuse();
  features.shared.resize(static_cast<std::size_t>(shared));
  get_row(in, features.shared, {}, bytes);
  const std::uint64_t width = in.varint();
  const std::size_t count = in.count();
  if (width > told_per_byte * in.left() || count * ((width + told_per_byte - 1) / told_per_byte) > in.left()) return in.refuse();
  features.own.resize(count * static_cast<std::size_t>(width));
  for (std::size_t i = 0; i < count && in.ok(); ++i) {
    const std::uint64_t choice = in.varint();
    if (choice > placement.choices.size()) return in.refuse();
    features.items.push_back(choice > 0 ? placement.choices[static_cast<std::size_t>(choice) - 1].item : get_id<ItemId>(in));
    const std::span<float> own = features.own;
    get_row(in, own.subspan(i * width, width), i == 0 ? std::span<const float>{} : std::span<const float>(own.subspan((i - 1) * width, width)), bytes);
  }
}

void put_custom_features(ByteWriter& out, const PlacementDecision& placement) {
  const LoggedFeatures& features = placement.features;
  out.varint(features.custom_columns.size());
  for (const std::uint64_t column : features.custom_columns) out.fixed(column, 8);
  if (features.custom_columns.empty()) return;
  const int bytes = value_bytes(features.custom, {});
  out.u8(static_cast<std::uint8_t>(bytes));
  put_row(out, features.custom, {}, bytes); // as many rows as section 3 has items
}

void get_custom_features(ByteReader& in, PlacementDecision& placement) {
  LoggedFeatures& features = placement.features;
  const std::size_t columns = in.count();
  if (columns == 0) return;
  for (std::size_t i = 0; i < columns && in.ok(); ++i) features.custom_columns.push_back(in.fixed(8));
  const int bytes = in.u8();
  const std::size_t values = columns * features.items.size();
  if (bytes < 3 || bytes > 4 || values > told_per_byte * in.left()) return in.refuse();
  features.custom.resize(values);
  get_row(in, features.custom, {}, bytes);
}

} // namespace takt::codec
