#pragma once
/// A delta is what one commit did to one record, *as applied*: customer resolved, times clamped, labels stamped. Rebuild
/// reads nothing else: no catalogue, policy, zone data or clock. Operations are append-only in the codec.
#include "core/record.h"

#include <string>
#include <variant>
#include <vector>

namespace takt::op {

struct Found { UtcTime at{}; bool is_bot = false; bool operator==(const Found&) const = default; };      ///< first entry of a record
struct Link { Identity identity; UtcTime at{}; bool operator==(const Link&) const = default; };
struct Unlink { Identity identity; bool operator==(const Unlink&) const = default; };                     ///< rebind elsewhere
/// Interactive event or decision: cuts the session (semantics.md). `active:false`, mail and server events have none.
struct Activity { UtcTime at{}; bool operator==(const Activity&) const = default; };
struct Grant { LabelSet labels; Entry entry; bool operator==(const Grant&) const = default; };            ///< entry.labels is ignored
struct Elsewhere { LabelSet labels; Entry entry; bool operator==(const Elsewhere&) const = default; };    ///< union by id
struct AddMark { ExposureId id; Mark mark; bool operator==(const AddMark&) const = default; };            ///< session is stamped by the fold
struct Release { DecisionId decision; UtcTime at{}; bool operator==(const Release&) const = default; };   ///< every live entry of it
struct Journey { JourneyEvent event; SymbolList category; SymbolList tags; bool operator==(const Journey&) const = default; };
struct SetTrait { Trait trait; bool operator==(const SetTrait&) const = default; };
struct SetConsent { Consent consent; bool operator==(const SetConsent&) const = default; };
struct SetZone { ZoneSpan zone; bool operator==(const SetZone&) const = default; };
struct SetLocale { Symbol locale = Symbol::none; bool operator==(const SetLocale&) const = default; };
struct SetAccountGroup { Symbol group = Symbol::none; bool operator==(const SetAccountGroup&) const = default; };
struct PutOrder { Order order; bool operator==(const PutOrder&) const = default; };                       ///< latest version of the order
struct Refund { Symbol order_id = Symbol::none; UtcTime at{}; std::vector<OrderLine> lines; bool operator==(const Refund&) const = default; }; ///< empty lines = all
struct SwitchFact { Symbol name = Symbol::none; Symbol key = Symbol::none; Symbol source = Symbol::none; Fact::Switch change; bool operator==(const SwitchFact&) const = default; };
struct Dismiss { Dismissal dismissal; bool operator==(const Dismiss&) const = default; };
struct Request { RequestMark mark; bool operator==(const Request&) const = default; };
struct Seal { CustomerId into; UtcTime at{}; bool operator==(const Seal&) const = default; };             ///< last entry of a record
/// The whole of a sealed record, appended to the one that goes on: union by id (semantics.md "Identity").
struct Absorb { CustomerRecord record; UtcTime at{}; bool operator==(const Absorb&) const = default; };
/// What the record is from here on, whatever was folded before: un-merge tells each side what it is without the link. Id, version and
/// clock stay the record's own; a sealed one takes commits again. `as_of`: the survivor's version up to which the other side has its part.
struct Restate {
  CustomerRecord record;
  CustomerId other;                      ///< whom it was parted from
  Version as_of = 0;
  bool restored = false;                 ///< the absorbed side; else the one that had gone on
  bool operator==(const Restate&) const = default;
};

} // namespace takt::op

namespace takt {

using Operation = std::variant<op::Found, op::Link, op::Unlink, op::Activity, op::Grant, op::Elsewhere, op::AddMark, op::Release,
                               op::Journey, op::SetTrait, op::SetConsent, op::SetZone, op::SetLocale, op::SetAccountGroup, op::PutOrder,
                               op::Refund, op::SwitchFact, op::Dismiss, op::Request, op::Seal, op::Absorb, op::Restate>;

struct Delta {
  UtcTime clock{};                      ///< now of this commit: record.clock becomes max(record.clock, clock)
  std::vector<Operation> operations;
  bool empty() const { return operations.empty(); }
  bool operator==(const Delta&) const = default;
};

/// One line of a customer's journal. `raw` is the event as it came (empty for decisions: their log has its own record).
struct JournalEntry {
  Version version = 0;
  CommitId commit;
  Delta delta;
  std::string raw;
  bool operator==(const JournalEntry&) const = default;
};

} // namespace takt
