#include "engine/artefact_fatigue.h"

#include "core/bytes.h"

#include <cmath>

namespace takt::artefact {
namespace {

constexpr std::uint8_t doubts_count = static_cast<std::uint8_t>(FatigueDoubt::flat_profile) + 1;
constexpr std::uint8_t pers_count = static_cast<std::uint8_t>(Per::all) + 1;
/// Beyond that (1+F)^−β is no wear-out but a wall.
constexpr double beta_max = 10;

void write_doubts(ByteWriter& out, const std::vector<FatigueDoubt>& doubts) {
  out.varint(doubts.size());
  for (const FatigueDoubt doubt : doubts) out.u8(static_cast<std::uint8_t>(doubt));
}

std::vector<FatigueDoubt> read_doubts(ByteReader& in) {
  std::vector<FatigueDoubt> doubts;
  for (std::size_t left = in.count(); left > 0 && in.ok(); --left) {
    const std::uint8_t doubt = in.u8();
    if (doubt >= doubts_count) in.refuse();
    doubts.push_back(static_cast<FatigueDoubt>(doubt));
  }
  return doubts;
}

double read_number(ByteReader& in) {
  const double value = in.f64();
  if (!std::isfinite(value)) in.refuse();
  return value;
}

void write_estimate(ByteWriter& out, const FatigueEstimate& estimate) {
  for (const double value : {estimate.value, estimate.low, estimate.high, estimate.error}) out.f64(value);
  write_doubts(out, estimate.doubts);
}

FatigueEstimate read_estimate(ByteReader& in) {
  FatigueEstimate estimate;
  for (double* value : {&estimate.value, &estimate.low, &estimate.high, &estimate.error}) *value = read_number(in);
  if (!(estimate.value >= 0 && estimate.value <= beta_max && estimate.error >= 0)) in.refuse();
  estimate.doubts = read_doubts(in);
  return estimate;
}

void write_points(ByteWriter& out, const FatigueModel& fatigue) {
  out.varint(fatigue.profile.size());
  for (const HalfLifeProfile& one : fatigue.profile) {
    out.svarint(one.half_life.count());
    out.f64(one.distance);
  }
  out.varint(fatigue.points.size());
  for (const FatiguePoint& point : fatigue.points) {
    out.varint(point.exposures);
    for (const double value : {point.observed, point.low, point.high, point.fitted, point.sights, point.responses}) out.f64(value);
  }
}

void read_points(ByteReader& in, FatigueModel& fatigue) {
  for (std::size_t left = in.count(); left > 0 && in.ok(); --left) {
    HalfLifeProfile& one = fatigue.profile.emplace_back();
    one.half_life = Duration(in.svarint());
    one.distance = read_number(in);
  }
  for (std::size_t left = in.count(); left > 0 && in.ok(); --left) {
    FatiguePoint& point = fatigue.points.emplace_back();
    point.exposures = static_cast<std::uint32_t>(in.varint());
    for (double* value : {&point.observed, &point.low, &point.high, &point.fitted, &point.sights, &point.responses}) *value = read_number(in);
  }
}

} // namespace

std::string encode_fatigue(const FatigueModel& fatigue, const SymbolTable& symbols) {
  ByteWriter out;
  out.varint(fatigue.kinds.size());
  for (const FatigueOfKind& kind : fatigue.kinds) {
    out.u8(static_cast<std::uint8_t>(kind.per));
    write_estimate(out, kind.beta);
  }
  out.varint(fatigue.by_category.size());
  for (const auto& [category, estimate] : fatigue.by_category) {
    out.text(symbols.name(category));
    write_estimate(out, estimate);
  }
  for (const Duration length : {fatigue.half_life, fatigue.half_life_low, fatigue.half_life_high}) out.svarint(length.count());
  write_doubts(out, fatigue.half_life_doubts);
  write_points(out, fatigue);
  out.u8(fatigue.observational ? 1 : 0);
  for (const std::uint64_t count : {std::uint64_t{fatigue.exposures_max}, fatigue.sights, fatigue.drawn, fatigue.customers}) out.varint(count);
  out.f64(fatigue.responses);
  return out.take();
}

Result<std::shared_ptr<const FatigueModel>> decode_fatigue(std::string_view bytes, SymbolTable& symbols) {
  ByteReader in(bytes);
  auto fatigue = std::make_shared<FatigueModel>();
  for (std::size_t left = in.count(); left > 0 && in.ok(); --left) {
    const std::uint8_t per = in.u8();
    if (per >= pers_count) in.refuse();
    fatigue->kinds.push_back({static_cast<Per>(per), read_estimate(in)});
  }
  for (std::size_t left = in.count(); left > 0 && in.ok(); --left) {
    const Symbol category = symbols.intern(in.text());
    if (category == Symbol::none || !fatigue->by_category.emplace(category, read_estimate(in)).second) return fail(ErrorCode::corrupt, "fatigue: a category is unnamed or there twice");
  }
  for (Duration* length : {&fatigue->half_life, &fatigue->half_life_low, &fatigue->half_life_high}) *length = Duration(in.svarint());
  fatigue->half_life_doubts = read_doubts(in);
  read_points(in, *fatigue);
  fatigue->observational = in.u8() != 0;
  fatigue->exposures_max = static_cast<std::uint32_t>(in.varint());
  for (std::uint64_t* count : {&fatigue->sights, &fatigue->drawn, &fatigue->customers}) *count = in.varint();
  fatigue->responses = read_number(in);
  if (!in.ok() || !in.done() || fatigue->half_life <= Duration{0}) return fail(ErrorCode::corrupt, "fatigue: the file is damaged");
  return fatigue;
}

} // namespace takt::artefact
