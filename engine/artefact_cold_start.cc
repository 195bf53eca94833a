#include "engine/artefact_cold_start.h"

#include "core/bytes.h"

#include <algorithm>
#include <limits>

namespace takt::artefact {
namespace {

void write_segment(ByteWriter& out, const SegmentPopularity& one, const SymbolTable& symbols) {
  out.text(one.segment.has_territory() ? std::string_view(one.segment.territory.data(), one.segment.territory.size()) : std::string_view{});
  out.text(symbols.name(one.segment.channel));
  out.u8(static_cast<std::uint8_t>(one.segment.device));
  out.varint(one.best.size());
  for (const ScoredSymbol& item : one.best) {
    out.text(symbols.name(item.item));
    out.f32(item.score);
  }
}

/// False where something in it cannot be.
bool read_segment(ByteReader& in, SymbolTable& symbols, SegmentPopularity& one) {
  const std::string_view territory = in.text();
  if (!territory.empty() && territory.size() != one.segment.territory.size()) return false;
  one.segment.set_territory(territory);
  one.segment.channel = symbols.intern(in.text());
  const std::uint8_t device = in.u8();
  if (device >= device_count) return false;
  one.segment.device = static_cast<Device>(device);
  float before = 1;
  for (std::size_t left = in.count(); left > 0 && in.ok(); --left) {
    const Symbol item = symbols.intern(in.text());
    const float score = in.f32();
    if (item == Symbol::none || one.score_of.contains(item) || !(score >= 0 && score <= before)) return false; // NaN too
    before = score;
    one.best.push_back({item, score});
    one.score_of.emplace(item, score);
  }
  return in.ok() && one.segment != Segment{};
}

} // namespace

std::string encode_cold_start(const ColdStart& cold_start, const SymbolTable& symbols) {
  ByteWriter out;
  out.varint(cold_start.segments.size());
  for (const SegmentPopularity& one : cold_start.segments) write_segment(out, one, symbols);
  out.varint(cold_start.impressions.size());
  for (std::uint32_t place = 1; place <= symbols.size(); ++place) {
    const std::uint32_t* impressions = cold_start.impressions.find(Symbol{place});
    if (!impressions) continue;
    out.text(symbols.name(Symbol{place}));
    out.varint(*impressions);
  }
  return out.take();
}

Status decode_cold_start(std::string_view bytes, SymbolTable& symbols, ColdStart& cold_start) {
  ByteReader in(bytes);
  for (std::size_t left = in.count(); left > 0 && in.ok(); --left) {
    SegmentPopularity one;
    if (!read_segment(in, symbols, one)) return fail(ErrorCode::corrupt, "cold_start: a segment is damaged");
    cold_start.segments.push_back(std::move(one));
  }
  auto& segments = cold_start.segments; // symbols are numbered anew here, so their order is too
  std::sort(segments.begin(), segments.end(), [](const SegmentPopularity& a, const SegmentPopularity& b) { return a.segment < b.segment; });
  for (std::size_t i = 1; i < segments.size(); ++i)
    if (segments[i].segment == segments[i - 1].segment) return fail(ErrorCode::corrupt, "cold_start: a segment is there twice");
  for (std::size_t left = in.count(); left > 0 && in.ok(); --left) {
    const Symbol item = symbols.intern(in.text());
    const std::uint64_t impressions = in.varint();
    if (item == Symbol::none || impressions > std::numeric_limits<std::uint32_t>::max() || !cold_start.impressions.emplace(item, static_cast<std::uint32_t>(impressions)))
      return fail(ErrorCode::corrupt, "cold_start: a number of impressions is out of range, unnamed or there twice");
  }
  if (!in.ok() || !in.done()) return fail(ErrorCode::corrupt, "cold_start: the file does not end where it should");
  return {};
}

} // namespace takt::artefact
