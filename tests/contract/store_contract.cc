#include "tests/contract/store_contract.h"

#include "core/fold.h"
#include "core/hash.h"

namespace takt::test {

UtcTime test_time(std::uint64_t number) { return utc_from_ms(1'760'000'000'000 + static_cast<std::int64_t>(number) * 1000); }

CommitId commit_id(CustomerId customer, std::uint64_t number) {
  return CommitId{hash128(std::to_string(customer.value) + "/" + std::to_string(number))};
}

DedupeMark mark_of(std::uint64_t number, UtcTime until) { return {hash128("mark " + std::to_string(number)), until}; }

Commit make_commit(CustomerId customer, Version expected, std::uint64_t number) {
  Commit commit;
  commit.customer = customer;
  commit.expected = expected;
  commit.id = commit_id(customer, number);
  commit.raw = "{\"messageId\":\"m-" + std::to_string(number) + "\"}";
  const UtcTime at = test_time(number);
  commit.delta.clock = at;
  auto& operations = commit.delta.operations;
  if (expected == 0) operations.push_back(op::Found{at, false});
  const auto item = static_cast<Symbol>(1 + number % 17);
  LabelSet labels;
  labels.item = labels.group = item;
  labels.channel = static_cast<Symbol>(100);
  labels.placement = static_cast<Symbol>(101);
  switch (number % 4) {
  case 0: operations.push_back(op::SetTrait{{"tier" + std::to_string(number % 5), std::to_string(number), at}}); break;
  case 1: {
    JourneyEvent event;
    event.at = at;
    event.kind = JourneyKind::view;
    event.item = event.group = item;
    operations.push_back(op::Activity{at});
    operations.push_back(op::Journey{event, {static_cast<Symbol>(40 + number % 3)}, {}});
    break;
  }
  case 2: {
    Entry entry;
    entry.id = {hash128("seen " + std::to_string(number)), 0, 1};
    entry.origin = EntryOrigin::elsewhere;
    entry.granted_at = entry.show_by = entry.expires_at = at;
    operations.push_back(op::Elsewhere{labels, entry});
    break;
  }
  default: operations.push_back(op::SetConsent{{Purpose::marketing, static_cast<Symbol>(100 + number % 3), number % 2 == 0, at}}); break;
  }
  return commit;
}

CustomerRecord fold_all(Store& store, CustomerId customer) {
  CustomerRecord record;
  record.id = customer;
  EXPECT_TRUE(store.journal().scan(customer, 0, [&](const JournalEntry& entry) {
    apply(record, entry);
    return true;
  }));
  return record;
}

void StoreContract::grow(CustomerId customer, std::size_t count, std::uint64_t seed) {
  Version version = read(customer).version;
  for (std::size_t i = 0; i < count; ++i, ++version)
    ASSERT_EQ(commit(make_commit(customer, version, seed + version)), CommitOutcome::committed);
}

} // namespace takt::test
