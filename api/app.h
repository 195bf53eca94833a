#pragma once
/// App: the object graph of one running Takt and every verb that HTTP, the control socket and the command line share. Routes and
/// commands parse, call one of these, and write the answer. Threads: every method from any thread.
#include "api/config.h"
#include "api/json/codecs.h"
#include "core/snapshot.h"
#include "engine/decide.h"
#include "engine/ingest.h"
#include "engine/world.h"
#include "store/store.h"

#include <functional>
#include <memory>
#include <mutex>
#include <string>

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
};

class App {
public:
  /// Opens (or takes) the store, writes the starter policy and placements into a fresh one, loads the newest artefacts, builds
  /// the World. Errors: unavailable (another process owns the directory), corrupt.
  static Result<std::unique_ptr<App>> open(const Config& config, const Clock& clock, std::unique_ptr<Store> store = nullptr);
  ~App();

  WorldPtr world() const { return world_->take(); }
  Store& store() { return *store_; }
  const Config& config() const { return config_; }
  const Clock& clock() const { return clock_; }

  Result<Decision> decide(DecisionRequest request);                          ///< fills now and seed where they are not given
  /// One event or batch, acknowledged durable on return.
  Result<IngestOutcome> track(const Event& event);
  IngestCounts track_all(std::span<const Event> events, const std::function<void(std::size_t, const Error&)>& rejected);
  Result<ImportSummary> import_file(const std::string& path, const ImportOptions& options);

  Result<std::uint64_t> put_item(std::string_view json, std::string_view id, std::optional<std::uint64_t> expected);
  Result<std::uint64_t> put_placement(std::string_view json, std::string_view id, std::optional<std::uint64_t> expected);
  Result<std::uint64_t> delete_document(std::string_view kind, std::string_view id, std::optional<std::uint64_t> expected);
  /// Publishes as the next version; acts on the next decision.
  Result<std::uint64_t> publish_policy(std::string_view json, std::string_view author);

  /// Trains from the journal, checks, publishes, swaps in. JSON as contract.md §2 `takt train`.
  Result<std::string> train(const std::function<void(std::string_view step, double fraction)>& progress);
  /// JSON of contract.md §3 /why, for now or for a logged decision.
  Result<std::string> why(std::string_view customer, std::string_view placement, std::string_view item, std::string_view decision);
  Result<std::string> customer_json(std::string_view customer);
  Result<std::string> journey_json(std::string_view customer, std::size_t limit);
  Result<std::string> decision_json(std::string_view decision);
  Result<std::uint32_t> release(std::string_view decision);
  Result<std::string> doctor();                                              ///< JSON of `takt doctor` / GET /api/v1/integration
  Result<std::string> rebuild(const std::function<void(std::size_t, std::size_t)>& progress);
  /// "u1", "user:u1", "anon:a1", "id:c-…" (contract.md §2). Errors: not_found.
  Result<CustomerId> find_customer(std::string_view text);

private:
  App(const Config& config, const Clock& clock);
  Status load();
  Status first_run();
  Status reload_rulebook();
  void publish(std::shared_ptr<const Catalogue> catalogue, std::shared_ptr<const Rulebook> rulebook, std::shared_ptr<const Models> models);

  Config config_;
  const Clock& clock_;
  std::unique_ptr<Store> store_;
  std::unique_ptr<Snapshot<World>> world_;
  std::mutex change_mutex_;                ///< one writer of the World at a time
};

} // namespace takt
