#pragma once
/// Documents on RocksDB: the current one and each version, in one batch. Changes are rare and made one at a time.
#include "store/rocksdb/database.h"
#include "store/store.h"

#include <atomic>
#include <mutex>

namespace takt {

class RocksdbDocuments final : public Documents {
public:
  static Result<std::unique_ptr<RocksdbDocuments>> open(Database& database);
  Result<std::optional<Document>> get(std::string_view kind, std::string_view id) override;
  Result<std::optional<Document>> get_version(std::string_view kind, std::string_view id, std::uint64_t version) override;
  Result<std::uint64_t> put(Document document, std::optional<std::uint64_t> expected) override;
  Status put_all(std::span<const Document> documents) override;
  Status rewrite(const Document& document) override;
  Status scan(std::string_view kind, const std::function<bool(const Document&)>& visit) override;
  Result<std::vector<Document>> history(std::string_view kind, std::string_view id) override;
  std::uint64_t revision() override { return revision_; }

private:
  RocksdbDocuments(Database& database, std::uint64_t revision) : database_(database), revision_(revision) {}
  Status put_some(std::span<const Document> documents);
  void stage(rocksdb::WriteBatch& batch, const Document& document, std::uint64_t revision) const;

  Database& database_;
  std::mutex mutex_;                           ///< one change at a time: check, then write
  std::atomic<std::uint64_t> revision_;
};

} // namespace takt
