#include "tests/support/naive_caps.h"

#include "tests/support/naive_calendar.h"

#include <algorithm>
#include <set>

namespace takt::tests {
namespace {

constexpr Duration half_hour{30 * 60 * 1000};

/// One element of P or V.
struct Point {
  UtcTime at;
  ContactId contact;
  auto operator<=>(const Point&) const = default;
};
using Points = std::vector<Point>;

std::set<UtcTime> times_of(const Entry& entry, std::initializer_list<MarkKind> kinds) {
  std::set<UtcTime> times;
  for (const Mark& mark : entry.marks)
    if (std::find(kinds.begin(), kinds.end(), mark.kind) != kinds.end()) times.insert(mark.at);
  return times;
}

std::optional<UtcTime> tau(const Entry& entry, Medium medium) {
  if (entry.origin == EntryOrigin::elsewhere || entry.origin == EntryOrigin::unverified) return entry.granted_at;
  std::set<UtcTime> times;
  if (medium == Medium::screen) times = times_of(entry, {MarkKind::viewed, MarkKind::clicked, MarkKind::dismissed});
  if (medium == Medium::message) times = times_of(entry, {MarkKind::delivered, MarkKind::clicked});
  if (medium == Medium::human) times = times_of(entry, {MarkKind::delivered, MarkKind::contact, MarkKind::clicked});
  return times.empty() ? std::nullopt : std::optional(*times.begin());
}

bool live(const Entry& entry, Medium medium, UtcTime t) {
  return !tau(entry, medium) && times_of(entry, {MarkKind::released}).empty() && t < entry.expires_at;
}

/// Times at which the entry was shown: tau, then each view at least half an hour after the last counted one.
std::vector<UtcTime> shown_times(const Entry& entry, Medium medium) {
  std::vector<UtcTime> times;
  const auto first = tau(entry, medium);
  if (!first) return times;
  times.push_back(*first);
  if (medium != Medium::screen || entry.origin != EntryOrigin::granted) return times;
  for (const UtcTime view : times_of(entry, {MarkKind::viewed}))
    if (view - times.back() >= half_hour) times.push_back(view);
  return times;
}

bool one_of(const std::optional<std::vector<Symbol>>& list, Symbol label) {
  return !list || std::find(list->begin(), list->end(), label) != list->end();
}
bool any_of(const std::optional<std::vector<Symbol>>& list, const SymbolList& labels) {
  return !list || std::any_of(labels.begin(), labels.end(), [&](Symbol label) { return one_of(list, label); });
}

SymbolList values(const CapRule& rule, Per per, const LabelSet& labels) {
  const auto single = [](Symbol label) { return label == Symbol::none ? SymbolList{} : SymbolList{label}; };
  if (per == Per::item) return single(labels.item);
  if (per == Per::group) return single(labels.group);
  if (per == Per::brand) return single(labels.brand);
  if (per == Per::campaign) return single(labels.campaign);
  if (per == Per::kind) return single(labels.kind);
  if (per == Per::channel) return single(labels.channel);
  if (per == Per::placement) return single(labels.placement);
  if (per == Per::tag) return labels.tags;
  if (per == Per::all) return {Symbol::none};
  if (labels.category.empty()) return {};
  const std::size_t cut = rule.depth == 0 ? labels.category.size() : std::min<std::size_t>(rule.depth, labels.category.size());
  return {labels.category[cut - 1]};
}

struct Counted {
  Points shown, live;   ///< P and V
};

void reduce_to_contacts(Counted& counted) {
  const auto first_of_each = [](Points points) {
    std::sort(points.begin(), points.end());
    Points kept;
    for (const Point& point : points)
      if (std::none_of(kept.begin(), kept.end(), [&](const Point& one) { return one.contact == point.contact; })) kept.push_back(point);
    return kept;
  };
  counted.shown = first_of_each(counted.shown);
  counted.live = first_of_each(counted.live);
  std::erase_if(counted.live, [&](const Point& point) {
    return std::any_of(counted.shown.begin(), counted.shown.end(), [&](const Point& one) { return one.contact == point.contact; });
  });
}

/// A key, or every key together.
using Key = std::optional<std::vector<Symbol>>;

bool in_h(const CapRule& rule, const Key& key, const LabelSet& labels) {
  if (rule.counts == Counts::delivered && labels.medium != Medium::message) return false;
  if (!rule.exempt_counts && rule.exempt && naive_selects(*rule.exempt, labels)) return false;
  return naive_selects(rule.counts_of, labels) && (key ? naive_matches(rule, *key, labels) : !naive_keys(rule, labels).empty());
}

Counted counted(const NaiveCaps& caps, const CapRule& rule, const Key& key, std::span<const CapCandidate> slots, UtcTime t) {
  Counted out;
  for (const Entry& entry : caps.ledger.entries) {
    const LabelSet& labels = caps.ledger.label_sets[entry.labels];
    if (entry.origin == EntryOrigin::ghost || (entry.origin == EntryOrigin::unverified && !rule.count_unverified)) continue;
    if (!in_h(rule, key, labels)) continue;
    const ContactId contact{entry.id.origin, entry.id.placement};
    const auto add = [&](const auto& times) { for (const UtcTime at : times) out.shown.push_back({at, contact}); };
    switch (rule.counts) {
      case Counts::decision:
        if (entry.origin == EntryOrigin::granted) out.shown.push_back({entry.granted_at, contact});
        break;
      case Counts::click: add(times_of(entry, {MarkKind::clicked})); break;
      case Counts::event: {
        std::set<UtcTime> times;
        for (const Mark& mark : entry.marks)
          if (mark.kind == MarkKind::event && mark.event == rule.event) times.insert(mark.at);
        add(times);
        break;
      }
      case Counts::delivered:
        if (!times_of(entry, {MarkKind::delivered}).empty()) out.shown.push_back({*tau(entry, labels.medium), contact});
        if (live(entry, labels.medium, t)) out.live.push_back({entry.granted_at, contact});
        break;
      case Counts::impression:
      case Counts::contact:
        add(shown_times(entry, labels.medium));
        if (live(entry, labels.medium, t)) out.live.push_back({entry.granted_at, contact});
        break;
    }
  }
  if (rule.counts != Counts::click && rule.counts != Counts::event)
    for (const CapCandidate& slot : slots)
      if (in_h(rule, key, *slot.labels)) out.live.push_back({t, slot.contact});
  if (rule.counts == Counts::contact) reduce_to_contacts(out);
  return out;
}

bool in_window(const NaiveCaps& caps, const Window& window, UtcTime at, UtcTime t) {
  const SessionState& session = caps.time.session;
  const bool session_runs = session.ordinal > 0 && t - *session.last_activity < half_hour;
  switch (window.kind) {
    case WindowKind::rolling: return at > t - window.length;
    case WindowKind::session: return at >= (session_runs ? session.start : t);
    case WindowKind::calendar: return at >= naive_period_start(window.calendar, caps.time.zones, t);
    default: return true;
  }
}

/// Anchors one after the other: the first of all, then each time the earliest that lies a window after the last one.
std::uint32_t count_from_first(Duration length, const Counted& counted, UtcTime t) {
  std::multiset<UtcTime> points;
  for (const Point& point : counted.shown) points.insert(point.at);
  for (std::size_t i = 0; i < counted.live.size(); ++i) points.insert(t);
  if (points.empty()) return 0;
  UtcTime anchor = *points.begin();
  while (points.lower_bound(anchor + length) != points.end()) anchor = *points.lower_bound(anchor + length);
  return t < anchor + length ? static_cast<std::uint32_t>(std::distance(points.lower_bound(anchor), points.end())) : 0;
}

/// From the latest back: a thing belongs to the chain while it begins less than a window after the latest end of all before it.
std::uint32_t count_to_last(Duration length, const Counted& counted, UtcTime t) {
  std::vector<std::pair<UtcTime, UtcTime>> spans;
  for (const Point& point : counted.shown) spans.emplace_back(point.at, point.at);
  for (const Point& point : counted.live) spans.emplace_back(point.at, t);
  std::sort(spans.begin(), spans.end());
  const auto latest_end = [&](std::size_t before) {
    UtcTime end = UtcTime::min();
    for (std::size_t i = 0; i < before; ++i) end = std::max(end, spans[i].second);
    return end;
  };
  if (spans.empty() || t >= latest_end(spans.size()) + length) return 0;
  std::size_t first = spans.size() - 1;
  while (first > 0 && spans[first].first < latest_end(first) + length) --first;
  return static_cast<std::uint32_t>(spans.size() - first);
}

std::uint32_t count(const NaiveCaps& caps, const CapRule& rule, const Counted& counted, UtcTime t) {
  if (rule.window.kind == WindowKind::anchored_first) return count_from_first(rule.window.length, counted, t);
  if (rule.window.kind == WindowKind::anchored_last) return count_to_last(rule.window.length, counted, t);
  const auto inside = std::count_if(counted.shown.begin(), counted.shown.end(), [&](const Point& point) { return in_window(caps, rule.window, point.at, t); });
  return static_cast<std::uint32_t>(static_cast<std::size_t>(inside) + counted.live.size());
}

std::uint32_t count_with(const NaiveCaps& caps, const CapRule& rule, Counted counted, const CapCandidate& candidate, UtcTime t) {
  counted.live.push_back({t, candidate.contact});
  return count(caps, rule, counted, t);
}

bool holds_contact(const Counted& counted, const ContactId& contact) {
  const auto same = [&](const Point& point) { return point.contact == contact; };
  return std::any_of(counted.shown.begin(), counted.shown.end(), same) || std::any_of(counted.live.begin(), counted.live.end(), same);
}

bool gap_blocks(const CapRule& rule, const Counted& counted, const ContactId& contact, UtcTime t) {
  if (!rule.min_gap) return false;
  for (const Point& point : counted.live)
    if (point.contact != contact) return true;
  for (const Point& point : counted.shown)
    if (point.contact != contact && t < point.at + *rule.min_gap) return true;
  return false;
}

bool share_blocks(const NaiveCaps& caps, const CapRule& rule, const Counted& of_key, std::span<const CapCandidate> slots, UtcTime t) {
  const Counted of_all = counted(caps, rule, std::nullopt, slots, t);
  std::uint64_t all = 0;
  for (const Point& point : of_all.shown) all += in_window(caps, rule.window, point.at, t) ? 1 : 0;
  const std::uint64_t base = std::max<std::uint64_t>(all + of_key.live.size() + 1, rule.share->base_min);
  return (std::uint64_t{count(caps, rule, of_key, t)} + 1) * Share::denominator > rule.share->numerator * base;
}

bool binds(const CapRule& rule, const CapCandidate& candidate, UtcTime t) {
  if (rule.schedule.from && t < *rule.schedule.from) return false;
  if (rule.schedule.to && t >= *rule.schedule.to) return false;
  return naive_selects(rule.applies_to, *candidate.labels) && !(rule.exempt && naive_selects(*rule.exempt, *candidate.labels));
}

} // namespace

bool naive_selects(const Selector& s, const LabelSet& labels) {
  return one_of(s.kinds, labels.kind) && any_of(s.tags, labels.tags) && any_of(s.categories, labels.category) &&
         one_of(s.brands, labels.brand) && one_of(s.campaigns, labels.campaign) && one_of(s.items, labels.item) &&
         one_of(s.groups, labels.group) && one_of(s.purposes, labels.purpose) && one_of(s.channels, labels.channel) &&
         one_of(s.placements, labels.placement);
}

std::vector<std::vector<Symbol>> naive_keys(const CapRule& rule, const LabelSet& labels) {
  std::vector<std::vector<Symbol>> keys{{}};
  for (const Per per : rule.per) {
    std::vector<std::vector<Symbol>> longer;
    for (const auto& key : keys)
      for (const Symbol value : values(rule, per, labels)) {
        longer.push_back(key);
        longer.back().push_back(value);
      }
    keys = longer;
  }
  return keys;
}

bool naive_matches(const CapRule& rule, std::span<const Symbol> key, const LabelSet& labels) {
  for (std::size_t i = 0; i < key.size(); ++i) {
    const Per per = rule.per[i];
    // A category key takes every path that begins with it; each prefix of a path has a symbol of its own.
    const SymbolList mine = per == Per::category ? labels.category : values(rule, per, labels);
    if (std::find(mine.begin(), mine.end(), key[i]) == mine.end()) return false;
  }
  return true;
}

std::vector<NaiveBlock> NaiveCaps::blocks(const CapCandidate& candidate, std::span<const CapCandidate> slots, UtcTime t) const {
  std::vector<NaiveBlock> found;
  for (const CapRule& rule : rules) {
    if (!binds(rule, candidate, t)) continue;
    for (const auto& key : naive_keys(rule, *candidate.labels)) {
      const Counted now = counted(*this, rule, key, slots, t);
      const std::uint32_t n = count(*this, rule, now, t);
      const bool is_in = rule.counts == Counts::contact && holds_contact(now, candidate.contact);
      const std::uint32_t with_it = is_in ? n : count_with(*this, rule, now, candidate, t);
      if (rule.share && share_blocks(*this, rule, now, slots, t)) found.push_back({rule.id, BlockKind::share, key, n});
      if (rule.limit && with_it > *rule.limit) found.push_back({rule.id, BlockKind::limit, key, n});
      if (gap_blocks(rule, now, candidate.contact, t)) found.push_back({rule.id, BlockKind::gap, key, n});
    }
  }
  std::sort(found.begin(), found.end());
  return found;
}

std::optional<int> NaiveCaps::worst_excess(const CapCandidate& candidate, UtcTime t) const {
  std::optional<int> worst;
  for (const CapRule& rule : rules) {
    if (!rule.limit || !binds(rule, candidate, t)) continue;
    for (const auto& key : naive_keys(rule, *candidate.labels)) {
      const int excess = static_cast<int>(count(*this, rule, counted(*this, rule, key, {}, t), t)) - static_cast<int>(*rule.limit);
      worst = worst ? std::max(*worst, excess) : excess;
    }
  }
  return worst;
}

std::vector<UtcTime> NaiveCaps::edges(UtcTime t) const {
  std::set<UtcTime> points, found{t + Duration{1}};
  for (const Entry& entry : ledger.entries) {
    points.insert(entry.granted_at);
    found.insert(entry.expires_at);
    for (const Mark& mark : entry.marks) points.insert(mark.at);
  }
  if (time.session.last_activity) found.insert(*time.session.last_activity + half_hour);
  for (const CapRule& rule : rules) {
    for (const UtcTime point : points) {
      found.insert(point + rule.window.length);
      if (rule.min_gap) found.insert(point + *rule.min_gap);
    }
    if (rule.window.kind == WindowKind::calendar) add_naive_period_edges(rule.window.calendar, time.zones, t, found);
    if (rule.schedule.from) found.insert(*rule.schedule.from);
    if (rule.schedule.to) found.insert(*rule.schedule.to);
  }
  std::vector<UtcTime> out;
  for (const UtcTime edge : found)
    if (edge > t && edge <= t + days(400)) out.push_back(edge);
  return out;
}

std::optional<UtcTime> NaiveCaps::eligible_again(const CapCandidate& candidate, UtcTime t) const {
  for (const UtcTime edge : edges(t))
    if (is_free(candidate, edge)) return edge;
  return std::nullopt;
}

bool NaiveCaps::is_provisional(const CapCandidate& candidate, UtcTime t) const {
  const auto answer = eligible_again(candidate, t);
  for (std::size_t i = 0; i < ledger.entries.size(); ++i) {
    const Medium medium = ledger.label_sets[ledger.entries[i].labels].medium;
    if (!live(ledger.entries[i], medium, t)) continue;
    Ledger changed = ledger;
    changed.entries[i].marks.push_back({medium == Medium::screen ? MarkKind::viewed : MarkKind::delivered, Symbol::none, t, 0});
    if (NaiveCaps{changed, rules, time}.eligible_again(candidate, t) != answer) return true;
  }
  return false;
}

} // namespace takt::tests
