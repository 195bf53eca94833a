// What the person was shown, per item, category and channel. Entries share their label sets, so tables are asked per set.
#include "features/customer_parts.h"

#include <algorithm>
#include <optional>

namespace takt {
namespace {

struct ShownAs {
  std::uint32_t count = 0;
  std::optional<UtcTime> last;
};

struct Contact {
  ContactId id;
  Symbol channel = Symbol::none;
  UtcTime at{};
};

void count(FlatSymbolMap<SeenBefore>& seen, Symbol key, const ShownAs& as) {
  SeenBefore& one = seen[key];
  one.count += as.count;
  one.last = std::max(one.last, *as.last);
}

/// Items of one contact usually stand side by side in the ledger: fewer are left to sort.
void note_contact(std::vector<Contact>& contacts, const ContactId& id, Symbol channel, UtcTime at) {
  if (contacts.empty() || contacts.back().id != id || contacts.back().channel != channel) contacts.push_back({id, channel, at});
  else contacts.back().at = std::max(contacts.back().at, at);
}

/// A contact is one, however many items it carried; it is as old as the last of them that was seen.
void count_contacts(std::vector<Contact>& contacts, UtcTime now, CustomerFeatures& features) {
  std::sort(contacts.begin(), contacts.end(), [](const Contact& a, const Contact& b) { return a.id != b.id ? a.id < b.id : a.at > b.at; });
  const auto end = std::unique(contacts.begin(), contacts.end(), [](const Contact& a, const Contact& b) { return a.id == b.id; });
  features.contacts_last_week = static_cast<float>(end - contacts.begin());
  for (auto contact = contacts.begin(); contact != end; ++contact) {
    auto& channels = features.channel_contacts;
    auto found = std::find_if(channels.begin(), channels.end(), [&](const ChannelContacts& one) { return one.channel == contact->channel; });
    if (found == channels.end()) found = channels.insert(channels.end(), {contact->channel, 0, 0});
    ++found->last_week;
    if (now - contact->at < days(1)) ++found->last_day;
  }
}

} // namespace

void read_ledger(const Ledger& ledger, UtcTime now, CustomerFeatures& features) {
  std::vector<ShownAs> shown_as(ledger.label_sets.size());
  std::vector<Contact> contacts;
  for (const Entry& entry : ledger.entries) {
    if (entry.origin == EntryOrigin::ghost || entry.origin == EntryOrigin::unverified) continue;
    const LabelSet& labels = ledger.labels_of(entry);
    const std::optional<UtcTime> shown = shown_at(entry, labels.medium);
    if (!shown || *shown > now) continue;
    ShownAs& as = shown_as[entry.labels];
    ++as.count;
    as.last = std::max(as.last.value_or(*shown), *shown);
    if (now - *shown < days(7)) note_contact(contacts, entry.id.contact(), labels.channel, *shown);
  }
  for (const Tally& tally : ledger.tallies) {
    if (tally.counted != MarkKind::viewed || tally.unverified || tally.last > now) continue;
    ShownAs& as = shown_as[tally.labels];
    as.count += tally.count;
    as.last = std::max(as.last.value_or(tally.last), tally.last);
  }
  features.exposures.reserve(shown_as.size());
  for (std::size_t set = 0; set < shown_as.size(); ++set) {
    if (shown_as[set].count == 0) continue;
    const LabelSet& labels = ledger.label_sets[set];
    if (labels.item != Symbol::none) count(features.exposures, labels.item, shown_as[set]); // a call names no item: a contact only
    if (!labels.category.empty()) count(features.category_exposures, labels.category.back(), shown_as[set]);
  }
  count_contacts(contacts, now, features);
}

} // namespace takt
