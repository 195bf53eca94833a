#include "api/recall_check.h"

#include "core/hash.h"
#include "engine/resolve.h"
#include "engine/taste.h"
#include "engine/train/choose_index.h"

namespace takt {

RecallCheck::~RecallCheck() {
  thread_.request_stop();
  changed_.notify_all();
}

bool RecallCheck::samples(std::uint64_t seed) {
  constexpr std::uint64_t key = 0x7265'6361'6c6c; // another question than any draw of the decision
  return mix64(seed, key) % one_of == 0;
}

void RecallCheck::offer(WorldPtr world, CustomerId customer, UtcTime now) {
  // Exact search is its own truth.
  if (!world->models->index || world->models->index->name() == "exact") return;
  const std::lock_guard lock(mutex_);
  if (waiting_ || busy_) return;
  waiting_ = Task{std::move(world), customer, now};
  if (!thread_.joinable()) thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
  changed_.notify_all();
}

void RecallCheck::run(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  while (changed_.wait(lock, stop, [&] { return waiting_.has_value(); })) {
    const Task task = std::move(*waiting_);
    waiting_.reset();
    busy_ = true;
    lock.unlock();
    check(task);
    lock.lock();
    busy_ = false;
    changed_.notify_all();
  }
}

void RecallCheck::check(const Task& task) {
  auto record = read_canonical(store_, task.customer);
  if (!record) return; // the decision was answered; this is only a look back
  DecisionRequest request;
  request.now = task.now;
  const Models& models = *task.world->models;
  const std::vector<float> taste = customer_features(models, make_person(std::move(*record), request, task.world->policy(), *task.world->symbols)).taste;
  if (taste.empty()) return;
  const RecallCount count = recall_of(*models.index, models.vectors.values, taste, models.probes);
  const std::lock_guard lock(mutex_);
  ++totals_.searches;
  totals_.found += count.found;
  totals_.wanted += count.wanted;
}

OnlineRecall RecallCheck::totals() const {
  const std::lock_guard lock(mutex_);
  return totals_;
}

void RecallCheck::wait_until_idle() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return !waiting_ && !busy_; });
}

} // namespace takt
