#pragma once
/// What the parts of the decision log's bytes share; only decision_codec.cc, choice_codec.cc and request_codec.cc include this.
#include "core/codec_parts.h"
#include "core/decision.h"

#include <limits>
#include <string>
#include <utility>

namespace takt::codec {

template <class Tag>
void put_id(ByteWriter& out, const Id<Tag>& id) {
  out.text(id.text());
}
template <class IdType>
IdType get_id(ByteReader& in) {
  const std::string_view text = in.text();
  if (text.empty()) return {}; // as it was: a value nobody set
  auto id = IdType::parse(text);
  if (id) return std::move(*id);
  in.refuse();
  return {};
}

inline void put_score(ByteWriter& out, const std::optional<double>& value) {
  put_bool(out, value.has_value());
  if (value) out.f64(*value);
}
inline std::optional<double> get_score(ByteReader& in) {
  if (!get_bool(in)) return std::nullopt;
  return in.f64();
}

inline void put_optional_number(ByteWriter& out, const std::optional<std::uint32_t>& value) { // 0 = none: the number itself is one more
  out.varint(value ? std::uint64_t{*value} + 1 : 0);
}
inline std::optional<std::uint32_t> get_optional_number(ByteReader& in) {
  const std::uint64_t value = in.varint();
  if (value == 0) return std::nullopt;
  if (value - 1 <= std::numeric_limits<std::uint32_t>::max()) return static_cast<std::uint32_t>(value - 1);
  in.refuse();
  return std::nullopt;
}

inline void put_texts(ByteWriter& out, const std::vector<std::string>& texts) {
  put_list(out, texts, [&](const std::string& text) { out.text(text); });
}
inline void get_texts(ByteReader& in, std::vector<std::string>& texts) {
  get_list(in, texts, 1, [&](std::string& text) { text = in.text(); });
}
inline void put_ids(ByteWriter& out, const std::vector<ItemId>& ids) {
  put_list(out, ids, [&](const ItemId& id) { put_id(out, id); });
}
inline void get_ids(ByteReader& in, std::vector<ItemId>& ids) {
  get_list(in, ids, 1, [&](ItemId& id) { id = get_id<ItemId>(in); });
}

// ---- choice_codec.cc
void put_reasons(ByteWriter& out, const std::vector<Reason>& reasons, UtcTime base);
void get_reasons(ByteReader& in, std::vector<Reason>& reasons, UtcTime base);
void put_choices(ByteWriter& out, const std::vector<Choice>& choices, UtcTime base);
void get_choices(ByteReader& in, std::vector<Choice>& choices, UtcTime base, std::uint8_t format);
/// Rows name the choice they belong to: choices are read before them.
void put_features(ByteWriter& out, const PlacementDecision& placement);
void get_features(ByteReader& in, PlacementDecision& placement);
/// The configured columns beside them, after get_features: there are as many rows as items.
void put_custom_features(ByteWriter& out, const PlacementDecision& placement);
void get_custom_features(ByteReader& in, PlacementDecision& placement);

// ---- request_codec.cc
void put_request(ByteWriter& out, const DecisionRequest& request);
void get_request(ByteReader& in, DecisionRequest& request);

} // namespace takt::codec
