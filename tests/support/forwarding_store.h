#pragma once
/// A store in front of another: every call goes through. Tests that want one call to be otherwise override that one, and hand their
/// own records (or identities) out. Threads: as the store behind it.
#include "store/store.h"

namespace takt::test {

class ForwardingRecords : public RecordStore {
public:
  explicit ForwardingRecords(RecordStore& inner) : inner_(inner) {}
  Result<RecordPtr> read(CustomerId customer, Deadline deadline) override { return inner_.read(customer, deadline); }
  std::vector<CommitOutcome> commit(std::span<const Commit> commits, Durability durability, Deadline deadline) override {
    return inner_.commit(commits, durability, deadline);
  }
  Status sync() override { return inner_.sync(); }
  bool seen(const DedupeMark& mark) override { return inner_.seen(mark); }
  Lane enter(CustomerId customer) override { return inner_.enter(customer); }
  Status for_each_customer(const std::function<bool(CustomerId)>& visit) override { return inner_.for_each_customer(visit); }

private:
  RecordStore& inner_;
};

class ForwardingStore : public Store {
public:
  explicit ForwardingStore(Store& inner) : inner_(inner) {}
  RecordStore& records() override { return inner_.records(); }
  Identities& identities() override { return inner_.identities(); }
  Journal& journal() override { return inner_.journal(); }
  DecisionLog& decisions() override { return inner_.decisions(); }
  Documents& documents() override { return inner_.documents(); }
  Erasures& erasures() override { return inner_.erasures(); }
  SymbolTable& symbols() override { return inner_.symbols(); }

protected:
  Store& inner_;
};

} // namespace takt::test
