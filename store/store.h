#pragma once
/// What must survive, behind interfaces that a shared engine can implement later: no multi-customer transaction, no
/// cross-customer order, no blind write (design.md §3). Implementations: memory/ (slow, obvious, right) and rocksdb/.
/// One contract suite (tests/contract/store_contract.h) runs against each, also behind FaultyStore.
/// Threads: every method from any thread. Time never comes from a clock here.
#include "core/decision.h"
#include "core/delta.h"
#include "core/id.h"
#include "core/result.h"
#include "core/symbol.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace takt {

/// "This message was taken": checked and set in the commit. 128 bits of (source, messageId).
struct DedupeMark {
  Bytes16 key{};
  UtcTime until{};                             ///< may be forgotten then
  std::optional<UtcTime> at = {};              ///< when its event came: an older mark counts if it ends later. None: the delta's clock
  bool operator==(const DedupeMark&) const = default;
};

struct Commit {
  CustomerId customer;
  Version expected = 0;                        ///< dense per customer, 0 = absent
  CommitId id;                                 ///< makes retries idempotent: same id at expected+1 → duplicate
  Delta delta;
  std::vector<DedupeMark> marks;               ///< any of them present → duplicate, nothing written
  std::optional<std::string> decision;         ///< encoded DecisionRecord, keyed by `id` as a DecisionId
  std::string raw;                             ///< the event as it came
};

enum class CommitOutcome : std::uint8_t {
  committed,
  duplicate,    ///< id or a mark was there: nothing written, and that is fine
  conflict,     ///< version moved: read again
  moved,        ///< record is sealed by a merge: follow sealed_into
  unknown,      ///< may or may not be written: repeat the very same commit (id and expected) until another answer than these two
  unavailable,  ///< this call wrote nothing (after an `unknown`, the earlier one still may have)
};

enum class Durability : std::uint8_t { wal, fsync };  ///< wal: survives the process; fsync: survives power loss too

using RecordPtr = std::shared_ptr<const CustomerRecord>;

/// Advisory lane of one customer: whoever holds it will rarely meet a conflict. Correctness never depends on it.
using Lane = std::unique_lock<std::mutex>;

class RecordStore {
public:
  virtual ~RecordStore() = default;
  /// Record at some recent version; an absent one has version 0. MAY be stale. Errors: unavailable, corrupt. Let go of it
  /// before you commit to the same customer: a record that nobody holds is folded in place, any other is copied first.
  virtual Result<RecordPtr> read(CustomerId customer, Deadline deadline) = 0;
  /// Each commit is atomic alone, never together. One outcome each, same order. With fsync the answer waits for the syncer.
  /// A lane held by the caller may be released while waiting for the sync: no lock is held across an fsync.
  virtual std::vector<CommitOutcome> commit(std::span<const Commit> commits, Durability durability, Deadline deadline) = 0;
  /// Everything acknowledged with wal before this call is on the device when it returns.
  virtual Status sync() = 0;
  /// Is the mark set, and alive at `mark.until`, which is read as the time of asking? Cheap pre-check for batches (~1 µs); the
  /// commit checks again.
  virtual bool seen(const DedupeMark& mark) = 0;
  virtual Lane enter(CustomerId customer) = 0;
  virtual Status for_each_customer(const std::function<bool(CustomerId)>& visit) = 0;  ///< ascending; false stops
};

class Identities {
public:
  virtual ~Identities() = default;
  virtual Result<CustomerId> find(const Identity& identity) = 0;               ///< 0 = nobody
  /// Put if still `expected` (0 = absent). Returns who holds it now. Not synced: the commit after it is.
  virtual Result<CustomerId> claim(const Identity& identity, CustomerId customer, CustomerId expected) = 0;
};

class Journal {
public:
  virtual ~Journal() = default;
  /// Entries of one customer with version > after, in order; false stops. Where the journal does not reach back to there (retention), from its first.
  virtual Status scan(CustomerId customer, Version after, const std::function<bool(const JournalEntry&)>& visit) = 0;
  /// Latest stored snapshot at or below `at_most`, else version 0: where a replay starts. Of a journal that does not reach back to there: what it begins with.
  virtual Result<CustomerRecord> snapshot(CustomerId customer, Version at_most) = 0;
  /// Drops every snapshot and folds the journal again; `progress(done, total)`. Used by `takt rebuild`.
  virtual Status rebuild(const std::function<void(std::size_t, std::size_t)>& progress) = 0;
};

class DecisionLog {
public:
  virtual ~DecisionLog() = default;
  virtual Result<std::optional<DecisionRecord>> find(DecisionId id) = 0;
  virtual Status scan(UtcTime from, UtcTime to, const std::function<bool(const DecisionRecord&)>& visit) = 0;  ///< by id, so by time
};

