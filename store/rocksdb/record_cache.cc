#include "store/rocksdb/record_cache.h"

#include "store/rocksdb/stripes.h"

#include <utility>
#include <vector>

namespace takt {
namespace {

constexpr std::size_t node_bytes = 192;             // list and map node, control block
constexpr std::size_t growth_bytes = 512;           // one entry's share between two counts
constexpr Version recount_every = 16;               // counting each time would cost as much as the fold

template <class T>
std::size_t held_by(const std::vector<T>& list) { return list.capacity() * sizeof(T); }
template <class T, std::uint32_t inline_count>
std::size_t held_by(const InlineList<T, inline_count>& list) { return list.heap_bytes(); }

} // namespace

std::size_t estimate_bytes(const CustomerRecord& record) {
  std::size_t bytes = node_bytes + sizeof(CustomerRecord);
  bytes += held_by(record.identities) + held_by(record.merges) + held_by(record.traits) + held_by(record.consents) + held_by(record.zones);
  bytes += held_by(record.sessions) + held_by(record.journey) + held_by(record.affinities) + held_by(record.dismissals) + held_by(record.requests);
  bytes += held_by(record.orders) + held_by(record.facts);
  for (const Trait& trait : record.traits) bytes += trait.name.capacity() + trait.value_json.capacity();
  for (const Order& order : record.orders) bytes += held_by(order.lines);
  for (const Fact& fact : record.facts) bytes += held_by(fact.switches);
  bytes += held_by(record.ledger.label_sets) + held_by(record.ledger.entries) + held_by(record.ledger.tallies);
  for (const LabelSet& labels : record.ledger.label_sets) bytes += held_by(labels.category) + held_by(labels.tags);
  for (const Entry& entry : record.ledger.entries) bytes += held_by(entry.marks) + held_by(entry.identities);
  return bytes;
}

RecordCache::RecordCache(std::size_t bytes_max) : shard_bytes_max_(bytes_max / shards_count) {}

RecordCache::Shard& RecordCache::shard_of(CustomerId customer) {
  return shards_[Stripes::index_of(customer) % shards_count];
}

std::shared_ptr<const CustomerRecord> RecordCache::find(CustomerId customer) {
  Shard& shard = shard_of(customer);
  const std::lock_guard lock(shard.mutex);
  const auto place = shard.places.find(customer);
  if (place == shard.places.end()) return nullptr;
  shard.nodes.splice(shard.nodes.begin(), shard.nodes, place->second);
  return place->second->record;
}

RecordCache::Taken RecordCache::take(CustomerId customer) {
  Shard& shard = shard_of(customer);
  const std::lock_guard lock(shard.mutex);
  const auto place = shard.places.find(customer);
  if (place == shard.places.end() || !place->second->record) return {};
  std::shared_ptr<CustomerRecord>& held = place->second->record;
  if (held.use_count() != 1) return {held, false};
  // use_count() is a relaxed load. One more reference and back is an acquire-release step on the same counter: the reads of
  // whoever let go of the record last happen before what we write to it.
  std::shared_ptr<CustomerRecord>(held).reset();
  return {std::exchange(held, nullptr), true};
}

void RecordCache::put(std::shared_ptr<CustomerRecord> record) {
  const CustomerId customer = record->id;
  std::vector<std::shared_ptr<CustomerRecord>> evicted;              // freed after the lock
  Shard& shard = shard_of(customer);
  const std::lock_guard lock(shard.mutex);
  auto [place, is_new] = shard.places.try_emplace(customer);
  if (is_new) {
    shard.nodes.push_front(Node{customer, nullptr, 0});
    place->second = shard.nodes.begin();
  } else {
    shard.nodes.splice(shard.nodes.begin(), shard.nodes, place->second);
  }
  Node& node = *place->second;
  const std::size_t bytes = is_new || record->version % recount_every == 0 ? estimate_bytes(*record) : node.bytes + growth_bytes;
  shard.bytes = shard.bytes - node.bytes + bytes;
  node.bytes = bytes;
  if (node.record) evicted.push_back(std::move(node.record));
  node.record = std::move(record);
  while (shard.bytes > shard_bytes_max_ && !shard.nodes.empty()) {
    Node& oldest = shard.nodes.back();
    shard.bytes -= oldest.bytes;
    evicted.push_back(std::move(oldest.record));
    shard.places.erase(oldest.customer);
    shard.nodes.pop_back();
  }
}

void RecordCache::drop(CustomerId customer) {
  Shard& shard = shard_of(customer);
  const std::lock_guard lock(shard.mutex);
  const auto place = shard.places.find(customer);
  if (place == shard.places.end()) return;
  shard.bytes -= place->second->bytes;
  shard.nodes.erase(place->second);
  shard.places.erase(place);
}

} // namespace takt
