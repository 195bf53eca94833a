#include "api/metrics.h"

#include "api/upkeep.h"
#include "api/process_metrics.h"

#include <array>
#include <mutex>
#include <optional>
#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

namespace takt {
namespace {

using prometheus::Histogram;

/// Seconds. A decision takes fractions of a millisecond: usual defaults start at 5 ms and would show one bar.
const Histogram::BucketBoundaries buckets{0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5};

std::string_view to_text(EventResult result) {
  switch (result) {
    case EventResult::accepted: return "accepted";
    case EventResult::duplicate: return "duplicate";
    case EventResult::rejected: return "rejected";
  }
  return "rejected";
}

prometheus::Family<prometheus::Counter>& counter(prometheus::Registry& registry, const char* name, const char* help) {
  return prometheus::BuildCounter().Name(name).Help(help).Register(registry);
}
prometheus::Family<Histogram>& histogram(prometheus::Registry& registry, const char* name, const char* help) {
  return prometheus::BuildHistogram().Name(name).Help(help).Register(registry);
}

/// A family of one number. The front counts by itself, the registry's counters could only be added to.
prometheus::MetricFamily family_of(const char* name, const char* help, prometheus::MetricType type, std::uint64_t value) {
  prometheus::MetricFamily family{name, help, type, std::vector<prometheus::ClientMetric>(1)};
  family.metric[0].counter.value = family.metric[0].gauge.value = static_cast<double>(value);
  return family;
}

void append_front(const FrontCounts& counts, std::vector<prometheus::MetricFamily>& all) {
  using enum prometheus::MetricType;
  all.push_back(family_of("takt_http_connections", "Open connections.", Gauge, counts.connections_open));
  all.push_back(family_of("takt_http_connections_limit", "At that many the one that is idle for the longest is closed.", Gauge, counts.connections_max));
  all.push_back(family_of("takt_http_connections_parked", "Of them, those that wait for their client and hold no thread.", Gauge, counts.connections_parked));
  all.push_back(family_of("takt_http_requests_waiting", "Whole requests that wait for a thread.", Gauge, counts.requests_waiting));
  all.push_back(family_of("takt_http_buffer_bytes", "Memory of requests being read and answers being written.", Gauge, counts.buffer_bytes));
  all.push_back(family_of("takt_http_connections_total", "Accepted connections.", Counter, counts.connections_accepted));
  all.push_back(family_of("takt_http_connections_cut_total", "Connections that were ended by a deadline.", Counter, counts.connections_cut));
  all.push_back(family_of("takt_http_accepts_failed_total", "Times that no descriptor was left for a new connection.", Counter, counts.accepts_failed));
  prometheus::MetricFamily refused{"takt_http_refused_total", "Requests and connections that were not let in, by reason.", Counter, {}};
  for (std::size_t i = 0; i < front_reasons_count; ++i) {
    prometheus::ClientMetric metric;
    metric.label = {{"reason", std::string(code_of(static_cast<FrontReason>(i)))}};
    metric.counter.value = static_cast<double>(counts.refused[i]);
    refused.metric.push_back(std::move(metric));
  }
  all.push_back(std::move(refused));
}

void append_value(const char* name, const char* help, prometheus::MetricType type, double value, std::vector<prometheus::MetricFamily>& all) {
  prometheus::MetricFamily family{name, help, type, std::vector<prometheus::ClientMetric>(1)};
  family.metric[0].counter.value = family.metric[0].gauge.value = value;
  all.push_back(std::move(family));
}

void append_upkeep(const UpkeepFigures& figures, std::vector<prometheus::MetricFamily>& all) {
  using enum prometheus::MetricType;
  if (figures.disk) {
    append_value("takt_disk_free_bytes", "Room on the disk of the data directory.", Gauge, static_cast<double>(figures.disk->free_bytes), all);
    append_value("takt_disk_bytes", "Size of that disk.", Gauge, static_cast<double>(figures.disk->total_bytes), all);
  }
  append_value("takt_disk_low", "1 while events are refused for want of room.", Gauge, figures.is_disk_low ? 1 : 0, all);
  append_value("takt_backups_total", "Backups made since the start.", Counter, static_cast<double>(figures.backups.made), all);
  append_value("takt_backups_failed_total", "Backups that failed since the start.", Counter, static_cast<double>(figures.backups.failed), all);
  if (figures.books) {
    append_value("takt_journal_bytes", "Size of all journals, about.", Gauge, static_cast<double>(figures.books->journal_bytes), all);
    append_value("takt_decision_log_bytes", "Size of the log of decisions, about.", Gauge, static_cast<double>(figures.books->decisions_bytes), all);
    append_value("takt_decision_log_bytes_max", "Beyond it the oldest decisions are forgotten; 0 = no bound.", Gauge, static_cast<double>(figures.books->decisions_bytes_max), all);
  }
  if (!figures.backups.latest) return;
  append_value("takt_backup_timestamp_seconds", "Moment of the latest backup.", Gauge, static_cast<double>(ms_of(figures.backups.latest->at)) * 1e-3, all);
  append_value("takt_backup_duration_seconds", "How long it took.", Gauge, figures.backups.latest->seconds, all);
  append_value("takt_backup_bytes", "Size of all its files.", Gauge, static_cast<double>(figures.backups.latest->bytes), all);
  append_value("takt_backup_added_bytes", "Of them, what no earlier backup had.", Gauge, static_cast<double>(figures.backups.latest->bytes_added), all);
}

} // namespace

std::string_view to_text(EventType type) {
  switch (type) {
    case EventType::track: return "track";
    case EventType::identify: return "identify";
    case EventType::alias: return "alias";
    case EventType::page: return "page";
    case EventType::screen: return "screen";
    case EventType::group: return "group";
  }
  return "track";
}

struct Metrics::Families {
  prometheus::Registry registry;
  std::mutex others_mutex;                           ///< those who count by themselves
  std::function<FrontCounts()> front;
  std::optional<UpkeepFigures> upkeep;
  std::function<std::uint64_t()> log_dropped;
  prometheus::Family<prometheus::Counter>& requests = counter(registry, "takt_http_requests_total", "Answered HTTP requests.");
  prometheus::Family<Histogram>& request_seconds = histogram(registry, "takt_http_request_duration_seconds", "From the last byte of the headers to the answer.");
  prometheus::Family<Histogram>& stage_seconds = histogram(registry, "takt_stage_duration_seconds", "One stage of one decision and placement.");
  prometheus::Family<prometheus::Counter>& decisions = counter(registry, "takt_decisions_total", "Answered placements by outcome.");
  prometheus::Family<prometheus::Counter>& failures = counter(registry, "takt_decision_failures_total", "Decide calls that were refused, by code.");
  prometheus::Family<prometheus::Counter>& suppressed = counter(registry, "takt_suppressed_total", "Candidates that were dropped, by reason.");
  prometheus::Family<prometheus::Counter>& degraded = counter(registry, "takt_degraded_total", "Stages that were skipped or failed, by reason.");
  prometheus::Family<prometheus::Counter>& events = counter(registry, "takt_events_total", "Events by type and result.");
  prometheus::Family<prometheus::Gauge>& items = prometheus::BuildGauge().Name("takt_index_items").Help("Items in the served catalogue.").Register(registry);
  prometheus::Family<prometheus::Gauge>& labels =
      prometheus::BuildGauge().Name("takt_labels").Help("Names of items, people, orders and events in the dictionary, which is kept in memory: some 100 bytes each.").Register(registry);
  prometheus::Family<prometheus::Gauge>& searches =
      prometheus::BuildGauge().Name("takt_index_checked_searches").Help("Searches that were compared with exact search since the start.").Register(registry);
  prometheus::Family<prometheus::Gauge>& recall =
      prometheus::BuildGauge().Name("takt_index_recall_at_100").Help("Share of the exact best hundred that the index found, in the compared searches.").Register(registry);
  prometheus::Family<prometheus::Gauge>& build = prometheus::BuildGauge().Name("takt_build_info").Help("Always 1; the labels say what runs.").Register(registry);
  std::array<Histogram*, stages_count> stages{};
  std::array<prometheus::Counter*, reason_codes_count> reasons{};
  prometheus::Gauge& items_value = items.Add({});
  prometheus::Gauge& labels_value = labels.Add({});
  prometheus::Gauge& searches_value = searches.Add({});
  prometheus::Gauge& recall_value = recall.Add({});

