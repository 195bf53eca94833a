// takt config: the configuration as files of a repository, and a repository's files as the configuration.
#include "api/commands/command.h"
#include "api/config_folder.h"
#include "api/json/writer.h"

#include <fmt/format.h>

namespace takt {
namespace {

struct Options { std::string directory; ApplyOptions apply; };

std::string without_a_slash(std::string directory) {
  while (directory.size() > 1 && directory.back() == '/') directory.pop_back();
  return directory;
}

int export_to(App& app, Terminal& terminal, const CommonOptions& common, const Options& options) {
  auto directory = terminal.input_file(without_a_slash(options.directory), app.config().data_dir);
  if (!directory) return report_error(terminal, common, directory.error());
  auto folder = app.config_folder();
  if (!folder) return report_error(terminal, common, folder.error());
  auto written = write_config_folder(*directory, *folder);
  if (!written) return report_error(terminal, common, written.error());
  if (!common.json) {
    terminal.out(fmt::format("{} files: {} written, {} as they were, {} removed\n", folder->files.size(), written->written, written->unchanged, written->removed));
    for (const std::string& id : folder->left_out) terminal.out(fmt::format("  left out: the audience {} is a list of people\n", id));
    return 0;
  }
  JsonWriter json;
  json.begin_object().field("files", static_cast<std::uint64_t>(folder->files.size())).field("written", static_cast<std::uint64_t>(written->written));
  json.field("unchanged", static_cast<std::uint64_t>(written->unchanged)).field("removed", static_cast<std::uint64_t>(written->removed));
  json.key("left_out").begin_array();
  for (const std::string& id : folder->left_out) json.text(id);
  json.end_array().end_object();
  terminal.out(json.take() + "\n");
  return 0;
}

void print_fields(Terminal& terminal, const std::vector<FieldChange>& fields) {
  for (const FieldChange& field : fields)
    terminal.out(fmt::format("      {}: {} -> {}\n", field.pointer, field.before.value_or("nothing"), field.after.value_or("nothing")));
}

constexpr char sign_of(ConfigChange::Kind kind) { return kind == ConfigChange::Kind::added ? '+' : kind == ConfigChange::Kind::removed ? '-' : '~'; }
constexpr char sign_of(PolicyChange::Kind kind) { return kind == PolicyChange::Kind::added ? '+' : kind == PolicyChange::Kind::removed ? '-' : '~'; }

void print(Terminal& terminal, const ConfigPlan& plan, bool only_plan) {
  for (const ConfigChange& change : plan.changes) {
    terminal.out(fmt::format("{} {}\n", sign_of(change.kind), change.file));
    print_fields(terminal, change.fields);
    for (const PolicyChange& rule : change.policy.changes) {
      terminal.out(fmt::format("    {} {}{}{}\n", sign_of(rule.kind), rule.part, rule.id.empty() ? "" : " ", rule.id));
      print_fields(terminal, rule.fields);
    }
    for (const std::string& part : change.policy.reordered) terminal.out(fmt::format("    {}: in another order\n", part));
  }
  for (const std::string& file : plan.not_in_folder) terminal.out(fmt::format("  {} is not in the folder: it stays (--prune of its folder removes it)\n", file));
  if (plan.changes.empty()) terminal.out("nothing differs\n");
  else if (only_plan) terminal.out(fmt::format("{} would change; nothing was changed\n", plan.changes.size()));
  else terminal.out(fmt::format("{} changed{}\n", plan.changes.size(), plan.policy_version ? fmt::format("; the policy is version {}", *plan.policy_version) : ""));
}

int apply(App& app, Terminal& terminal, const CommonOptions& common, const Options& options) {
  auto directory = terminal.input_file(without_a_slash(options.directory), app.config().data_dir);
  if (!directory) return report_error(terminal, common, directory.error());
  auto folder = read_config_folder(*directory);
  if (!folder) return report_error(terminal, common, folder.error());
  auto plan = app.apply_config(*folder, options.apply);
  if (!plan) return report_error(terminal, common, plan.error());
  if (!options.apply.plan && !plan->changes.empty()) app.note_command("takt config apply", "");
  if (common.json) terminal.out(write_config_plan(*plan, options.apply.plan) + "\n");
  else print(terminal, *plan, options.apply.plan);
  return 0;
}

} // namespace

void add_config(CLI::App& root, Invocation& invocation) {
  CLI::App* config = root.add_subcommand("config", "the configuration as files: for git");
  config->require_subcommand(1);
  auto exported = std::make_shared<Options>();
  CLI::App* to_files = config->add_subcommand("export", "write policy, placements, audiences and features into a folder");
  to_files->add_option("folder", exported->directory, "made where it is not there")->required();
  to_files->callback([&invocation, exported] {
    invocation.work = [exported, &common = invocation.common](App& app, Terminal& terminal) { return export_to(app, terminal, common, *exported); };
  });
  auto applied = std::make_shared<Options>();
  CLI::App* from_files = config->add_subcommand("apply", "put a folder in force: all of it, or nothing where something is wrong");
  from_files->add_option("folder", applied->directory, "as takt config export writes it")->required();
  from_files->add_flag("--plan", applied->apply.plan, "only say what would change");
  from_files->add_flag("--prune", applied->apply.prune, "what has no file in a folder that is there goes");
  from_files->add_option("--note", applied->apply.note, "why: kept with the policy's version");
  from_files->add_option("--author", applied->apply.author, "who: kept with the policy's version");
  from_files->callback([&invocation, applied] {
    invocation.work = [applied, &common = invocation.common](App& app, Terminal& terminal) { return apply(app, terminal, common, *applied); };
  });
  for (CLI::App* command : {to_files, from_files}) command->fallthrough();
}

} // namespace takt
