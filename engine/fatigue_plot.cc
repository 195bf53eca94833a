#include "engine/fatigue_plot.h"

#include <algorithm>
#include <cmath>
#include <cstdarg>
#include <cstdio>

namespace takt {
namespace {

constexpr const char *ink = "#22262b", *grey = "#6d747c", *line = "#d9dde1", *measured = "#3b6ea5", *fitted = "#e8308a";
constexpr double width = 900, height = 420, left = 60, top = 110, plot_height = 230, curve_width = 470, profile_left = 620, profile_width = 250;

[[gnu::format(printf, 1, 2)]] std::string text(const char* form, ...) {
  char buffer[512];
  std::va_list values;
  va_start(values, form);
  std::vsnprintf(buffer, sizeof buffer, form, values);
  va_end(values);
  return buffer;
}

std::string words(double x, double y, const std::string& what, int size, const char* colour, const char* more = "") {
  return text("<text x=\"%.1f\" y=\"%.1f\" font-size=\"%d\" fill=\"%s\"%s>", x, y, size, colour, more) + what + "</text>\n";
}

std::string stroke(double x1, double y1, double x2, double y2, const char* colour, double thick) {
  return text("<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" stroke=\"%s\" stroke-width=\"%.1f\"/>\n", x1, y1, x2, y2, colour, thick);
}

double days_of(Duration length) { return static_cast<double>(length.count()) / static_cast<double>(days(1).count()); }

const char* name_of(Per per) {
  switch (per) {
    case Per::item: return "item";
    case Per::group: return "group";
    case Per::category: return "category";
    case Per::brand: return "brand";
    case Per::campaign: return "campaign";
    case Per::kind: return "kind";
    case Per::tag: return "tag";
    case Per::channel: return "channel";
    case Per::placement: return "placement";
    case Per::all: return "all";
  }
  return "";
}

std::string reasons(const std::vector<FatigueDoubt>& doubts) {
  std::string all;
  for (const FatigueDoubt doubt : doubts) all += (all.empty() ? "" : ", ") + std::string(to_text(doubt));
  return all;
}

std::string axis(double most) {
  std::string out;
  for (double share = 0; share <= most + 1e-9; share += 0.25) {
    const double y = top + plot_height * (1 - share / most);
    out += stroke(left, y, left + curve_width, y, share == 0 ? grey : line, share == 0 ? 1.0 : 0.6) + words(left - 8, y + 4, text("%.2f", share), 11, grey, " text-anchor=\"end\"");
  }
  return out;
}

std::string curve(const FatigueModel& fatigue) {
  double most = 1.25;
  for (const FatiguePoint& point : fatigue.points) most = std::max(most, std::min(std::ceil(point.high * 4) / 4, 3.0));
  const double step = curve_width / static_cast<double>(std::max<std::size_t>(fatigue.points.size(), 1));
  std::string out = axis(most), path;
  for (std::size_t i = 0; i < fatigue.points.size(); ++i) {
    const FatiguePoint& point = fatigue.points[i];
    const auto y = [&](double share) { return top + plot_height * (1 - std::min(share, most) / most); };
    const double x = left + (static_cast<double>(i) + 0.5) * step;
    out += stroke(x, y(point.low), x, y(point.high), measured, 1.5);
    out += text("<circle cx=\"%.1f\" cy=\"%.1f\" r=\"4\" fill=\"%s\"/>\n", x, y(point.observed), measured);
    const bool is_last = i + 1 == fatigue.points.size() && fatigue.exposures_max > point.exposures;
    out += words(x, top + plot_height + 16, text("%u%s", point.exposures, is_last ? "+" : ""), 11, grey, " text-anchor=\"middle\"");
    if (point.fitted > 0) path += text("%.1f,%.1f ", x, y(point.fitted));
  }
  if (!path.empty()) out += "<polyline points=\"" + path + text("\" fill=\"none\" stroke=\"%s\" stroke-width=\"2\"/>\n", fitted);
  return out + words(left + curve_width / 2, top + plot_height + 36, "times seen before", 12, grey, " text-anchor=\"middle\"");
}

/// Root of the distance over ln(half-life): a told one is a V, an untold one a plain.
std::string profile(const FatigueModel& fatigue) {
  if (fatigue.profile.size() < 2) return words(profile_left, top + 20, "No half-life could be asked for.", 12, grey);
  constexpr double most = 10, outside = 1.96;
  const double first = std::log(days_of(fatigue.profile.front().half_life)), last = std::log(days_of(fatigue.profile.back().half_life));
  const auto x = [&](Duration half_life) { return profile_left + profile_width * (std::log(days_of(half_life)) - first) / (last - first); };
  const auto y = [&](double root) { return top + plot_height * (1 - std::min(root, most) / most); };
  std::string out = stroke(profile_left, y(0), profile_left + profile_width, y(0), grey, 1) + stroke(profile_left, y(outside), profile_left + profile_width, y(outside), line, 1), path;
  for (const HalfLifeProfile& one : fatigue.profile) path += text("%.1f,%.1f ", x(one.half_life), y(std::sqrt(one.distance)));
  out += "<polyline points=\"" + path + text("\" fill=\"none\" stroke=\"%s\" stroke-width=\"2\"/>\n", measured);
  for (const int mark : {1, 3, 7, 14, 30, 60}) out += words(x(days(mark)), top + plot_height + 16, std::to_string(mark), 11, grey, " text-anchor=\"middle\"");
  return out + words(profile_left + profile_width / 2, top + plot_height + 36, "half-life in days; below the line: within the interval", 12, grey, " text-anchor=\"middle\"");
}

} // namespace

std::vector<std::string> told(const FatigueModel& fatigue) {
  std::vector<std::string> notes;
  for (const FatigueOfKind& kind : fatigue.kinds) {
    if (kind.beta.learnt()) notes.push_back(text("%s: beta %.3f [%.3f, %.3f]", name_of(kind.per), kind.beta.value, kind.beta.low, kind.beta.high));
    else notes.push_back(text("%s: beta stays, %s", name_of(kind.per), reasons(kind.beta.doubts).c_str()));
  }
  if (fatigue.half_life_doubts.empty())
    notes.push_back(text("half-life %.1f d [%.1f, %.1f]", days_of(fatigue.half_life), days_of(fatigue.half_life_low), days_of(fatigue.half_life_high)));
  else notes.push_back("half-life stays, " + reasons(fatigue.half_life_doubts));
  if (fatigue.observational) notes.emplace_back("observational: nothing was drawn, so the points compare those who were shown more with others");
  else notes.push_back(text("nothing is known beyond %u earlier exposures", fatigue.exposures_max));
  return notes;
}

std::string fatigue_svg(const FatigueModel& fatigue) {
  std::string out = text("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%.0f\" height=\"%.0f\" viewBox=\"0 0 %.0f %.0f\" font-family=\"Inter, 'Segoe UI', Helvetica, Arial, sans-serif\">\n", width, height,
                         width, height);
  out += text("<rect width=\"%.0f\" height=\"%.0f\" fill=\"#ffffff\"/>\n", width, height) + words(left, 32, "Wear-out: response by number of earlier exposures", 19, ink, " font-weight=\"600\"");
  std::string summary;
  for (const std::string& note : told(fatigue)) summary += (summary.empty() ? "" : " · ") + note;
  out += words(left, 54, summary, 12, grey);
  out += words(left, 76, fatigue.observational ? text("Observational: of %llu sights none was drawn. Not served.", static_cast<unsigned long long>(fatigue.sights))
                                               : text("%llu drawn sights of %llu customers, %.0f responses; dots: observed against the customer's own rate, line: fitted",
                                                      static_cast<unsigned long long>(fatigue.drawn), static_cast<unsigned long long>(fatigue.customers), fatigue.responses),
               12, fatigue.observational ? fitted : grey);
  return out + curve(fatigue) + profile(fatigue) + "</svg>\n";
}

} // namespace takt
