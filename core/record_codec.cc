#include "core/record_codec.h"

#include "core/codec_parts.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace takt {

namespace {

using namespace codec;

/// Append-only; never reused. Sections stand in ascending order, empty ones are left out.
enum class Section : std::uint8_t {
  head = 1, identities, merges, traits, consents, zones, sessions, journey, affinities, orders, facts, dismissals, requests,
  label_sets, entries, tallies, ledger_state,
};
constexpr auto last_section = static_cast<std::uint64_t>(Section::ledger_state);

// Flags of the head, since format 1.
constexpr std::uint8_t head_is_bot = 1, head_sealed = 2, head_has_activity = 4;

class RecordWriter {
public:
  explicit RecordWriter(const CustomerRecord& record) : record_(record), base_(record.clock) {}

  std::string write() {
    out_.u8(record_format_version);
    section(Section::head, [&](ByteWriter& out) { head(out); });
    profile();
    behaviour();
    ledger();
    return out_.take();
  }

private:
  template <class Put>
  void section(Section id, Put put) {
    ByteWriter body;
    put(body);
    out_.varint(static_cast<std::uint64_t>(id));
    out_.text(body.bytes());
  }
  template <class T, class Put>
  void list(Section id, const std::vector<T>& values, Put put_one) {
    if (values.empty()) return;
    section(id, [&](ByteWriter& out) { put_list(out, values, [&](const T& one) { put_one(out, one); }); });
  }

  void head(ByteWriter& out) const {
    out.fixed(record_.id.value, 8);
    out.varint(record_.version);
    out.svarint(ms_of(record_.clock));
    out.u8(static_cast<std::uint8_t>((record_.is_bot ? head_is_bot : 0) | (record_.sealed_into ? head_sealed : 0) |
                                     (record_.last_activity ? head_has_activity : 0)));
    put_time(out, record_.founded_at, base_);
    if (record_.sealed_into) out.fixed(record_.sealed_into.value, 8);
    if (record_.last_activity) put_time(out, *record_.last_activity, base_);
    put_symbol(out, record_.locale);
    put_symbol(out, record_.account_group);
  }

  void profile() {
    list(Section::identities, record_.identities, [&](ByteWriter& out, const LinkedIdentity& linked) {
      put_identity(out, linked.identity);
      put_time(out, linked.since, base_);
    });
    list(Section::merges, record_.merges, [&](ByteWriter& out, const MergeLink& link) {
      out.fixed(link.absorbed.value, 8);
      put_time(out, link.at, base_);
    });
    list(Section::traits, record_.traits, [&](ByteWriter& out, const Trait& trait) { put_trait(out, trait, base_); });
    list(Section::consents, record_.consents, [&](ByteWriter& out, const Consent& consent) { put_consent(out, consent, base_); });
    list(Section::zones, record_.zones, [&](ByteWriter& out, const ZoneSpan& zone) { put_zone(out, zone, base_); });
  }

  void behaviour() {
    UtcTime before = base_;
    list(Section::sessions, record_.sessions, [&](ByteWriter& out, const SessionSpan& session) {
      out.varint(session.ordinal);
      put_time(out, session.start, std::exchange(before, session.start));
    });
    before = base_;
    list(Section::journey, record_.journey,
         [&](ByteWriter& out, const JourneyEvent& event) { put_journey_event(out, event, std::exchange(before, event.at)); });
    list(Section::affinities, record_.affinities, [&](ByteWriter& out, const Affinity& affinity) {
      put_enum(out, affinity.dimension);
      put_symbol(out, affinity.label);
      out.f64(affinity.value);
      put_time(out, affinity.at, base_);
    });
    list(Section::orders, record_.orders, [&](ByteWriter& out, const Order& order) { put_order(out, order, base_); });
    list(Section::facts, record_.facts, [&](ByteWriter& out, const Fact& fact) {
      put_symbol(out, fact.name);
      put_symbol(out, fact.key);
      put_symbol(out, fact.source);
      put_list(out, fact.switches, [&](const Fact::Switch& one) { put_switch(out, one, base_); });
    });
    list(Section::dismissals, record_.dismissals, [&](ByteWriter& out, const Dismissal& dismissal) { put_dismissal(out, dismissal, base_); });
    list(Section::requests, record_.requests, [&](ByteWriter& out, const RequestMark& mark) { put_request_mark(out, mark, base_); });
  }

