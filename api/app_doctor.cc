// takt doctor: does what arrives make sense? One line per question, ok or warn, and one sentence of advice.
#include "api/app.h"
#include "api/recall_check.h"
#include "api/upkeep.h"
#include "engine/train/choose_index.h"

#include <algorithm>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace takt {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t records_read_max = 50'000;              // seconds, not minutes, on a large directory; the answer says so
constexpr double known_products_share_min = 0.95;
constexpr double decision_share_min = 0.8;
constexpr double confirmed_share_min = 0.2;
constexpr double skewed_share_max = 0.05;
constexpr std::uint64_t customers_to_learn_from = 100;        // what fewer did says little about the next one
constexpr std::uint64_t recall_searches_min = 20;             // fewer say nothing about the index

double share(std::uint64_t part, std::uint64_t whole) { return whole == 0 ? 0.0 : static_cast<double>(part) / static_cast<double>(whole); }

Json line(bool ok, std::string_view check, std::string text, std::string_view advice) {
  Json json{{"check", check}, {"status", ok ? "ok" : "warn"}, {"text", std::move(text)}};
  json["advice"] = ok ? Json(nullptr) : Json(advice);
  return json;
}

Json commonest(const std::map<std::string, std::uint64_t, std::less<>>& counts, std::size_t limit) {
  std::vector<std::pair<std::uint64_t, std::string>> order;
  for (const auto& [name, count] : counts) order.emplace_back(count, name);
  std::sort(order.begin(), order.end(), [](const auto& a, const auto& b) { return a.first != b.first ? a.first > b.first : a.second < b.second; });
  Json list = Json::array();
  for (std::size_t i = 0; i < std::min(limit, order.size()); ++i) list.push_back({{"id", order[i].second}, {"count", order[i].first}});
  return list;
}

/// One line per cap over more than one customer, of its fullest key. Over its limit only what was shown late or elsewhere can bring it.
Json caps_lines(const Json& caps) {
  Json lines = Json::array();
  for (const Json& cap : caps) {
    const Json fullest = cap["fullest"].empty() ? Json{{"used", 0}, {"live", 0}} : cap["fullest"][0];
    std::string text = fmt::format("{}: {} used and {} reserved of {}", cap["id"].get<std::string>(), fullest["used"].get<std::uint64_t>(), fullest["live"].get<std::uint64_t>(),
                                   cap["limit"].get<std::uint64_t>());
    if (cap["keys"].get<std::size_t>() > 1) text += fmt::format(" at the fullest of {} keys, {} full", cap["keys"].get<std::size_t>(), cap["full"].get<std::size_t>());
    const bool is_counted = cap["counted"].get<bool>();
    lines.push_back(line(is_counted && cap["over"] == 0, "caps", std::move(text),
                         is_counted ? "More was shown than granted: look for views that arrive late, or without their decision_id."
                                    : "The count was lost with a store that failed; nothing is granted. Start the server again: it counts anew."));
  }
  return lines;
}

Json source_json(const std::string& name, const SourceHour& day) {
  std::uint64_t events = 0;
  for (const auto& [event, count] : day.events_by_name) events += count;
  Json lines = Json::array();
  lines.push_back(line(day.rejected == 0, "events", fmt::format("{} events, {} rejected", events, day.rejected),
                       "Look into the rejected[] of the answers or the rejects file of the import: each names the field and the reason."));
  if (day.products > 0)
    lines.push_back(line(share(day.products_known, day.products) >= known_products_share_min, "products",
                         fmt::format("{:.1f} % of {} product ids are in the catalogue", 100 * share(day.products_known, day.products), day.products),
                         "Import the missing items, or list the ids this source sends as aliases of the items you have."));
  if (day.impressions > 0)
    lines.push_back(line(share(day.impressions_with_decision, day.impressions) >= decision_share_min, "decision_ids",
                         fmt::format("{:.1f} % of {} impressions name a decision", 100 * share(day.impressions_with_decision, day.impressions), day.impressions),
                         "Send decision_id and item_id with Promotion Viewed: without them a view cannot confirm its reservation."));
  // Some such event beside the views is the sender's own affair. Without any view it is likely to be the view, and nothing counts towards caps.
  if (day.impressions == 0 && !day.own_of_decisions.empty()) {
    const Json most = commonest(day.own_of_decisions, 1)[0];
    lines.push_back(line(false, "views",
                         fmt::format("no view of a decision, but {} × \"{}\", which names one and is no event that Takt knows", most["count"].get<std::uint64_t>(), most["id"].get<std::string>()),
                         "If it says that something was seen, send it as Promotion Viewed: only that confirms a reservation and counts towards caps. If it is an event of your own, send the views too."));
  }
  lines.push_back(line(events == 0 || share(day.skewed, events) <= skewed_share_max, "clock_skew",
                       fmt::format("{:.1f} % of events arrive more than 5 minutes from their own time, at most {} s ahead", 100 * share(day.skewed, events),
                                   std::max<std::int64_t>(0, day.skew_ms_max) / 1000),
                       "Send sentAt with every batch: Takt then corrects clocks that are wrong."));
  return {{"source", name}, {"events", day.events_by_name}, {"rejected", day.rejected}, {"products", day.products}, {"products_known", day.products_known},
          {"unknown_products", commonest(day.unknown_products, 10)}, {"impressions", day.impressions},
          {"impressions_with_decision", day.impressions_with_decision}, {"lines", std::move(lines)}};
}

/// What the ledgers say about the last day.
struct Totals {
  std::uint64_t customers = 0, with_consent = 0, with_zone = 0, with_user = 0;
  std::uint64_t granted = 0, confirmed = 0, expired = 0, late = 0, waiting = 0;
  bool complete = true;
};

