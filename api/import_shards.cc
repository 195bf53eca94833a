#include "api/import_shards.h"

#include "core/hash.h"

namespace takt {

std::uint32_t ImportShards::node_of_key(std::uint64_t key) {
  const auto [found, added] = nodes_.try_emplace(key, static_cast<std::uint32_t>(parents_.size()));
  if (added) {
    parents_.push_back(found->second);
    keys_.push_back(key);
  }
  return found->second;
}

std::uint32_t ImportShards::node_of(IdentityKind kind, std::string_view value) {
  // The very hash that the id of a new customer is made of (engine/resolve.cc).
  const std::uint64_t key = hash64(std::string(kind == IdentityKind::user ? "u:" : "a:").append(value));
  const std::size_t before = parents_.size();
  const std::uint32_t node = node_of_key(key);
  if (parents_.size() == before) return node;
  // Met for the first time: whoever it belongs to already ties it to that person's other identities.
  const auto known = store_.identities().find({kind, std::string(value)});
  if (known && *known) join(node, node_of_key(mix64(known->value, 3)));
  return node;
}

std::uint32_t ImportShards::root_of(std::uint32_t node) {
  while (parents_[node] != node) {
    parents_[node] = parents_[parents_[node]];
    node = parents_[node];
  }
  return node;
}

std::uint32_t ImportShards::join(std::uint32_t one, std::uint32_t other) {
  const std::uint32_t a = root_of(one), b = root_of(other);
  // The smaller number goes on: the same import gives the same shards.
  parents_[a < b ? b : a] = a < b ? a : b;
  return a < b ? a : b;
}

std::vector<std::vector<std::size_t>> ImportShards::split(std::span<const EventNames> events, std::size_t shards) {
  std::vector<std::uint32_t> nodes(events.size(), 0);
  std::vector<bool> named(events.size(), false);
  for (std::size_t i = 0; i < events.size(); ++i) {
    const EventNames& event = events[i];
    const auto meet = [&](IdentityKind kind, std::string_view value) {
      if (value.empty()) return;
      const std::uint32_t node = node_of(kind, value);
      nodes[i] = named[i] ? join(nodes[i], node) : node;
      named[i] = true;
    };
    meet(IdentityKind::user, event.user_id);
    meet(IdentityKind::anonymous, event.anonymous_id);
    meet(IdentityKind::user, event.previous_id); // alias may name either kind
    meet(IdentityKind::anonymous, event.previous_id);
  }
  // Only now: a later event of the chunk may have joined two people that earlier ones name.
  std::vector<std::vector<std::size_t>> result(shards);
  for (std::size_t i = 0; i < events.size(); ++i) {
    const std::uint64_t range = named[i] ? ((keys_[root_of(nodes[i])] >> 32) * shards) >> 32 : 0;
    result[static_cast<std::size_t>(range)].push_back(i);
  }
  return result;
}

} // namespace takt
