#include "store/checkpoints.h"
#include "store/retention.h"
#include "store/rocksdb/database.h"
#include "store/rocksdb/dictionary.h"
#include "store/rocksdb/keys.h"
#include "store/rocksdb/rocksdb_documents.h"
#include "store/rocksdb/rocksdb_erasures.h"
#include "store/rocksdb/rocksdb_identities.h"
#include "store/rocksdb/rocksdb_journal.h"
#include "store/rocksdb/rocksdb_records.h"
#include "store/store.h"

#include <utility>

namespace takt {
namespace {

constexpr std::string_view last_key = "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"; // behind every key of 16 bytes

class RocksdbStore final : public Store, public Checkpoints, public Retention {
public:
  RocksdbStore(std::unique_ptr<Database> database, std::unique_ptr<RocksdbDocuments> documents, std::vector<std::string> names, std::unique_ptr<ErasureMarks> marks,
               std::size_t cache_bytes)
      : database_(std::move(database)),
        marks_(std::move(marks)),
        records_(*database_, cache_bytes, *marks_),
        identities_(*database_),
        journal_(*database_, records_),
        decisions_(*database_),
        documents_(std::move(documents)),
        symbols_(std::move(names), [this](Symbol symbol, std::string_view text) {
          // After a failure nothing more: a gap in the dictionary would not open again.
          if (records_.refuses_commits() || !persist_symbol(*database_, symbol, text)) records_.refuse_commits();
        }),
        erasures_(*database_, records_, identities_, symbols_, *marks_) {}

  RecordStore& records() override { return records_; }
  Identities& identities() override { return identities_; }
  Journal& journal() override { return journal_; }
  DecisionLog& decisions() override { return decisions_; }
  Documents& documents() override { return *documents_; }
  Erasures& erasures() override { return erasures_; }
  Status finish_erasure() { return erasures_.finish(); }
  SymbolTable& symbols() override { return symbols_; }
  Status checkpoint(const std::string& directory) override { return database_->checkpoint(directory); }

  std::uint64_t journal_bytes() override { return database_->approximate_bytes(Family::journal, {}, last_key); }
  std::uint64_t decisions_bytes(std::optional<UtcTime> from) override {
    const Bytes16 first = from ? keys::first_decision_id(*from) : Bytes16{};
    return database_->approximate_bytes(Family::decisions, keys::view_of(first), last_key);
  }
  Result<std::optional<UtcTime>> oldest_decision() override {
    Database::Cursor cursor = database_->all(Family::decisions);
    cursor.seek({});
    TAKT_TRY_VOID(cursor.status());
    if (!cursor.valid()) return std::nullopt;
    constexpr int other_bits = 16; // an id begins with 48 bits of milliseconds
    return UtcTime(Duration(static_cast<std::int64_t>(keys::number_of(cursor.key()) >> other_bits)));
  }
  Status forget_decisions(UtcTime before) override {
    const Bytes16 end = keys::first_decision_id(before);
    return database_->forget(Family::decisions, {}, keys::view_of(end));
  }
  Status forget_documents(std::string_view kind, std::string_view id) override {
    const std::string first = keys::documents_prefix(kind), end = keys::document_key(kind, id);
    Database::Cursor cursor = database_->with_prefix(Family::meta, first);
    cursor.seek(first);
    TAKT_TRY_VOID(cursor.status());
    if (!cursor.valid() || cursor.key() >= end) return {}; // each mark of a range costs every later read a little
    TAKT_TRY_VOID(database_->forget(Family::meta, first, end));
    return database_->forget(Family::meta, keys::history_prefix(kind, std::string(id.size(), '\0')), keys::history_prefix(kind, id));
  }
  Result<JournalsForgotten> forget_journals(UtcTime before, CustomerId from, std::size_t customers_max) override {
    return records_.forget_journals(before, from, customers_max);
  }

private:
  std::unique_ptr<Database> database_;         // first: the others use it to their end
  std::unique_ptr<ErasureMarks> marks_;
  RocksdbRecords records_;
  RocksdbIdentities identities_;
  RocksdbJournal journal_;
  RocksdbDecisionLog decisions_;
  std::unique_ptr<RocksdbDocuments> documents_;
  SymbolTable symbols_;
  RocksdbErasures erasures_;
};

} // namespace

Result<std::unique_ptr<Store>> open_rocksdb_store(const RocksdbOptions& options) {
  TAKT_TRY(database, Database::open(options));
  TAKT_TRY(documents, RocksdbDocuments::open(*database));
  TAKT_TRY(names, load_symbols(*database));
  auto marks = std::make_unique<ErasureMarks>();
  TAKT_TRY_VOID(load_erasure_marks(*database, *marks));
  auto store = std::make_unique<RocksdbStore>(std::move(database), std::move(documents), std::move(names), std::move(marks), options.cache_bytes);
  TAKT_TRY_VOID(store->finish_erasure());
  return store;
}

} // namespace takt
