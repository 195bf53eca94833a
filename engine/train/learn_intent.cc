#include "engine/train/learn_intent.h"

#include "core/evidence.h"
#include "core/hash.h"

#include <algorithm>
#include <iomanip>
#include <sstream>

namespace takt {
namespace {

struct Clicks {
  std::array<DwellHistogram, device_count> by_device;
  DwellHistogram of_all;
  std::size_t count = 0;
};

/// One customer's dwell times; none where it is a bot.
Status read_clicks(Store& store, CustomerId customer, UtcTime now, Clicks& clicks) {
  std::vector<std::pair<Device, std::uint32_t>> found;
  bool is_bot = false;
  TAKT_TRY_VOID(store.journal().scan(customer, 0, [&](const JournalEntry& entry) {
    if (entry.delta.clock > now) return true;
    for (const Operation& operation : entry.delta.operations) {
      if (const auto* founded = std::get_if<op::Found>(&operation)) is_bot = is_bot || founded->is_bot;
      const auto* journey = std::get_if<op::Journey>(&operation);
      if (journey && journey->event.dwell_ms && may_be_accidental(journey->event.kind)) found.emplace_back(journey->event.device, *journey->event.dwell_ms);
    }
    return !is_bot;
  }));
  if (is_bot) return {};
  for (const auto& [device, dwell_ms] : found) {
    clicks.by_device[static_cast<std::size_t>(device)].add(dwell_ms);
    clicks.of_all.add(dwell_ms);
  }
  clicks.count += found.size();
  return {};
}

std::string note_of(std::string_view device, const DwellFit& fit) {
  std::ostringstream text;
  text << std::fixed << std::setprecision(0) << device << ": ";
  if (!fit.why_not.empty()) return text.str() + fit.why_not;
  text << 100 * fit.mixture.components()[0].share << " % of " << fit.clicks << " clicks accidental, near " << std::setprecision(1)
       << fit.mixture.accidental_median_ms() / 1000 << " s";
  return text.str();
}

} // namespace

Result<LearntIntent> learn_intent(Store& store, UtcTime now, const std::function<void(double)>& progress, std::size_t clicks_wanted) {
  std::vector<std::pair<std::uint64_t, CustomerId>> customers;
  TAKT_TRY_VOID(store.records().for_each_customer([&](CustomerId customer) {
    customers.emplace_back(mix64(customer.value, 1), customer);
    return true;
  }));
  std::sort(customers.begin(), customers.end());
  Clicks clicks;
  constexpr std::size_t report_every = 1024;
  for (std::size_t i = 0; i < customers.size() && clicks.count < clicks_wanted; ++i) {
    TAKT_TRY_VOID(read_clicks(store, customers[i].second, now, clicks));
    if (i % report_every == 0)
      progress(std::max(static_cast<double>(i) / static_cast<double>(customers.size()), static_cast<double>(clicks.count) / static_cast<double>(clicks_wanted)));
  }
  LearntIntent learnt;
  learnt.clicks = clicks.count;
  for (std::size_t device = 0; device < device_count; ++device) {
    if (clicks.by_device[device].total() <= 0) continue;
    DwellFit fit = fit_dwell_mixture(clicks.by_device[device]);
    learnt.notes.push_back(note_of(to_text(static_cast<Device>(device)), fit));
    if (fit.why_not.empty()) learnt.model.by_device[device] = fit.mixture;
  }
  DwellFit of_all = fit_dwell_mixture(clicks.of_all);
  learnt.notes.push_back(note_of("all devices", of_all));
  if (of_all.why_not.empty()) learnt.model.of_all = of_all.mixture;
  return learnt;
}

} // namespace takt
