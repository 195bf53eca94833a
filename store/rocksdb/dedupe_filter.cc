#include "store/rocksdb/dedupe_filter.h"

#include "store/rocksdb/keys.h"

#include <string>
#include <utility>

namespace takt {
namespace {

constexpr Duration slack = days(1);

class DedupeFilter final : public rocksdb::CompactionFilter {
public:
  explicit DedupeFilter(std::int64_t forget_before_ms) : forget_before_ms_(forget_before_ms) {}
  const char* Name() const override { return "takt.dedupe"; }
  bool Filter(int, const rocksdb::Slice&, const rocksdb::Slice& value, std::string*, bool*) const override {
    return value.size() == 8 && static_cast<std::int64_t>(keys::number_of(view(value))) < forget_before_ms_;
  }

private:
  std::int64_t forget_before_ms_;
};

class DedupeFilterFactory final : public rocksdb::CompactionFilterFactory {
public:
  explicit DedupeFilterFactory(std::shared_ptr<const LatestClock> latest_clock) : latest_clock_(std::move(latest_clock)) {}
  const char* Name() const override { return "takt.dedupe"; }
  std::unique_ptr<rocksdb::CompactionFilter> CreateCompactionFilter(const rocksdb::CompactionFilter::Context&) override {
    return std::make_unique<DedupeFilter>(latest_clock_->load() - slack.count());
  }

private:
  std::shared_ptr<const LatestClock> latest_clock_;
};

} // namespace

std::shared_ptr<rocksdb::CompactionFilterFactory> make_dedupe_filter_factory(std::shared_ptr<const LatestClock> latest_clock) {
  return std::make_shared<DedupeFilterFactory>(std::move(latest_clock));
}

} // namespace takt
