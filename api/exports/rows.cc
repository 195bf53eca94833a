#include "api/exports/rows.h"

#include "core/hash.h"
#include "core/money.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <optional>

namespace takt {
namespace {

using Row = std::vector<Cell>;

Cell cell(std::string_view text) { return text.empty() ? Cell{} : Cell{std::string(text)}; }
Cell cell(std::optional<UtcTime> t) { return t ? Cell{format_utc(*t)} : Cell{}; }
Cell number(std::uint64_t value) { return Cell{static_cast<std::int64_t>(value)}; }
Cell money(std::int64_t micros) { return Cell{format_micros(micros)}; }

const char* state_name(EntryState state) {
  constexpr std::array<const char*, 5> names{"reserved", "shown", "expired", "released", "elsewhere"};
  return names[static_cast<std::size_t>(state)];
}

/// Stable, and the same for one exposure wherever it is exported.
std::string exposure_name(const ExposureId& id) {
  const std::string_view bytes(reinterpret_cast<const char*>(id.origin.data()), id.origin.size());
  return fmt::format("x-{:016x}{:016x}-{}-{}", hash64(bytes, 1), hash64(bytes, 2), id.placement, id.slot);
}

std::optional<UtcTime> first_mark(const Entry& entry, MarkKind kind) {
  const auto found = std::find_if(entry.marks.begin(), entry.marks.end(), [&](const Mark& mark) { return mark.kind == kind; });
  return found == entry.marks.end() ? std::nullopt : std::optional(found->at);
}

/// Why it is what it is, where that is not plain: seen after its reservation, told of after it, or seen again.
const char* cause_of(const Entry& entry, Medium medium, std::optional<UtcTime> seen) {
  if (seen && !entry.is_elsewhere()) {
    if (*seen >= entry.show_by) return "late_show";
    if (std::any_of(entry.marks.begin(), entry.marks.end(), [](const Mark& mark) { return mark.arrived_late; })) return "late_arrival";
  }
  return reshown_at(entry, medium).empty() ? "" : "reshown";
}

struct Bought {
  std::optional<UtcTime> at;   ///< the first time
  std::int64_t revenue_micros = 0;
};

/// Of the item or another variant of its group, net of what went back.
Bought bought_within(const CustomerRecord& record, const LabelSet& labels, UtcTime seen, Duration window) {
  Bought bought;
  for (const Order& order : record.orders) {
    if (order.at < seen || order.at >= seen + window) continue;
    for (const OrderLine& line : order.lines) {
      const bool is_it = line.item == labels.item || (line.group != Symbol::none && line.group == labels.group);
      if (!is_it || line.quantity <= 0) continue;
      bought.at = bought.at ? std::min(*bought.at, order.at) : order.at;
      bought.revenue_micros = plus_line(bought.revenue_micros, line.quantity, line.price_micros);
    }
  }
  return bought;
}

/// Ids of one kind, blanks between them.
std::string names_of(const CustomerRecord& record, IdentityKind kind) {
  std::string names;
  for (const LinkedIdentity& linked : record.identities)
    if (linked.identity.kind == kind) names += (names.empty() ? "" : " ") + linked.identity.value;
  return names;
}

} // namespace

std::vector<std::string> columns_of(ExportKind kind, bool identities) {
  std::vector<std::string> columns;
  switch (kind) {
    case ExportKind::decisions:
      columns = {"decision_id", "at", "customer_id", "channel", "device", "rules", "model", "placement", "outcome", "hold", "hold_propensity", "slot", "item", "source",
                 "score", "propensity", "usable_for_evaluation", "p_act", "p_nothing", "value", "fatigue_factor", "contact_cost", "attention_price", "reserved_until"};
      break;
    case ExportKind::exposures:
      columns = {"exposure_id", "customer_id", "decision_id", "item", "slot", "placement", "channel", "state", "cause", "granted_at", "show_by", "expires_at", "seen_at"};
      break;
    case ExportKind::outcomes:
      columns = {"exposure_id", "customer_id", "decision_id", "item", "slot", "placement", "channel", "seen_at", "times_seen", "clicked_at", "dismissed_at", "bought_at", "revenue"};
      break;
    case ExportKind::customers:
      columns = {"customer_id", "founded_at", "last_activity", "is_bot", "locale", "account_group", "sessions", "exposures", "seen", "clicks", "orders", "revenue"};
      break;
  }
  const bool named = identities && (kind == ExportKind::decisions || kind == ExportKind::customers);
  if (named && kind == ExportKind::decisions) columns.insert(columns.end(), {"user_id", "anonymous_id", "request_id"});
  if (named && kind == ExportKind::customers) columns.insert(columns.end(), {"user_ids", "anonymous_ids"});
  return columns;
}

void decision_rows(const DecisionRecord& record, const RowOptions& options, const PutRow& put) {
  const Decision& decision = record.decision;
  const DecisionRequest& request = record.request;
  const auto row_of = [&](const PlacementDecision& placement, const Choice* choice) {
    const std::optional<Hold>& hold = placement.hold;
    Row row{to_text(decision.id), format_utc(decision.now), to_text(decision.customer), cell(request.context.channel), cell(request.context.device),
            number(decision.versions.rules), cell(decision.versions.model), placement.placement.text(), std::string(to_text(placement.outcome)),
            hold ? Cell{std::string(to_text(hold->kind))} : Cell{}, hold ? Cell{hold->propensity} : Cell{}};
    if (choice) {
      const ScoreTerms& terms = choice->terms;
      row.insert(row.end(), {number(choice->slot), choice->item.text(), std::string(to_text(choice->source)), choice->score, choice->propensity, choice->usable_for_evaluation,
                             terms.p_act, terms.p_nothing, terms.value, terms.fatigue_factor, terms.contact_cost, terms.attention_price, format_utc(choice->reserved_until)});
    } else {
      row.resize(columns_of(ExportKind::decisions, false).size());
    }
    if (options.identities) row.insert(row.end(), {cell(request.user_id), cell(request.anonymous_id), cell(request.request_id)});
    put(row);
  };
  if (!options.span.covers(decision.now)) return;
  for (const PlacementDecision& placement : decision.placements) {
    if (placement.choices.empty()) row_of(placement, nullptr);
    for (const Choice& choice : placement.choices) row_of(placement, &choice);
  }
}

namespace {

/// What exposures and outcomes begin with.
Row exposure_head(const CustomerRecord& record, const SymbolTable& symbols, const Entry& entry, const LabelSet& labels) {
  return {exposure_name(entry.id), to_text(record.id), entry.is_elsewhere() ? Cell{} : Cell{to_text(DecisionId{entry.id.origin})}, cell(symbols.name(labels.item)),
          number(entry.id.slot), cell(symbols.name(labels.placement)), cell(symbols.name(labels.channel))};
}

} // namespace

void exposure_rows(const CustomerRecord& record, const SymbolTable& symbols, const RowOptions& options, const PutRow& put) {
  for (const Entry& entry : record.ledger.entries) {
    if (!options.span.covers(entry.granted_at)) continue;
    const LabelSet& labels = record.ledger.labels_of(entry);
    const auto seen = shown_at(entry, labels.medium);
    Row row = exposure_head(record, symbols, entry, labels);
    row.insert(row.end(), {std::string(state_name(state_of(entry, labels.medium, options.now))), cell(cause_of(entry, labels.medium, seen)), format_utc(entry.granted_at),
                           format_utc(entry.show_by), format_utc(entry.expires_at), cell(seen)});
    put(row);
  }
}

void outcome_rows(const CustomerRecord& record, const SymbolTable& symbols, const RowOptions& options, const PutRow& put) {
  if (record.is_bot) return;
  for (const Entry& entry : record.ledger.entries) {
    const LabelSet& labels = record.ledger.labels_of(entry);
    const auto seen = shown_at(entry, labels.medium);
    if (!seen || !options.span.covers(entry.granted_at)) continue;
    const Bought bought = bought_within(record, labels, *seen, options.window);
    Row row = exposure_head(record, symbols, entry, labels);
    row.insert(row.end(), {format_utc(*seen), number(1 + reshown_at(entry, labels.medium).size()), cell(first_mark(entry, MarkKind::clicked)), cell(first_mark(entry, MarkKind::dismissed)),
                           cell(bought.at), money(bought.revenue_micros)});
    put(row);
  }
}

void customer_row(const CustomerRecord& record, const SymbolTable& symbols, const RowOptions& options, const PutRow& put) {
  if (!options.span.covers(record.founded_at)) return;
  std::uint64_t seen = 0, clicks = 0;
  for (const Entry& entry : record.ledger.entries) {
    seen += shown_at(entry, record.ledger.labels_of(entry).medium) ? 1 : 0;
    clicks += first_mark(entry, MarkKind::clicked) ? 1 : 0;
  }
  std::int64_t revenue_micros = 0;
  for (const Order& order : record.orders)
    for (const OrderLine& line : order.lines) revenue_micros = plus_line(revenue_micros, std::max(0, line.quantity), line.price_micros);
  Row row{to_text(record.id), format_utc(record.founded_at), cell(record.last_activity), record.is_bot, cell(symbols.name(record.locale)), cell(symbols.name(record.account_group)),
          number(record.sessions.empty() ? 0 : record.sessions.back().ordinal), number(record.ledger.entries.size()), number(seen), number(clicks), number(record.orders.size()),
          money(revenue_micros)};
  if (options.identities) row.insert(row.end(), {cell(names_of(record, IdentityKind::user)), cell(names_of(record, IdentityKind::anonymous))});
  put(row);
}

} // namespace takt
