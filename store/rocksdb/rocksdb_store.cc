#include "store/rocksdb/database.h"
#include "store/rocksdb/dictionary.h"
#include "store/rocksdb/rocksdb_documents.h"
#include "store/rocksdb/rocksdb_erasures.h"
#include "store/rocksdb/rocksdb_identities.h"
#include "store/rocksdb/rocksdb_journal.h"
#include "store/rocksdb/rocksdb_records.h"
#include "store/store.h"

#include <utility>

namespace takt {
namespace {

class RocksdbStore final : public Store {
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
  SymbolTable& symbols() override { return symbols_; }

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
  return std::make_unique<RocksdbStore>(std::move(database), std::move(documents), std::move(names), std::move(marks), options.cache_bytes);
}

} // namespace takt
