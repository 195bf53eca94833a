#include "api/commands/command.h"
#include "api/json/writer.h"
#include "api/line_reader.h"
#include "core/hash.h"

#include <algorithm>
#include <fmt/format.h>
#include <map>
#include <set>
#include <sstream>

namespace takt {
namespace {

struct Options {
  std::string customer, customers, audience, placement, now, explain = "none", job;
  std::optional<std::uint32_t> limit;
  std::optional<std::uint64_t> seed;
  bool dry_run = false;
};

/// How many people a placement reaches, and whom it loses to what. A person counts once per rule.
struct Reach {
  std::uint64_t customers = 0, items = 0, fallback = 0, hold = 0, defer = 0, failed = 0;
  std::map<std::pair<std::string, std::string>, std::uint64_t> lost;   ///< (code, rule)

  void add(const PlacementDecision& placement) {
    switch (placement.outcome) {
      case Outcome::items: ++items; return;
      case Outcome::fallback: ++fallback; break;
      case Outcome::hold: ++hold; break;
      case Outcome::defer: ++defer; break;
    }
    std::set<std::pair<std::string, std::string>> causes;
    for (const Reason& reason : placement.reasons) causes.emplace(to_text(reason.code), reason.rule);
    for (const DroppedItem& dropped : placement.dropped)
      for (const Reason& reason : dropped.blocked_by) causes.emplace(to_text(reason.code), reason.rule);
    for (const auto& cause : causes) ++lost[cause];
  }

