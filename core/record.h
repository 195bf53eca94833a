#pragma once
/// The customer record: everything a decision needs to know about one person. It is a fold (fold.h) of the person's journal;
/// a stored snapshot is only a shortcut. All lists are bounded by core/limits.h.
#include "core/cap.h"
#include "core/device.h"
#include "core/id.h"
#include "core/ledger.h"
#include "core/time.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace takt {

struct LinkedIdentity {
  Identity identity;
  UtcTime since{};
  bool operator==(const LinkedIdentity&) const = default;
};

/// A scalar as the sender wrote it, in JSON ("\"gold\"", "3", "true"): compared by conditions, shown as it was.
struct Trait {
  std::string name;
  std::string value_json;
  UtcTime at{};
  bool operator==(const Trait&) const = default;
};

enum class Purpose : std::uint8_t { marketing = 0, profile = 1, frequency = 2, analytics = 3, service = 4 };
/// One answer per purpose × channel; channel none = all channels. The newest wins, ties deny.
struct Consent {
  Purpose purpose = Purpose::marketing;
  Symbol channel = Symbol::none;
  bool granted = false;
  UtcTime at{};
  bool operator==(const Consent&) const = default;
};

struct ZoneSpan {
  UtcTime from{};
  Symbol zone = Symbol::none;            ///< IANA name
  bool operator==(const ZoneSpan&) const = default;
};

struct SessionSpan {
  std::uint32_t ordinal = 0;
  UtcTime start{};
  bool operator==(const SessionSpan&) const = default;
};

enum class JourneyKind : std::uint8_t {
  view = 0, click = 1, add_to_cart = 2, remove_from_cart = 3, list_view = 4, search = 5, purchase = 6, refund = 7,
  promotion_click = 8, page = 9, screen = 10, message_open = 11, feedback = 12, other = 13, contact = 14, message_click = 15,
};

/// What the person did, newest last. Bounded: the oldest leave first.
struct JourneyEvent {
  UtcTime at{};
  JourneyKind kind = JourneyKind::other;
  Symbol name = Symbol::none;            ///< event name, where kind == other / feedback
  Symbol item = Symbol::none;
  Symbol group = Symbol::none;
  Symbol category = Symbol::none;        ///< last prefix
  Symbol brand = Symbol::none;
  Symbol channel = Symbol::none;
  Device device = Device::unknown;
  std::uint32_t session = 0;
  std::optional<std::uint32_t> dwell_ms;
  float weight = 1.0F;                   ///< P(intended) for clicks and views; 1 where certain
  bool operator==(const JourneyEvent&) const = default;
};

constexpr Duration affinity_half_life = days(7);

/// Decayed count, order-independent: value · 2^(-(t - at)/half_life) (Cormode et al. 2009, backward form).
struct Affinity {
  enum class Dimension : std::uint8_t { category = 0, brand = 1, tag = 2, group = 3 };
  Dimension dimension = Dimension::category;
  Symbol label = Symbol::none;
  double value = 0;
  UtcTime at{};
  bool operator==(const Affinity&) const = default;
};

struct OrderLine {
  Symbol item = Symbol::none;
  Symbol group = Symbol::none;
  SymbolList category;                   ///< prefixes
  std::int32_t quantity = 0;             ///< net of refunds; <= 0 = returned
  std::int64_t price_micros = 0;
  bool operator==(const OrderLine&) const = default;
};
/// One fact per order id; the latest version wins.
struct Order {
  Symbol order_id = Symbol::none;
  UtcTime at{};
  std::vector<OrderLine> lines;
  std::vector<UtcTime> refunded_at = {}; ///< refunds taken, ascending: one that comes twice counts once
  bool operator==(const Order&) const = default;
};

/// (name, key) with timed on/off marks; active at t iff the latest mark <= t is on and younger than its TTL (ties: on).
struct Fact {
  Symbol name = Symbol::none;            ///< "case_open", …
  Symbol key = Symbol::none;             ///< case id, or none
  Symbol source = Symbol::none;
  struct Switch {
    UtcTime at{};
    bool on = false;
    std::optional<UtcTime> expires_at;
    bool operator==(const Switch&) const = default;
  };
  std::vector<Switch> switches;          ///< ascending by time
  bool operator==(const Fact&) const = default;
};

struct Dismissal {
  enum class Scope : std::uint8_t { item = 0, category = 1, kind = 2, all = 3, group = 4 };
  ExposureId id;                         ///< of the event: union by id
  Scope scope = Scope::item;
  Symbol label = Symbol::none;
  UtcTime at{};
  std::optional<UtcTime> until;          ///< none: for good
  bool operator==(const Dismissal&) const = default;
};

/// An answered request_id: the decision that answered it, while its answer may be repeated.
struct RequestMark {
  std::uint64_t request = 0;             ///< hash64(key name, request_id)
  std::uint64_t body = 0;                ///< hash64 of what must be equal
  DecisionId decision;
  UtcTime until{};
  bool operator==(const RequestMark&) const = default;
};

/// A merge that this record absorbed: what un-merge (30 d) needs.
struct MergeLink {
  CustomerId absorbed;
  UtcTime at{};
  bool operator==(const MergeLink&) const = default;
};

struct CustomerRecord {
  CustomerId id;
  Version version = 0;                   ///< 0 = nobody yet
  UtcTime clock{};                       ///< time of one customer never runs backwards
  UtcTime founded_at{};
  CustomerId sealed_into;                ///< set: follow it; this record takes no more commits
  bool is_bot = false;                   ///< neither counts nor trains
  std::vector<LinkedIdentity> identities;
  std::vector<MergeLink> merges;
  std::vector<Trait> traits;             ///< ascending by name
  std::vector<Consent> consents;         ///< ascending by (purpose, channel)
  std::vector<ZoneSpan> zones;           ///< ascending by from
  Symbol locale = Symbol::none;
  Symbol account_group = Symbol::none;   ///< Segment groupId
  std::vector<SessionSpan> sessions;     ///< ascending; bounded
  std::optional<UtcTime> last_activity;
  std::vector<JourneyEvent> journey;     ///< ascending by arrival
  std::vector<Affinity> affinities;      ///< ascending by (dimension, label)
  std::vector<Order> orders;
  std::vector<Fact> facts;
  std::vector<Dismissal> dismissals;
  std::vector<RequestMark> requests;
  Ledger ledger;
  SessionState session_state() const;
  bool operator==(const CustomerRecord&) const = default;
};

/// Ordinal of the latest session begun by t (0: before the first).
std::uint32_t session_at(const CustomerRecord& record, UtcTime t);

} // namespace takt
