// takt keys: made, listed, revoked; also beside a running server, where a new key is in force at once.
#include "api/commands/command.h"
#include "api/json/writer.h"

#include <nlohmann/json.hpp>

namespace takt {
namespace {

struct Options {
  std::string role, mode = "live", name, id;
  std::vector<std::string> origins, placements;
  std::optional<double> rate, burst;
  bool forget = false;
};

int create(App& app, Terminal& terminal, const CommonOptions& common, const Options& options) {
  JsonWriter body;
  body.begin_object().field("role", options.role).field("mode", options.mode).field("name", options.name);
  for (const auto& [field, list] : {std::pair<const char*, const std::vector<std::string>*>{"origins", &options.origins}, {"placements", &options.placements}}) {
    body.key(field).begin_array();
    for (const std::string& text : *list) body.text(text);
    body.end_array();
  }
  body.field("rate", options.rate).field("burst", options.burst).end_object();
  auto made = app.create_key(body.take(), "command line");
  if (!made) return report_error(terminal, common, made.error());
  app.note_command("takt keys create", nlohmann::json::parse(*made)["id"].get<std::string>() + " --role " + options.role);
  if (common.json) {
    terminal.out(*made + "\n");
    return 0;
  }
  terminal.out(nlohmann::json::parse(*made)["key"].get<std::string>() + "\n");
  terminal.err("This is the only time that the key is shown. From the first key on every call needs one.\n");
  return 0;
}

int list(App& app, Terminal& terminal, const CommonOptions& common) {
  const std::string keys = app.keys_json();
  if (common.json) {
    terminal.out(keys + "\n");
    return 0;
  }
  const auto data = nlohmann::json::parse(keys)["data"];
  if (data.empty()) terminal.out("no key yet: whoever reaches the port may do everything, so the server listens on loopback only\n");
  for (const auto& key : data) {
    const std::string state = key["revoked_at"].is_null() ? "" : "  revoked " + key["revoked_at"].get<std::string>();
    terminal.out(key["id"].get<std::string>() + "  " + key["role"].get<std::string>() + "  " + key["mode"].get<std::string>() + "  " + key["name"].get<std::string>() + state + "\n");
  }
  return 0;
}

int revoke(App& app, Terminal& terminal, const CommonOptions& common, const Options& options) {
  if (auto revoked = app.revoke_key(options.id, "command line"); !revoked) return report_error(terminal, common, revoked.error());
  app.note_command("takt keys revoke", options.id);
  if (common.json) terminal.out("{\"revoked\":\"" + options.id + "\"}\n");
  else terminal.out("revoked\n");
  return 0;
}

int rotate_links(App& app, Terminal& terminal, const CommonOptions& common, const Options& options) {
  auto number = app.links().rotate(options.forget, app.clock().utc_now(), "command line");
  if (!number) return report_error(terminal, common, number.error());
  app.note_command("takt keys rotate-links", options.forget ? "--forget" : "");
  if (common.json) terminal.out("{\"link_key\":" + std::to_string(*number) + "}\n");
  else terminal.out("links are signed with key " + std::to_string(*number) + " from now on" + (options.forget ? "; those given before lead nowhere\n" : "; those given before go on\n"));
  return 0;
}

} // namespace

void add_keys(CLI::App& root, Invocation& invocation) {
  CLI::App* keys = root.add_subcommand("keys", "API keys: from the first one on every call needs one");
  keys->require_subcommand(1);
  auto options = std::make_shared<Options>();
  CLI::App* made = keys->add_subcommand("create", "make a key and show it, once");
  made->add_option("--role", options->role, "publishable, decide, service, viewer, marketer, approver, analyst or admin")->required();
  made->add_option("--mode", options->mode, "live, or test: its events reach the debugger only, its decisions are dry runs");
  made->add_option("--name", options->name, "for people: \"shop front end\"");
  made->add_option("--origin", options->origins, "publishable: a page that may use it, such as https://shop.example; may be repeated");
  made->add_option("--placement", options->placements, "decide: a placement that it may ask for; may be repeated");
  made->add_option("--rate", options->rate, "requests a second, sustained; what is above answers 429. Default: no limit");
  made->add_option("--burst", options->burst, "so many at once, after a silence. Default: a second's worth");
  made->callback([&invocation, options] {
    invocation.work = [options, &common = invocation.common](App& app, Terminal& terminal) { return create(app, terminal, common, *options); };
  });
  CLI::App* listed = keys->add_subcommand("list", "every key, without its text");
  listed->callback([&invocation] { invocation.work = [&common = invocation.common](App& app, Terminal& terminal) { return list(app, terminal, common); }; });
  CLI::App* revoked = keys->add_subcommand("revoke", "from now on the key opens nothing");
  revoked->add_option("id", options->id, "as list shows it")->required();
  revoked->callback([&invocation, options] {
    invocation.work = [options, &common = invocation.common](App& app, Terminal& terminal) { return revoke(app, terminal, common, *options); };
  });
  CLI::App* links = keys->add_subcommand("rotate-links", "sign links of answers (impression_url, click_url) with a new key");
  links->add_flag("--forget", options->forget, "believe no link that was given before: the key has leaked");
  links->callback([&invocation, options] {
    invocation.work = [options, &common = invocation.common](App& app, Terminal& terminal) { return rotate_links(app, terminal, common, *options); };
  });
  for (CLI::App* command : {made, listed, revoked, links}) command->fallthrough();
}

} // namespace takt
