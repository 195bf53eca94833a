#include "api/exports/export.h"

#include "core/limits.h"

#include <array>

namespace takt {
namespace {

constexpr std::size_t piece_bytes = std::size_t{64} << 10;
/// A decision's id tells when it was made, and it is in the log a little later: so much younger than now it may still be on its way, and
/// whoever goes on after the newest row would never see it. Longer than any decision may take. Who names an end takes what is there.
constexpr Duration decisions_settle = seconds(10);
/// Where few of them have rows: the caller should see that something happens, and a server has other work too.
constexpr std::size_t customers_per_piece = 4096;

Result<UtcTime> time_or(std::string_view name, const std::optional<std::string>& text, UtcTime otherwise) {
  if (!text) return otherwise;
  auto t = parse_utc(*text);
  if (!t) return fail_at("/" + std::string(name), "must be a time such as 2026-11-01T00:00:00Z");
  return t;
}

Result<ExportKind> kind_of(const std::string& text) {
  constexpr std::array<std::string_view, 4> names{"decisions", "exposures", "outcomes", "customers"};
  for (std::size_t i = 0; i < names.size(); ++i)
    if (text == names[i]) return static_cast<ExportKind>(i);
  return fail(ErrorCode::not_found, "there are exports of decisions, exposures, outcomes and customers");
}

Status check_cursor(ExportKind kind, const std::string& cursor) {
  if (kind == ExportKind::decisions ? parse_decision_id(cursor).has_value() : parse_customer_id(cursor).has_value()) return {};
  return fail_at("/cursor", kind == ExportKind::decisions ? "must be a decision_id of an earlier row" : "must be a customer_id of an earlier row");
}

} // namespace

Result<ExportOptions> parse_export(const ExportTexts& texts, UtcTime now) {
  ExportOptions options;
  TAKT_TRY(kind, kind_of(texts.kind));
  options.kind = kind;
  if (texts.format.value_or("ndjson") != "ndjson" && texts.format != "csv") return fail_at("/format", "must be ndjson or csv");
  options.format = texts.format == "csv" ? ExportFormat::csv : ExportFormat::ndjson;
  TAKT_TRY(from, time_or("from", texts.from, UtcTime::min()));
  TAKT_TRY(to, time_or("to", texts.to, UtcTime::max()));
  if (to <= from) return fail_at("/to", "must be later than from");
  options.rows.span = {from, kind == ExportKind::decisions && !texts.to ? now - decisions_settle : to};
  if (texts.identities.value_or("false") != "false" && texts.identities != "true") return fail_at("/identities", "must be true or false");
  options.rows.identities = texts.identities == "true";
  if (texts.window) {
    const auto window = parse_duration(*texts.window);
    if (!window || *window <= Duration{} || *window > limits::ledger_horizon) return fail_at("/window", "must be a duration such as 7d, of at most the ledger's horizon");
    if (kind != ExportKind::outcomes) return fail_at("/window", "is for outcomes");
    options.rows.window = *window;
  }
  if (texts.cursor) TAKT_TRY_VOID(check_cursor(kind, *texts.cursor));
  options.after = texts.cursor.value_or("");
  options.rows.now = now;
  return options;
}

Export::Export(Store& store, ExportOptions options)
    : store_(store), options_(std::move(options)), writer_(options_.format, columns_of(options_.kind, options_.rows.identities)) {
  if (options_.kind == ExportKind::decisions && !options_.after.empty()) last_decision_ = parse_decision_id(options_.after).value_or(DecisionId{});
}

Result<bool> Export::next(std::string& piece) {
  if (!begun_ && options_.after.empty()) piece += writer_.head(); // who goes on has the names already
  begun_ = true;
  return options_.kind == ExportKind::decisions ? next_decisions(piece) : next_customers(piece);
}

/// The log is walked anew for every piece, from the instant of the last row: nothing is held open while the reader is slow.
Result<bool> Export::next_decisions(std::string& piece) {
  const UtcTime from = last_decision_ ? std::max(options_.rows.span.from, time_of(last_decision_)) : options_.rows.span.from;
  bool is_full = false;
  TAKT_TRY_VOID(store_.decisions().scan(from, options_.rows.span.to, [&](const DecisionRecord& record) {
    const DecisionId id = record.decision.id;
    if (last_decision_ && id <= last_decision_) return true;
    decision_rows(record, options_.rows, [&](std::span<const Cell> row) { writer_.append(piece, row); });
    last_decision_ = id;
    is_full = piece.size() >= piece_bytes;
    return !is_full;
  }));
  return is_full;
}

Status Export::list_customers() {
  CustomerId after{};
  if (!options_.after.empty()) after = parse_customer_id(options_.after).value_or(CustomerId{});
  customers_.emplace();
  return store_.records().for_each_customer([&](CustomerId customer) {
    if (customer > after) customers_->push_back(customer);
    return true;
  });
}

Result<bool> Export::next_customers(std::string& piece) {
  if (!customers_) TAKT_TRY_VOID(list_customers());
  const PutRow put = [&](std::span<const Cell> row) { writer_.append(piece, row); };
  for (std::size_t looked = 0; looked < customers_per_piece && place_ < customers_->size() && piece.size() < piece_bytes; ++looked) {
    TAKT_TRY(record, store_.records().read((*customers_)[place_++], Deadline{}));
    if (record->version == 0 || record->sealed_into) continue;
    RowOptions rows = options_.rows;
    rows.now = std::max(rows.now, record->clock);
    if (options_.kind == ExportKind::exposures) exposure_rows(*record, store_.symbols(), rows, put);
    else if (options_.kind == ExportKind::outcomes) outcome_rows(*record, store_.symbols(), rows, put);
    else customer_row(*record, store_.symbols(), rows, put);
  }
  return place_ < customers_->size();
}

} // namespace takt
