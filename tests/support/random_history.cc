#include "tests/support/random_history.h"

#include <algorithm>
#include <cstring>
#include <tuple>

namespace takt::tests {
namespace {

// Symbols need no table here: any distinct numbers do.
enum : std::uint32_t { item_base = 100, group_base = 200, kind_base = 300, brand_base = 400, tag_base = 500, path_base = 600,
                       channel_base = 700, placement_base = 800, campaign_base = 900, event_symbol = 1000 };
Symbol symbol(std::int64_t number) { return static_cast<Symbol>(static_cast<std::uint32_t>(number)); }

constexpr Symbol web = static_cast<Symbol>(channel_base);
constexpr Symbol email = static_cast<Symbol>(channel_base + 1);

const Duration lengths[]{Duration{500}, minutes(10), hours(1), hours(5), days(1)};

bool has_length(const Window& window) { return window.length.count() != 0; }

ContactId contact_of(std::uint32_t origin, std::uint16_t placement) {
  ContactId contact;
  std::memcpy(contact.origin.data(), &origin, sizeof origin);
  contact.placement = placement;
  return contact;
}

} // namespace

Ledger ledger_of(std::span<const JournalLine> journal) {
  Ledger ledger;
  for (const JournalLine& line : journal) {
    if (line.kind == JournalLine::Kind::entry) {
      Entry entry = line.entry;
      entry.labels = static_cast<std::uint32_t>(ledger.label_sets.size());
      ledger.label_sets.push_back(line.labels);
      ledger.entries.push_back(entry);
    }
    if (line.kind == JournalLine::Kind::mark)
      for (Entry& entry : ledger.entries)
        if (entry.id == line.id) entry.marks.push_back(line.mark);
  }
  return ledger;
}

RandomHistory::RandomHistory(std::uint64_t seed, bool clean) : random_(seed), clean_(clean) {
  // Evenings before clocks change in Berlin (both ways), Santiago (over midnight), New York, before Apia left a day out, and any Tuesday.
  static constexpr std::int64_t starts_ms[]{1'711'828'800'000, 1'729'972'800'000, 1'712'448'000'000, 1'710'028'800'000, 1'325'160'000'000, 1'700'000'000'000};
  now_ = utc_from_ms(starts_ms[pick(6)]);
  if (chance(0.8)) time_.zones.push_back({now_ - days(10), draw_zone()});
  draw_catalogue();
  draw_rules();
  // From a fifth of the window to three times the window, where reservations and windows interfere most.
  const Window& window = rules_[0].window;
  const Duration unit = has_length(window) ? window.length : hours(1);
  time_to_live_ = Duration{std::max<std::int64_t>(2, unit.count() * (2 + pick(29)) / 10)};
  grace_ = chance(0.5) ? minutes(5) : Duration{1 + pick(unit.count())};
}

void RandomHistory::draw_catalogue() {
  const std::int64_t count = 2 + pick(4);
  const double mail_share = chance(0.5) ? 0.0 : 0.4;
  for (std::int64_t i = 0; i < count; ++i) {
    LabelSet labels;
    labels.item = symbol(item_base + i);
    labels.group = symbol(group_base + i / 2);
    labels.kind = symbol(kind_base + pick(2));
    labels.brand = chance(0.3) ? Symbol::none : symbol(brand_base + pick(2));
    labels.campaign = chance(0.5) ? Symbol::none : symbol(campaign_base);
    labels.channel = chance(mail_share) ? email : web;
    labels.medium = labels.channel == email ? Medium::message : Medium::screen;
    labels.placement = symbol(placement_base + (labels.channel == email ? 2 : pick(2)));
    const std::int64_t path = pick(5);   // "", a, a/b, a/c, d: one symbol per prefix
    if (path >= 1 && path <= 3) labels.category.push_back(symbol(path_base));
    if (path == 2 || path == 3) labels.category.push_back(symbol(path_base + path));
    if (path == 4) labels.category.push_back(symbol(path_base + 4));
    for (std::int64_t tag = 0; tag < 2; ++tag)
      if (chance(0.4)) labels.tags.push_back(symbol(tag_base + tag));
    catalogue_.push_back(labels);
  }
}

bool RandomHistory::only_screens() const {
  return std::all_of(catalogue_.begin(), catalogue_.end(), [](const LabelSet& labels) { return labels.medium == Medium::screen; });
}

Selector RandomHistory::draw_selector() {
  Selector selector;
  switch (pick(6)) {
    case 0: selector.kinds = std::vector{symbol(kind_base)}; break;
    case 1: selector.tags = std::vector{symbol(tag_base)}; break;
    case 2: selector.categories = std::vector{symbol(path_base)}; break;
    case 3: selector.items = std::vector{symbol(item_base), symbol(item_base + 1)}; break;
    case 4: selector.channels = std::vector{web}; break;
    default: selector.brands = std::vector{symbol(brand_base)}; break;
  }
  return selector;
}

Zone RandomHistory::draw_zone() {
  static constexpr const char* names[]{"Europe/Berlin", "America/Santiago", "America/New_York", "Pacific/Apia", "Asia/Kolkata", "UTC"};
  return *Zone::find(names[pick(6)]);
}

Window RandomHistory::draw_window() {
  static constexpr WindowKind kinds[]{WindowKind::rolling, WindowKind::rolling, WindowKind::rolling, WindowKind::lifetime, WindowKind::session,
                                      WindowKind::calendar, WindowKind::calendar, WindowKind::anchored_first, WindowKind::anchored_last};
  static constexpr CalendarUnit units[]{CalendarUnit::day, CalendarUnit::day, CalendarUnit::week, CalendarUnit::month};
  Window window;
  window.kind = kinds[pick(9)];
  if (window.kind == WindowKind::rolling || window.kind == WindowKind::anchored_first || window.kind == WindowKind::anchored_last)
    window.length = lengths[pick(5)];
  if (window.kind != WindowKind::calendar) return window;
  window.calendar.unit = units[pick(4)];
  if (chance(0.4)) window.calendar.zone = draw_zone();
  if (chance(0.3)) window.calendar.zone_missing = draw_zone();
  window.calendar.week_start = std::chrono::weekday(static_cast<unsigned>(pick(7)));
  return window;
}

CapRule RandomHistory::draw_rule(std::size_t number) {
  static constexpr Counts counts[]{Counts::impression, Counts::impression, Counts::impression, Counts::decision,
                                   Counts::contact, Counts::delivered, Counts::click, Counts::event};
  static constexpr Per pers[]{Per::all, Per::all, Per::item, Per::item, Per::group, Per::category, Per::brand, Per::campaign,
                              Per::kind, Per::tag, Per::channel, Per::placement};
  CapRule rule;
  rule.id = "r" + std::to_string(number);
  rule.counts = number == 0 ? Counts::impression : counts[pick(8)];
  if (rule.counts == Counts::event) rule.event = symbol(event_symbol);
  rule.per = {pers[pick(12)]};
  if (chance(0.2)) rule.per.push_back(pers[pick(12)]);
  rule.depth = chance(0.5) ? 1 : 0;
  rule.window = draw_window();
  const bool has_share = chance(0.15) && rule.window.kind != WindowKind::anchored_first && rule.window.kind != WindowKind::anchored_last;
  if (has_share) rule.share = Share{100'000 * static_cast<std::uint64_t>(1 + pick(9)), static_cast<std::uint32_t>(pick(12))};
  if (!has_share && chance(0.85)) rule.limit = static_cast<std::uint32_t>(1 + pick(3));
  if (chance(0.35) || (!has_share && !rule.limit)) rule.min_gap = Duration{1 + pick(lengths[pick(5)].count())};
  if (chance(0.3)) rule.applies_to = rule.counts_of = draw_selector();
  if (chance(0.2)) {
    rule.exempt = draw_selector();
    rule.exempt_counts = !clean_ && chance(0.5);
  }
  if (clean_) return rule;
  if (chance(0.1)) rule.applies_to = draw_selector();
  if (chance(0.1)) rule.counts_of = draw_selector();
  if (chance(0.1)) rule.schedule.from = now_ + Duration{pick(hours(8).count())};
  if (chance(0.1)) rule.schedule.to = now_ + Duration{pick(days(2).count())};
  rule.count_unverified = chance(0.5);
  return rule;
}

void RandomHistory::draw_rules() {
  const std::int64_t count = 1 + pick(4);
  for (std::int64_t i = 0; i < count; ++i) rules_.push_back(draw_rule(static_cast<std::size_t>(i)));
}

std::int64_t RandomHistory::near(std::int64_t low, std::int64_t end) {
  if (end <= low + 1) return low;
  switch (pick(5)) {
    case 0: return low;
    case 1: return end - 1;
    default: return low + pick(end - low);
  }
}

Duration RandomHistory::draw_step() {
  const CapRule& rule = rules_[static_cast<std::size_t>(pick(static_cast<std::int64_t>(rules_.size())))];
  const Duration unit = has_length(rule.window) ? rule.window.length : rule.min_gap.value_or(minutes(30));
  switch (pick(8)) {
    case 7: return chance(0.5) ? hours(pick(30)) : Duration{0};     // over a midnight
    case 0: return Duration{0};
    case 1: return unit + Duration{pick(3) - 1};
    case 2: return time_to_live_ + Duration{pick(3) - 1};
    case 3: return time_to_live_ + grace_ + Duration{pick(3) - 1};
    case 4: return minutes(30) + Duration{pick(3) - 1};
    default: return Duration{pick(unit.count() + 1)};
  }
}

void RandomHistory::accept(JournalLine line) {
  if (line.kind == JournalLine::Kind::activity) {
    if (time_.session.ordinal == 0 || line.at - *time_.session.last_activity >= minutes(30)) {
      ++time_.session.ordinal;
      time_.session.start = line.at;
      session_starts_.push_back(line.at);
    }
    time_.session.last_activity = time_.session.last_activity ? std::max(*time_.session.last_activity, line.at) : line.at;
  }
  if (line.kind == JournalLine::Kind::entry) {
    Entry entry = line.entry;
    entry.labels = intern_labels(ledger_, line.labels);
    ledger_.entries.push_back(entry);
  }
  if (line.kind == JournalLine::Kind::mark) {
    MarkList& marks = find_entry(ledger_, line.id)->marks;
    const auto place = std::lower_bound(marks.begin(), marks.end(), line.mark, [](const Mark& a, const Mark& b) {
      return std::tie(a.at, a.kind, a.event) < std::tie(b.at, b.kind, b.event);   // Mark's own order begins with the kind
    });
    if (place == marks.end() || *place != line.mark) marks.insert(place, line.mark);
  }
  journal_.push_back(std::move(line));
}

UtcTime RandomHistory::next_decision() {
  now_ += draw_step();
  if (!clean_ && chance(0.15)) draw_elsewhere();
  if (!clean_ && chance(0.1) && (time_.zones.empty() || time_.zones.back().from < now_)) time_.zones.push_back({now_, draw_zone()});
  for (auto next = under_way_.begin(); next != under_way_.end() && next->first <= now_; next = under_way_.erase(next))
    accept(std::move(next->second));
  ++decision_;
  slot_ = 0;
  return now_;
}

UtcTime RandomHistory::drain() {
  for (auto& [at, line] : under_way_) {
    now_ = std::max(now_, at);
    accept(std::move(line));
  }
  under_way_.clear();
  return now_;
}

CapCandidate RandomHistory::candidate() {
  const LabelSet& labels = catalogue_[static_cast<std::size_t>(pick(static_cast<std::int64_t>(catalogue_.size())))];
  return {&labels, contact_of(decision_, static_cast<std::uint16_t>(static_cast<std::uint32_t>(labels.placement) - placement_base))};
}

CapCandidate RandomHistory::returning_candidate() {
  CapCandidate returning = candidate();
  if (!ledger_.entries.empty())
    returning.contact = ledger_.entries[static_cast<std::size_t>(pick(static_cast<std::int64_t>(ledger_.entries.size())))].id.contact();
  return returning;
}

Entry RandomHistory::grant_of(const CapCandidate& chosen) const {
  Entry entry;
  entry.id = {chosen.contact.origin, chosen.contact.placement, static_cast<std::uint16_t>(slot_ + 1)};
  entry.granted_at = now_;
  entry.show_by = now_ + time_to_live_;
  entry.expires_at = entry.show_by + grace_;
  return entry;
}

void RandomHistory::commit(const std::vector<CapCandidate>& slate) {
  if (only_screens()) accept({JournalLine::Kind::activity, now_, {}, {}, {}, {}});
  for (const CapCandidate& chosen : slate) {
    const Entry entry = grant_of(chosen);
    ++slot_;
    accept({JournalLine::Kind::entry, now_, entry, *chosen.labels, {}, {}});
    if (clean_) draw_clean_fate(entry, chosen);
    else draw_fate(entry, chosen);
  }
}

void RandomHistory::arrives(UtcTime at, const Entry& entry, MarkKind kind, UtcTime time) {
  JournalLine line;
  line.kind = JournalLine::Kind::mark;
  line.id = entry.id;
  line.mark = {kind, kind == MarkKind::event ? symbol(event_symbol) : Symbol::none, time, 0};
  if (only_screens() && kind != MarkKind::released) under_way_.emplace(at, JournalLine{JournalLine::Kind::activity, time, {}, {}, {}, {}});
  under_way_.emplace(at, std::move(line));
}

void RandomHistory::draw_clean_fate(const Entry& entry, const CapCandidate& chosen) {
  if (chance(0.15)) return;                                   // never shown: expires
  const std::int64_t granted = ms_of(entry.granted_at);
  const std::int64_t expires = ms_of(entry.expires_at);
  if (chance(0.1)) {
    const UtcTime at = utc_from_ms(near(granted, expires));
    return arrives(at, entry, MarkKind::released, at);        // given back, never shown
  }
  const std::int64_t shown = near(granted, ms_of(entry.show_by));
  const UtcTime arrival = utc_from_ms(near(shown, expires));
  displays_.push_back({utc_from_ms(shown), chosen.contact, chosen.labels});
  const bool is_screen = chosen.labels->medium == Medium::screen;
  arrives(arrival, entry, !is_screen ? MarkKind::delivered : chance(0.8) ? MarkKind::viewed : MarkKind::dismissed, utc_from_ms(shown));
  if (chance(0.2)) arrives(arrival, entry, MarkKind::clicked, utc_from_ms(near(shown, ms_of(arrival) + 1)));
}

void RandomHistory::draw_fate(const Entry& entry, const CapCandidate& chosen) {
  const std::int64_t granted = ms_of(entry.granted_at);
  const std::int64_t expires = ms_of(entry.expires_at);
  const std::int64_t late = expires + time_to_live_.count();
  if (chance(0.15)) {
    const UtcTime at = utc_from_ms(near(granted, late));
    arrives(at, entry, MarkKind::released, at);
  }
  if (chance(0.2)) return;
  const std::int64_t shown = near(granted, chance(0.3) ? late : ms_of(entry.show_by));
  const UtcTime arrival = utc_from_ms(near(shown, (chance(0.3) ? late : expires) + 1));
  const bool is_screen = chosen.labels->medium == Medium::screen;
  arrives(arrival, entry, is_screen ? MarkKind::viewed : MarkKind::delivered, utc_from_ms(shown));
  static const Duration again[]{Duration{0}, Duration{1}, minutes(29), minutes(30), minutes(30) + Duration{1}, hours(2)};
  for (int i = 0; i < 3 && chance(0.3); ++i) {
    const Duration later = again[pick(6)];
    arrives(arrival + later, entry, is_screen ? MarkKind::viewed : MarkKind::delivered, utc_from_ms(shown) + later);
  }
  if (chance(0.3)) arrives(arrival, entry, MarkKind::clicked, utc_from_ms(shown));
  if (chance(0.2)) arrives(arrival, entry, MarkKind::event, utc_from_ms(shown));
}

void RandomHistory::draw_elsewhere() {
  static constexpr EntryOrigin origins[]{EntryOrigin::elsewhere, EntryOrigin::unverified, EntryOrigin::ghost};
  JournalLine line;
  line.kind = JournalLine::Kind::entry;
  line.labels = catalogue_[static_cast<std::size_t>(pick(static_cast<std::int64_t>(catalogue_.size())))];
  const ContactId contact = contact_of(0x8000'0000U + decision_, static_cast<std::uint16_t>(pick(2)));
  line.entry.id = {contact.origin, contact.placement, static_cast<std::uint16_t>(1 + journal_.size() + under_way_.size())};
  line.entry.origin = origins[pick(3)];
  line.entry.granted_at = now_ - Duration{pick(time_to_live_.count() + 1)};
  line.entry.show_by = line.entry.expires_at = line.entry.granted_at;
  if (line.entry.origin == EntryOrigin::ghost) line.entry.expires_at = now_ + time_to_live_;   // looks live, counts nowhere
  under_way_.emplace(now_, std::move(line));
}

} // namespace takt::tests