  void ledger() {
    const Ledger& ledger = record_.ledger;
    const LabelSet none;
    const LabelSet* before = &none;
    list(Section::label_sets, ledger.label_sets,
         [&](ByteWriter& out, const LabelSet& labels) { put_labels(out, labels, *std::exchange(before, &labels)); });
    EntryContext context(base_, record_.id);
    list(Section::entries, ledger.entries, [&](ByteWriter& out, const Entry& entry) { put_entry(out, entry, context); });
    list(Section::tallies, ledger.tallies, [&](ByteWriter& out, const Tally& tally) { put_tally(out, tally, base_); });
    if (ledger.complete_since == UtcTime{} && !ledger.saturated) return;
    section(Section::ledger_state, [&](ByteWriter& out) {
      put_time(out, ledger.complete_since, base_);
      put_bool(out, ledger.saturated);
    });
  }

  const CustomerRecord& record_;
  const UtcTime base_;
  ByteWriter out_;
};

class RecordReader {
public:
  explicit RecordReader(std::uint8_t format) : format_(format) {}

  /// False where the section is not what its id says.
  bool section(Section id, ByteReader& in) {
    if (id == Section::head) {
      head(in);
    } else if (id <= Section::zones) {
      profile(id, in);
    } else if (id <= Section::requests) {
      behaviour(id, in);
    } else {
      ledger(id, in);
    }
    return in.ok() && in.done();
  }

  Result<CustomerRecord> take() {
    const std::size_t sets = record_.ledger.label_sets.size();
    const auto known = [&](const auto& one) { return one.labels < sets; };
    if (!std::all_of(record_.ledger.entries.begin(), record_.ledger.entries.end(), known) ||
        !std::all_of(record_.ledger.tallies.begin(), record_.ledger.tallies.end(), known))
      return fail(ErrorCode::corrupt, "a customer record: an exposure names labels that are not there");
    return std::move(record_);
  }

private:
  void head(ByteReader& in) {
    record_.id.value = in.fixed(8);
    record_.version = in.varint();
    record_.clock = base_ = utc_from_ms(in.svarint());
    // Format 0 knew no bots, locale and account: it is read as if they said nothing.
    const std::uint8_t flags = in.u8();
    const std::uint8_t known = format_ == 0 ? head_sealed | head_has_activity : head_is_bot | head_sealed | head_has_activity;
    if (flags & ~known) in.refuse();
    record_.is_bot = flags & head_is_bot;
    record_.founded_at = get_time(in, base_);
    if (flags & head_sealed) record_.sealed_into.value = in.fixed(8);
    if (flags & head_has_activity) record_.last_activity = get_time(in, base_);
    if (format_ == 0) return;
    record_.locale = get_symbol(in);
    record_.account_group = get_symbol(in);
  }

  void profile(Section id, ByteReader& in) {
    if (id == Section::identities) {
      get_list(in, record_.identities, 3, [&](LinkedIdentity& linked) {
        get_identity(in, linked.identity);
        linked.since = get_time(in, base_);
      });
    } else if (id == Section::merges) {
      get_list(in, record_.merges, 9, [&](MergeLink& link) {
        link.absorbed.value = in.fixed(8);
        link.at = get_time(in, base_);
      });
    } else if (id == Section::traits) {
      get_list(in, record_.traits, 3, [&](Trait& trait) { get_trait(in, trait, base_); });
    } else if (id == Section::consents) {
      get_list(in, record_.consents, 4, [&](Consent& consent) { get_consent(in, consent, base_); });
    } else {
      get_list(in, record_.zones, 2, [&](ZoneSpan& zone) { get_zone(in, zone, base_); });
    }
  }

