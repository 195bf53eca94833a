#include "api/commands/command.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace takt {
namespace {

struct Options { std::string customer, text; bool export_only = false, yes = false; };

int find(App& app, Terminal& terminal, const CommonOptions& common, const std::string& text) {
  auto files = files_holding(app.config().data_dir, text);
  if (!files) return report_error(terminal, common, files.error());
  if (common.json) terminal.out(nlohmann::json{{"files", *files}}.dump() + "\n");
  else if (files->empty()) terminal.out("no file of the data directory holds these bytes\n");
  for (std::size_t i = 0; !common.json && i < files->size(); ++i) terminal.out((*files)[i] + "\n");
  return files->empty() ? 0 : 1;
}

int run(App& app, Terminal& terminal, const CommonOptions& common, const Options& options) {
  if (!options.text.empty()) return find(app, terminal, common, options.text);
  if (options.customer.empty()) return report_error(terminal, common, {ErrorCode::invalid, "--customer says whom"});
  if (options.export_only) {
    auto held = app.export_customer(options.customer);
    if (!held) return report_error(terminal, common, held.error());
    terminal.out(*held + "\n");
    return 0;
  }
  if (!options.yes) return report_error(terminal, common, {ErrorCode::invalid, "this cannot be undone: say it again with --yes, or look first with --export"});
  Result<std::string> receipt = [&] {
    ProgressLine line(terminal);
    return app.erase_customer(options.customer, [&](std::size_t customers) {
      if (customers % 256 == 0) line.show(fmt::format("{} customers looked at", customers));
    });
  }();
  if (!receipt) return report_error(terminal, common, receipt.error());
  app.note_command("takt erase", nlohmann::json::parse(*receipt)["erasure_id"].get<std::string>());
  if (auto clean = app.wait_for_clean_files(); !clean) return report_error(terminal, common, clean.error());
  receipt = app.erasure_json(nlohmann::json::parse(*receipt)["erasure_id"].get<std::string>());
  if (!receipt) return report_error(terminal, common, receipt.error());
  if (common.json) {
    terminal.out(*receipt + "\n");
    return 0;
  }
  const auto json = nlohmann::json::parse(*receipt);
  const auto number = [&](const char* name) { return json[name].get<std::uint64_t>(); };
  terminal.out(fmt::format("erased: {} records with {} journal entries, {} decisions, {} names, {} labels, {} documents rewritten\n", number("customers"), number("journal_entries"),
                           number("decisions"), number("identities"), number("labels"), number("documents")));
  terminal.out(fmt::format("no file of the data directory holds a byte of them since {} (receipt {})\n", json["files_clean_at"].get<std::string>(), json["erasure_id"].get<std::string>()));
  return 0;
}

} // namespace

void add_erase(CLI::App& root, Invocation& invocation) {
  auto options = std::make_shared<Options>();
  CLI::App* command = root.add_subcommand("erase", "forget one customer: record, journal, decisions, names; and in every file");
  command->add_option("--customer", options->customer, "user id, anonymous id or c-…; user:, anon:, id: force one");
  command->add_option("--find", options->text, "erase nothing: name the files of the data directory that hold this text, compressed or not; reads all of them");
  command->add_flag("--export", options->export_only, "erase nothing: print everything that is held about them, as JSON");
  command->add_flag("--yes", options->yes, "erase");
  command->callback([&invocation, options] {
    invocation.work = [options, &common = invocation.common](App& app, Terminal& terminal) { return run(app, terminal, common, *options); };
  });
}

} // namespace takt
