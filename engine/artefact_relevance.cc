#include "engine/artefact_relevance.h"

#include "core/bytes.h"

#include <algorithm>
#include <cmath>

namespace takt::artefact {
namespace {

tl::unexpected<Error> corrupt(std::string why) { return fail(ErrorCode::corrupt, "relevance: " + std::move(why)); }

/// Of 4 bytes each; more is not a vector but a damaged file.
constexpr std::uint64_t dimension_max = 4096;
constexpr std::uint64_t half_life_max = 100ULL * 366 * 86'400; // a century of seconds

void write_weights(ByteWriter& out, const ItemWeights& weights) {
  for (std::uint32_t item = 0; item < weights.items(); ++item) {
    out.varint(weights.row(item).size());
    for (const WeightedItem& one : weights.row(item)) {
      out.varint(one.item);
      out.f32(one.weight);
    }
  }
}

std::shared_ptr<const ItemWeights> read_weights(ByteReader& in, std::size_t items) {
  auto weights = std::make_shared<ItemWeights>();
  std::vector<WeightedItem> row;
  for (std::size_t item = 0; item < items && in.ok(); ++item) {
    row.clear();
    for (std::size_t left = in.count(); left > 0 && in.ok(); --left) {
      const std::uint64_t other = in.varint();
      const float weight = in.f32();
      if (other >= items || !std::isfinite(weight)) return nullptr;
      row.push_back({static_cast<std::uint32_t>(other), weight});
    }
    weights->append_row(row);
  }
  return in.ok() ? weights : nullptr;
}

void write_sessions(ByteWriter& out, const SessionIndex& sessions) {
  const SessionKnnOptions& options = sessions.options();
  for (const std::size_t number : {options.sessions_per_item_max, options.neighbours_max, options.items_max}) out.varint(number);
  for (const float number : {options.recency_steps, options.distance_steps, options.before_weight, sessions.repeat_share()}) out.f32(number);
  out.varint(sessions.sessions());
  for (std::uint32_t session = 0; session < sessions.sessions(); ++session) {
    out.varint(sessions.items_of(session).size());
    for (const SessionItem& one : sessions.items_of(session)) {
      out.varint(one.item);
      out.varint(one.moment);
    }
  }
}

std::shared_ptr<const SessionIndex> read_sessions(ByteReader& in, std::size_t items) {
  SessionKnnOptions options;
  float repeat_share = 0;
  for (std::size_t* number : {&options.sessions_per_item_max, &options.neighbours_max, &options.items_max}) *number = static_cast<std::size_t>(in.varint());
  for (float* number : {&options.recency_steps, &options.distance_steps, &options.before_weight, &repeat_share}) *number = in.f32();
  const auto is_sound = [](float number) { return number >= 0 && std::isfinite(number); };
  if (!(options.recency_steps > 0) || !(options.distance_steps > 0) || !is_sound(options.recency_steps) || !is_sound(options.distance_steps) ||
      !is_sound(options.before_weight) || !is_sound(repeat_share))
    return nullptr;
  std::vector<std::size_t> begin{0};
  std::vector<SessionItem> all;
  for (std::size_t left_sessions = in.count(); left_sessions > 0 && in.ok(); --left_sessions) {
    for (std::size_t left = in.count(); left > 0 && in.ok(); --left) {
      const std::uint64_t item = in.varint(), moment = in.varint();
      if (item >= items || moment > UINT32_MAX) return nullptr;
      all.push_back({static_cast<std::uint32_t>(item), static_cast<std::uint32_t>(moment)});
    }
    begin.push_back(all.size());
  }
  if (!in.ok()) return nullptr;
  return std::make_shared<SessionIndex>(std::move(begin), std::move(all), items, repeat_share, options);
}

void write_factors(ByteWriter& out, const IalsModel& model) {
  const Factors& rows = model.items();
  out.varint(rows.dimension());
  for (const float number : {model.options().unseen_weight, model.options().lambda, model.options().nu}) out.f32(number);
  for (std::size_t row = 0; row < rows.rows(); ++row) out.raw({reinterpret_cast<const char*>(rows.row(row)), rows.dimension() * sizeof(float)});
}

std::shared_ptr<const IalsModel> read_factors(ByteReader& in, std::size_t items) {
  IalsOptions options;
  const std::uint64_t dimension = in.varint();
  for (float* number : {&options.unseen_weight, &options.lambda, &options.nu}) *number = in.f32();
  const bool sound = options.unseen_weight >= 0 && options.lambda > 0 && std::isfinite(options.lambda) && std::isfinite(options.nu) && std::isfinite(options.unseen_weight);
  if (!in.ok() || !sound || dimension == 0 || dimension > dimension_max || in.left() / (dimension * sizeof(float)) < items) return nullptr;
  options.dimension = static_cast<std::size_t>(dimension);
  Factors rows(items, options.dimension);
  for (std::size_t row = 0; row < items; ++row)
    for (std::size_t d = 0; d < options.dimension; ++d) {
      rows.row(row)[d] = in.f32();
      if (!std::isfinite(rows.row(row)[d])) return nullptr;
    }
  return std::make_shared<IalsModel>(std::move(rows), options);
}

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
  const auto put = [&](const auto& part, auto&& write) {
    out.u8(part ? 1 : 0);
    if (part) write(out, *part);
  };
  put(parts.ease, write_weights);
  put(parts.sessions, write_sessions);
  put(parts.ials, write_factors);
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
  get(parts.ials, read_factors);
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
