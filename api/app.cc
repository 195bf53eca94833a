#include "api/app.h"

#include "api/backup/restore.h"
#include "api/forget.h"
#include "api/metrics.h"
#include "api/past_worlds.h"
#include "api/recall_check.h"
#include "api/scrubber.h"
#include "api/upkeep.h"
#include "core/check.h"
#include "core/hash.h"

#include <bit>
#include <filesystem>
#include <fstream>
#include <random>
#include <sys/stat.h>

namespace takt {
namespace {

/// Decisions: 64 random bits where the caller gives none (logged, so that replay draws the same).
std::uint64_t fresh_seed() {
  thread_local std::mt19937_64 generator{[] {
    std::random_device device;
    std::seed_seq sequence{device(), device(), device(), device()};
    return std::mt19937_64{sequence};
  }()};
  std::uint64_t seed = 0;
  while (seed == 0) seed = generator(); // 0 means "none given"
  return seed;
}

constexpr const char* simulation_marker = "simulation";

std::string no_data_directory(const std::string& directory) {
  std::error_code error;
  if (!std::filesystem::exists(directory, error)) return "there is no data directory " + directory + ": takt import, takt demo and takt serve make one";
  return directory + " is not a data directory of Takt";
}

/// A directory is for simulation from its first day or never: real people's ledgers must not see a time somebody made up.
Status settle_simulation(Config& config) {
  const std::filesystem::path directory(config.data_dir), marker = directory / simulation_marker;
  std::error_code error;
  const bool fresh = !std::filesystem::exists(directory / "store", error);
  if (is_half_restored(directory)) return fail(ErrorCode::unavailable, "a restore into " + config.data_dir + " was broken off: say takt restore again, or remove the directory");
  if (config.must_exist) { // a mistyped name: nothing is made there, and somebody else's directory is not touched
    if (fresh) return fail(ErrorCode::not_found, no_data_directory(config.data_dir));
  } else {
    std::filesystem::create_directories(directory, error);
    if (error) return fail(ErrorCode::unavailable, "cannot create the data directory " + config.data_dir);
    ::chmod(directory.c_str(), 0700); // it holds personal data
  }
  const bool marked = std::filesystem::exists(marker, error);
  if (config.simulation && !marked) {
    if (!fresh) return fail(ErrorCode::invalid, config.data_dir + " was not made with --simulation; its times are real ones");
    std::ofstream(marker) << "made with --simulation: `now` may be given\n";
  }
  config.simulation = marked || config.simulation;
  return {};
}

} // namespace

App::App(const Config& config, const Clock& clock) : config_(config), clock_(clock) {}

App::~App() {
  if (statistics_) statistics_->save(clock_.utc_now());
}

Result<std::unique_ptr<App>> App::open(const Config& config, const Clock& clock, std::unique_ptr<Store> store) {
  std::unique_ptr<App> app(new App(config, clock));
  const bool in_memory = store != nullptr; // tests and simulations bring their own
  if (!in_memory) {
    TAKT_TRY_VOID(settle_simulation(app->config_));
    RocksdbOptions options;
    options.directory = config.data_dir + "/store";
    if (config.cache_bytes != 0) options.cache_bytes = config.cache_bytes;
    options.bulk_load = config.bulk_load;
    options.must_exist = config.must_exist;
    TAKT_TRY(opened, open_rocksdb_store(options));
    store = std::move(opened);
    empty_folder(config.data_dir + "/spool"); // the directory is ours alone now: what is in there, a process left when it was ended
  }
  auto* const checkpoints = dynamic_cast<Checkpoints*>(store.get()); // before the count goes in front of it
  auto* const books = dynamic_cast<Retention*>(store.get());
  app->keeps_files_ = !in_memory;
  app->store_ = std::make_unique<CountingStore>(std::move(store));
  app->gatekeeper_ = std::make_unique<Gatekeeper>(app->store_->documents());
  app->links_ = std::make_unique<LinkKeeper>(app->store_->documents());
  app->recall_check_ = std::make_unique<RecallCheck>(*app->store_);
  app->statistics_ = std::make_unique<SourceStatistics>(in_memory ? "" : config.data_dir + "/sources.json", clock.utc_now());
  app->upkeep_ = std::make_unique<Upkeep>(app->config_, std::string(version_text), in_memory ? nullptr : checkpoints, in_memory ? nullptr : books, clock);
  TAKT_TRY_VOID(app->load());
  return app;
}

Status App::load() {
  TAKT_TRY(policy, store_->documents().get("policy", "current"));
  if (!policy) TAKT_TRY_VOID(first_run());
  TAKT_TRY_VOID(gatekeeper_->load());
  TAKT_TRY_VOID(links_->load(clock_.utc_now()));
  TAKT_TRY(catalogue, read_catalogue());
  TAKT_TRY(rulebook, read_rulebook());
  publish(std::move(catalogue), std::move(rulebook), read_models());
  return {};
}

Status App::first_run() {
  const UtcTime now = clock_.utc_now();
  for (const std::string& json : starter_placements_json()) {
    TAKT_TRY(placement, parse_placement(json));
    TAKT_TRY(version, store_->documents().put({"placement", placement.id.text(), 0, write_placement(placement), now, "takt"}, std::nullopt));
    static_cast<void>(version);
  }
  // The policy last: where it is, the others are.
  TAKT_TRY(version, store_->documents().put({"policy", "current", 0, starter_policy_json(), now, "takt"}, 0));
  static_cast<void>(version);
  return {};
}

Result<std::shared_ptr<const Catalogue>> App::read_catalogue() {
  std::uint64_t version = 0;
  std::vector<Item> items;
  Status status;
  TAKT_TRY_VOID(store_->documents().scan("item", [&](const Document& document) {
    if (document.json.empty()) return true;
    ItemContext context = item_context();
    context.now = document.at;
    auto item = parse_item(document.json, context);
    if (item) {
      version += print_of(document.json);
      items.push_back(std::move(*item));
    } else if (item.error().code != ErrorCode::invalid) status = tl::unexpected(item.error());
    return status.has_value(); // an item whose rate was taken out of takt.toml is not offered; the rest is
  }));
  TAKT_TRY_VOID(std::move(status));
  return Catalogue::build(std::move(items), store_->symbols(), version);
}

/// After the documents were written: what each was before is the version before its latest. One that cannot be read now only makes
/// a catalogue that no replay will recognise.
std::shared_ptr<const Catalogue> App::changed_catalogue(const Catalogue& before, std::vector<Item> changed, std::span<const ItemId> gone) {
  std::uint64_t version = before.version();
  const auto take_out = [&](const ItemId& id) {
    const auto row = before.find(store_->symbols().find(id.text()));
    if (!row || before.at(*row).item.id != id) return;
    const auto now = store_->documents().get("item", id.text());
    if (!now || !*now) return;
    const auto then = store_->documents().get_version("item", id.text(), (*now)->version - 1);
    if (then && *then) version -= print_of((*then)->json);
  };
  for (const Item& item : changed) {
    take_out(item.id);
    version += print_of(write_item(item));
  }
  for (const ItemId& id : gone) take_out(id);
  return before.with(std::move(changed), gone, store_->symbols(), version);
}

Result<std::shared_ptr<const Rulebook>> App::read_rulebook() {
  auto rulebook = std::make_shared<Rulebook>();
  TAKT_TRY(document, store_->documents().get("policy", "current"));
  if (!document) return fail(ErrorCode::corrupt, "the data directory has no policy");
  TAKT_TRY(policy, checked_policy(document->json, document->version));
  set_policy(*rulebook, std::make_shared<const Policy>(std::move(policy)), store_->symbols());
  TAKT_TRY(totals, store_->count_for(rulebook->policy->total_caps));
  rulebook->totals = std::move(totals);
  Status status;
  TAKT_TRY_VOID(store_->documents().scan("placement", [&](const Document& found) {
    if (found.json.empty()) return true;
    auto placement = parse_placement(found.json);
    if (placement) {
      rulebook->placements_print += print_of(found.json);
      rulebook->placements.emplace(found.id, compile_placement(*placement, store_->symbols()));
    } else status = tl::unexpected(placement.error());
    return status.has_value();
  }));
  TAKT_TRY_VOID(std::move(status));
  TAKT_TRY_VOID(store_->documents().scan("feature", [&](const Document& found) {
    if (found.json.empty()) return true;
    auto feature = parse_custom_feature(found.json);
    if (feature) {
      rulebook->features_print += print_of(found.json);
      rulebook->features.push_back(std::move(*feature));
    } else status = tl::unexpected(feature.error());
    return status.has_value();
  }));
  TAKT_TRY_VOID(std::move(status));
  TAKT_TRY(kept_prints, KeptPrints::read(store_->documents()));
  std::vector<Audience> audiences;
  TAKT_TRY_VOID(store_->documents().scan("audience", [&](const Document& found) {
    if (found.json.empty()) return true;
    auto audience = parse_audience(found.json);
    if (audience) {
      rulebook->audiences_print += kept_prints.of(found);
      audiences.push_back(std::move(*audience));
    } else status = tl::unexpected(audience.error());
    return status.has_value();
  }));
  TAKT_TRY_VOID(std::move(status));
  if (audiences.empty()) return rulebook;
  TAKT_TRY(set, AudienceSet::build(std::move(audiences), store_->symbols()));
  rulebook->audiences = std::move(set);
  return rulebook;
}

Result<Policy> App::checked_policy(std::string_view json, std::uint64_t version) {
  TAKT_TRY(policy, parse_policy(json, store_->symbols()));
  policy.version = version;
  policy.arbitration.margin = config_.margin;
  policy.hash = mix64(policy.hash, std::bit_cast<std::uint64_t>(config_.margin)); // with another margin the same words decide otherwise
  return policy;
}

Status App::reload_rulebook() {
  TAKT_TRY(rulebook, read_rulebook());
  const WorldPtr before = world();
  publish(before->catalogue, rulebook, before->models);
  store_->keep_only(rulebook->policy->total_caps);
  return {};
}

std::shared_ptr<const CustomColumns> App::custom_columns(const std::vector<CustomFeature>& features, const std::shared_ptr<const Catalogue>& catalogue) const {
  if (features.empty()) return nullptr;
  const WorldPtr before = world_ ? world_->take() : nullptr;
  if (before && before->custom && before->catalogue == catalogue && before->rulebook->features == features) return before->custom;
  return CustomColumns::build(features, catalogue, before ? before->custom.get() : nullptr);
}

void App::publish(std::shared_ptr<const Catalogue> catalogue, std::shared_ptr<const Rulebook> rulebook, std::shared_ptr<const Models> models) {
  TAKT_CHECK(catalogue && rulebook && models && models->scorer, "a served World is complete");
  auto next = std::make_shared<World>();
  next->catalogue = std::move(catalogue);
  next->rulebook = std::move(rulebook);
  next->models = std::move(models);
  next->symbols = &store_->symbols();
  next->custom = custom_columns(next->rulebook->features, next->catalogue);
  if (world_) world_->publish(std::move(next));
  else world_ = std::make_unique<Snapshot<World>>(std::move(next));
}

ItemContext App::item_context() const { return {clock_.utc_now(), config_.account_currency, config_.rates}; }

// ---- the verbs of every second: decide and track

Result<Answer> App::answer(DecisionRequest request, const AnswerReader& reader) {
  const bool now_given = request.now != UtcTime{};
  if (now_given && !request.dry_run && !config_.simulation)
    return fail_at("/now", "only with dry_run, or in a data directory made with --simulation");
  if (!now_given) request.now = clock_.utc_now();
  if (request.seed == 0) request.seed = fresh_seed();
  const WorldPtr current = world();
  const DecideOptions options{config_.durable_decisions ? Durability::fsync : Durability::wal, config_.simulation};
  TAKT_TRY(decision, takt::decide(*store_, *current, request, clock_, options));
  if (decision.customer && RecallCheck::samples(request.seed)) recall_check_->offer(current, decision.customer, request.now);
  std::string json = write_decision(decision, request, *current, view_for(reader, decision, *current));
  return Answer{std::move(decision), std::move(json)};
}

OnlineRecall App::online_recall() const { return recall_check_->totals(); }

Result<Decision> App::decide(DecisionRequest request) {
  TAKT_TRY(answered, answer(std::move(request), {}));
  return std::move(answered.decision);
}

Result<IngestOutcome> App::track(const Event& event) {
  IngestOutcome outcome = IngestOutcome::duplicate;
  std::optional<Error> refused;
  TAKT_TRY(counts, track_all({&event, 1}, [&](std::size_t, const Error& error) { refused = error; }));
  if (refused) return tl::unexpected(std::move(*refused));
  if (counts.accepted > 0) outcome = IngestOutcome::accepted;
  return outcome;
}

Result<IngestCounts> App::track_all(std::span<const Event> events, const std::function<void(std::size_t, const Error&)>& rejected) {
  if (events.empty()) return IngestCounts{};
  const WorldPtr current = world();
  const IngestCounts counts = ingest_batch(*store_, *current, events, {config_.dedupe_life}, rejected);
  // Acknowledged means durable: clients forget what was answered with 200.
  TAKT_TRY_VOID(store_->records().sync());
  note_events(events, *current);
  if (counts.rejected > 0) statistics_->note_rejected(events.front().source, counts.rejected, clock_.utc_now());
  return counts;
}

void App::note_events(std::span<const Event> events, const World& world) {
  const auto knows = [&](const std::string& id) {
    const Symbol symbol = world.symbols->find(id);
    return symbol != Symbol::none && world.catalogue->find(symbol).has_value();
  };
  statistics_->note(events, knows, clock_.utc_now());
}

Result<std::uint32_t> App::release(std::string_view decision) {
  TAKT_TRY(id, parse_decision_id(decision));
  TAKT_TRY(known, store_->decisions().find(id));
  if (!known) return fail(ErrorCode::not_found, "no such decision");
  return release_decision(*store_, id, clock_.utc_now());
}

} // namespace takt
