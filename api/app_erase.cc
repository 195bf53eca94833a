// Forgetting one person, and telling everything about one person.
#include "api/app.h"
#include "api/json/codecs.h"
#include "api/json/reader.h"
#include "api/json/writer.h"
#include "api/scrubber.h"
#include "engine/erase.h"
#include "engine/resolve.h"

#include <algorithm>
#include <fmt/format.h>
#include <openssl/rand.h>

namespace takt {
namespace {

constexpr std::string_view receipt_kind = "erasure";

Result<Bytes16> random_bytes() {
  Bytes16 bytes{};
  if (RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) != 1) return fail(ErrorCode::unavailable, "the system has no randomness to give");
  return bytes;
}

struct Receipt {
  UtcTime erased_at{};
  ErasedCounts counts;
  std::uint64_t audiences = 0;
  std::optional<UtcTime> files_clean_at;
};

std::string write_receipt(std::string_view id, const Receipt& receipt) {
  JsonWriter json;
  json.begin_object().field("erasure_id", id).field("erased_at", receipt.erased_at);
  json.field("customers", receipt.counts.records).field("journal_entries", receipt.counts.journal_entries).field("decisions", receipt.counts.decisions);
  json.field("identities", receipt.counts.identities).field("labels", receipt.counts.labels).field("documents", receipt.audiences);
  json.field("files_clean_at", receipt.files_clean_at).end_object();
  return json.take();
}

/// Our own text of before, with the time in the place of the null that ends it.
std::string with_clean_files(std::string json, UtcTime at) {
  constexpr std::string_view end = "null}";
  if (!json.ends_with(end)) return json;
  return json.substr(0, json.size() - end.size()) + '"' + format_utc(at) + "\"}";
}
bool is_pending(const Document& receipt) { return receipt.json.ends_with("null}"); }

/// The ways in which an imported list may write one of the person's names.
std::vector<std::string> list_names(const Erasure& erasure) {
  std::vector<std::string> names;
  for (const Identity& identity : erasure.identities) {
    if (identity.kind == IdentityKind::user) names.insert(names.end(), {identity.value, "user:" + identity.value});
    else names.push_back("anon:" + identity.value);
  }
  for (const CustomerId member : erasure.members) names.push_back("id:" + to_text(member));
  return names;
}

/// Without these names; none: it had none of them.
std::optional<std::string> without(const Document& document, const std::vector<std::string>& names) {
  if (document.json.empty()) return std::nullopt;
  auto audience = parse_audience(document.json);
  if (!audience) return std::nullopt;
  const std::size_t removed = std::erase_if(audience->customers, [&](const std::string& name) { return std::find(names.begin(), names.end(), name) != names.end(); });
  return removed == 0 ? std::nullopt : std::optional(write_audience(*audience));
}

/// A note of the audit log with a person's id in it: the id becomes "erased".
std::optional<std::string> without_ids(const Document& note, const Erasure& erasure) {
  std::string json = note.json;
  bool changed = false;
  for (const CustomerId member : erasure.members) {
    const std::string id = to_text(member);
    for (std::size_t at = json.find(id); at != std::string::npos; at = json.find(id, at)) {
      json.replace(at, id.size(), "erased");
      changed = true;
    }
  }
  return changed ? std::optional(json) : std::nullopt;
}

/// Texts of JSON.
struct Held { std::vector<std::string> events, decisions; };

/// An event as it came may stand on many lines; those that share an entry stand on one each.
void append_events(std::string_view raw, std::vector<std::string>& events) {
  if (JsonDocument whole; raw.empty() || whole.parse(raw)) {
    if (!raw.empty()) events.emplace_back(raw);
    return;
  }
  while (!raw.empty()) {
    const std::size_t end = std::min(raw.find('\n'), raw.size());
    if (end > 0) events.emplace_back(raw.substr(0, end));
    raw.remove_prefix(std::min(end + 1, raw.size()));
  }
}

/// What one journal holds. Whoever was parted from somebody has in it what both did before: none of that is told.
Status collect_held(Store& store, const World& world, CustomerId customer, Held& held) {
  Held own;
  Status status;
  TAKT_TRY_VOID(store.journal().scan(customer, 0, [&](const JournalEntry& entry) {
    const bool parts = std::any_of(entry.delta.operations.begin(), entry.delta.operations.end(), [](const Operation& operation) { return std::holds_alternative<op::Restate>(operation); });
    if (parts) own = {};
    append_events(entry.raw, own.events);
    auto logged = store.decisions().find(DecisionId{entry.commit.bytes});
    if (!logged) status = tl::unexpected(logged.error());
    else if (*logged) own.decisions.push_back(write_decision_record(**logged, world));
    return status.has_value();
  }));
  held.events.insert(held.events.end(), own.events.begin(), own.events.end());
  held.decisions.insert(held.decisions.end(), own.decisions.begin(), own.decisions.end());
  return status;
}

} // namespace

