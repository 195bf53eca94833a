#pragma once
/// Bytes of the values that records and deltas share; only *_codec.cc include this. Layout: docs/formats.md. `put` and `get`
/// mirror each other line by line. Times are differences to `base`; a get that meets an impossible value refuses its reader.
#include "core/bytes.h"
#include "core/delta.h"

#include <limits>
#include <optional>
#include <vector>

namespace takt::codec {

// ---- numbers
/// Differences wrap: any two instants have one, and undoing it is exact even for bytes nobody wrote.
inline void put_time(ByteWriter& out, UtcTime t, UtcTime base) {
  out.svarint(static_cast<std::int64_t>(static_cast<std::uint64_t>(ms_of(t)) - static_cast<std::uint64_t>(ms_of(base))));
}
inline UtcTime get_time(ByteReader& in, UtcTime base) {
  return utc_from_ms(static_cast<std::int64_t>(static_cast<std::uint64_t>(ms_of(base)) + static_cast<std::uint64_t>(in.svarint())));
}
template <class Unsigned>
Unsigned get_number(ByteReader& in) {
  const std::uint64_t value = in.varint();
  if (value <= std::numeric_limits<Unsigned>::max()) return static_cast<Unsigned>(value);
  in.refuse();
  return 0;
}
inline std::int32_t get_int32(ByteReader& in) {
  const std::int64_t value = in.svarint();
  if (value >= std::numeric_limits<std::int32_t>::min() && value <= std::numeric_limits<std::int32_t>::max()) return static_cast<std::int32_t>(value);
  in.refuse();
  return 0;
}
inline void put_symbol(ByteWriter& out, Symbol symbol) { out.varint(static_cast<std::uint64_t>(symbol)); }
inline Symbol get_symbol(ByteReader& in) { return static_cast<Symbol>(get_number<std::uint32_t>(in)); }
inline void put_bool(ByteWriter& out, bool value) { out.u8(value ? 1 : 0); }
inline bool get_bool(ByteReader& in) {
  const std::uint8_t value = in.u8();
  if (value > 1) in.refuse();
  return value == 1;
}
template <class Enum>
void put_enum(ByteWriter& out, Enum value) {
  out.u8(static_cast<std::uint8_t>(value));
}
/// `last` is the largest value this build knows.
template <class Enum>
Enum get_enum(ByteReader& in, Enum last) {
  const std::uint8_t value = in.u8();
  if (value <= static_cast<std::uint8_t>(last)) return static_cast<Enum>(value);
  in.refuse();
  return Enum{};
}
inline void put_bytes16(ByteWriter& out, const Bytes16& bytes) { out.raw({reinterpret_cast<const char*>(bytes.data()), bytes.size()}); }
Bytes16 get_bytes16(ByteReader& in);
void put_optional_time(ByteWriter& out, const std::optional<UtcTime>& t, UtcTime base);
std::optional<UtcTime> get_optional_time(ByteReader& in, UtcTime base);

// ---- lists
template <class List, class Put>
void put_list(ByteWriter& out, const List& list, Put put_one) {
  out.varint(list.size());
  for (const auto& one : list) put_one(one);
}
/// `bytes_min`: the least that one element takes, so that a list is never reserved beyond what the input can hold. `room`: places more.
template <class List, class Get>
void get_list(ByteReader& in, List& list, std::size_t bytes_min, Get get_one, std::size_t room = 0) {
  const std::size_t count = in.count();
  if (count > in.left() / bytes_min) return in.refuse();
  list.clear();
  list.reserve(count + room);
  for (std::size_t i = 0; i < count && in.ok(); ++i) get_one(list.emplace_back());
}
void put_symbols(ByteWriter& out, std::span<const Symbol> symbols);
void get_symbols(ByteReader& in, SymbolList& symbols);

// ---- the ledger: ledger_codec.cc
/// What the entry before it said, so that one which says the same takes a bit.
struct EntryContext {
  EntryContext(UtcTime base_time, CustomerId customer); ///< customer: whose decisions are told by their nonce alone; 0 = nobody's
  UtcTime base;
  Bytes16 own_decision{};          ///< partition and tag of the customer's decisions; time and nonce are zero
  Bytes16 origin{};
  std::uint16_t placement = 0;
  Duration reserved{};             ///< show_by - granted_at
  Duration grace{};                ///< expires_at - show_by
  std::uint32_t session = 0;
  SymbolList identities;
};
void put_labels(ByteWriter& out, const LabelSet& labels, const LabelSet& before);
void get_labels(ByteReader& in, LabelSet& labels, const LabelSet& before);
void put_entry(ByteWriter& out, const Entry& entry, EntryContext& context);
void get_entry(ByteReader& in, Entry& entry, EntryContext& context);
void put_mark(ByteWriter& out, const Mark& mark, UtcTime before, std::uint32_t session);
void get_mark(ByteReader& in, Mark& mark, UtcTime before, std::uint32_t session);
void put_tally(ByteWriter& out, const Tally& tally, UtcTime base);
void get_tally(ByteReader& in, Tally& tally, UtcTime base);
void put_exposure_id(ByteWriter& out, const ExposureId& id);
ExposureId get_exposure_id(ByteReader& in);

// ---- everything else: codec_parts.cc
void put_identity(ByteWriter& out, const Identity& identity);
void get_identity(ByteReader& in, Identity& identity);
void put_trait(ByteWriter& out, const Trait& trait, UtcTime base);
void get_trait(ByteReader& in, Trait& trait, UtcTime base);
void put_consent(ByteWriter& out, const Consent& consent, UtcTime base);
void get_consent(ByteReader& in, Consent& consent, UtcTime base);
void put_zone(ByteWriter& out, const ZoneSpan& zone, UtcTime base);
void get_zone(ByteReader& in, ZoneSpan& zone, UtcTime base);
void put_journey_event(ByteWriter& out, const JourneyEvent& event, UtcTime base);
void get_journey_event(ByteReader& in, JourneyEvent& event, UtcTime base);
void put_order_line(ByteWriter& out, const OrderLine& line);
void get_order_line(ByteReader& in, OrderLine& line);
/// Refunds of an order exist since format 1.
void put_order(ByteWriter& out, const Order& order, UtcTime base);
void get_order(ByteReader& in, Order& order, UtcTime base, std::uint8_t format);
void put_switch(ByteWriter& out, const Fact::Switch& one, UtcTime base);
void get_switch(ByteReader& in, Fact::Switch& one, UtcTime base);
void put_dismissal(ByteWriter& out, const Dismissal& dismissal, UtcTime base);
void get_dismissal(ByteReader& in, Dismissal& dismissal, UtcTime base);
void put_request_mark(ByteWriter& out, const RequestMark& mark, UtcTime base);
void get_request_mark(ByteReader& in, RequestMark& mark, UtcTime base);

/// The first byte of everything that is stored. Errors: corrupt.
Result<std::uint8_t> get_format(ByteReader& in, std::uint8_t newest, std::string_view what);

} // namespace takt::codec
