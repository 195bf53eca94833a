#pragma once
/// The store as its contract says, and nothing else: one mutex, ordered maps, every read folded from the journal's snapshot.
/// Slow, obvious, right: tests compare the fast one with it, and small tools run on it. Nothing survives the process.
#include "store/erasure_marks.h"
#include "store/store.h"

#include <array>
#include <map>
#include <mutex>
#include <tuple>

namespace takt {

/// What all five interfaces share.
struct MemoryData {
  struct Customer {
    std::vector<JournalEntry> journal;                       ///< journal[i] has version i+1
    std::map<Version, CustomerRecord> snapshots;
  };
  std::mutex mutex;
  std::map<CustomerId, Customer> customers;
  std::map<Bytes16, UtcTime> marks;                          ///< end of each
  std::map<DecisionId, std::string> decisions;
  std::map<Identity, CustomerId> identities;
  std::map<std::pair<std::string, std::string>, std::vector<Document>> documents; ///< (kind, id) → every version
  std::uint64_t revision = 0;
  ErasureMarks erased;
};

class MemoryRecords final : public RecordStore {
public:
  explicit MemoryRecords(MemoryData& data) : data_(data) {}
  Result<RecordPtr> read(CustomerId customer, Deadline deadline) override;
  std::vector<CommitOutcome> commit(std::span<const Commit> commits, Durability durability, Deadline deadline) override;
  Status sync() override { return {}; }
  bool seen(const DedupeMark& mark) override;
  Lane enter(CustomerId customer) override;
  Status for_each_customer(const std::function<bool(CustomerId)>& visit) override;

private:
  CommitOutcome commit_one(const Commit& commit);

  MemoryData& data_;
  std::array<std::mutex, 64> lanes_;
};

class MemoryIdentities final : public Identities {
public:
  explicit MemoryIdentities(MemoryData& data) : data_(data) {}
  Result<CustomerId> find(const Identity& identity) override;
  Result<CustomerId> claim(const Identity& identity, CustomerId customer, CustomerId expected) override;

private:
  MemoryData& data_;
};

class MemoryJournal final : public Journal {
public:
  explicit MemoryJournal(MemoryData& data) : data_(data) {}
  Status scan(CustomerId customer, Version after, const std::function<bool(const JournalEntry&)>& visit) override;
  Result<CustomerRecord> snapshot(CustomerId customer, Version at_most) override;
  Status rebuild(const std::function<void(std::size_t, std::size_t)>& progress) override;

private:
  MemoryData& data_;
};

class MemoryDecisionLog final : public DecisionLog {
public:
  explicit MemoryDecisionLog(MemoryData& data) : data_(data) {}
  Result<std::optional<DecisionRecord>> find(DecisionId id) override;
  Status scan(UtcTime from, UtcTime to, const std::function<bool(const DecisionRecord&)>& visit) override;

private:
  MemoryData& data_;
};

class MemoryDocuments final : public Documents {
public:
  explicit MemoryDocuments(MemoryData& data) : data_(data) {}
  Result<std::optional<Document>> get(std::string_view kind, std::string_view id) override;
  Result<std::optional<Document>> get_version(std::string_view kind, std::string_view id, std::uint64_t version) override;
  Result<std::uint64_t> put(Document document, std::optional<std::uint64_t> expected) override;
  Status put_all(std::span<const Document> documents) override;
  Status rewrite(const Document& document) override;
  Status scan(std::string_view kind, const std::function<bool(const Document&)>& visit) override;
  Result<std::vector<Document>> history(std::string_view kind, std::string_view id) override;
  std::uint64_t revision() override;

private:
  MemoryData& data_;
};

class MemoryErasures final : public Erasures {
public:
  MemoryErasures(MemoryData& data, SymbolTable& symbols) : data_(data), symbols_(symbols) {}
  Result<ErasedCounts> erase(const Erasure& erasure) override;
  Status scrub(bool, const std::function<bool(std::size_t, std::size_t)>&) override { return {}; } // there are no files
  Result<Bytes16> settle_salt(const Bytes16& fresh) override {
    if (!data_.erased.salt()) data_.erased.set_salt(fresh);
    return *data_.erased.salt();
  }
  bool is_erased(CustomerId customer) override { return data_.erased.holds(customer); }
  std::optional<UtcTime> erased_at(const Identity& identity) override { return data_.erased.find(identity); }
  std::vector<ErasureMark> marks() override { return data_.erased.all(); }

private:
  MemoryData& data_;
  SymbolTable& symbols_;
};

} // namespace takt
