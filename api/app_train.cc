// takt train: journal → models → checked artefact on disk → the served World.
#include "api/app.h"
#include "engine/artefact.h"
#include "engine/train/train_models.h"

#include <cstdio>
#include <nlohmann/json.hpp>

namespace takt {
namespace {

constexpr std::size_t artefacts_kept = 5;                     // the last good ones, to go back to

std::string summary_of(const Models& models, double seconds) {
  nlohmann::ordered_json artefacts = nlohmann::ordered_json::array();
  for (const ArtefactMetrics& part : models.metrics) {
    nlohmann::ordered_json entry{{"name", part.name}, {"version", part.version}, {"metrics", {{"rows", part.rows}}}};
    entry["recall_at_100"] = part.recall_at_100 ? nlohmann::ordered_json(*part.recall_at_100) : nlohmann::ordered_json(nullptr);
    entry["seconds"] = part.seconds;
    if (!part.notes.empty()) entry["notes"] = part.notes;
    artefacts.push_back(std::move(entry));
  }
  return nlohmann::ordered_json{{"name", models.name}, {"version", models.version}, {"trained_from", format_utc(models.trained_from)},
                                {"trained_until", format_utc(models.trained_until)}, {"seconds", seconds}, {"artefacts", std::move(artefacts)}}
      .dump();
}

} // namespace

std::shared_ptr<const Models> App::read_models() {
  return load_newest_models(config_.data_dir + "/artefacts", store_->symbols(), [](std::uint64_t version, const Error& why) {
    // The older one goes on serving; whoever operates this must know.
    std::fprintf(stderr, "takt: artefact %llu is refused: %s\n", static_cast<unsigned long long>(version), why.message.c_str());
  });
}

Result<std::string> App::train(const std::function<void(std::string_view step, double fraction)>& progress) {
  const std::lock_guard one_at_a_time(train_mutex_);
  const SteadyTime begin = clock_.steady_now();
  const std::string directory = config_.data_dir + "/artefacts";
  TrainOptions options;
  options.version = newest_artefact(directory) + 1;
  options.clock = &clock_;
  options.rulebook = world()->rulebook;
  const auto report = [&](std::string_view step, double fraction) {
    if (progress) progress(step, fraction);
  };
  TAKT_TRY(trained, train_models(*store_, *world()->catalogue, clock_.utc_now(), report, options));
  TAKT_TRY_VOID(save_models(directory, *trained, store_->symbols()));
  // What is served is what was read back and checked: checksums, golden rows, recall of the index.
  TAKT_TRY(loaded, load_models(directory + "/" + std::to_string(options.version), store_->symbols()));
  remove_old_artefacts(directory, artefacts_kept);
  const double seconds = std::chrono::duration<double>(clock_.steady_now() - begin).count();
  std::string summary = summary_of(*trained, seconds);
  const std::lock_guard lock(change_mutex_);
  const WorldPtr before = world();
  publish(before->catalogue, before->rulebook, std::move(loaded));
  return summary;
}

} // namespace takt
