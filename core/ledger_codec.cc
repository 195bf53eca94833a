#include "core/codec_parts.h"

namespace takt::codec {

namespace {

// LabelSet: parts that equal those of the set before it are left out.
constexpr std::uint8_t same_kind = 1, own_group = 2, same_brand = 4, same_campaign = 8, same_purpose = 16, same_channel = 32,
                       same_placement = 64, same_category = 128;

// Entry: bits 0-1 how the origin is told, 6-7 EntryOrigin, and what equals the entry before it.
constexpr std::uint8_t origin_bits = 3, origin_same = 0, origin_own_decision = 1, origin_raw = 2;
constexpr std::uint8_t same_entry_placement = 4, same_term = 8, same_session = 16, same_identities = 32;
constexpr int entry_origin_shift = 6;

// Mark: bits 0-2 kind.
constexpr std::uint8_t mark_kind_bits = 7, mark_same_session = 8, mark_has_event = 16, mark_arrived_late = 32;

// A list is shared with its neighbour only while it is short: else few bytes could demand much memory.
constexpr std::size_t shared_list_max = 16;
bool can_share(const SymbolList& list, const SymbolList& before) { return list.size() <= shared_list_max && list == before; }
void get_shared(ByteReader& in, SymbolList& list, const SymbolList& before) {
  if (before.size() > shared_list_max) return in.refuse();
  list = before;
}

std::uint8_t bit(bool is_set, std::uint8_t value) { return is_set ? value : std::uint8_t{0}; }

/// make_decision_id for the context's customer, without hashing them again. Layout: core/id.h.
Bytes16 own_decision(const EntryContext& context, UtcTime granted_at, std::uint32_t nonce) {
  Bytes16 bytes = context.own_decision;
  const auto ms = static_cast<std::uint64_t>(ms_of(granted_at));
  for (std::size_t i = 0; i < 6; ++i) bytes[5 - i] = static_cast<std::uint8_t>(ms >> (8 * i));
  for (std::size_t i = 0; i < 4; ++i) bytes[15 - i] = static_cast<std::uint8_t>(nonce >> (8 * i));
  return bytes;
}

std::uint32_t nonce_of(const Bytes16& decision) {
  std::uint32_t nonce = 0;
  for (std::size_t i = 12; i < 16; ++i) nonce = (nonce << 8) | decision[i];
  return nonce;
}

void put_duration(ByteWriter& out, Duration duration) { out.svarint(duration.count()); }
Duration get_duration(ByteReader& in) { return Duration{in.svarint()}; }

Duration between(UtcTime from, UtcTime to) { // wraps like put_time
  return Duration{static_cast<std::int64_t>(static_cast<std::uint64_t>(ms_of(to)) - static_cast<std::uint64_t>(ms_of(from)))};
}
UtcTime later(UtcTime t, Duration by) {
  return utc_from_ms(static_cast<std::int64_t>(static_cast<std::uint64_t>(ms_of(t)) + static_cast<std::uint64_t>(by.count())));
}

std::uint32_t add_session(std::uint32_t session, std::int64_t difference) { // wraps; ordinals are compared, never used as an index
  return static_cast<std::uint32_t>(session + static_cast<std::uint64_t>(difference));
}
std::int64_t session_difference(std::uint32_t from, std::uint32_t to) { return std::int64_t{to} - std::int64_t{from}; }

} // namespace

EntryContext::EntryContext(UtcTime base_time, CustomerId customer) : base(base_time) {
  if (customer) own_decision = make_decision_id(UtcTime{}, customer, 0).bytes;
}

void put_labels(ByteWriter& out, const LabelSet& labels, const LabelSet& before) {
  const auto flags = static_cast<std::uint8_t>(
      bit(labels.kind == before.kind, same_kind) | bit(labels.group == labels.item, own_group) | bit(labels.brand == before.brand, same_brand) |
      bit(labels.campaign == before.campaign, same_campaign) | bit(labels.purpose == before.purpose, same_purpose) |
      bit(labels.channel == before.channel && labels.medium == before.medium, same_channel) |
      bit(labels.placement == before.placement, same_placement) | bit(can_share(labels.category, before.category), same_category));
  out.u8(flags);
  put_symbol(out, labels.item);
  if (!(flags & same_kind)) put_symbol(out, labels.kind);
  if (!(flags & own_group)) put_symbol(out, labels.group);
  if (!(flags & same_brand)) put_symbol(out, labels.brand);
  if (!(flags & same_campaign)) put_symbol(out, labels.campaign);
  if (!(flags & same_purpose)) put_symbol(out, labels.purpose);
  if (!(flags & same_channel)) {
    put_symbol(out, labels.channel);
    put_enum(out, labels.medium);
  }
  if (!(flags & same_placement)) put_symbol(out, labels.placement);
  if (!(flags & same_category)) put_symbols(out, labels.category);
  put_symbols(out, labels.tags);
}

void get_labels(ByteReader& in, LabelSet& labels, const LabelSet& before) {
  const std::uint8_t flags = in.u8();
  labels.item = get_symbol(in);
  labels.kind = flags & same_kind ? before.kind : get_symbol(in);
  labels.group = flags & own_group ? labels.item : get_symbol(in);
  labels.brand = flags & same_brand ? before.brand : get_symbol(in);
  labels.campaign = flags & same_campaign ? before.campaign : get_symbol(in);
  labels.purpose = flags & same_purpose ? before.purpose : get_symbol(in);
  if (flags & same_channel) {
    labels.channel = before.channel;
    labels.medium = before.medium;
  } else {
    labels.channel = get_symbol(in);
    labels.medium = get_enum(in, Medium::human);
  }
  labels.placement = flags & same_placement ? before.placement : get_symbol(in);
  if (flags & same_category) {
    get_shared(in, labels.category, before.category);
  } else {
    get_symbols(in, labels.category);
  }
  get_symbols(in, labels.tags);
}

void put_exposure_id(ByteWriter& out, const ExposureId& id) {
  put_bytes16(out, id.origin);
  out.varint(id.placement);
  out.varint(id.slot);
}

ExposureId get_exposure_id(ByteReader& in) {
  ExposureId id;
  id.origin = get_bytes16(in);
  id.placement = get_number<std::uint16_t>(in);
  id.slot = get_number<std::uint16_t>(in);
  return id;
}

void put_mark(ByteWriter& out, const Mark& mark, UtcTime before, std::uint32_t session) {
  out.u8(static_cast<std::uint8_t>(static_cast<std::uint8_t>(mark.kind) | bit(mark.session == session, mark_same_session) |
                                   bit(mark.event != Symbol::none, mark_has_event) | bit(mark.arrived_late, mark_arrived_late)));
  put_time(out, mark.at, before);
  if (mark.session != session) out.svarint(session_difference(session, mark.session));
  if (mark.event != Symbol::none) put_symbol(out, mark.event);
}

void get_mark(ByteReader& in, Mark& mark, UtcTime before, std::uint32_t session) {
  const std::uint8_t flags = in.u8();
  if ((flags & mark_kind_bits) > static_cast<std::uint8_t>(MarkKind::event)) in.refuse();
  mark.kind = static_cast<MarkKind>(flags & mark_kind_bits);
  mark.at = get_time(in, before);
  mark.session = flags & mark_same_session ? session : add_session(session, in.svarint());
  if (flags & mark_has_event) mark.event = get_symbol(in);
  mark.arrived_late = (flags & mark_arrived_late) != 0;
}

void put_entry(ByteWriter& out, const Entry& entry, EntryContext& context) {
  const Duration reserved = between(entry.granted_at, entry.show_by);
  const Duration grace = between(entry.show_by, entry.expires_at);
  std::uint8_t origin = origin_raw;
  if (entry.id.origin == context.origin) {
    origin = origin_same;
  } else if (own_decision(context, entry.granted_at, nonce_of(entry.id.origin)) == entry.id.origin) {
    origin = origin_own_decision;
  }
  const auto flags = static_cast<std::uint8_t>(
      origin | bit(entry.id.placement == context.placement, same_entry_placement) |
      bit(reserved == context.reserved && grace == context.grace, same_term) | bit(entry.session == context.session, same_session) |
      bit(can_share(entry.identities, context.identities), same_identities) | static_cast<std::uint8_t>(entry.origin) << entry_origin_shift);
  out.u8(flags);
  put_time(out, entry.granted_at, context.base);
  if (origin == origin_own_decision) out.fixed(nonce_of(entry.id.origin), 4);
  if (origin == origin_raw) put_bytes16(out, entry.id.origin);
  if (!(flags & same_entry_placement)) out.varint(entry.id.placement);
  out.varint(entry.id.slot);
  out.varint(entry.labels);
  if (!(flags & same_term)) {
    put_duration(out, reserved);
    put_duration(out, grace);
  }
  if (!(flags & same_session)) out.svarint(session_difference(context.session, entry.session));
  if (!(flags & same_identities)) put_symbols(out, entry.identities);
  UtcTime before = entry.granted_at;
  put_list(out, entry.marks, [&](const Mark& mark) {
    put_mark(out, mark, before, entry.session);
    before = mark.at;
  });
  if (!(flags & same_identities)) context.identities = entry.identities;
  context.base = entry.granted_at;
  context.origin = entry.id.origin;
  context.placement = entry.id.placement;
  context.reserved = reserved;
  context.grace = grace;
  context.session = entry.session;
}

void get_entry(ByteReader& in, Entry& entry, EntryContext& context) {
  const std::uint8_t flags = in.u8();
  entry.origin = static_cast<EntryOrigin>(flags >> entry_origin_shift);
  entry.granted_at = context.base = get_time(in, context.base);
  switch (flags & origin_bits) {
    case origin_same: break;
    case origin_own_decision:
      context.origin = own_decision(context, entry.granted_at, static_cast<std::uint32_t>(in.fixed(4)));
      break;
    case origin_raw: context.origin = get_bytes16(in); break;
    default: in.refuse();
  }
  if (!(flags & same_entry_placement)) context.placement = get_number<std::uint16_t>(in);
  entry.id = {context.origin, context.placement, get_number<std::uint16_t>(in)};
  entry.labels = get_number<std::uint32_t>(in);
  if (!(flags & same_term)) {
    context.reserved = get_duration(in);
    context.grace = get_duration(in);
  }
  entry.show_by = later(entry.granted_at, context.reserved);
  entry.expires_at = later(entry.show_by, context.grace);
  if (!(flags & same_session)) context.session = add_session(context.session, in.svarint());
  entry.session = context.session;
  if (flags & same_identities) {
    get_shared(in, entry.identities, context.identities);
  } else {
    get_symbols(in, entry.identities);
    context.identities = entry.identities;
  }
  UtcTime before = entry.granted_at;
  get_list(in, entry.marks, 2, [&](Mark& mark) {
    get_mark(in, mark, before, entry.session);
    before = mark.at;
  });
}

void put_tally(ByteWriter& out, const Tally& tally, UtcTime base) {
  out.varint(tally.labels);
  put_enum(out, tally.counted);
  put_symbol(out, tally.event);
  put_bool(out, tally.unverified);
  out.varint(tally.count);
  put_time(out, tally.last, base);
  put_time(out, tally.first, tally.last);
}

void get_tally(ByteReader& in, Tally& tally, UtcTime base) {
  tally.labels = get_number<std::uint32_t>(in);
  tally.counted = get_enum(in, MarkKind::event);
  tally.event = get_symbol(in);
  tally.unverified = get_bool(in);
  tally.count = get_number<std::uint32_t>(in);
  tally.last = get_time(in, base);
  tally.first = get_time(in, tally.last);
}

} // namespace takt::codec
