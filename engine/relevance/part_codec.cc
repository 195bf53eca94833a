#include "engine/relevance/part_codec.h"

#include <cmath>

namespace takt {
namespace {

/// Of 4 bytes each; more is not a vector but a damaged file.
constexpr std::uint64_t dimension_max = 4096;

} // namespace

void write_part(ByteWriter& out, const ItemWeights& weights) {
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

void write_part(ByteWriter& out, const SessionIndex& sessions) {
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

void write_factors(ByteWriter& out, const Factors& factors) {
  for (std::size_t row = 0; row < factors.rows(); ++row) out.raw({reinterpret_cast<const char*>(factors.row(row)), factors.dimension() * sizeof(float)});
}

std::optional<Factors> read_factors(ByteReader& in, std::size_t items, std::size_t dimension) {
  if (!in.ok() || dimension == 0 || dimension > dimension_max || in.left() / (dimension * sizeof(float)) < items) return std::nullopt;
  Factors rows(items, dimension);
  for (std::size_t row = 0; row < items; ++row)
    for (std::size_t d = 0; d < dimension; ++d) {
      rows.row(row)[d] = in.f32();
      if (!std::isfinite(rows.row(row)[d])) return std::nullopt;
    }
  return rows;
}

void write_part(ByteWriter& out, const IalsModel& model) {
  out.varint(model.items().dimension());
  for (const float number : {model.options().unseen_weight, model.options().lambda, model.options().nu}) out.f32(number);
  write_factors(out, model.items());
}

std::shared_ptr<const IalsModel> read_ials(ByteReader& in, std::size_t items) {
  IalsOptions options;
  options.dimension = static_cast<std::size_t>(in.varint());
  for (float* number : {&options.unseen_weight, &options.lambda, &options.nu}) *number = in.f32();
  const bool sound = options.unseen_weight >= 0 && options.lambda > 0 && std::isfinite(options.lambda) && std::isfinite(options.nu) && std::isfinite(options.unseen_weight);
  if (!sound) return nullptr;
  auto rows = read_factors(in, items, options.dimension);
  if (!rows) return nullptr;
  return std::make_shared<IalsModel>(std::move(*rows), options);
}

} // namespace takt
