// Forgetting one person, and telling everything about one person.
#include "api/app.h"
#include "api/forget.h"
#include "api/json/codecs.h"
#include "api/json/reader.h"
#include "api/json/writer.h"
#include "api/scrubber.h"
#include "engine/erase.h"
#include "engine/resolve.h"

#include <algorithm>
#include <fmt/format.h>
#include <openssl/rand.h>
#include <set>

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
  std::uint64_t documents = 0;
  std::vector<std::string> not_reached;        ///< places of backups that could not be told
  std::optional<UtcTime> files_clean_at;
};

std::string write_receipt(std::string_view id, const Receipt& receipt) {
  JsonWriter json;
  json.begin_object().field("erasure_id", id).field("erased_at", receipt.erased_at);
  json.field("customers", receipt.counts.records).field("journal_entries", receipt.counts.journal_entries).field("decisions", receipt.counts.decisions);
  json.field("identities", receipt.counts.identities).field("labels", receipt.counts.labels).field("documents", receipt.documents);
  json.key("backups_not_reached").begin_array();
  for (const std::string& place : receipt.not_reached) json.text(place);
  json.end_array().field("files_clean_at", receipt.files_clean_at).end_object();
  return json.take();
}

/// Our own text of before, with the time in the place of the null that ends it.
std::string with_clean_files(std::string json, UtcTime at) {
  constexpr std::string_view end = "null}";
  if (!json.ends_with(end)) return json;
  return json.substr(0, json.size() - end.size()) + '"' + format_utc(at) + "\"}";
}
bool is_pending(const Document& receipt) { return receipt.json.ends_with("null}"); }

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

/// The note first: whatever happens after it, no backup brings the person back. Then the receipt, so that a process that comes after a crash
/// knows of files that have to be rewritten.
Result<std::string> App::erase_customer(std::string_view customer, const std::function<void(std::size_t)>& progress) {
  TAKT_TRY(found, find_customer(customer));
  const std::lock_guard lock(change_mutex_); // an item or a rule that came now could use a label that nobody used when we looked
  TAKT_TRY(fresh, random_bytes());
  TAKT_TRY(number, random_bytes());
  TAKT_TRY(salt, store_->erasures().settle_salt(fresh));
  TAKT_TRY(erasure, plan_erasure(*store_, world()->catalogue.get(), found, clock_.utc_now(), salt, progress));
  Receipt receipt;
  receipt.erased_at = erasure.at;
  if (keeps_files_) {
    TAKT_TRY(told, note_erasure(config_.data_dir, note_of(erasure, salt)));
    receipt.not_reached = std::move(told.not_reached);
  }
  std::string id = "e-";
  for (std::size_t i = 0; i < 8; ++i) id += fmt::format("{:02x}", number[i]);
  Document document{std::string(receipt_kind), id, 0, write_receipt(id, receipt), erasure.at, "takt"};
  TAKT_TRY(version, store_->documents().put(document, 0));
  document.version = version;
  std::vector<std::string> labels; // their texts are gone with the erasure
  for (const Symbol label : erasure.labels) labels.emplace_back(store_->symbols().name(label));
  TAKT_TRY(documents, forget_in_lists(erasure)); // before the record: as long as that is there, somebody can ask again
  receipt.documents = documents;
  TAKT_TRY(counts, store_->erasures().erase(erasure));
  receipt.counts = counts;
  document.json = write_receipt(id, receipt);
  TAKT_TRY_VOID(store_->documents().rewrite(document));
  forget_beside_the_store(erasure, labels);
  scrubber().ask(false);
  return document.json;
}

Result<std::size_t> App::forget_in_lists(const Erasure& erasure) {
  const auto is_gone = [&](const Identity& identity) { return std::find(erasure.identities.begin(), erasure.identities.end(), identity) != erasure.identities.end(); };
  TAKT_TRY(rewritten, forget_in_documents(store_->documents(), is_gone, erasure.members, erasure.at));
  if (rewritten > 0) TAKT_TRY_VOID(reload_rulebook());
  return rewritten;
}

/// What a disk refuses here leaves its bytes in place; `takt erase --find` tells.
void App::forget_beside_the_store(const Erasure& erasure, const std::vector<std::string>& labels) {
  std::set<std::string, std::less<>> names(labels.begin(), labels.end());
  for (const Identity& identity : erasure.identities) names.insert(identity.value);
  statistics_->forget(names, clock_.utc_now());
  if (keeps_files_) empty_folder(config_.data_dir + "/rejects"); // refused lines name anybody, in any way
  if (erased_) erased_();
}

Result<std::string> App::erasure_json(std::string_view erasure_id) {
  TAKT_TRY(receipt, document(receipt_kind, erasure_id));
  return receipt.json;
}

/// Those that were there before the files were rewritten are clean after it. One that is being made is not: it waits for the next turn.
Status App::scrub_files(bool everything, const std::function<bool()>& go_on) {
  std::vector<Document> pending;
  {
    const std::lock_guard lock(change_mutex_);
    TAKT_TRY_VOID(store_->documents().scan(receipt_kind, [&](const Document& receipt) {
      if (is_pending(receipt)) pending.push_back(receipt);
      return true;
    }));
  }
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
  if (!has_pending) return;
  // Whose names they were, nobody knows any more: none are kept.
  statistics_->clear(clock_.utc_now());
  if (keeps_files_) empty_folder(config_.data_dir + "/rejects");
  scrubber().ask(true);
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
