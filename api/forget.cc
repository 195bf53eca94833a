#include "api/forget.h"

#include "api/json/codecs.h"
#include "api/past_worlds.h"
#include "engine/erase.h"
#include "store/erasure_marks.h"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fmt/format.h>
#include <set>

namespace takt {
namespace {

/// How an imported list writes somebody: "u1", "user:u1", "anon:a1", "id:c-…".
std::optional<Identity> identity_in_list(std::string_view name) {
  if (name.starts_with("id:")) return std::nullopt;
  if (name.starts_with("user:")) return Identity{IdentityKind::user, std::string(name.substr(5))};
  if (name.starts_with("anon:")) return Identity{IdentityKind::anonymous, std::string(name.substr(5))};
  return Identity{IdentityKind::user, std::string(name)};
}

/// None: nothing of it goes.
std::optional<std::string> without_people(const Document& document, const std::function<bool(const Identity&)>& is_gone, std::span<const CustomerId> members) {
  if (document.json.empty()) return std::nullopt;
  auto audience = parse_audience(document.json);
  if (!audience) return std::nullopt;
  const std::size_t removed = std::erase_if(audience->customers, [&](const std::string& name) {
    if (const auto identity = identity_in_list(name)) return is_gone(*identity);
    return std::any_of(members.begin(), members.end(), [&](CustomerId member) { return name == "id:" + to_text(member); });
  });
  return removed == 0 ? std::nullopt : std::optional(write_audience(*audience));
}

/// A note of the audit log: an id becomes "erased".
std::optional<std::string> without_ids(const Document& note, std::span<const CustomerId> members) {
  std::string json = note.json;
  for (const CustomerId member : members) {
    const std::string id = to_text(member);
    for (std::size_t at = json.find(id); at != std::string::npos; at = json.find(id, at)) json.replace(at, id.size(), "erased");
  }
  return json == note.json ? std::nullopt : std::optional(std::move(json));
}

std::string hex_of(const Bytes16& bytes) {
  std::string text;
  for (const std::uint8_t byte : bytes) text += fmt::format("{:02x}", byte);
  return text;
}

std::optional<Bytes16> bytes_of_hex(std::string_view text) {
  Bytes16 bytes{};
  if (text.size() != 2 * bytes.size()) return std::nullopt;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const char* const end = text.data() + 2 * i + 2;
    if (const auto read = std::from_chars(text.data() + 2 * i, end, bytes[i], 16); read.ec != std::errc() || read.ptr != end) return std::nullopt;
  }
  return bytes;
}

struct Subject {
  Bytes16 salt{};
  std::set<Bytes16> hashes;
};

Result<Subject> parse_subject(std::string_view text) {
  Subject subject;
  bool is_first = true;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find(':', begin), text.size());
    const auto bytes = bytes_of_hex(text.substr(begin, end - begin));
    if (!bytes) return fail(ErrorCode::corrupt, "the list of erased people has a line that this build cannot read");
    if (is_first) subject.salt = *bytes;
    else subject.hashes.insert(*bytes);
    is_first = false;
    begin = end + 1;
  }
  return subject;
}

/// People of this store who have one of the names, and of whom it does not know that they were erased then or later.
Result<std::vector<CustomerId>> find_people(Store& store, const Subject& subject, UtcTime at) {
  std::vector<CustomerId> found;
  Status status;
  TAKT_TRY_VOID(store.records().for_each_customer([&](CustomerId customer) {
    auto record = store.records().read(customer, Deadline{});
    if (!record) {
      status = tl::unexpected(record.error());
      return false;
    }
    const bool is_named = !(*record)->sealed_into && std::any_of((*record)->identities.begin(), (*record)->identities.end(), [&](const LinkedIdentity& linked) {
      return subject.hashes.contains(ErasureMarks::hash_of(subject.salt, linked.identity)) && store.erasures().erased_at(linked.identity).value_or(UtcTime::min()) < at;
    });
    if (is_named) found.push_back(customer);
    return true;
  }));
  TAKT_TRY_VOID(status);
  return found;
}

Status apply_note(Store& store, const ErasureNote& note) {
  TAKT_TRY(subject, parse_subject(note.subject));
  TAKT_TRY(people, find_people(store, subject, note.at));
  Erasure names;
  names.at = note.at;
  names.salt = subject.salt;
  for (const Bytes16& hash : subject.hashes) names.marks.push_back({hash, note.at});
  std::vector<CustomerId> members;
  for (const CustomerId customer : people) {
    TAKT_TRY(erasure, plan_erasure(store, nullptr, customer, note.at, subject.salt));
    TAKT_TRY_VOID(store.erasures().erase(erasure).map([](const ErasedCounts&) {}));
    members.insert(members.end(), erasure.members.begin(), erasure.members.end());
  }
  TAKT_TRY_VOID(store.erasures().erase(names).map([](const ErasedCounts&) {}));
  const auto is_gone = [&](const Identity& identity) { return subject.hashes.contains(ErasureMarks::hash_of(subject.salt, identity)); };
  return forget_in_documents(store.documents(), is_gone, members, note.at).map([](std::size_t) {});
}

} // namespace

Result<std::size_t> forget_in_documents(Documents& documents, const std::function<bool(const Identity&)>& is_gone, std::span<const CustomerId> members, UtcTime now) {
  std::vector<std::string> ids;
  std::vector<Document> changed;
  TAKT_TRY_VOID(documents.scan("audience", [&](const Document& document) {
    ids.push_back(document.id);
    return true;
  }));
  for (const std::string& id : ids) {
    TAKT_TRY(versions, documents.history("audience", id));
    for (Document& version : versions)
      if (auto json = without_people(version, is_gone, members)) {
        TAKT_TRY_VOID(KeptPrints::keep(documents, version, now));
        version.json = std::move(*json);
        changed.push_back(std::move(version));
      }
  }
  TAKT_TRY_VOID(documents.scan("audit", [&](const Document& note) {
    if (auto json = without_ids(note, members)) {
      changed.push_back(note);
      changed.back().json = std::move(*json);
    }
    return true;
  }));
  for (const Document& document : changed) TAKT_TRY_VOID(documents.rewrite(document));
  return changed.size();
}

void empty_folder(const std::string& directory) {
  std::error_code error;
  for (std::filesystem::directory_iterator entry(directory, error), end; !error && entry != end; entry.increment(error)) {
    std::error_code ignored;
    std::filesystem::remove_all(entry->path(), ignored);
  }
}

ErasureNote note_of(const Erasure& erasure, const Bytes16& salt) {
  ErasureNote note{erasure.at, hex_of(salt)};
  for (const Identity& identity : erasure.identities) note.subject += ":" + hex_of(ErasureMarks::hash_of(salt, identity));
  return note;
}

Status apply_erasure_notes(Store& store, std::span<const ErasureNote> notes) {
  for (const ErasureNote& note : notes) TAKT_TRY_VOID(apply_note(store, note));
  return store.erasures().scrub(true, nullptr);
}

} // namespace takt
