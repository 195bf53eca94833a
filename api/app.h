#pragma once
/// App: the object graph of one running Takt and every verb that HTTP, the control socket and the command line share. Routes and
/// commands parse, call one of these, and write the answer. Threads: every method from any thread.
#include "api/access/gatekeeper.h"
#include "api/access/link_keeper.h"
#include "api/config.h"
#include "api/json/codecs.h"
#include "api/policy_life.h"
#include "api/source_statistics.h"
#include "core/limits.h"
#include "core/snapshot.h"
#include "engine/decide.h"
#include "engine/ingest.h"
#include "engine/policy_lint.h"
#include "engine/world.h"
#include "store/counting_store.h"

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace takt {

struct ImportOptions {
  std::string format = "ndjson";           ///< or google-merchant
  std::string source = "import";
  bool shift_to_now = false;
  std::function<void(std::uint64_t bytes_done, std::uint64_t bytes_total, std::uint64_t lines)> progress;
};
struct ImportSummary {
  std::uint64_t accepted = 0, duplicates = 0, rejected = 0, documents = 0;
  std::string rejects_file;                ///< "" where nothing was rejected
  double seconds = 0;
  std::map<std::string, std::uint64_t> prices_without_rate;  ///< by currency: events whose prices were left out
  double events_per_second() const { return seconds > 0 ? static_cast<double>(accepted + duplicates) / seconds : 0; }
};

class RecallCheck;
class Scrubber;
class Upkeep;                              // api/upkeep.h
struct HttpRequest;                       // api/router.h
struct OnlineRecall;                       // api/recall_check.h
struct ReplayOptions;                      // engine/history.h
struct ConfigFolder;                       // api/config_folder.h
struct ConfigPlan;
struct ApplyOptions;

/// Which customers count and export read, in the order of their ids.
struct AudienceScan {
  std::string after;                       ///< next_cursor of the page before; "" = from the first
  std::size_t customers_max = limits::audience_scan_max;
  std::function<void(std::size_t customers)> progress;
};
struct AudiencePage { std::string body, next_cursor; };

/// A decision and the answer that was written for it.
struct Answer { Decision decision; std::string json; };

/// Who reads an answer, and how their links are to look.
struct AnswerReader {
  bool publishable = false, knows_person = false;
  std::optional<bool> links;               ///< none: where the placement's channel is a message
  std::string address;                     ///< as the caller reached this server; public_url wins; neither: no links
};

/// A draft's version, and what is allowed in it and probably not meant.
struct SavedDraft {
  std::uint64_t version = 0;
  std::vector<LintWarning> warnings;
};

/// A stop of selling: the policy version that has it, and the id to take it back with.
struct PausedSales {
  std::uint64_t version = 0;
  std::string id;
  std::vector<LintWarning> warnings = {};  ///< in force all the same; pointers are into what was sent
};

class App {
public:
  /// Opens (or takes) the store, writes the starter policy and placements into a fresh one, loads the newest artefacts, builds
  /// the World. Errors: unavailable (another process owns the directory), corrupt, invalid (--simulation for a real directory),
  /// not_found (must_exist and it is no data directory: nothing was made).
  static Result<std::unique_ptr<App>> open(const Config& config, const Clock& clock, std::unique_ptr<Store> store = nullptr);
  ~App();
  App(const App&) = delete;
  App& operator=(const App&) = delete;

  WorldPtr world() const { return world_->take(); }
  Store& store() { return *store_; }
  const Config& config() const { return config_; }
  const Clock& clock() const { return clock_; }

  Result<Decision> decide(DecisionRequest request);                          ///< fills now and seed where they are not given
  Result<Answer> answer(DecisionRequest request, const AnswerReader& reader);
  /// The same question by a link within an hour of its first answer is the same request: one reservation however often a template is rendered.
  Status name_link_request(DecisionRequest& request);
  /// What a followed link means, as an event in Segment's shape. None: nothing to count (counted before; the reservation or the person is gone).
  Result<std::optional<std::string>> link_event(const Link& link);
  LinkKeeper& links() { return *links_; }
  /// One event or batch, acknowledged durable on return.
  Result<IngestOutcome> track(const Event& event);
  Result<IngestCounts> track_all(std::span<const Event> events, const std::function<void(std::size_t, const Error&)>& rejected);
  Result<ImportSummary> import_file(const std::string& path, const ImportOptions& options);
  void note_imported(std::span<const Event> events);                         ///< for `takt doctor`

  Result<std::uint64_t> put_item(std::string_view json, std::string_view id, std::optional<std::uint64_t> expected);
  Result<std::uint64_t> put_placement(std::string_view json, std::string_view id, std::optional<std::uint64_t> expected);
  /// A configured column (core/custom_feature.h): read and logged from the next decision on, weighed from the next training on.
  Result<std::uint64_t> put_feature(std::string_view json, std::string_view id, std::optional<std::uint64_t> expected);
  /// A named audience (core/audience.h): acts on the next decision. Errors: invalid (names one that is not there, or itself in the end).
  Result<std::uint64_t> put_audience(std::string_view json, std::string_view id, std::optional<std::uint64_t> expected);
  /// How many are in it now, and how many of them marketing may reach per channel, of at most scan.customers_max customers; JSON. The record
  /// and the policy decide, no call does. Errors: not_found. Cost: 3 µs a customer in the cache, 20 µs from the disk.
  Result<std::string> audience_count(std::string_view id, const AudienceScan& scan);
  /// The same as rows: customer ids, with `identities` the names that people are known by.
  Result<AudiencePage> audience_export(std::string_view id, const AudienceScan& scan, bool csv, bool identities);
  Result<std::uint64_t> delete_document(std::string_view kind, std::string_view id, std::optional<std::uint64_t> expected);
  /// Publishes as the next version; acts on the next decision.
  Result<std::uint64_t> publish_policy(std::string_view json, std::string_view author);
  Result<std::uint64_t> publish_policy(std::string_view json, const PolicyOrigin& origin);
  /// Stops offering what {"match","until","note"} selects: the next policy version, with one more pause; acts on the next decision.
  Result<PausedSales> pause_sales(std::string_view json, std::string_view author = "api");
  /// Takes that pause back. Errors: not_found.
  Result<std::uint64_t> resume_sales(std::string_view id, std::string_view author = "api");
  /// The edited policy: checked like a published one, current where none was started (version 0).
  Result<Document> policy_draft();
  Result<SavedDraft> put_policy_draft(std::string_view json, std::uint64_t expected, std::string_view author = "api");
  /// Now. Errors: conflict (no draft, or not the one that was meant).
  Result<std::uint64_t> publish_policy_draft(const Publishing& publishing);
  /// At its time; the draft stays as it is. Errors: conflict, invalid (at has passed).
  Result<ScheduledPolicy> schedule_policy_draft(const Publishing& publishing);
  /// What waits, and what failed when its time came; by time.
  Result<std::vector<ScheduledPolicy>> scheduled_policies();
  /// Errors: not_found, conflict.
  Status unschedule_policy(std::string_view id, std::optional<std::uint64_t> expected, std::string_view author = "api");
  /// Publishes what is due, in the order of time: asked by the server several times a second. What cannot be published is marked so, and
  /// changes nothing. Errors: unavailable (asked again). Cost: one scan of a handful of documents.
  Result<std::vector<PublishedSchedule>> publish_due_policies();
  /// Policy, placements, audiences and features as a folder of a repository has them (api/config_folder.h): what would change, and unless
  /// it is only asked for, that change in one write. Errors: invalid, with the file before each pointer; then nothing is changed.
  Result<ConfigFolder> config_folder();
  Result<ConfigPlan> apply_config(const ConfigFolder& wanted, const ApplyOptions& options);
  /// Errors: not_found (also for deleted ones).
  Result<Document> document(std::string_view kind, std::string_view id);
  /// Current ones with id > after, ascending, at most `limit`.
  Result<std::vector<Document>> documents(std::string_view kind, std::string_view after, std::size_t limit);
  /// Lines of items, placements, audiences and configured features; replace = items that are not named are deleted. `rejected(line from 1, error)`.
  Result<std::size_t> put_documents(std::span<const ImportLine> lines, bool replace,
                                    const std::function<void(std::size_t, const Error&)>& rejected);
  ItemContext item_context() const;
  /// Parsed, with what takt.toml adds to it.
  Result<Policy> checked_policy(std::string_view json, std::uint64_t version);

  /// Trains from the journal, checks, publishes, swaps in. JSON as contract.md §2 `takt train`. What a training that was killed had
  /// finished is not computed again. `threads` 0: all cores; of a server all but one, and the scheduler serves requests first.
  Result<std::string> train(const std::function<void(std::string_view step, double fraction)>& progress, std::size_t threads = 0);
  /// From now on requests are waiting: training steps back.
  void begin_serving();
  bool is_serving() const { return serves_; }
  /// Backups, room on the disk, how long what grows is kept.
  Upkeep& upkeep() { return *upkeep_; }
  /// JSON of contract.md §3 /why, for now or for a logged decision.
  Result<std::string> why(std::string_view customer, std::string_view placement, std::string_view item, std::string_view decision);
  Result<std::string> customer_json(std::string_view customer);
  /// Who may call. Open until the first key is made.
  Gatekeeper& gatekeeper() { return *gatekeeper_; }
  const Gatekeeper& gatekeeper() const { return *gatekeeper_; }
  /// Body: {"role","mode","name","origins","placements"}. JSON with the key's text, which is never shown again.
  Result<std::string> create_key(std::string_view body, const std::string& author);
  Status revoke_key(const std::string& id, const std::string& author);
  std::string keys_json() const;
  /// A change that somebody made, with the key they used. Newest first, at most `limit`.
  void note_change(const HttpRequest& http, std::string_view route, int status);
  /// And one that was made at a shell, beside a running server too: "takt keys revoke", and of what. Names nobody.
  void note_command(std::string_view command, std::string_view of);
  Result<std::string> audit_json(std::size_t limit);
  /// Undoes a merge of the last 30 days. Body: {"customer_id":"c-…"}, one of `merged` in customer_json. JSON: customer_id, restored.
  Result<std::string> unmerge(std::string_view customer, std::string_view body);
  /// Forgets one person (semantics.md "Erasure") and says so in a receipt that names nobody: JSON with `erasure_id`; `files_clean_at` is null
  /// until no file holds a byte of them, which `erasure_json` tells later and `wait_for_clean_files` waits for. `progress(customers looked at)`.
  Result<std::string> erase_customer(std::string_view customer, const std::function<void(std::size_t)>& progress = nullptr);
  Result<std::string> erasure_json(std::string_view erasure_id);
  /// Called after every erasure, whoever asked for it: for what is kept in memory outside of here. Set it before anybody can erase.
  void on_erasure(std::function<void()> forget) { erased_ = std::move(forget); }
  Status wait_for_clean_files();
  /// Everything that is held about one person, in one JSON: record, journey, events as they came, decisions with their reasons.
  Result<std::string> export_customer(std::string_view customer);
  Result<std::string> journey_json(std::string_view customer, std::size_t limit);
  Result<std::string> decision_json(std::string_view decision);
  Result<std::uint32_t> release(std::string_view decision);
  Result<std::string> doctor();                                              ///< JSON of `takt doctor` / GET /api/v1/integration
  /// Caps over more than one customer: used, live and limit, the fullest keys first. JSON.
  std::string totals_json() const;
  Result<std::string> rebuild(const std::function<void(std::size_t, std::size_t)>& progress);
  /// Is every record what its journal says, byte for byte? JSON: customers, differ, first_different, digest, seconds.
  Result<std::string> check_records(const std::function<void(std::size_t)>& progress);
  /// Every logged decision again, under the policy, items and models it was made with. JSON: decisions, reproduced, differ,
  /// first_different, not_held (by name), without_record, seconds.
  Result<std::string> replay(const ReplayOptions& options);
  std::string features_json() const;
  /// How much of exact search the index found, on a sample of the decisions since the start.
  OnlineRecall online_recall() const;
  /// "u1", "user:u1", "anon:a1", "id:c-…" (contract.md §2). Errors: not_found.
  Result<CustomerId> find_customer(std::string_view text);
  /// The same, into a request: a person we do not know yet is asked for as that user (or device), never an error.
  Status name_customer(std::string_view text, DecisionRequest& request);

private:
  App(const Config& config, const Clock& clock);
  Status load();
  /// Counts what a policy with caps over more than one customer asks for, before anything waits for it. What goes wrong is said when it is published.
  void count_ahead(std::string_view policy_json);
  AnswerView view_for(const AnswerReader& reader, const Decision& decision, const World& world) const;
  Status first_run();
  Status reload_rulebook();
  Result<std::shared_ptr<const Catalogue>> read_catalogue();
  Result<std::shared_ptr<const Rulebook>> read_rulebook();
  std::shared_ptr<const Models> read_models();
  std::shared_ptr<const Catalogue> changed_catalogue(const Catalogue& before, std::vector<Item> changed, std::span<const ItemId> gone);
  // Of these the caller holds change_mutex_.
  Result<std::uint64_t> publish_policy_locked(std::string_view json, const PolicyOrigin& origin, std::vector<Document> with);
  Result<std::uint64_t> publish_scheduled_locked(const ScheduledPolicy& scheduled);
  Result<Document> draft_to_publish(std::optional<std::uint64_t> expected);
  Result<UtcTime> next_policy_at();
  Result<Document> policy_at(UtcTime t, Document current);
  Result<std::string> next_schedule_id();
  /// Every audience that the policy names is there, or comes with it. Errors: invalid, with the pointer of each place that names another one.
  Status check_policy_audiences(std::string_view json, const std::map<std::string, Audience>& coming = {}) const;
  Status no_policy_is_for(std::string_view audience);
  void publish(std::shared_ptr<const Catalogue> catalogue, std::shared_ptr<const Rulebook> rulebook, std::shared_ptr<const Models> models);
  std::shared_ptr<const CustomColumns> custom_columns(const std::vector<CustomFeature>& features, const std::shared_ptr<const Catalogue>& catalogue) const;
  void note_events(std::span<const Event> events, const World& world);
  Result<std::string> why_logged(std::string_view customer, const DecisionId& id, std::string_view placement, const ItemId& item);
  struct Changes;
  Status collect(const ImportLine& line, Changes& changes);
  Status collect_audience(const ImportLine& line, Changes& changes);
  Status check_audience_names(const std::optional<Condition>& audience, const std::map<std::string, Audience>& coming) const;
  Status check_audiences(const std::map<std::string, Audience>& changed, std::string_view removed);
  Result<std::string> scan_audience(std::string_view id, const AudienceScan& scan,
                                    const std::function<void(const CustomerRecord&, const ConditionInputs&)>& member);
  Result<Item> checked_item(std::string_view json, std::string_view id);
  std::string path_without_names(const HttpRequest& http, std::string_view route);
  Result<std::size_t> forget_in_lists(const Erasure& erasure);
  void forget_beside_the_store(const Erasure& erasure, const std::vector<std::string>& labels);
  Status scrub_files(bool everything, const std::function<bool()>& go_on);
  Scrubber& scrubber();

  Config config_;
  const Clock& clock_;
  std::unique_ptr<CountingStore> store_;   ///< every write goes through it, so caps over many customers are counted
  std::unique_ptr<Gatekeeper> gatekeeper_;
  std::unique_ptr<LinkKeeper> links_;
  std::unique_ptr<Snapshot<World>> world_;
  std::mutex change_mutex_;                ///< one writer of the World at a time
  std::mutex train_mutex_;
  std::atomic<bool> serves_ = false;
  bool keeps_files_ = false;               ///< a data directory of its own; tests and simulations bring a store and have none
  std::unique_ptr<SourceStatistics> statistics_;
  std::function<void()> erased_;
  std::unique_ptr<RecallCheck> recall_check_;   ///< reads the store: goes before it
  std::mutex scrubber_mutex_;
  std::unique_ptr<Scrubber> scrubber_;          ///< made when somebody is erased; so does it
  std::unique_ptr<Upkeep> upkeep_;              ///< likewise
};

} // namespace takt
