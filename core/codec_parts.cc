#include "core/codec_parts.h"

#include <algorithm>
#include <string>

namespace takt::codec {

Bytes16 get_bytes16(ByteReader& in) {
  Bytes16 bytes{};
  const std::string_view raw = in.raw(bytes.size());
  std::copy(raw.begin(), raw.end(), bytes.begin());
  return bytes;
}

void put_optional_time(ByteWriter& out, const std::optional<UtcTime>& t, UtcTime base) {
  put_bool(out, t.has_value());
  if (t) put_time(out, *t, base);
}

std::optional<UtcTime> get_optional_time(ByteReader& in, UtcTime base) {
  if (!get_bool(in)) return std::nullopt;
  return get_time(in, base);
}

void put_symbols(ByteWriter& out, std::span<const Symbol> symbols) {
  put_list(out, symbols, [&](Symbol symbol) { put_symbol(out, symbol); });
}

void get_symbols(ByteReader& in, SymbolList& symbols) {
  const std::size_t count = in.count();
  symbols.clear();
  symbols.reserve(count);
  for (std::size_t i = 0; i < count && in.ok(); ++i) symbols.push_back(get_symbol(in));
}

void put_identity(ByteWriter& out, const Identity& identity) {
  put_enum(out, identity.kind);
  out.text(identity.value);
}

void get_identity(ByteReader& in, Identity& identity) {
  identity.kind = get_enum(in, IdentityKind::anonymous);
  identity.value = in.text();
}

void put_trait(ByteWriter& out, const Trait& trait, UtcTime base) {
  out.text(trait.name);
  out.text(trait.value_json);
  put_time(out, trait.at, base);
}

void get_trait(ByteReader& in, Trait& trait, UtcTime base) {
  trait.name = in.text();
  trait.value_json = in.text();
  trait.at = get_time(in, base);
}

void put_consent(ByteWriter& out, const Consent& consent, UtcTime base) {
  put_enum(out, consent.purpose);
  put_symbol(out, consent.channel);
  put_bool(out, consent.granted);
  put_time(out, consent.at, base);
}

void get_consent(ByteReader& in, Consent& consent, UtcTime base) {
  consent.purpose = get_enum(in, Purpose::service);
  consent.channel = get_symbol(in);
  consent.granted = get_bool(in);
  consent.at = get_time(in, base);
}

void put_zone(ByteWriter& out, const ZoneSpan& zone, UtcTime base) {
  put_time(out, zone.from, base);
  put_symbol(out, zone.zone);
}

void get_zone(ByteReader& in, ZoneSpan& zone, UtcTime base) {
  zone.from = get_time(in, base);
  zone.zone = get_symbol(in);
}

namespace {
// Which of the optional parts of a journey event follow.
constexpr std::uint8_t has_name = 1, has_item = 2, has_group = 4, has_category = 8, has_brand = 16, has_channel = 32, has_dwell = 64, has_weight = 128;
constexpr float whole_weight = 1.0F;
// The kind takes the lower five bits of its byte, the device the upper three: bytes from before there was one say "unknown".
constexpr unsigned kind_bits = 5;
constexpr auto kind_mask = static_cast<std::uint8_t>((1U << kind_bits) - 1);
static_assert(static_cast<std::uint8_t>(JourneyKind::message_click) <= kind_mask && device_count <= 8);
} // namespace

void put_journey_event(ByteWriter& out, const JourneyEvent& event, UtcTime base) {
  const auto bit = [](bool is_there, std::uint8_t value) { return is_there ? value : std::uint8_t{0}; };
  const auto flags = static_cast<std::uint8_t>(
      bit(event.name != Symbol::none, has_name) | bit(event.item != Symbol::none, has_item) | bit(event.group != Symbol::none, has_group) |
      bit(event.category != Symbol::none, has_category) | bit(event.brand != Symbol::none, has_brand) |
      bit(event.channel != Symbol::none, has_channel) | bit(event.dwell_ms.has_value(), has_dwell) | bit(event.weight != whole_weight, has_weight));
  out.u8(static_cast<std::uint8_t>(static_cast<unsigned>(event.kind) | static_cast<unsigned>(event.device) << kind_bits));
  out.u8(flags);
  put_time(out, event.at, base);
  out.varint(event.session);
  for (const Symbol symbol : {event.name, event.item, event.group, event.category, event.brand, event.channel})
    if (symbol != Symbol::none) put_symbol(out, symbol);
  if (event.dwell_ms) out.varint(*event.dwell_ms);
  if (flags & has_weight) out.f32(event.weight);
}

void get_journey_event(ByteReader& in, JourneyEvent& event, UtcTime base) {
  const std::uint8_t what = in.u8();
  event.kind = static_cast<JourneyKind>(what & kind_mask);
  event.device = static_cast<Device>(what >> kind_bits);
  if (event.kind > JourneyKind::message_click || event.device > Device::other) in.refuse();
  const std::uint8_t flags = in.u8();
  event.at = get_time(in, base);
  event.session = get_number<std::uint32_t>(in);
  if (flags & has_name) event.name = get_symbol(in);
  if (flags & has_item) event.item = get_symbol(in);
  if (flags & has_group) event.group = get_symbol(in);
  if (flags & has_category) event.category = get_symbol(in);
  if (flags & has_brand) event.brand = get_symbol(in);
  if (flags & has_channel) event.channel = get_symbol(in);
  if (flags & has_dwell) event.dwell_ms = get_number<std::uint32_t>(in);
  if (flags & has_weight) event.weight = in.f32();
}

void put_order_line(ByteWriter& out, const OrderLine& line) {
  put_symbol(out, line.item);
  put_symbol(out, line.group);
  put_symbols(out, line.category);
  out.svarint(line.quantity);
  out.svarint(line.price_micros);
}

void get_order_line(ByteReader& in, OrderLine& line) {
  line.item = get_symbol(in);
  line.group = get_symbol(in);
  get_symbols(in, line.category);
  line.quantity = get_int32(in);
  line.price_micros = in.svarint();
}

void put_order(ByteWriter& out, const Order& order, UtcTime base) {
  put_symbol(out, order.order_id);
  put_time(out, order.at, base);
  put_list(out, order.lines, [&](const OrderLine& line) { put_order_line(out, line); });
  put_list(out, order.refunded_at, [&](UtcTime at) { put_time(out, at, order.at); });
}

void get_order(ByteReader& in, Order& order, UtcTime base, std::uint8_t format) {
  order.order_id = get_symbol(in);
  order.at = get_time(in, base);
  get_list(in, order.lines, 5, [&](OrderLine& line) { get_order_line(in, line); });
  if (format >= 1) get_list(in, order.refunded_at, 1, [&](UtcTime& at) { at = get_time(in, order.at); });
}

void put_switch(ByteWriter& out, const Fact::Switch& one, UtcTime base) {
  put_time(out, one.at, base);
  put_bool(out, one.on);
  put_optional_time(out, one.expires_at, one.at);
}

void get_switch(ByteReader& in, Fact::Switch& one, UtcTime base) {
  one.at = get_time(in, base);
  one.on = get_bool(in);
  one.expires_at = get_optional_time(in, one.at);
}

void put_dismissal(ByteWriter& out, const Dismissal& dismissal, UtcTime base) {
  put_exposure_id(out, dismissal.id);
  put_enum(out, dismissal.scope);
  put_symbol(out, dismissal.label);
  put_time(out, dismissal.at, base);
  put_optional_time(out, dismissal.until, dismissal.at);
}

void get_dismissal(ByteReader& in, Dismissal& dismissal, UtcTime base) {
  dismissal.id = get_exposure_id(in);
  dismissal.scope = get_enum(in, Dismissal::Scope::group);
  dismissal.label = get_symbol(in);
  dismissal.at = get_time(in, base);
  dismissal.until = get_optional_time(in, dismissal.at);
}

void put_request_mark(ByteWriter& out, const RequestMark& mark, UtcTime base) {
  out.fixed(mark.request, 8);
  out.fixed(mark.body, 8);
  put_bytes16(out, mark.decision.bytes);
  put_time(out, mark.until, base);
}

void get_request_mark(ByteReader& in, RequestMark& mark, UtcTime base) {
  mark.request = in.fixed(8);
  mark.body = in.fixed(8);
  mark.decision.bytes = get_bytes16(in);
  mark.until = get_time(in, base);
}

Result<std::uint8_t> get_format(ByteReader& in, std::uint8_t newest, std::string_view what) {
  if (in.done()) return fail(ErrorCode::corrupt, std::string(what) + ": no bytes");
  const std::uint8_t format = in.u8();
  if (format > newest)
    return fail(ErrorCode::corrupt, std::string(what) + ": format " + std::to_string(format) + " is newer than this build knows (" +
                                        std::to_string(newest) + ")");
  return format;
}

} // namespace takt::codec
