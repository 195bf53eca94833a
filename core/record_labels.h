#pragma once
/// Every label that a record names, in no order and as often as it is named: for those who must know whether a label is used. Pure.
/// Cost: one walk over the record.
#include "core/record.h"

namespace takt {

template <class Visit>
void for_each_label(const LabelSet& labels, Visit&& visit) {
  for (const Symbol symbol : {labels.item, labels.kind, labels.group, labels.brand, labels.campaign, labels.purpose, labels.channel, labels.placement}) visit(symbol);
  for (const Symbol symbol : labels.category) visit(symbol);
  for (const Symbol symbol : labels.tags) visit(symbol);
}

template <class Visit>
void for_each_label(const Ledger& ledger, Visit&& visit) {
  for (const LabelSet& labels : ledger.label_sets) for_each_label(labels, visit);
  for (const Entry& entry : ledger.entries) {
    for (const Symbol symbol : entry.identities) visit(symbol);
    for (const Mark& mark : entry.marks) visit(mark.event);
  }
  for (const Tally& tally : ledger.tallies) visit(tally.event);
}

template <class Visit>
void for_each_label(const Order& order, Visit&& visit) {
  visit(order.order_id);
  for (const OrderLine& line : order.lines) {
    visit(line.item);
    visit(line.group);
    for (const Symbol symbol : line.category) visit(symbol);
  }
}

template <class Visit>
void for_each_label(const CustomerRecord& record, Visit&& visit) {
  for_each_label(record.ledger, visit);
  for (const Order& order : record.orders) for_each_label(order, visit);
  for (const Consent& consent : record.consents) visit(consent.channel);
  for (const ZoneSpan& zone : record.zones) visit(zone.zone);
  visit(record.locale);
  visit(record.account_group);
  for (const JourneyEvent& event : record.journey)
    for (const Symbol symbol : {event.name, event.item, event.group, event.category, event.brand, event.channel}) visit(symbol);
  for (const Affinity& affinity : record.affinities) visit(affinity.label);
  for (const Fact& fact : record.facts)
    for (const Symbol symbol : {fact.name, fact.key, fact.source}) visit(symbol);
  for (const Dismissal& dismissal : record.dismissals) visit(dismissal.label);
}

} // namespace takt