/// Versioned JSON texts: items, placements, policies, audiences … with history.
struct Document {
  std::string kind;                            ///< "item", "placement", "policy", …
  std::string id;
  std::uint64_t version = 0;                   ///< dense per document
  std::string json;                            ///< empty = deleted
  UtcTime at{};
  std::string author;
  bool operator==(const Document&) const = default;
};
class Documents {
public:
  virtual ~Documents() = default;
  /// A deleted document is there, with its version and an empty text; whoever expects 0 may create it again.
  virtual Result<std::optional<Document>> get(std::string_view kind, std::string_view id) = 0;
  virtual Result<std::optional<Document>> get_version(std::string_view kind, std::string_view id, std::uint64_t version) = 0;
  /// Expected version (0 = absent) or nullopt = whatever is there. Errors: conflict. Returns the new version.
  virtual Result<std::uint64_t> put(Document document, std::optional<std::uint64_t> expected) = 0;
  /// Many at once, whatever is there; durable when it returns. For imports.
  virtual Status put_all(std::span<const Document> documents) = 0;
  /// Another text for a version that is there, in the history too. Only for what must be forgotten: everything else is a new version.
  /// Errors: not_found.
  virtual Status rewrite(const Document& document) = 0;
  virtual Status scan(std::string_view kind, const std::function<bool(const Document&)>& visit) = 0;  ///< current ones, by id
  virtual Result<std::vector<Document>> history(std::string_view kind, std::string_view id) = 0;      ///< oldest first
  virtual std::uint64_t revision() = 0;        ///< counts every change of any document
};

/// A salted hash of what named a person: enough to know the name when it comes again, not enough to tell it.
struct ErasureMark {
  Bytes16 hash{};
  UtcTime at{};
  auto operator<=>(const ErasureMark&) const = default;
};

/// One person who is to be forgotten (semantics.md "Erasure"): everybody they ever were, and what names them.
struct Erasure {
  /// A record that was parted from this person keeps what it is; what it took in before `before` loses its content.
  struct Cleared { CustomerId customer; Version before = 0; bool operator==(const Cleared&) const = default; };
  std::vector<CustomerId> members;             ///< the person and everybody they absorbed
  std::vector<Cleared> cleared;
  std::vector<DecisionId> decisions;           ///< logged under a cleared record
  std::vector<Identity> identities;
  std::vector<Symbol> labels;                  ///< that mean nobody and nothing else: they lose their text
  UtcTime at{};
  Bytes16 salt{};                              ///< of the marks, where the store has no salt yet: random bytes
  std::vector<ErasureMark> marks;              ///< besides those of members and identities: of names that nobody here has
};
struct ErasedCounts {
  std::uint64_t records = 0, journal_entries = 0, decisions = 0, identities = 0, labels = 0;
  bool operator==(const ErasedCounts&) const = default;
};

class Erasures {
public:
  virtual ~Erasures() = default;
  /// Durable when it returns; repeating it is harmless, and one that a crash cut short is finished when the store is opened again. Commits to a member answer `moved` from now on, and reading one gives nobody.
  /// Its bytes leave the files with `scrub`. Errors: unavailable (then some of it may be gone: repeat).
  virtual Result<ErasedCounts> erase(const Erasure& erasure) = 0;
  /// No file holds a byte of what was erased when it returns: of this process's erasures, or of all with `everything`.
  /// Cost: rewrites the files that held some; everything: the whole store. `progress(done, total)`; false stops, and is `unavailable`.
  virtual Status scrub(bool everything, const std::function<bool(std::size_t, std::size_t)>& progress) = 0;
  /// The salt of the marks; where the store has none yet, `fresh` from now on.
  virtual Result<Bytes16> settle_salt(const Bytes16& fresh) = 0;
  virtual bool is_erased(CustomerId customer) = 0;                               ///< ~10 ns where nobody ever was
  virtual std::optional<UtcTime> erased_at(const Identity& identity) = 0;        ///< the latest time
  /// For backups, which must not bring anybody back.
  virtual std::vector<ErasureMark> marks() = 0;
};

/// One data directory (or one memory): the six interfaces and the dictionary of labels.
class Store {
public:
  virtual ~Store() = default;
  virtual RecordStore& records() = 0;
  virtual Identities& identities() = 0;
  virtual Journal& journal() = 0;
  virtual DecisionLog& decisions() = 0;
  virtual Documents& documents() = 0;
  virtual Erasures& erasures() = 0;
  virtual SymbolTable& symbols() = 0;
};

std::unique_ptr<Store> make_memory_store();

struct RocksdbOptions {
  std::string directory;
  std::size_t cache_bytes = std::size_t{256} << 20;   ///< decoded hot records; block cache and memtables take as much again
  Duration sync_every{0};                             ///< the syncer's longest pause; 0 = as soon as somebody waits
  bool bulk_load = false;                             ///< larger memtables for imports
  bool must_exist = false;                            ///< an absent or empty directory is an error, and nothing is made
};
/// The directory is the store's own: absent, empty (but for folders), or a store. Errors: unavailable (another process owns it),
/// corrupt (checksum, newer format, a directory of another kind), not_found (must_exist, and there is no store).
Result<std::unique_ptr<Store>> open_rocksdb_store(const RocksdbOptions& options);

/// Files under a data directory, the store's and all others, that hold these bytes; inside compressed tables too. Whose store it is may go on.
/// Errors: invalid (nothing to look for), unavailable, corrupt. Cost: reads everything.
Result<std::vector<std::string>> files_holding(const std::string& directory, std::string_view text);

} // namespace takt
