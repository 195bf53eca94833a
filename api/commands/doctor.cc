#include "api/commands/command.h"

#include <algorithm>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace takt {
namespace {

/// Sources, events and products are called what their senders like, and a terminal obeys control characters.
std::string printable(std::string text) {
  std::replace_if(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }, '?');
  return text;
}

void write_line(Terminal& terminal, const nlohmann::json& line) {
  terminal.out(fmt::format("  {:<4} {}\n", line["status"].get<std::string>(), printable(line["text"].get<std::string>())));
  if (!line["advice"].is_null()) terminal.out(fmt::format("       {}\n", printable(line["advice"].get<std::string>())));
}

int run(App& app, Terminal& terminal, const CommonOptions& common) {
  auto answer = app.doctor();
  if (!answer) return report_error(terminal, common, answer.error());
  if (common.json) {
    terminal.out(*answer + "\n");
    return 0;
  }
  const auto json = nlohmann::json::parse(*answer);
  terminal.out(fmt::format("{} to {}\n", json["from"].get<std::string>(), json["to"].get<std::string>()));
  write_line(terminal, json["catalogue"]);
  write_line(terminal, json["model"]);
  write_line(terminal, json["index"]);
  for (const auto& line : json["customers"]["lines"]) write_line(terminal, line);
  for (const auto& line : json["caps"]) write_line(terminal, line);
  for (const auto& line : json["upkeep"]) write_line(terminal, line);
  for (const auto& source : json["sources"]) {
    terminal.out("source " + printable(source["source"].get<std::string>()) + "\n");
    for (const auto& [name, count] : source["events"].items()) terminal.out(fmt::format("  {:>8}  {}\n", count.get<std::uint64_t>(), printable(name)));
    for (const auto& line : source["lines"]) write_line(terminal, line);
    for (const auto& product : source["unknown_products"])
      terminal.out(fmt::format("       unknown: {} ({})\n", printable(product["id"].get<std::string>()), product["count"].get<std::uint64_t>()));
  }
  return 0;
}

} // namespace

void add_doctor(CLI::App& root, Invocation& invocation) {
  CLI::App* command = root.add_subcommand("doctor", "does what arrives make sense? per source, with advice");
  command->callback([&invocation] {
    invocation.work = [&common = invocation.common](App& app, Terminal& terminal) { return run(app, terminal, common); };
  });
}

} // namespace takt
