#include "store/memory/memory_store.h"

#include <algorithm>
#include <utility>

namespace takt {

Result<CustomerId> MemoryIdentities::find(const Identity& identity) {
  const std::lock_guard lock(data_.mutex);
  const auto place = data_.identities.find(identity);
  return place == data_.identities.end() ? CustomerId{} : place->second;
}

Result<CustomerId> MemoryIdentities::claim(const Identity& identity, CustomerId customer, CustomerId expected) {
  const std::lock_guard lock(data_.mutex);
  CustomerId& holder = data_.identities[identity];
  if (holder == expected) holder = customer;
  return holder;
}

Result<std::optional<DecisionRecord>> MemoryDecisionLog::find(DecisionId id) {
  const std::lock_guard lock(data_.mutex);
  const auto place = data_.decisions.find(id);
  if (place == data_.decisions.end()) return std::nullopt;
  TAKT_TRY(record, decode_decision(place->second));
  return record;
}

Status MemoryDecisionLog::scan(UtcTime from, UtcTime to, const std::function<bool(const DecisionRecord&)>& visit) {
  std::vector<std::string> found;
  {
    const std::lock_guard lock(data_.mutex);
    for (const auto& [id, bytes] : data_.decisions)
      if (time_of(id) >= from && time_of(id) < to) found.push_back(bytes);
  }
  for (const std::string& bytes : found) {
    TAKT_TRY(record, decode_decision(bytes));
    if (!visit(record)) break;
  }
  return {};
}

Result<std::optional<Document>> MemoryDocuments::get(std::string_view kind, std::string_view id) {
  const std::lock_guard lock(data_.mutex);
  const auto place = data_.documents.find({std::string(kind), std::string(id)});
  if (place == data_.documents.end()) return std::nullopt;
  return place->second.back();
}

Result<std::optional<Document>> MemoryDocuments::get_version(std::string_view kind, std::string_view id, std::uint64_t version) {
  const std::lock_guard lock(data_.mutex);
  const auto place = data_.documents.find({std::string(kind), std::string(id)});
  if (place == data_.documents.end() || version == 0 || version > place->second.size()) return std::nullopt;
  return place->second[version - 1];
}

Result<std::uint64_t> MemoryDocuments::put(Document document, std::optional<std::uint64_t> expected) {
  if (document.kind.empty() || document.id.empty()) return fail(ErrorCode::invalid, "a document needs a kind and an id");
  const std::lock_guard lock(data_.mutex);
  const auto place = data_.documents.find({document.kind, document.id});
  const std::uint64_t version = place == data_.documents.end() ? 0 : place->second.size();
  const bool is_absent = version == 0 || place->second.back().json.empty();
  if (expected && *expected != version && !(*expected == 0 && is_absent))
    return fail(ErrorCode::conflict, document.kind + " " + document.id + " is at version " + std::to_string(version) + ", not " + std::to_string(*expected));
  document.version = version + 1;
  ++data_.revision;
  data_.documents[{document.kind, document.id}].push_back(document);
  return document.version;
}

Status MemoryDocuments::put_all(std::span<const Document> documents) {
  const auto is_nameless = [](const Document& document) { return document.kind.empty() || document.id.empty(); };
  if (std::any_of(documents.begin(), documents.end(), is_nameless)) return fail(ErrorCode::invalid, "a document needs a kind and an id");
  for (const Document& document : documents) TAKT_TRY_VOID(put(document, std::nullopt).map([](std::uint64_t) {}));
  return {};
}

Status MemoryDocuments::rewrite(const Document& document) {
  const std::lock_guard lock(data_.mutex);
  const auto place = data_.documents.find({document.kind, document.id});
  if (place == data_.documents.end() || document.version == 0 || document.version > place->second.size()) return fail(ErrorCode::not_found, "there is no such version");
  place->second[document.version - 1] = document;
  return {};
}

Status MemoryDocuments::scan(std::string_view kind, const std::function<bool(const Document&)>& visit) {
  std::vector<Document> found;
  {
    const std::lock_guard lock(data_.mutex);
    for (const auto& [name, versions] : data_.documents)
      if (name.first == kind) found.push_back(versions.back());
  }
  for (const Document& document : found)
    if (!visit(document)) break;
  return {};
}

Result<std::vector<Document>> MemoryDocuments::history(std::string_view kind, std::string_view id) {
  const std::lock_guard lock(data_.mutex);
  const auto place = data_.documents.find({std::string(kind), std::string(id)});
  return place == data_.documents.end() ? std::vector<Document>{} : place->second;
}

std::uint64_t MemoryDocuments::revision() {
  const std::lock_guard lock(data_.mutex);
  return data_.revision;
}

Result<ErasedCounts> MemoryErasures::erase(const Erasure& erasure) {
  const std::lock_guard lock(data_.mutex);
  if (!data_.erased.salt()) data_.erased.set_salt(erasure.salt);
  ErasedCounts counts;
  for (const CustomerId member : erasure.members) {
    const auto place = data_.customers.find(member);
    if (place == data_.customers.end()) continue;
    ++counts.records;
    counts.journal_entries += place->second.journal.size();
    for (const JournalEntry& entry : place->second.journal) {
      counts.decisions += data_.decisions.erase(DecisionId{entry.commit.bytes});
      data_.marks.erase(entry.commit.bytes);
    }
    data_.customers.erase(place);
  }
  for (const Erasure::Cleared& cleared : erasure.cleared) {
    const auto place = data_.customers.find(cleared.customer);
    if (place == data_.customers.end()) continue;
    for (JournalEntry& entry : place->second.journal) {
      if (entry.version >= cleared.before) break;
      entry.delta.operations.clear();
      entry.raw.clear();
    }
    place->second.snapshots.erase(place->second.snapshots.begin(), place->second.snapshots.lower_bound(cleared.before));
  }
  for (const DecisionId decision : erasure.decisions) counts.decisions += data_.decisions.erase(decision);
  for (const Identity& identity : erasure.identities) {
    const auto place = data_.identities.find(identity);
    if (place == data_.identities.end() || std::find(erasure.members.begin(), erasure.members.end(), place->second) == erasure.members.end()) continue;
    data_.identities.erase(place);
    ++counts.identities;
  }
  for (const Symbol label : erasure.labels) symbols_.forget(label);
  counts.labels = erasure.labels.size();
  data_.erased.add(ErasureMarks::marks_of(erasure, *data_.erased.salt()));
  return counts;
}

namespace {

class MemoryStore final : public Store {
public:
  MemoryStore() : records_(data_), identities_(data_), journal_(data_), decisions_(data_), documents_(data_) {}
  RecordStore& records() override { return records_; }
  Identities& identities() override { return identities_; }
  Journal& journal() override { return journal_; }
  DecisionLog& decisions() override { return decisions_; }
  Documents& documents() override { return documents_; }
  Erasures& erasures() override { return erasures_; }
  SymbolTable& symbols() override { return symbols_; }

private:
  MemoryData data_;
  MemoryRecords records_;
  MemoryIdentities identities_;
  MemoryJournal journal_;
  MemoryDecisionLog decisions_;
  MemoryDocuments documents_;
  SymbolTable symbols_;
  MemoryErasures erasures_{data_, symbols_};
};

} // namespace

std::unique_ptr<Store> make_memory_store() { return std::make_unique<MemoryStore>(); }

} // namespace takt
