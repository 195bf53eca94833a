#include "store/rocksdb/rocksdb_erasures.h"

#include "core/bytes.h"
#include "core/check.h"
#include "store/rocksdb/keys.h"

#include <algorithm>
#include <utility>

namespace takt {
namespace {

/// More ranges than this cost more than the whole family at once.
constexpr std::size_t ranges_max = 256;

void put(Database& database, rocksdb::WriteBatch& batch, const std::string& key, std::string_view value) {
  const rocksdb::Status status = batch.Put(database.handle(Family::meta), key, slice(value));
  TAKT_CHECK(status.ok(), "a batch in memory takes what is put");
}

/// Only this file reads it, and only until the erasure is done: one format, no evolution.
std::string encode(const Erasure& erasure) {
  ByteWriter writer;
  writer.svarint(ms_of(erasure.at));
  writer.varint(erasure.members.size());
  for (const CustomerId member : erasure.members) writer.fixed(member.value, 8);
  writer.varint(erasure.cleared.size());
  for (const Erasure::Cleared& cleared : erasure.cleared) {
    writer.fixed(cleared.customer.value, 8);
    writer.varint(cleared.before);
  }
  writer.varint(erasure.decisions.size());
  for (const DecisionId& decision : erasure.decisions) writer.raw(keys::view_of(decision.bytes));
  writer.varint(erasure.identities.size());
  for (const Identity& identity : erasure.identities) {
    writer.u8(static_cast<std::uint8_t>(identity.kind));
    writer.text(identity.value);
  }
  writer.varint(erasure.labels.size());
  for (const Symbol label : erasure.labels) writer.varint(static_cast<std::uint32_t>(label));
  return writer.take();
}

Result<Erasure> decode(std::string_view bytes) {
  ByteReader reader(bytes);
  Erasure erasure;
  erasure.at = utc_from_ms(reader.svarint());
  for (std::uint64_t left = reader.varint(); left > 0 && reader.ok(); --left) erasure.members.push_back(CustomerId{reader.fixed(8)});
  for (std::uint64_t left = reader.varint(); left > 0 && reader.ok(); --left) {
    const CustomerId customer{reader.fixed(8)};
    erasure.cleared.push_back({customer, reader.varint()});
  }
  for (std::uint64_t left = reader.varint(); left > 0 && reader.ok(); --left) {
    DecisionId decision;
    for (std::uint8_t& byte : decision.bytes) byte = reader.u8();
    erasure.decisions.push_back(decision);
  }
  for (std::uint64_t left = reader.varint(); left > 0 && reader.ok(); --left) {
    const auto kind = static_cast<IdentityKind>(reader.u8());
    erasure.identities.push_back({kind, std::string(reader.text())});
  }
  for (std::uint64_t left = reader.varint(); left > 0 && reader.ok(); --left) erasure.labels.push_back(static_cast<Symbol>(static_cast<std::uint32_t>(reader.varint())));
  if (!reader.ok() || !reader.done()) return fail(ErrorCode::corrupt, "an erasure that was begun is damaged");
  return erasure;
}

} // namespace

Status load_erasure_marks(Database& database, ErasureMarks& marks) {
  rocksdb::PinnableSlice salt;
  TAKT_TRY(has_salt, database.get(Family::meta, keys::salt_key, salt));
  if (!has_salt) return {};
  Bytes16 bytes{};
  if (salt.size() != bytes.size()) return fail(ErrorCode::corrupt, "the salt of erasures is damaged");
  std::copy_n(view(salt).begin(), bytes.size(), bytes.begin());
  std::vector<ErasureMark> kept;
  const std::string prefix(1, keys::erasure_prefix);
  Database::Cursor cursor = database.with_prefix(Family::meta, prefix);
  for (cursor.seek(prefix); cursor.valid(); cursor.next()) {
    ErasureMark mark;
    if (cursor.key().size() != 1 + mark.hash.size() || cursor.value().size() != 8) return fail(ErrorCode::corrupt, "a mark of an erasure is damaged");
    std::copy_n(cursor.key().begin() + 1, mark.hash.size(), mark.hash.begin());
    mark.at = utc_from_ms(static_cast<std::int64_t>(keys::number_of(cursor.value())));
    kept.push_back(mark);
  }
  TAKT_TRY_VOID(cursor.status());
  marks.load(bytes, kept);
  return {};
}

Result<Bytes16> RocksdbErasures::settle_salt(const Bytes16& fresh) {
  const std::lock_guard lock(mutex_);
  if (marks_.salt()) return *marks_.salt();
  rocksdb::WriteBatch batch;
  put(database_, batch, std::string(keys::salt_key), keys::view_of(fresh));
  TAKT_TRY_VOID(database_.write(batch));
  TAKT_TRY_VOID(database_.sync());
  marks_.set_salt(fresh);
  return fresh;
}

Status RocksdbErasures::begin(const Erasure& erasure) {
  const std::vector<ErasureMark> marks = marks_.latest(ErasureMarks::marks_of(erasure, *marks_.salt()));
  rocksdb::WriteBatch batch;
  put(database_, batch, std::string(keys::salt_key), keys::view_of(*marks_.salt()));
  put(database_, batch, std::string(keys::erasing_key), encode(erasure));
  for (const ErasureMark& mark : marks) put(database_, batch, keys::erasure_key(mark.hash), keys::number_bytes(static_cast<std::uint64_t>(ms_of(mark.at))));
  TAKT_TRY_VOID(database_.write(batch));
  TAKT_TRY_VOID(database_.sync());
  marks_.add(marks);
  return {};
}

Status RocksdbErasures::end() {
  rocksdb::WriteBatch batch;
  const rocksdb::Status status = batch.Delete(database_.handle(Family::meta), slice(keys::erasing_key));
  TAKT_CHECK(status.ok(), "a batch in memory takes what is put");
  TAKT_TRY_VOID(database_.write(batch));
  return database_.sync();
}

Status RocksdbErasures::finish() {
  rocksdb::PinnableSlice value;
  TAKT_TRY(is_there, database_.get(Family::meta, keys::erasing_key, value));
  if (!is_there) return {};
  TAKT_TRY(erasure, decode(view(value)));
  TAKT_TRY_VOID(carry_out(erasure).map([](const ErasedCounts&) {}));
  return end();
}

Status RocksdbErasures::forget_labels(const std::vector<Symbol>& labels) {
  rocksdb::WriteBatch batch;
  for (const Symbol label : labels) put(database_, batch, keys::symbol_key(label), erased_label(label));
  TAKT_TRY_VOID(database_.write(batch));
  for (const Symbol label : labels) symbols_.forget(label);
  return {};
}

void RocksdbErasures::add_range(Family family, std::string_view first, std::string_view last) { dirty_.push_back({family, std::string(first), std::string(last)}); }

Result<ErasedCounts> RocksdbErasures::erase(const Erasure& erasure) {
  const std::lock_guard lock(mutex_);
  if (!marks_.salt()) marks_.set_salt(erasure.salt);
  TAKT_TRY_VOID(begin(erasure));
  TAKT_TRY(counts, carry_out(erasure));
  TAKT_TRY_VOID(end());
  return counts;
}

Result<ErasedCounts> RocksdbErasures::carry_out(const Erasure& erasure) {
  ErasedCounts counts;
  const auto rewritten = [&](CustomerId customer) {
    for (const Family family : {Family::journal, Family::snapshots})
      add_range(family, keys::record_key(customer, 0).view(), keys::newest_snapshot_key(customer).view());
  };
  const auto decision_gone = [&](const Bytes16& id) { add_range(Family::decisions, keys::view_of(id), keys::view_of(id)); };
  for (const CustomerId member : erasure.members) {
    rewritten(member);
    TAKT_TRY_VOID(records_.erase(member, counts, decision_gone));
  }
  for (const Erasure::Cleared& cleared : erasure.cleared) {
    rewritten(cleared.customer);
    TAKT_TRY_VOID(records_.clear(cleared.customer, cleared.before));
  }
  for (const DecisionId& decision : erasure.decisions) {
    TAKT_TRY(was_there, records_.erase_decision(decision));
    if (was_there) {
      ++counts.decisions;
      decision_gone(decision.bytes);
    }
  }
  for (const Identity& identity : erasure.identities) {
    TAKT_TRY(holder, identities_.find(identity));
    if (std::find(erasure.members.begin(), erasure.members.end(), holder) == erasure.members.end()) continue; // nobody, or somebody who came after
    TAKT_TRY_VOID(identities_.claim(identity, CustomerId{}, holder).map([](CustomerId) {}));
    ++counts.identities;
  }
  TAKT_TRY_VOID(forget_labels(erasure.labels));
  counts.labels = erasure.labels.size();
  add_range(Family::meta, std::string_view(), "\xff"); // labels and documents: small, and what was rewritten may lie anywhere
  return counts;
}

Status RocksdbErasures::scrub(bool everything, const std::function<bool(std::size_t, std::size_t)>& progress) {
  std::vector<Range> ranges;
  {
    const std::lock_guard lock(mutex_); // not while files are rewritten: the next erasure must not wait for them
    ranges = std::exchange(dirty_, {});
  }
  std::sort(ranges.begin(), ranges.end());
  ranges.erase(std::unique(ranges.begin(), ranges.end()), ranges.end());
  if (everything || ranges.size() > ranges_max) {
    ranges.clear();
    const std::string last(17, '\xff'); // behind every key
    for (const Family family : {Family::meta, Family::journal, Family::snapshots, Family::decisions}) ranges.push_back({family, {}, last});
  }
  Status status = rewrite(ranges, progress);
  if (!status) {
    const std::lock_guard lock(mutex_);
    dirty_.insert(dirty_.end(), ranges.begin(), ranges.end());
  }
  return status;
}

Status RocksdbErasures::rewrite(const std::vector<Range>& ranges, const std::function<bool(std::size_t, std::size_t)>& progress) {
  TAKT_TRY_VOID(database_.flush_all());
  for (std::size_t done = 0; done < ranges.size(); ++done) {
    if (progress && !progress(done, ranges.size())) return fail(ErrorCode::unavailable, "stopped before every file was rewritten");
    TAKT_TRY_VOID(database_.compact(ranges[done].family, ranges[done].first, ranges[done].last));
  }
  return {};
}

} // namespace takt
