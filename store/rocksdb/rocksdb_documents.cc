#include "store/rocksdb/rocksdb_documents.h"

#include "core/bytes.h"
#include "core/check.h"
#include "store/rocksdb/keys.h"

#include <algorithm>
#include <map>
#include <utility>

namespace takt {
namespace {

constexpr std::uint8_t document_format = 1;
constexpr std::size_t batch_documents_max = 500; // a few MB of items: far below a memtable
constexpr std::size_t name_bytes_max = 65535;    // the key's length field

std::string encode(const Document& document) {
  ByteWriter writer;
  writer.u8(document_format);
  writer.varint(document.version);
  writer.svarint(ms_of(document.at));
  writer.text(document.author);
  writer.text(document.json);
  return writer.take();
}

Result<Document> decode(std::string_view kind, std::string_view id, std::string_view bytes) {
  ByteReader reader(bytes);
  const std::uint8_t format = reader.u8();
  Document document;
  document.kind = kind;
  document.id = id;
  document.version = reader.varint();
  document.at = utc_from_ms(reader.svarint());
  document.author = reader.text();
  document.json = reader.text();
  if (format != document_format || !reader.ok() || !reader.done())
    return fail(ErrorCode::corrupt, "the document " + document.kind + " " + document.id + " is damaged");
  return document;
}

bool has_good_name(const Document& document) {
  return !document.kind.empty() && !document.id.empty() && document.kind.size() <= name_bytes_max && document.id.size() <= name_bytes_max;
}

} // namespace

Result<std::unique_ptr<RocksdbDocuments>> RocksdbDocuments::open(Database& database) {
  rocksdb::PinnableSlice value;
  TAKT_TRY(is_there, database.get(Family::meta, keys::revision_key, value));
  return std::unique_ptr<RocksdbDocuments>(new RocksdbDocuments(database, is_there ? keys::number_of(view(value)) : 0));
}

Result<std::optional<Document>> RocksdbDocuments::get(std::string_view kind, std::string_view id) {
  rocksdb::PinnableSlice value;
  TAKT_TRY(is_there, database_.get(Family::meta, keys::document_key(kind, id), value));
  if (!is_there) return std::nullopt;
  TAKT_TRY(document, decode(kind, id, view(value)));
  return document;
}

Result<std::optional<Document>> RocksdbDocuments::get_version(std::string_view kind, std::string_view id, std::uint64_t version) {
  rocksdb::PinnableSlice value;
  TAKT_TRY(is_there, database_.get(Family::meta, keys::history_key(kind, id, version), value));
  if (!is_there) return std::nullopt;
  TAKT_TRY(document, decode(kind, id, view(value)));
  return document;
}

Result<std::uint64_t> RocksdbDocuments::put(Document document, std::optional<std::uint64_t> expected) {
  if (!has_good_name(document)) return fail(ErrorCode::invalid, "a document needs a kind and an id");
  {
    const std::lock_guard lock(mutex_);
    TAKT_TRY(current, get(document.kind, document.id));
    const std::uint64_t version = current ? current->version : 0;
    const bool is_absent = !current || current->json.empty();
    if (expected && *expected != version && !(*expected == 0 && is_absent))
      return fail(ErrorCode::conflict, document.kind + " " + document.id + " is at version " + std::to_string(version) + ", not " + std::to_string(*expected));
    document.version = version + 1;
    rocksdb::WriteBatch batch;
    stage(batch, document, revision_ + 1);
    TAKT_TRY_VOID(database_.write(batch));
    ++revision_;
  }
  TAKT_TRY_VOID(database_.sync());
  return document.version;
}

Status RocksdbDocuments::put_all(std::span<const Document> documents) {
  if (!std::all_of(documents.begin(), documents.end(), has_good_name)) return fail(ErrorCode::invalid, "a document needs a kind and an id");
  for (std::size_t from = 0; from < documents.size(); from += batch_documents_max)
    TAKT_TRY_VOID(put_some(documents.subspan(from, std::min(batch_documents_max, documents.size() - from))));
  return database_.sync();
}

Status RocksdbDocuments::put_some(std::span<const Document> documents) {
  const std::lock_guard lock(mutex_);
  std::map<std::pair<std::string_view, std::string_view>, std::uint64_t> versions; // the same document may come twice
  rocksdb::WriteBatch batch;
  std::uint64_t revision = revision_;
  for (const Document& given : documents) {
    auto [place, is_new] = versions.try_emplace({given.kind, given.id}, 0);
    if (is_new) {
      TAKT_TRY(current, get(given.kind, given.id));
      if (current) place->second = current->version;
    }
    Document document = given;
    document.version = ++place->second;
    stage(batch, document, ++revision);
  }
  TAKT_TRY_VOID(database_.write(batch));
  revision_ = revision;
  return {};
}

Status RocksdbDocuments::rewrite(const Document& document) {
  {
    const std::lock_guard lock(mutex_);
    TAKT_TRY(known, get_version(document.kind, document.id, document.version));
    if (!known) return fail(ErrorCode::not_found, "there is no such version");
    TAKT_TRY(current, get(document.kind, document.id));
    const std::string bytes = encode(document);
    rocksdb::WriteBatch batch;
    rocksdb::Status status = batch.Put(database_.handle(Family::meta), keys::history_key(document.kind, document.id, document.version), bytes);
    if (status.ok() && current && current->version == document.version)
      status = batch.Put(database_.handle(Family::meta), keys::document_key(document.kind, document.id), bytes);
    TAKT_CHECK(status.ok(), "a batch in memory takes what is put");
    TAKT_TRY_VOID(database_.write(batch));
  }
  return database_.sync();
}

void RocksdbDocuments::stage(rocksdb::WriteBatch& batch, const Document& document, std::uint64_t revision) const {
  rocksdb::ColumnFamilyHandle* const handle = database_.handle(Family::meta);
  const std::string bytes = encode(document);
  rocksdb::Status status = batch.Put(handle, keys::document_key(document.kind, document.id), bytes);
  if (status.ok()) status = batch.Put(handle, keys::history_key(document.kind, document.id, document.version), bytes);
  if (status.ok()) status = batch.Put(handle, slice(keys::revision_key), keys::number_bytes(revision));
  TAKT_CHECK(status.ok(), "a batch in memory takes what is put");
}

Status RocksdbDocuments::scan(std::string_view kind, const std::function<bool(const Document&)>& visit) {
  const std::string prefix = keys::documents_prefix(kind);
  Database::Cursor cursor = database_.with_prefix(Family::meta, prefix);
  for (cursor.seek(prefix); cursor.valid(); cursor.next()) {
    TAKT_TRY(document, decode(kind, cursor.key().substr(prefix.size()), cursor.value()));
    if (!visit(document)) return {};
  }
  return cursor.status();
}

Result<std::vector<Document>> RocksdbDocuments::history(std::string_view kind, std::string_view id) {
  const std::string prefix = keys::history_prefix(kind, id);
  std::vector<Document> documents;
  Database::Cursor cursor = database_.with_prefix(Family::meta, prefix);
  for (cursor.seek(prefix); cursor.valid(); cursor.next()) {
    TAKT_TRY(document, decode(kind, id, cursor.value()));
    documents.push_back(std::move(document));
  }
  TAKT_TRY_VOID(cursor.status());
  return documents;
}

} // namespace takt
