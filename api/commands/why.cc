#include "api/commands/command.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace takt {
namespace {

struct Options { std::string customer, placement, item, decision; };

int run(App& app, Terminal& terminal, const CommonOptions& common, const Options& options) {
  auto answer = app.why(options.customer, options.placement, options.item, options.decision);
  if (!answer) return report_error(terminal, common, answer.error());
  if (common.json) {
    terminal.out(*answer + "\n");
    return 0;
  }
  const auto json = nlohmann::json::parse(*answer);
  terminal.out(fmt::format("{}: {}\n", options.item, json["verdict"].get<std::string>()));
  for (const char* list : {"blocked_by", "reasons"})
    for (const auto& reason : json[list])
      terminal.out(fmt::format("  {} {}: {}\n", reason["stage"].get<std::string>(), reason["code"].get<std::string>(), reason["text"].get<std::string>()));
  if (!json["terms"].is_null()) {
    const auto& terms = json["terms"];
    const auto number = [&](const char* name) { return terms[name].get<double>(); };
    terminal.out(fmt::format("  worth {:.6g} = ({:.4g} likely x {:.3g} fatigue - {:.4g} anyway) x {:.4g} value x {:.3g} context x {:.3g} lever - {:.4g} contact - {:.4g} attention\n", number("score"),
                             number("p_act"), number("fatigue_factor"), number("p_nothing"), number("value"), number("context"), number("lever"), number("contact_cost"), number("attention_price")));
  }
  for (const auto& winner : json["outranked_by"])
    terminal.out(fmt::format("  instead, slot {}: {} ({:.6g})\n", winner["slot"].get<int>(), winner["item"].get<std::string>(), winner["score"].get<double>()));
  if (json["explained_from"] == "log") terminal.out("  from the log alone: rules, items or the record of then are no longer held\n");
  if (!json["eligible_again"].is_null())
    terminal.out(fmt::format("  eligible again at {}{}\n", json["eligible_again"].get<std::string>(), json["provisional"].get<bool>() ? " (provisional)" : ""));
  return 0;
}

} // namespace

void add_why(CLI::App& root, Invocation& invocation) {
  auto options = std::make_shared<Options>();
  CLI::App* command = root.add_subcommand("why", "why does, or doesn't, this customer see this item here");
  command->add_option("--customer", options->customer, "user id, anonymous id or c-…; user:, anon:, id: force one")->required();
  command->add_option("--placement", options->placement, "placement id")->required();
  command->add_option("--item", options->item, "item id")->required();
  command->add_option("--decision", options->decision, "a logged decision; without it: now");
  command->callback([&invocation, options] {
    invocation.work = [options, &common = invocation.common](App& app, Terminal& terminal) { return run(app, terminal, common, *options); };
  });
}

} // namespace takt
