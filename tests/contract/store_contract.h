#pragma once
/// What every store must do. A new one runs the suite by adding a line to `store_kinds()` in store_contract_test.cc.
#include "core/delta.h"
#include "core/limits.h"
#include "store/store.h"
#include "tests/support/faulty_store.h"
#include "tests/support/temp_dir.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace takt::test {

/// A store that can be closed and opened again. One that keeps nothing gives itself back.
class StoreUnderTest {
public:
  virtual ~StoreUnderTest() = default;
  virtual Store& store() = 0;
  virtual void reopen() = 0;
};

struct StoreKind {
  std::string name;
  std::function<std::unique_ptr<StoreUnderTest>()> make;
};
inline void PrintTo(const StoreKind& kind, std::ostream* out) { *out << kind.name; }
std::vector<StoreKind> store_kinds();

class StoreContract : public ::testing::TestWithParam<StoreKind> {
protected:
  void SetUp() override { under_test_ = GetParam().make(); }
  Store& store() { return under_test_->store(); }
  void reopen() { under_test_->reopen(); }

  CommitOutcome commit(const Commit& commit, Durability durability = Durability::wal) {
    return store().records().commit(std::span(&commit, 1), durability, {}).front();
  }
  CustomerRecord read(CustomerId customer) {
    const Result<RecordPtr> record = store().records().read(customer, {});
    EXPECT_TRUE(record.has_value());
    return record ? **record : CustomerRecord{};
  }
  std::vector<JournalEntry> entries_after(CustomerId customer, Version after) {
    std::vector<JournalEntry> entries;
    EXPECT_TRUE(store().journal().scan(customer, after, [&](const JournalEntry& entry) {
      entries.push_back(entry);
      return true;
    }));
    return entries;
  }
  /// Commits the next version `count` times.
  void grow(CustomerId customer, std::size_t count, std::uint64_t seed = 0);

private:
  std::unique_ptr<StoreUnderTest> under_test_;
};

/// Ids of a test: distinct for distinct (customer, number).
CommitId commit_id(CustomerId customer, std::uint64_t number);
DedupeMark mark_of(std::uint64_t number, UtcTime until);
UtcTime test_time(std::uint64_t number);
/// A commit with something of most kinds in it, chosen by `number`; first commits found the record.
Commit make_commit(CustomerId customer, Version expected, std::uint64_t number);
/// The record by definition: every entry of the journal, from the first.
CustomerRecord fold_all(Store& store, CustomerId customer);

} // namespace takt::test
