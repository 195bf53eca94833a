#include "api/commands/command.h"
#include "api/exports/export.h"

namespace takt {
namespace {

int run(App& app, Terminal& terminal, const CommonOptions& common, const ExportTexts& texts) {
  auto options = parse_export(texts, app.clock().utc_now());
  if (!options) {
    report_error(terminal, common, options.error());
    return 2;
  }
  Export rows(app.store(), std::move(*options));
  for (;;) {
    std::string piece;
    const auto more = rows.next(piece);
    terminal.out(piece);
    if (!more) return report_error(terminal, common, more.error());
    if (!*more) return 0;
  }
}

} // namespace

void add_export(CLI::App& root, Invocation& invocation) {
  auto texts = std::make_shared<ExportTexts>();
  CLI::App* command = root.add_subcommand("export", "decisions, exposures, outcomes or customers as a table (docs/exports.md)");
  command->add_option("table", texts->kind, "decisions, exposures, outcomes or customers")->required();
  command->add_option("--from", texts->from, "RFC 3339: decided, granted or founded from then on");
  command->add_option("--to", texts->to, "before then");
  command->add_option("--format", texts->format, "ndjson (default) or csv");
  command->add_option("--cursor", texts->cursor, "goes on after this decision_id (decisions) or customer_id (the others)");
  command->add_option("--window", texts->window, "outcomes: a purchase so long after the item was seen is taken for its (default 7d)");
  command->add_flag_callback("--identities", [texts] { texts->identities = "true"; }, "also user ids and device ids; without it people are named by Takt's own ids");
  command->callback([&invocation, texts] {
    invocation.work = [texts, &common = invocation.common](App& app, Terminal& terminal) { return run(app, terminal, common, *texts); };
  });
}

} // namespace takt