  Families() {
    for (std::size_t i = 0; i < stages_count; ++i)
      stages[i] = &stage_seconds.Add({{"stage", std::string(to_text(static_cast<Stage>(i)))}}, buckets);
    for (std::size_t i = 0; i < reason_codes_count; ++i)
      reasons[i] = &suppressed.Add({{"reason", std::string(to_text(static_cast<ReasonCode>(i)))}});
    // Of what must not happen an alert can only see the first time where there was a zero before.
    for (const auto& [stage, code] : {std::pair{Stage::profile, ReasonCode::store_unavailable}, std::pair{Stage::log, ReasonCode::contention}})
      degraded.Add({{"stage", std::string(to_text(stage))}, {"reason", std::string(to_text(code))}});
    build.Add({{"version", std::string(version_text)}, {"commit", TAKT_COMMIT}}).Set(1);
  }
};

Metrics::Metrics() : families_(std::make_unique<Families>()) {}
Metrics::~Metrics() = default;

void Metrics::http_request(std::string_view route, std::string_view method, int status, double seconds) {
  families_->requests.Add({{"route", std::string(route)}, {"method", std::string(method)}, {"code", std::to_string(status)}}).Increment();
  families_->request_seconds.Add({{"route", std::string(route)}}, buckets).Observe(seconds);
}

void Metrics::decision(const Decision& decision) {
  for (const PlacementDecision& placement : decision.placements) {
    families_->decisions.Add({{"placement", placement.placement.text()}, {"outcome", std::string(takt::to_text(placement.outcome))}}).Increment();
    for (const auto& [code, count] : placement.drops) families_->reasons[static_cast<std::size_t>(code)]->Increment(count);
    for (const StageTiming& timing : placement.funnel)
      families_->stages[static_cast<std::size_t>(timing.stage)]->Observe(static_cast<double>(timing.nanos) * 1e-9);
  }
  for (const Degraded& degraded : decision.degraded)
    families_->degraded.Add({{"stage", std::string(takt::to_text(degraded.stage))}, {"reason", std::string(takt::to_text(degraded.code))}}).Increment();
}

void Metrics::decision_failed(std::string_view code) { families_->failures.Add({{"code", std::string(code)}}).Increment(); }

void Metrics::event(EventType type, EventResult result, std::uint64_t count) {
  if (count == 0) return;
  families_->events.Add({{"type", std::string(takt::to_text(type))}, {"result", std::string(to_text(result))}}).Increment(static_cast<double>(count));
}

void Metrics::event_refused() { families_->events.Add({{"type", "unknown"}, {"result", "rejected"}}).Increment(); }

void Metrics::items(std::size_t count) { families_->items_value.Set(static_cast<double>(count)); }

void Metrics::labels(std::size_t count) { families_->labels_value.Set(static_cast<double>(count)); }

void Metrics::recall(std::uint64_t searches, double recall_at_100) {
  families_->searches_value.Set(static_cast<double>(searches));
  families_->recall_value.Set(recall_at_100);
}

void Metrics::upkeep(const UpkeepFigures& figures) {
  const std::lock_guard lock(families_->others_mutex);
  families_->upkeep = figures;
}

void Metrics::set_front(std::function<FrontCounts()> counts) {
  const std::lock_guard lock(families_->others_mutex);
  families_->front = std::move(counts);
}

void Metrics::set_log(std::function<std::uint64_t()> dropped) {
  const std::lock_guard lock(families_->others_mutex);
  families_->log_dropped = std::move(dropped);
}

std::string Metrics::text() const {
  std::vector<prometheus::MetricFamily> all = families_->registry.Collect();
  append_process_metrics(all);
  const std::lock_guard lock(families_->others_mutex);
  if (families_->front) append_front(families_->front(), all);
  if (families_->upkeep) append_upkeep(*families_->upkeep, all);
  if (families_->log_dropped)
    all.push_back(family_of("takt_log_lines_dropped_total", "Lines of the log that nobody took in time.", prometheus::MetricType::Counter, families_->log_dropped()));
  return prometheus::TextSerializer().Serialize(all);
}

} // namespace takt