/// Lists of audiences, in every version, and the audit log.
Result<std::uint64_t> App::forget_in_documents(const Erasure& erasure) {
  const std::lock_guard lock(change_mutex_);
  std::vector<std::string> ids;
  std::vector<Document> changed;
  TAKT_TRY_VOID(store_->documents().scan("audience", [&](const Document& document) {
    ids.push_back(document.id);
    return true;
  }));
  const std::vector<std::string> names = list_names(erasure);
  for (const std::string& id : ids) {
    TAKT_TRY(versions, store_->documents().history("audience", id));
    for (Document& version : versions)
      if (auto json = without(version, names)) {
        version.json = std::move(*json);
        changed.push_back(std::move(version));
      }
  }
  const bool has_new_lists = !changed.empty();
  TAKT_TRY_VOID(store_->documents().scan("audit", [&](const Document& note) {
    if (auto json = without_ids(note, erasure)) {
      changed.push_back(note);
      changed.back().json = std::move(*json);
    }
    return true;
  }));
  for (const Document& document : changed) TAKT_TRY_VOID(store_->documents().rewrite(document));
  if (has_new_lists) TAKT_TRY_VOID(reload_rulebook());
  return changed.size();
}

Result<std::string> App::erase_customer(std::string_view customer, const std::function<void(std::size_t)>& progress) {
  TAKT_TRY(found, find_customer(customer));
  TAKT_TRY(salt, random_bytes());
  TAKT_TRY(number, random_bytes());
  TAKT_TRY(erasure, plan_erasure(*store_, *world(), found, clock_.utc_now(), salt, progress));
  Receipt receipt;
  receipt.erased_at = erasure.at;
  TAKT_TRY(counts, store_->erasures().erase(erasure));
  receipt.counts = counts;
  TAKT_TRY(documents, forget_in_documents(erasure));
  receipt.audiences = documents;
  std::string id = "e-";
  for (std::size_t i = 0; i < 8; ++i) id += fmt::format("{:02x}", number[i]);
  const std::string json = write_receipt(id, receipt);
  TAKT_TRY_VOID(store_->documents().put({std::string(receipt_kind), id, 0, json, erasure.at, "takt"}, 0).map([](std::uint64_t) {}));
  scrubber().ask(false);
  return json;
}

Result<std::string> App::erasure_json(std::string_view erasure_id) {
  TAKT_TRY(receipt, document(receipt_kind, erasure_id));
  return receipt.json;
}

/// Those that were there before the files were rewritten are clean after it.
Status App::scrub_files(bool everything, const std::function<bool()>& go_on) {
  std::vector<Document> pending;
  TAKT_TRY_VOID(store_->documents().scan(receipt_kind, [&](const Document& receipt) {
    if (is_pending(receipt)) pending.push_back(receipt);
    return true;
  }));
  TAKT_TRY_VOID(store_->erasures().scrub(everything, [&](std::size_t, std::size_t) { return go_on(); }));
  const UtcTime now = clock_.utc_now();
  for (Document& receipt : pending) {
    receipt.json = with_clean_files(std::move(receipt.json), now);
    TAKT_TRY_VOID(store_->documents().rewrite(receipt));
  }
  return {};
}

Scrubber& App::scrubber() {
  const std::lock_guard lock(scrubber_mutex_);
  if (!scrubber_) scrubber_ = std::make_unique<Scrubber>([this](bool everything, const std::function<bool()>& go_on) { return scrub_files(everything, go_on); });
  return *scrubber_;
}

Status App::wait_for_clean_files() { return scrubber().wait(); }

/// Where a process ended before the files were clean, nobody knows which ones still have to be rewritten: all of them.
void App::begin_serving() {
  serves_ = true;
  bool has_pending = false;
  static_cast<void>(store_->documents().scan(receipt_kind, [&](const Document& receipt) {
    has_pending = is_pending(receipt);
    return !has_pending;
  }));
  if (has_pending) scrubber().ask(true);
}

Result<std::string> App::export_customer(std::string_view customer) {
  TAKT_TRY(id, find_customer(customer));
  TAKT_TRY(record, read_canonical(*store_, id));
  const std::string name = "id:" + to_text(record->id);
  TAKT_TRY(profile, customer_json(name));
  TAKT_TRY(journey, journey_json(name, limits::journey_events_max));
  Held held;
  TAKT_TRY_VOID(collect_held(*store_, *world(), record->id, held));
  for (const MergeLink& link : record->merges) TAKT_TRY_VOID(collect_held(*store_, *world(), link.absorbed, held));
  return fmt::format(R"({{"exported_at":"{}","customer":{},"journey":{},"events":[{}],"decisions":[{}]}})", format_utc(clock_.utc_now()), profile, journey,
                     fmt::join(held.events, ","), fmt::join(held.decisions, ","));
}

} // namespace takt
