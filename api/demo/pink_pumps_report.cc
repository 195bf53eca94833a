// The story as text and as JSON. The plot is in pink_pumps_plot.cc.
#include "api/demo/pink_pumps.h"

#include "api/json/writer.h"

#include <fmt/format.h>

namespace takt::demo {
namespace {

std::string day_text(const StoryDay& day) {
  if (day.impressions == 0) return "-";
  std::string text = day.pumps > 0 ? fmt::format("PUMPS x{}", day.pumps) : "";
  for (std::size_t i = 0; i < day.others.size() && i < 3; ++i) text += fmt::format("{}{} x{}", text.empty() ? "" : ", ", day.others[i].first, day.others[i].second);
  if (day.others.size() > 3) text += ", …";
  return text;
}

std::string padded(std::string text, std::size_t width) {
  std::size_t shown = 0; // columns, not bytes
  for (const char byte : text) shown += (static_cast<unsigned char>(byte) & 0xc0U) != 0x80U ? 1 : 0;
  if (shown < width) text += std::string(width - shown, ' ');
  return text;
}

} // namespace

std::string pink_pumps_text(const PinkPumps& told) {
  std::string text = fmt::format("One customer, who touched the pink pumps once by accident on day 1; what she saw in {} days\n\n", told.options.days);
  text += padded("day", 5) + padded("retargeting", 52) + "Takt, caps and fatigue\n";
  for (std::size_t day = 0; day < told.options.days; ++day)
    text += padded(std::to_string(day + 1), 5) + padded(day_text(told.stories[0].days[day]), 52) + day_text(told.stories[2].days[day]) + "\n";
  text += "\n";
  for (std::size_t arm = 0; arm < arms_count; ++arm) {
    const Story& story = told.stories[arm];
    text += fmt::format("{:<18} pumps {:>3} of {:>3} impressions, at most {:>2} in any 7 days, {:>2} other categories{}\n", arm_names[arm], story.pumps, story.impressions, story.pumps_in_any_week_max, story.categories,
                        story.counts.opt_outs > 0 ? fmt::format(", {} opt-outs", story.counts.opt_outs) : "");
  }
  text += fmt::format("The rule: the same item at most {} times in {} days.\n\n", told.limit, told.limit_days);
  text += fmt::format("{} customers, {} days each, the same people and seeds under each\n\n", told.options.customers, told.options.days);
  text += fmt::format("{:<18}{:>13}{:>14}{:>12}{:>12}{:>12}{:>24}\n", "", "repeat share", "impressions", "contacts", "opt-outs", "value", "against retargeting");
  for (std::size_t arm = 0; arm < arms_count; ++arm) {
    const ArmSummary& summary = told.arms[arm];
    text += fmt::format("{:<18}{:>12.1f}%{:>14.2f}{:>12.2f}{:>11.2f}%{:>12.3f}{:>24}\n", arm_names[arm], 100 * summary.repeat_share(),
                        summary.per_customer(summary.sums.impressions), summary.per_customer(summary.sums.contacts),
                        100 * summary.per_customer(summary.sums.opt_outs), summary.value,
                        arm == 0 ? std::string() : fmt::format("{:+.3f} ± {:.3f}", summary.value_more, 2 * summary.value_more_error));
  }
  text += "\nrepeat share: impressions of something seen in the 7 days before; contacts, impressions, value (margin less contact costs, EUR) per\n"
          "customer; ±: two standard errors of the paired difference, customer by customer.\n";
  const double engine_days = static_cast<double>(told.arms[1].sums.days + told.arms[2].sums.days), seconds = told.arms[1].seconds + told.arms[2].seconds;
  if (seconds > 0) text += fmt::format("{:.0f} customer-days per second through the engine, on {} threads.\n", engine_days / seconds, told.options.threads);
  return text;
}

std::string pink_pumps_json(const PinkPumps& told) {
  JsonWriter json;
  json.begin_object().field("customers", told.options.customers).field("days", told.options.days).field("seed", told.options.seed);
  json.field("items", told.options.items).field("beta_scale", told.options.beta_scale).field("annoyance_scale", told.options.annoyance_scale);
  json.field("rule_limit", told.limit).field("rule_days", told.limit_days).key("arms").begin_array();
  for (std::size_t arm = 0; arm < arms_count; ++arm) {
    const ArmSummary& summary = told.arms[arm];
    const LifeCounts& sums = summary.sums;
    json.begin_object().field("name", arm_names[arm]).field("repeat_share", summary.repeat_share());
    json.field("impressions", summary.per_customer(sums.impressions)).field("contacts", summary.per_customer(sums.contacts)).field("mails", summary.per_customer(sums.mails));
    json.field("clicks", summary.per_customer(sums.clicks)).field("accidents", summary.per_customer(sums.accidents)).field("chased_impressions", summary.per_customer(sums.chased));
    json.field("purchases", summary.per_customer(sums.purchases)).field("promoted_purchases", summary.per_customer(sums.promoted_purchases));
    json.field("opt_outs", summary.per_customer(sums.opt_outs)).field("dismissals", summary.per_customer(sums.dismissals)).field("value", summary.value);
    json.field("value_more", summary.value_more).field("value_more_error", summary.value_more_error);
    json.field("customer_days_per_second", summary.seconds > 0 ? static_cast<double>(sums.days) / summary.seconds : 0.0).field("digest", sums.digest);
    json.key("opt_outs_by_day").begin_array();
    for (const std::uint64_t count : summary.opt_outs_by_day) json.natural(count);
    json.end_array();
    const Story& story = told.stories[arm];
    json.key("story").begin_object().field("pumps", story.pumps).field("impressions", story.impressions).field("pumps_in_any_week_max", story.pumps_in_any_week_max);
    json.field("categories", static_cast<std::uint64_t>(story.categories)).field("clicks", story.counts.clicks).field("opt_outs", story.counts.opt_outs).key("days").begin_array();
    for (const StoryDay& day : story.days) {
      json.begin_object().field("pumps", day.pumps).field("impressions", day.impressions).key("others").begin_object();
      for (const auto& [category, count] : day.others) json.field(category, count);
      json.end_object().end_object();
    }
    json.end_array().end_object().end_object();
  }
  json.end_array().end_object();
  return json.take();
}

} // namespace takt::demo
