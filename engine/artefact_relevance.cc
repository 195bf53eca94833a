#include "engine/artefact_relevance.h"

#include "core/bytes.h"
#include "engine/relevance/part_codec.h"

#include <algorithm>
#include <cmath>

namespace takt::artefact {
namespace {

tl::unexpected<Error> corrupt(std::string why) { return fail(ErrorCode::corrupt, "relevance: " + std::move(why)); }

constexpr std::uint64_t half_life_max = 100ULL * 366 * 86'400; // a century of seconds

bool is_factor(float value) { return value > 0 && std::isfinite(value); }

} // namespace

std::string encode_relevance(const RelevanceModel* model, const SymbolTable& symbols) {
  ByteWriter out;
  out.varint(model ? model->parts().items.size() : 0);
  if (!model) return out.take();
  const RelevanceParts& parts = model->parts();
  for (const Symbol item : parts.items) out.text(symbols.name(item));
  for (const float weight : parts.weights) out.f32(weight);
  out.varint(static_cast<std::uint64_t>(parts.recent_half_life_seconds));
  const auto put = [&](const auto& part) {
    out.u8(part ? 1 : 0);
    if (part) write_part(out, *part);
  };
  put(parts.ease);
  put(parts.sessions);
  put(parts.ials);
  out.varint(parts.trend.size());
  for (const float factor : parts.trend) out.f32(factor);
  return out.take();
}

Result<std::shared_ptr<const RelevanceModel>> decode_relevance(std::string_view bytes, SymbolTable& symbols) {
  ByteReader in(bytes);
  RelevanceParts parts;
  const std::size_t items = in.count();
  SymbolMap<char> known;
  for (std::size_t i = 0; i < items && in.ok(); ++i) {
    parts.items.push_back(symbols.intern(in.text()));
    if (parts.items.back() == Symbol::none || !known.emplace(parts.items.back(), 1)) return corrupt("an item is unnamed or there twice");
  }
  if (in.ok() && items == 0 && in.done()) return nullptr;
  for (float& weight : parts.weights) weight = in.f32();
  parts.recent_half_life_seconds = static_cast<std::int64_t>(std::min<std::uint64_t>(in.varint(), half_life_max));
  bool sound = in.ok();
  const auto get = [&](auto& part, auto&& read) {
    if (!sound || in.u8() == 0) return;
    part = read(in, items);
    sound = part != nullptr;
  };
  get(parts.ease, read_weights);
  get(parts.sessions, read_sessions);
  get(parts.ials, read_ials);
  if (!sound || !in.ok()) return corrupt("a part is damaged");
  parts.trend.resize(in.count());
  for (float& factor : parts.trend) factor = in.f32();
  if (!in.ok() || !in.done()) return corrupt("the file does not end where it should");
  if (!parts.trend.empty() && (parts.trend.size() != items || !std::all_of(parts.trend.begin(), parts.trend.end(), is_factor))) return corrupt("the trend does not fit the items");
  if (!std::all_of(parts.weights.begin(), parts.weights.end(), [](float weight) { return weight >= 0 && std::isfinite(weight); })) return corrupt("a weight is not a number");
  const auto needs = [&](RelevancePart part) { return parts.weights[static_cast<std::size_t>(part)] > 0; };
  const bool complete = (!needs(RelevancePart::ease) && !needs(RelevancePart::ease_recent)) || parts.ease;
  if (!complete || (needs(RelevancePart::session_knn) && !parts.sessions) || (needs(RelevancePart::ials) && !parts.ials)) return corrupt("a part with a weight is missing");
  return std::make_shared<const RelevanceModel>(std::move(parts));
}

} // namespace takt::artefact
