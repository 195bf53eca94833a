#include "core/codec_parts.h"
#include "core/record_codec.h"

#include <string>
#include <utility>

namespace takt {

namespace {

using namespace codec;

// The tag of an operation is its place in the variant. Both only grow at the end: this list is the format.
template <std::size_t tag, class Op>
constexpr bool has_tag = std::is_same_v<std::variant_alternative_t<tag, Operation>, Op>;
static_assert(has_tag<0, op::Found> && has_tag<1, op::Link> && has_tag<2, op::Unlink> && has_tag<3, op::Activity> && has_tag<4, op::Grant> &&
              has_tag<5, op::Elsewhere> && has_tag<6, op::AddMark> && has_tag<7, op::Release> && has_tag<8, op::Journey> &&
              has_tag<9, op::SetTrait> && has_tag<10, op::SetConsent> && has_tag<11, op::SetZone> && has_tag<12, op::SetLocale> &&
              has_tag<13, op::SetAccountGroup> && has_tag<14, op::PutOrder> && has_tag<15, op::Refund> && has_tag<16, op::SwitchFact> &&
              has_tag<17, op::Dismiss> && has_tag<18, op::Request> && has_tag<19, op::Seal> && has_tag<20, op::Absorb> &&
              has_tag<21, op::Restate>);

struct OperationWriter {
  ByteWriter& out;
  UtcTime base;
  EntryContext& context;
  LabelSet& before;

  void labelled(const LabelSet& labels, const Entry& entry) const {
    put_labels(out, labels, before);
    before = labels;
    put_entry(out, entry, context);
  }
  void operator()(const op::Found& found) const {
    put_time(out, found.at, base);
    put_bool(out, found.is_bot);
  }
  void operator()(const op::Link& change) const {
    put_identity(out, change.identity);
    put_time(out, change.at, base);
  }
  void operator()(const op::Unlink& change) const { put_identity(out, change.identity); }
  void operator()(const op::Activity& activity) const { put_time(out, activity.at, base); }
  void operator()(const op::Grant& grant) const { labelled(grant.labels, grant.entry); }
  void operator()(const op::Elsewhere& seen) const { labelled(seen.labels, seen.entry); }
  void operator()(const op::AddMark& change) const {
    put_exposure_id(out, change.id);
    put_mark(out, change.mark, base, 0);
  }
  void operator()(const op::Release& change) const {
    put_bytes16(out, change.decision.bytes);
    put_time(out, change.at, base);
  }
  void operator()(const op::Journey& journey) const {
    put_journey_event(out, journey.event, base);
    put_symbols(out, journey.category);
    put_symbols(out, journey.tags);
  }
  void operator()(const op::SetTrait& change) const { put_trait(out, change.trait, base); }
  void operator()(const op::SetConsent& change) const { put_consent(out, change.consent, base); }
  void operator()(const op::SetZone& change) const { put_zone(out, change.zone, base); }
  void operator()(const op::SetLocale& change) const { put_symbol(out, change.locale); }
  void operator()(const op::SetAccountGroup& change) const { put_symbol(out, change.group); }
  void operator()(const op::PutOrder& change) const { put_order(out, change.order, base); }
  void operator()(const op::Refund& refund) const {
    put_symbol(out, refund.order_id);
    put_time(out, refund.at, base);
    put_list(out, refund.lines, [&](const OrderLine& line) { put_order_line(out, line); });
  }
  void operator()(const op::SwitchFact& change) const {
    put_symbol(out, change.name);
    put_symbol(out, change.key);
    put_symbol(out, change.source);
    put_switch(out, change.change, base);
  }
  void operator()(const op::Dismiss& change) const { put_dismissal(out, change.dismissal, base); }
  void operator()(const op::Request& change) const { put_request_mark(out, change.mark, base); }
  void operator()(const op::Seal& seal) const {
    out.fixed(seal.into.value, 8);
    put_time(out, seal.at, base);
  }
  void operator()(const op::Absorb& change) const {
    out.text(encode_record(change.record));
    put_time(out, change.at, base);
  }
  void operator()(const op::Restate& change) const {
    out.text(encode_record(change.record));
    out.fixed(change.other.value, 8);
    out.varint(change.as_of);
    put_bool(out, change.restored);
  }
};

struct OperationReader {
  ByteReader& in;
  UtcTime base;
  EntryContext& context;
  LabelSet& before;

