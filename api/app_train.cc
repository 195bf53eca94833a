// takt train: journal → models → checked artefact on disk → the served World.
#include "api/app.h"
#include "engine/artefact.h"
#include "engine/train/train_models.h"
#include "engine/train/work_folder.h"

#include <algorithm>
#include <cstdio>
#include <exception>
#include <nlohmann/json.hpp>
#include <sched.h>
#include <sys/resource.h>
#include <thread>

namespace takt {
namespace {

constexpr std::size_t artefacts_kept = 5;                     // the last good ones, to go back to

/// On a thread of its own, and with it those it makes, behind all that answer requests. A thread that was put back cannot come forward
/// again without being root, so it ends with its work.
void run_behind_requests(const std::function<void()>& work) {
  std::exception_ptr failure;
  std::jthread([&] {
    constexpr int nice_level = 10;
    const sched_param none{};
    ::sched_setscheduler(0, SCHED_BATCH, &none); // where a sandbox forbids either, training is only less polite
    ::setpriority(PRIO_PROCESS, 0, nice_level);  // of this thread alone, on Linux
    try {
      work();
    } catch (...) {
      failure = std::current_exception(); // out of memory: the caller's answer, and the server goes on
    }
  }).join();
  if (failure) std::rethrow_exception(failure);
}

std::size_t threads_for(bool serves) {
  const std::size_t cores = std::max(1U, std::thread::hardware_concurrency());
  return serves ? std::max<std::size_t>(cores - 1, 1) : cores;
}

/// As learnt, and as read back.
struct Trained { std::shared_ptr<const Models> models, loaded; };

std::string summary_of(const Models& models, const std::vector<std::string>& resumed, UtcTime as_of, double seconds) {
  nlohmann::ordered_json artefacts = nlohmann::ordered_json::array();
  for (const ArtefactMetrics& part : models.metrics) {
    nlohmann::ordered_json entry{{"name", part.name}, {"version", part.version}, {"metrics", {{"rows", part.rows}}}};
    entry["recall_at_100"] = part.recall_at_100 ? nlohmann::ordered_json(*part.recall_at_100) : nlohmann::ordered_json(nullptr);
    entry["seconds"] = part.seconds;
    if (!part.notes.empty()) entry["notes"] = part.notes;
    artefacts.push_back(std::move(entry));
  }
  return nlohmann::ordered_json{{"name", models.name}, {"version", models.version}, {"trained_from", format_utc(models.trained_from)},
                                {"trained_until", format_utc(models.trained_until)}, {"seconds", seconds}, {"as_of", format_utc(as_of)}, {"resumed", resumed}, {"artefacts", std::move(artefacts)}}
      .dump();
}

} // namespace

std::shared_ptr<const Models> App::read_models() {
  return load_newest_models(config_.data_dir + "/artefacts", store_->symbols(), [](std::uint64_t version, const Error& why) {
    // The older one goes on serving; whoever operates this must know.
    std::fprintf(stderr, "takt: artefact %llu is refused: %s\n", static_cast<unsigned long long>(version), why.message.c_str());
  });
}

Result<std::string> App::train(const std::function<void(std::string_view step, double fraction)>& progress, std::size_t threads) {
  const std::lock_guard one_at_a_time(train_mutex_);
  const SteadyTime begin = clock_.steady_now();
  const std::string directory = config_.data_dir + "/artefacts";
  TrainOptions options;
  options.version = newest_artefact(directory) + 1;
  options.clock = &clock_;
  options.threads = threads > 0 ? threads : threads_for(serves_);
  const auto report = [&](std::string_view step, double fraction) {
    if (progress) progress(step, fraction);
  };
  WorkFolder work(directory + "/.training", [&](std::string_view part) { report("resumed " + std::string(part), 1); });
  options.kept = &work;
  options.rulebook = world()->rulebook;
  const UtcTime now = work.begin(clock_.utc_now(), options.version);
  Result<Trained> trained;
  const auto learn = [&] {
    trained = [&]() -> Result<Trained> {
      TAKT_TRY(models, train_models(*store_, *world()->catalogue, now, report, options));
      auto saved = save_models(directory, *models, store_->symbols());
      if (!saved) {
        work.remove(); // as large as the artefact: perhaps there was no room for both
        saved = save_models(directory, *models, store_->symbols());
      }
      TAKT_TRY_VOID(std::move(saved));
      // What is served is what was read back and checked: checksums, golden rows, recall of the index.
      TAKT_TRY(loaded, load_models(directory + "/" + std::to_string(options.version), store_->symbols()));
      return Trained{std::move(models), std::move(loaded)};
    }();
  };
  if (serves_) run_behind_requests(learn);
  else learn();
  work.remove(); // what failed by itself fails again: only a training that was killed goes on
  if (!trained) return tl::unexpected(std::move(trained.error()));
  remove_old_artefacts(directory, artefacts_kept);
  const double seconds = std::chrono::duration<double>(clock_.steady_now() - begin).count();
  std::string summary = summary_of(*trained->models, work.resumed_parts(), now, seconds);
  const std::lock_guard lock(change_mutex_);
  const WorldPtr before = world();
  publish(before->catalogue, before->rulebook, std::move(trained->loaded));
  return summary;
}

} // namespace takt
