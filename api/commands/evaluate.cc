// takt evaluate, takt evaluate-sessions: how good each method is on people whose future is known. No data directory, no server.
#include "api/clock.h"
#include "api/commands/command.h"
#include "api/evaluation_files.h"
#include "api/json/writer.h"
#include "engine/relevance/methods.h"

#include <algorithm>
#include <fmt/format.h>
#include <thread>

namespace takt {
namespace {

struct Options {
  std::string train, test, items;
  std::vector<std::string> methods;
  std::vector<std::size_t> at;
  MethodOptions method;
  bool keeps_seen = false;
  bool sessions = false;
};

struct Line {
  std::string method;
  std::vector<Quality> quality;
  double train_seconds = 0, queries_per_second = 0;
};

double seconds_between(SteadyTime from, SteadyTime to) { return std::chrono::duration<double>(to - from).count(); }

Result<Line> measure(const std::string& name, const EvaluationFiles& files, const Options& options, ProgressLine& progress) {
  const SystemClock clock;
  Line line{name, {}, 0, 0};
  const SteadyTime begin = clock.steady_now();
  TAKT_TRY(method, train_method(name, files.train, options.method,
                                [&](double share) { progress.show(fmt::format("{}: training {:.0f} %", name, 100 * share)); }));
  const SteadyTime trained = clock.steady_now();
  line.quality = evaluate(*method, files.train.items, files.cases, {options.at, files.train.now_seconds},
                          [&](double share) { progress.show(fmt::format("{}: evaluating {:.0f} %", name, 100 * share)); });
  line.train_seconds = seconds_between(begin, trained);
  line.queries_per_second = static_cast<double>(files.cases.size()) / std::max(seconds_between(trained, clock.steady_now()), 1e-9);
  return line;
}

std::string json_of(const std::vector<Line>& lines, const EvaluationFiles& files, const Options& options) {
  JsonWriter json;
  json.begin_object().key("methods").begin_object();
  for (const Line& line : lines) {
    json.key(line.method).begin_object();
    for (const Quality& quality : line.quality) {
      const std::string at = "@" + std::to_string(quality.at);
      if (!options.sessions) json.field("recall" + at, quality.recall).field("ndcg" + at, quality.ndcg);
      json.field("hr" + at, quality.hit_rate).field("mrr" + at, quality.reciprocal_rank);
    }
    json.field("train_seconds", line.train_seconds).field("queries_per_second", line.queries_per_second).end_object();
  }
  json.end_object();
  json.field(options.sessions ? "prefixes" : "customers", static_cast<std::uint64_t>(files.cases.size()));
  json.field("items", static_cast<std::uint64_t>(files.train.items)).end_object();
  return json.take();
}

void write_table(Terminal& terminal, const std::vector<Line>& lines, const EvaluationFiles& files, const Options& options) {
  terminal.out(fmt::format("{} {}, {} items\n", files.cases.size(), options.sessions ? "prefixes" : "customers", files.train.items));
  std::string head = fmt::format("{:<12}", "method");
  for (const std::size_t at : options.at)
    for (const char* name : {"recall", "ndcg", "hr", "mrr"})
      if (!options.sessions || std::string_view(name) == "hr" || std::string_view(name) == "mrr")
        head += fmt::format(" {:>10}", fmt::format("{}@{}", name, at));
  terminal.out(head + fmt::format(" {:>10} {:>10}\n", "train s", "queries/s"));
  for (const Line& line : lines) {
    std::string text = fmt::format("{:<12}", line.method);
    for (const Quality& quality : line.quality) {
      if (!options.sessions) text += fmt::format(" {:>10.4f} {:>10.4f}", quality.recall, quality.ndcg);
      text += fmt::format(" {:>10.4f} {:>10.4f}", quality.hit_rate, quality.reciprocal_rank);
    }
    terminal.out(text + fmt::format(" {:>10.2f} {:>10.0f}\n", line.train_seconds, line.queries_per_second));
  }
}

Result<std::vector<Line>> measure_all(const EvaluationFiles& files, const Options& options, Terminal& terminal) {
  ProgressLine progress(terminal);
  std::vector<Line> lines;
  for (const std::string& name : options.methods) {
    TAKT_TRY(line, measure(name, files, options, progress));
    lines.push_back(std::move(line));
  }
  return lines;
}

int run(const Options& options, const CommonOptions& common, Terminal& terminal) {
  auto files =
      options.sessions ? read_session_files(options.train, options.test) : read_evaluation_files(options.train, options.test, options.keeps_seen);
  if (!files) return report_error(terminal, common, files.error());
  if (!options.items.empty())
    if (const auto read = read_item_texts(options.items, *files); !read) return report_error(terminal, common, read.error());
  if (files->cases.empty()) {
    const char* why =
        options.sessions ? "the test file has no prefix" : "nobody in the test file has training history and an item that is not masked";
    return report_error(terminal, common, {ErrorCode::invalid, std::string("nothing to evaluate: ") + why, {}});
  }
  const auto lines = measure_all(*files, options, terminal);
  if (!lines) return report_error(terminal, common, lines.error());
  if (common.json)
    terminal.out(json_of(*lines, *files, options) + "\n");
  else
    write_table(terminal, *lines, *files, options);
  return 0;
}

std::string known_method(const std::string& name) {
  const auto known = method_names();
  if (std::find(known.begin(), known.end(), name) != known.end()) return "";
  std::string list;
  for (const std::string_view one : known) list += (list.empty() ? "" : ", ") + std::string(one);
  return "no method '" + name + "'; there are " + list;
}

void add_command(CLI::App& root, Invocation& invocation, bool sessions) {
  auto options = std::make_shared<Options>();
  options->sessions = sessions;
  options->at = sessions ? std::vector<std::size_t>{20} : std::vector<std::size_t>{10, 20};
  options->method.threads = std::min(2U, std::max(1U, std::thread::hardware_concurrency()));
  CLI::App* command = sessions ? root.add_subcommand("evaluate-sessions", "methods compared on the next click of sessions")
                               : root.add_subcommand("evaluate", "methods compared on what customers did next");
  command
      ->add_option("--train", options->train,
                   sessions ? "CSV session_id,item_id in time order" : "CSV customer_id,item_id[,timestamp[,event]]; - for stdin")
      ->required();
  command
      ->add_option("--test", options->test,
                   sessions ? "CSV prefix,target; the prefix's items separated by blanks" : "CSV of the same columns: what came after")
      ->required();
  command->add_option("--items", options->items, "CSV item_id,text: what items are about, for content");
  command->add_option("--methods", options->methods, "some of them, separated by commas; default: all")->delimiter(',')->check(known_method);
  command->add_option("--at", options->at, "lengths of the list")->delimiter(',')->check(CLI::Range(1, 1000));
  command->add_option("--threads", options->method.threads, "of training; changes no result")->check(CLI::Range(1, 64));
  command->add_option("--ease-lambda", options->method.ease_lambda, "penalty of EASE (200)")->check(CLI::Range(0.001, 1e9));
  if (!sessions) command->add_flag("--keep-seen", options->keeps_seen, "offer items of a customer's history too");
  command->callback([&invocation, options] {
    const auto files = {options->train, options->test, options->items};
    if (std::count(files.begin(), files.end(), "-") > 1) throw CLI::ValidationError("--train", "only one file can be standard input");
    if (options->items.empty() && std::count(options->methods.begin(), options->methods.end(), "content") > 0)
      throw CLI::ValidationError("--methods", "content needs --items");
    if (options->methods.empty())
      for (const std::string_view name : method_names())
        if (name != "content" || !options->items.empty()) options->methods.emplace_back(name);
    invocation.alone = [options, &common = invocation.common](const Config&, Terminal& terminal) { return run(*options, common, terminal); };
  });
}

} // namespace

void add_evaluate(CLI::App& root, Invocation& invocation) {
  add_command(root, invocation, false);
  add_command(root, invocation, true);
}

} // namespace takt