  void labelled(LabelSet& labels, Entry& entry) const {
    get_labels(in, labels, before);
    before = labels;
    get_entry(in, entry, context);
  }
  void operator()(op::Found& found) const {
    found.at = get_time(in, base);
    found.is_bot = get_bool(in);
  }
  void operator()(op::Link& change) const {
    get_identity(in, change.identity);
    change.at = get_time(in, base);
  }
  void operator()(op::Unlink& change) const { get_identity(in, change.identity); }
  void operator()(op::Activity& activity) const { activity.at = get_time(in, base); }
  void operator()(op::Grant& grant) const { labelled(grant.labels, grant.entry); }
  void operator()(op::Elsewhere& seen) const { labelled(seen.labels, seen.entry); }
  void operator()(op::AddMark& change) const {
    change.id = get_exposure_id(in);
    get_mark(in, change.mark, base, 0);
  }
  void operator()(op::Release& change) const {
    change.decision.bytes = get_bytes16(in);
    change.at = get_time(in, base);
  }
  void operator()(op::Journey& journey) const {
    get_journey_event(in, journey.event, base);
    get_symbols(in, journey.category);
    get_symbols(in, journey.tags);
  }
  void operator()(op::SetTrait& change) const { get_trait(in, change.trait, base); }
  void operator()(op::SetConsent& change) const { get_consent(in, change.consent, base); }
  void operator()(op::SetZone& change) const { get_zone(in, change.zone, base); }
  void operator()(op::SetLocale& change) const { change.locale = get_symbol(in); }
  void operator()(op::SetAccountGroup& change) const { change.group = get_symbol(in); }
  void operator()(op::PutOrder& change) const { get_order(in, change.order, base, record_format_version); }
  void operator()(op::Refund& refund) const {
    refund.order_id = get_symbol(in);
    refund.at = get_time(in, base);
    get_list(in, refund.lines, 5, [&](OrderLine& line) { get_order_line(in, line); });
  }
  void operator()(op::SwitchFact& change) const {
    change.name = get_symbol(in);
    change.key = get_symbol(in);
    change.source = get_symbol(in);
    get_switch(in, change.change, base);
  }
  void operator()(op::Dismiss& change) const { get_dismissal(in, change.dismissal, base); }
  void operator()(op::Request& change) const { get_request_mark(in, change.mark, base); }
  void operator()(op::Seal& seal) const {
    seal.into.value = in.fixed(8);
    seal.at = get_time(in, base);
  }
  void operator()(op::Absorb& change) const {
    auto record = decode_record(in.text());
    if (!record) return in.refuse();
    change.record = std::move(*record);
    change.at = get_time(in, base);
  }
  void operator()(op::Restate& change) const {
    auto record = decode_record(in.text());
    if (!record) return in.refuse();
    change.record = std::move(*record);
    change.other.value = in.fixed(8);
    change.as_of = in.varint();
    change.restored = get_bool(in);
  }
};

template <std::size_t tag = 0>
bool emplace_operation(std::uint64_t wanted, Operation& operation) {
  if constexpr (tag < std::variant_size_v<Operation>) {
    if (wanted != tag) return emplace_operation<tag + 1>(wanted, operation);
    operation.emplace<tag>();
    return true;
  }
  return false;
}

/// Decisions are committed under their own id, so their grants need not repeat it.
EntryContext context_of(const JournalEntry& entry) {
  EntryContext context(entry.delta.clock, {});
  context.origin = entry.commit.bytes;
  return context;
}

} // namespace

std::string encode_journal_entry(const JournalEntry& entry) {
  ByteWriter out;
  out.u8(record_format_version);
  out.varint(entry.version);
  put_bytes16(out, entry.commit.bytes);
  out.svarint(ms_of(entry.delta.clock));
  EntryContext context = context_of(entry);
  LabelSet before;
  put_list(out, entry.delta.operations, [&](const Operation& operation) {
    out.varint(operation.index());
    std::visit(OperationWriter{out, entry.delta.clock, context, before}, operation);
  });
  out.text(entry.raw);
  return out.take();
}

Result<JournalEntry> decode_journal_entry(std::string_view bytes) {
  ByteReader in(bytes);
  TAKT_TRY(format, get_format(in, record_format_version, "a journal entry"));
  if (format == 0) return fail(ErrorCode::corrupt, "a journal entry: format 0 never had a journal");
  JournalEntry entry;
  entry.version = in.varint();
  entry.commit.bytes = get_bytes16(in);
  entry.delta.clock = utc_from_ms(in.svarint());
  EntryContext context = context_of(entry);
  LabelSet before;
  std::uint64_t unknown_tag = 0;
  const std::size_t count = in.count();
  for (std::size_t i = 0; i < count && in.ok(); ++i) { // not reserved: an operation is much larger than its shortest bytes
    const std::uint64_t tag = in.varint();
    Operation& operation = entry.delta.operations.emplace_back();
    if (emplace_operation(tag, operation)) {
      std::visit(OperationReader{in, entry.delta.clock, context, before}, operation);
    } else {
      unknown_tag = tag;
      in.refuse();
    }
  }
  entry.raw = in.text();
  if (unknown_tag != 0) // to leave it out would be another customer
    return fail(ErrorCode::corrupt, "a journal entry: operation " + std::to_string(unknown_tag) + " is newer than this build knows");
  if (!in.ok() || !in.done()) return fail(ErrorCode::corrupt, "a journal entry: damaged");
  return entry;
}

} // namespace takt