  std::string json() const {
    JsonWriter json;
    json.begin_object().key("reach").begin_object();
    json.field("customers", customers).field("items", items).field("fallback", fallback).field("hold", hold).field("defer", defer).field("failed", failed);
    json.key("lost").begin_array();
    for (const auto& [cause, count] : lost)
      json.begin_object().field("code", cause.first).field_or_null("rule", cause.second).field("customers", count).end_object();
    json.end_array().end_object().end_object();
    return json.take();
  }
};

Result<DecisionRequest> request_of(const Options& options) {
  DecisionRequest request;
  TAKT_TRY(placement, PlacementId::parse(options.placement));
  request.placements.push_back({placement, options.limit, {}, std::nullopt});
  request.explain = options.explain == "full" ? Explain::full : options.explain == "summary" ? Explain::summary : Explain::none;
  request.dry_run = options.dry_run;
  request.seed = options.seed.value_or(0);
  if (!options.now.empty()) {
    TAKT_TRY(now, parse_utc(options.now));
    request.now = now;
  }
  return request;
}

int decide_one(App& app, Terminal& terminal, const CommonOptions& common, const Options& options) {
  auto request = request_of(options);
  if (!request) return report_error(terminal, common, request.error());
  if (auto named = app.name_customer(options.customer, *request); !named) return report_error(terminal, common, named.error());
  auto answered = app.answer(std::move(*request), {});
  if (!answered) return report_error(terminal, common, answered.error());
  terminal.out(answered->json + "\n");
  return 0;
}

/// One customer of a list. The request id makes the job resumable: who was answered gets the same answer again.
Result<Answer> decide_listed(App& app, const DecisionRequest& pattern, const std::string& job, const std::string& customer) {
  DecisionRequest request = pattern;
  if (!request.dry_run) request.request_id = job + ":" + customer;
  request.body_hash = hash64(request.placements.front().placement.text() + "\x1f" + customer, request.placements.front().limit.value_or(0));
  TAKT_TRY_VOID(app.name_customer(customer, request));
  return app.answer(std::move(request), {});
}

/// One customer after the other, of a file or an audience, and what came of them.
class DecideJob {
public:
  DecideJob(App& app, Terminal& terminal, const CommonOptions& common, const Options& options, DecisionRequest pattern, const std::string& list)
      : app_(app), terminal_(terminal), common_(common), dry_run_(options.dry_run), pattern_(std::move(pattern)), progress_(terminal),
        job_(options.job.empty() ? fmt::format("job-{:016x}", hash64(options.placement + "\x1f" + list)) : options.job) {
    // Reach names what people are lost to, so every candidate's reasons are needed; the lines show what was asked for.
    if (dry_run_) pattern_.explain = Explain::full;
  }
  void decide(const std::string& customer) {
    ++reach_.customers;
    auto answered = decide_listed(app_, pattern_, job_, customer);
    if (answered) reach_.add(answered->decision.placements.front());
    else ++reach_.failed;
    if (!common_.json) terminal_.out((answered ? answered->json : problem_of(answered.error()).body) + "\n");
    if (reach_.customers % 256 == 0) progress_.show(fmt::format("{} customers", reach_.customers));
  }
  int end() {
    if (common_.json || dry_run_) terminal_.out(reach_.json() + "\n");
    return reach_.failed == 0 ? 0 : 1;
  }

private:
  App& app_;
  Terminal& terminal_;
  const CommonOptions& common_;
  bool dry_run_;
  DecisionRequest pattern_;
  ProgressLine progress_;
  std::string job_;
  Reach reach_;
};

int decide_list(App& app, Terminal& terminal, const CommonOptions& common, const Options& options) {
  auto pattern = request_of(options);
  if (!pattern) return report_error(terminal, common, pattern.error());
  auto path = terminal.input_file(options.customers, app.config().data_dir + "/spool");
  if (!path) return report_error(terminal, common, path.error());
  auto reader = LineReader::open(*path);
  if (!reader) return report_error(terminal, common, reader.error());
  DecideJob job(app, terminal, common, options, std::move(*pattern), options.customers);
  std::string line;
  for (;;) {
    auto more = reader->next(line);
    if (!more) return report_error(terminal, common, more.error());
    if (!*more) break;
    const std::size_t begin = line.find_first_not_of(" \t");
    if (begin != std::string::npos) job.decide(line.substr(begin, line.find_last_not_of(" \t") + 1 - begin));
  }
  if (options.customers == "-") std::remove(path->c_str());
  return job.end();
}

/// Page by page: who is in it is asked when their page is read, before anybody on it is decided for.
int decide_audience(App& app, Terminal& terminal, const CommonOptions& common, const Options& options) {
  auto pattern = request_of(options);
  if (!pattern) return report_error(terminal, common, pattern.error());
  DecideJob job(app, terminal, common, options, std::move(*pattern), "audience:" + options.audience);
  AudienceScan scan;
  do {
    constexpr bool as_csv = true, with_identities = false;
    auto page = app.audience_export(options.audience, scan, as_csv, with_identities);
    if (!page) return report_error(terminal, common, page.error());
    std::istringstream rows(page->body);
    std::string row;
    std::getline(rows, row); // the name of the column
    while (std::getline(rows, row)) job.decide("id:" + row);
    scan.after = std::move(page->next_cursor);
  } while (!scan.after.empty());
  return job.end();
}

int run(App& app, Terminal& terminal, const CommonOptions& common, const Options& options) {
  if (!options.audience.empty()) return decide_audience(app, terminal, common, options);
  return options.customer.empty() ? decide_list(app, terminal, common, options) : decide_one(app, terminal, common, options);
}

} // namespace

void add_decide(CLI::App& root, Invocation& invocation) {
  auto options = std::make_shared<Options>();
  CLI::App* command = root.add_subcommand("decide", "what should they see here: one customer, or a list of them");
  CLI::Option_group* who = command->add_option_group("who");
  who->add_option("--customer", options->customer, "user id, anonymous id or c-…; user:, anon:, id: force one");
  who->add_option("--customers", options->customers, "a file with one of these per line; - is standard input");
  who->add_option("--audience", options->audience, "an audience id");
  who->require_option(1);
  command->add_option("--placement", options->placement, "placement id")->required();
  command->add_option("--limit", options->limit, "items, at most the placement's slots");
  command->add_option("--now", options->now, "RFC 3339; with --dry-run, or in a simulation directory");
  command->add_option("--seed", options->seed, "the same seed draws the same");
  command->add_option("--explain", options->explain, "none, summary or full")->check(CLI::IsMember({"none", "summary", "full"}));
  command->add_option("--job", options->job, "name of the run: a repeat of it answers the same (lists)");
  command->add_flag("--dry-run", options->dry_run, "write nothing; ends with a reach summary (lists)");
  command->callback([&invocation, options] {
    invocation.work = [options, &common = invocation.common](App& app, Terminal& terminal) { return run(app, terminal, common, *options); };
  });
}

} // namespace takt
