#include "api/commands/command.h"

#include "api/json/nearest_name.h"

#include <algorithm>
#include <filesystem>
#include <fmt/format.h>

namespace takt {
namespace {

/// The library says them backwards, and not what there is instead.
std::string objection_to_extras(const CLI::App& root) {
  const CLI::App* command = &root;
  std::string path = "takt";
  while (!command->get_subcommands().empty()) {
    command = command->get_subcommands().front();
    path += " " + command->get_name();
  }
  std::vector<std::string> takes;
  for (const CLI::App* app : {command, &root})
    for (const CLI::Option* option : app->get_options())
      for (const std::string& name : option->get_lnames()) takes.push_back("--" + name);
  for (const CLI::App* below : command->get_subcommands([](const CLI::App*) { return true; })) takes.push_back(below->get_name());
  const std::vector<std::string> extras = root.remaining(true);
  const std::string first = extras.empty() ? "" : extras.front().substr(0, extras.front().find('='));
  const std::vector<std::string_view> names(takes.begin(), takes.end());
  const std::string_view meant = nearest_name(first, names);
  return fmt::format("{} does not take \"{}\"{}\nWhat it takes: {} --help\n", path, first, meant.empty() ? "" : fmt::format("; did you mean {}?", meant), path);
}

} // namespace

ParsedCommand parse_command(const std::vector<std::string>& arguments) {
  auto root = std::make_shared<CLI::App>("Takt decides what a person should see here, now, or nothing.", "takt");
  ParsedCommand parsed;
  parsed.invocation = std::make_unique<Invocation>();
  Invocation& invocation = *parsed.invocation;
  root->require_subcommand(1);
  root->fallthrough();
  root->set_version_flag("--version", std::string("takt 0.1.0"));
  root->add_option("--data-dir", invocation.common.data_dir, "where everything is kept (./takt-data)");
  root->add_option("--config", invocation.common.config, "configuration file (takt.toml)");
  root->add_flag("--json", invocation.common.json, "one JSON object on stdout, nothing else");
  root->add_flag("--simulation", invocation.common.simulation, "make a data directory in which `now` may be given");
  add_serve(*root, invocation);
  add_import(*root, invocation);
  add_train(*root, invocation);
  add_decide(*root, invocation);
  add_why(*root, invocation);
  add_erase(*root, invocation);
  add_export(*root, invocation);
  add_doctor(*root, invocation);
  add_rebuild(*root, invocation);
  add_backup(*root, invocation);
  add_restore(*root, invocation);
  add_replay(*root, invocation);
  add_evaluate(*root, invocation);
  add_demo(*root, invocation);
  add_config(*root, invocation);
  add_keys(*root, invocation);
  add_commands_not_built(*root, invocation);
  // --data-dir and the others may stand behind the command, but for those that swallow all their arguments.
  for (CLI::App* command : root->get_subcommands({})) command->fallthrough(!command->get_allow_extras());
  try {
    std::vector<std::string> reversed(arguments.rbegin(), arguments.rend()); // the library pops from the end
    root->parse(reversed);
  } catch (const CLI::ParseError& problem) {
    std::ostringstream out, err;
    const bool asked = root->exit(problem, out, err) == 0;
    parsed.invocation.reset();
    parsed.exit_code = asked ? 0 : 2;
    // What is missing may be what stands there misspelt.
    const bool is_misspelt = !root->remaining(true).empty() && (dynamic_cast<const CLI::ExtrasError*>(&problem) != nullptr || dynamic_cast<const CLI::RequiredError*>(&problem) != nullptr);
    parsed.text = asked ? out.str() : is_misspelt ? objection_to_extras(*root) : err.str();
  }
  return parsed;
}

Result<Config> config_of(const CommonOptions& common) {
  TAKT_TRY(config, load_config(common.config, process_environment()));
  if (!common.data_dir.empty()) config.data_dir = common.data_dir;
  while (config.data_dir.size() > 1 && config.data_dir.back() == '/') config.data_dir.pop_back();
  config.simulation = config.simulation || common.simulation;
  return config;
}

int report_error(Terminal& terminal, const CommonOptions& common, const Error& error) {
  if (common.json) {
    terminal.out(problem_of(error).body + "\n");
    return 1;
  }
  terminal.err("takt: " + error.message + "\n");
  for (const FieldError& field : error.fields)
    if (field.detail != error.message || !field.pointer.empty()) terminal.err(fmt::format("  {}: {}\n", field.pointer, field.detail));
  return 1;
}

ProgressLine::~ProgressLine() {
  if (width_ > 0) terminal_.err("\r" + std::string(width_, ' ') + "\r");
}

void ProgressLine::show(const std::string& text) {
  if (!terminal_.shows_progress()) return;
  terminal_.err("\r" + text + std::string(width_ > text.size() ? width_ - text.size() : 0, ' '));
  width_ = std::max(width_, text.size());
}

} // namespace takt