  void behaviour(Section id, ByteReader& in) {
    UtcTime before = base_;
    if (id == Section::sessions) {
      get_list(in, record_.sessions, 2, [&](SessionSpan& session) {
        session.ordinal = get_number<std::uint32_t>(in);
        session.start = before = get_time(in, before);
      });
    } else if (id == Section::journey) {
      get_list(in, record_.journey, 4, [&](JourneyEvent& event) {
        get_journey_event(in, event, before);
        before = event.at;
      });
    } else if (id == Section::affinities) {
      get_list(in, record_.affinities, 11, [&](Affinity& affinity) {
        affinity.dimension = get_enum(in, Affinity::Dimension::group);
        affinity.label = get_symbol(in);
        affinity.value = in.f64();
        affinity.at = get_time(in, base_);
      });
    } else if (id == Section::orders) {
      get_list(in, record_.orders, 3, [&](Order& order) { get_order(in, order, base_, format_); });
    } else if (id == Section::facts) {
      get_list(in, record_.facts, 4, [&](Fact& fact) {
        fact.name = get_symbol(in);
        fact.key = get_symbol(in);
        fact.source = get_symbol(in);
        get_list(in, fact.switches, 3, [&](Fact::Switch& one) { get_switch(in, one, base_); });
      });
    } else if (id == Section::dismissals) {
      get_list(in, record_.dismissals, 22, [&](Dismissal& dismissal) { get_dismissal(in, dismissal, base_); });
    } else {
      get_list(in, record_.requests, 33, [&](RequestMark& mark) { get_request_mark(in, mark, base_); });
    }
  }

  void ledger(Section id, ByteReader& in) {
    Ledger& ledger = record_.ledger;
    if (id == Section::label_sets) {
      const LabelSet none;
      const LabelSet* before = &none;
      get_list(in, ledger.label_sets, 3, [&](LabelSet& labels) { // reserved: `before` stays where it is
        get_labels(in, labels, *before);
        before = &labels;
      }, ledger_room);
    } else if (id == Section::entries) {
      EntryContext context(base_, record_.id);
      get_list(in, ledger.entries, 5, [&](Entry& entry) { get_entry(in, entry, context); }, ledger_room);
    } else if (id == Section::tallies) {
      get_list(in, ledger.tallies, 7, [&](Tally& tally) { get_tally(in, tally, base_); });
    } else {
      ledger.complete_since = get_time(in, base_);
      ledger.saturated = get_bool(in);
    }
  }

  const std::uint8_t format_;
  UtcTime base_{};
  CustomerRecord record_;
};

} // namespace

std::string encode_record(const CustomerRecord& record) { return RecordWriter(record).write(); }

Result<CustomerRecord> decode_record(std::string_view bytes) {
  ByteReader in(bytes);
  TAKT_TRY(format, get_format(in, record_format_version, "a customer record"));
  RecordReader reader(format);
  std::uint64_t last = 0;
  while (!in.done()) {
    const std::uint64_t id = in.varint();
    const std::string_view body = in.text();
    const bool head_first = last != 0 || id == static_cast<std::uint64_t>(Section::head);
    if (!in.ok() || id <= last || !head_first) return fail(ErrorCode::corrupt, "a customer record: sections are cut off or out of order");
    last = id;
    if (id > last_section) continue; // of a later build with the same format: nothing here depends on it
    ByteReader section(body);
    if (!reader.section(static_cast<Section>(id), section))
      return fail(ErrorCode::corrupt, "a customer record: section " + std::to_string(id) + " is damaged");
  }
  if (last == 0) return fail(ErrorCode::corrupt, "a customer record: no sections");
  return reader.take();
}

} // namespace takt
