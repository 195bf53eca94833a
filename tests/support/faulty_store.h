#pragma once
/// A store that misbehaves as a shared engine may, within its contract: stale reads, conflict storms, outcomes that are
/// unknown (written or not), no answer at all, records sealed by somebody's merge. The schedule comes from a seed: one
/// thread with the same calls meets the same faults. Wraps any Store; journal, decisions, documents and dictionary pass through.
#include "core/random.h"
#include "tests/support/forwarding_store.h"

#include <functional>
#include <map>
#include <mutex>

namespace takt::test {

/// Chances per call, each drawn on its own; 0 = never. Change them between calls with FaultyStore::set_plan.
struct FaultPlan {
  double read_stale = 0;
  double read_unavailable = 0;
  double commit_conflict = 0;                  ///< starts a storm: this commit and the next ones of the customer
  double commit_unknown_before = 0;            ///< `unknown`, nothing was written
  double commit_unknown_after = 0;             ///< `unknown`, it was written
  double commit_unavailable = 0;
  double seal_before_commit = 0;               ///< a merge comes first, needs seal_into
  std::uint32_t storm_length_max = 3;
  std::uint32_t stale_versions_max = 3;
  std::function<CustomerId(CustomerId)> seal_into = {};  ///< 0 = not this one
};

struct FaultCounts {
  std::uint64_t stale_reads = 0, unavailable = 0, conflicts = 0, unknown_before = 0, unknown_after = 0, seals = 0;
};

class FaultyStore final : public ForwardingStore {
public:
  FaultyStore(Store& inner, FaultPlan plan, std::uint64_t seed);
  RecordStore& records() override { return records_; }
  Identities& identities() override { return identities_; }

  void set_plan(FaultPlan plan);
  FaultCounts counts() const;

private:
  class Records final : public ForwardingRecords {
  public:
    Records(FaultyStore& owner, RecordStore& inner) : ForwardingRecords(inner), owner_(owner) {}
    Result<RecordPtr> read(CustomerId customer, Deadline deadline) override;
    std::vector<CommitOutcome> commit(std::span<const Commit> commits, Durability durability, Deadline deadline) override;

  private:
    FaultyStore& owner_;
  };
  class FaultyIdentities final : public Identities {
  public:
    explicit FaultyIdentities(FaultyStore& owner) : owner_(owner) {}
    Result<CustomerId> find(const Identity& identity) override;
    Result<CustomerId> claim(const Identity& identity, CustomerId customer, CustomerId expected) override;

  private:
    FaultyStore& owner_;
  };

  bool draw(double FaultPlan::*chance);        ///< true: the fault happens now
  std::uint64_t draw_below(std::uint64_t bound);
  void count(std::uint64_t FaultCounts::*counter);
  bool has_commit(const Commit& commit);
  bool is_in_storm(CustomerId customer);
  void maybe_seal(CustomerId customer);
  Result<RecordPtr> read_stale(CustomerId customer, Deadline deadline);
  CommitOutcome commit_one(const Commit& commit, Durability durability, Deadline deadline);

  mutable std::mutex mutex_;
  FaultPlan plan_;
  FaultCounts counts_;
  Random random_;
  std::map<CustomerId, std::uint64_t> storms_; ///< conflicts still to come
  Records records_;
  FaultyIdentities identities_{*this};
};

} // namespace takt::test