void add_record(Totals& totals, const CustomerRecord& record, UtcTime now) {
  if (record.version == 0 || record.sealed_into) return;
  ++totals.customers;
  totals.with_consent += record.consents.empty() ? 0U : 1U;
  totals.with_zone += record.zones.empty() ? 0U : 1U;
  const auto is_user = [](const LinkedIdentity& link) { return link.identity.kind == IdentityKind::user; };
  totals.with_user += std::any_of(record.identities.begin(), record.identities.end(), is_user) ? 1U : 0U;
  for (const Entry& entry : record.ledger.entries) {
    if (entry.origin != EntryOrigin::granted || entry.granted_at <= now - hours(24) || entry.granted_at > now) continue;
    const Medium medium = record.ledger.labels_of(entry).medium;
    ++totals.granted;
    switch (state_of(entry, medium, now)) {
      case EntryState::shown:
        ++totals.confirmed;
        if (*shown_at(entry, medium) >= entry.show_by) ++totals.late;
        break;
      case EntryState::expired: ++totals.expired; break;
      case EntryState::reserved: ++totals.waiting; break;
      case EntryState::released:
      case EntryState::elsewhere: break;
    }
  }
}

Json customers_json(const Totals& totals) {
  Json lines = Json::array();
  lines.push_back(line(totals.granted == 0 || share(totals.confirmed, totals.granted - totals.waiting) >= confirmed_share_min || totals.granted == totals.waiting,
                       "reservations", fmt::format("{} reserved: {} confirmed ({} late), {} expired, {} waiting", totals.granted, totals.confirmed, totals.late, totals.expired, totals.waiting),
                       "Send Promotion Viewed when something is seen: what is not confirmed expires, and does not count for caps."));
  lines.push_back(line(totals.customers == 0 || totals.with_consent > 0, "consent",
                       fmt::format("{} of {} customers have a recorded consent", totals.with_consent, totals.customers),
                       "Send traits.consent: e-mail, push, SMS and phone need a recorded yes before anything is sent."));
  lines.push_back(line(totals.customers == 0 || totals.with_zone > 0, "zone", fmt::format("{} of {} customers have a time zone", totals.with_zone, totals.customers),
                       "Send context.timezone: quiet hours and calendar caps follow it."));
  lines.push_back(line(totals.customers == 0 || totals.with_user > 0, "user_id", fmt::format("{} of {} customers have a user id", totals.with_user, totals.customers),
                       "Send identify after a login: caps then hold across devices."));
  return {{"customers", totals.customers}, {"with_consent", totals.with_consent}, {"with_zone", totals.with_zone}, {"with_user_id", totals.with_user},
          {"reservations", {{"granted", totals.granted}, {"confirmed", totals.confirmed}, {"late", totals.late}, {"expired", totals.expired}, {"waiting", totals.waiting}}},
          {"complete", totals.complete}, {"lines", std::move(lines)}};
}

bool all_ok(const Json& lines) {
  return std::all_of(lines.begin(), lines.end(), [](const Json& entry) { return entry["status"] == "ok"; });
}

} // namespace

Result<std::string> App::doctor() {
  const UtcTime now = clock_.utc_now();
  Totals totals;
  Status status;
  TAKT_TRY_VOID(store_->records().for_each_customer([&](CustomerId customer) {
    if (totals.customers >= records_read_max) {
      totals.complete = false;
      return false;
    }
    auto record = store_->records().read(customer, Deadline{});
    if (record) add_record(totals, **record, now);
    else status = tl::unexpected(record.error());
    return status.has_value();
  }));
  TAKT_TRY_VOID(std::move(status));
  Json sources = Json::array();
  bool ok = true;
  for (const auto& [name, day] : statistics_->last_day(now)) {
    sources.push_back(source_json(name, day));
    ok = ok && all_ok(sources.back()["lines"]);
  }
  Json customers = customers_json(totals);
  const WorldPtr current = world();
  const bool has_items = current->catalogue->size() > 0;
  Json catalogue = line(has_items, "catalogue", fmt::format("{} items, {} placements", current->catalogue->size(), current->rulebook->placements.size()),
                        "Import items: without a catalogue every answer is \"hold\".");
  const bool is_trained = current->models->version > 0, has_learnt = is_trained || totals.customers < customers_to_learn_from;
  Json model = line(has_learnt, "model", "model " + current->models->name + (is_trained ? "" : ": a documented prior ranks"), "Run takt train: there is something to learn from by now.");
  const OnlineRecall recall = online_recall();
  const bool finds_enough = recall.searches < recall_searches_min || recall.recall_at_100() >= recall_at_100_min;
  Json index = line(finds_enough, "index", fmt::format("recall@100 {:.3f} over {} compared searches", recall.recall_at_100(), recall.searches),
                    "Run takt train: the index was built for other vectors or other tastes than are asked for now.");
  Json caps = caps_lines(Json::parse(totals_json())["caps"]);
  if (!upkeep_->disk().space()) static_cast<void>(upkeep_->disk().look()); // a server looks by itself, and says what it finds
  Json upkeep = Json::array();
  for (const UpkeepLine& one : upkeep_->lines()) upkeep.push_back(line(one.is_ok, one.check, one.text, one.advice));
  ok = ok && has_items && has_learnt && finds_enough && all_ok(customers["lines"]) && all_ok(caps) && all_ok(upkeep);
  const Json json{{"status", ok ? "ok" : "warn"}, {"from", format_utc(now - hours(24))}, {"to", format_utc(now)}, {"catalogue", std::move(catalogue)},
                  {"model", std::move(model)}, {"index", std::move(index)}, {"sources", std::move(sources)}, {"customers", std::move(customers)}, {"caps", std::move(caps)},
                  {"upkeep", std::move(upkeep)}};
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

} // namespace takt
