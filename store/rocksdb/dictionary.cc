#include "store/rocksdb/dictionary.h"

#include "core/check.h"
#include "store/rocksdb/keys.h"

namespace takt {

Result<std::vector<std::string>> load_symbols(Database& database) {
  std::vector<std::string> names;
  const std::string prefix(1, keys::symbol_prefix);
  Database::Cursor cursor = database.with_prefix(Family::meta, prefix);
  for (cursor.seek(prefix); cursor.valid(); cursor.next()) {
    if (cursor.key() != keys::symbol_key(Symbol{static_cast<std::uint32_t>(names.size() + 1)}))
      return fail(ErrorCode::corrupt, "the dictionary has a gap after " + std::to_string(names.size()) + " labels");
    names.emplace_back(cursor.value());
  }
  TAKT_TRY_VOID(cursor.status());
  return names;
}

Status persist_symbol(Database& database, Symbol symbol, std::string_view text) {
  rocksdb::WriteBatch batch;
  const rocksdb::Status status = batch.Put(database.handle(Family::meta), keys::symbol_key(symbol), slice(text));
  TAKT_CHECK(status.ok(), "a batch in memory takes what is put");
  return database.write(batch);
}

} // namespace takt
