#include "api/commands/command.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace takt {
namespace {

int run(App& app, Terminal& terminal, const CommonOptions& common) {
  Result<std::string> summary = [&] {
    ProgressLine line(terminal);
    return app.rebuild([&](std::size_t done, std::size_t total) { line.show(fmt::format("{} of {} customers", done, total)); });
  }();
  if (!summary) return report_error(terminal, common, summary.error());
  const auto json = nlohmann::json::parse(*summary);
  if (common.json) terminal.out(*summary + "\n");
  else terminal.out(fmt::format("{} customers folded again in {:.1f} s\n", json["customers"].get<std::uint64_t>(), json["seconds"].get<double>()));
  return 0;
}

} // namespace

void add_rebuild(CLI::App& root, Invocation& invocation) {
  CLI::App* command = root.add_subcommand("rebuild", "drop every snapshot and fold the journal again");
  command->callback([&invocation] {
    invocation.work = [&common = invocation.common](App& app, Terminal& terminal) { return run(app, terminal, common); };
  });
}

} // namespace takt
