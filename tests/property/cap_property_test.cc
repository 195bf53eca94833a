// The promise of the product: no grant exceeds a cap. Random histories, granted only what CapView calls free, judged by two
// oracles that share no code with it: by knowledge (each journal prefix) and by true display times.
//
// TAKT_HISTORIES: how many (default 20,000). TAKT_SEED: the first seed; a failure prints the seed that shows it alone.
#include "core/cap_state.h"
#include "tests/support/naive_calendar.h"
#include "tests/support/naive_caps.h"
#include "tests/support/random_history.h"

#include <algorithm>
#include <cstdlib>
#include <gtest/gtest.h>
#include <ostream>

namespace takt::tests {

/// For gtest's messages.
void PrintTo(const NaiveBlock& block, std::ostream* out) {
  *out << block.rule << (block.kind == BlockKind::limit ? " limit" : block.kind == BlockKind::gap ? " gap" : " share") << " n=" << block.observed << " key";
  for (const Symbol part : block.key) *out << ' ' << static_cast<std::uint32_t>(part);
}

namespace {

struct Figures {
  std::uint64_t histories = 0, clean = 0, decisions = 0, grants = 0, refusals = 0, displays = 0, again = 0, again_none = 0, provisional = 0;
};

std::uint64_t number_from(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

std::vector<NaiveBlock> reported(const CapView& view, const CapCandidate& candidate) {
  std::vector<NaiveBlock> found;
  for (const CapBlock& block : view.check(candidate)) {
    EXPECT_EQ(block.limit, block.rule->limit);
    found.push_back({block.rule->id, block.kind, block.key, block.observed});
  }
  std::sort(found.begin(), found.end());
  return found;
}

/// The same from a view that expects exactly these slots: any rule that they cannot fill sleeps in it.
std::vector<NaiveBlock> reported_half_asleep(const RandomHistory& history, const std::vector<CapCandidate>& slots, const CapCandidate& candidate, UtcTime now) {
  CapView::State state(history.ledger(), history.rules(), history.time(), now, slots.size());
  for (const CapCandidate& slot : slots) state.add_slot(slot);
  std::vector<NaiveBlock> found;
  state.for_each_suspect(*candidate.labels, state.scheduled, [&](std::size_t rule, detail::KeyId key, std::span<const Symbol> parts) {
    const detail::KeyVerdict verdict = state.judge(rule, key, candidate.contact);
    if (verdict.limit) found.push_back({history.rules()[rule].id, BlockKind::limit, {parts.begin(), parts.end()}, verdict.observed});
    if (verdict.share) found.push_back({history.rules()[rule].id, BlockKind::share, {parts.begin(), parts.end()}, verdict.observed});
    if (verdict.gap) found.push_back({history.rules()[rule].id, BlockKind::gap, {parts.begin(), parts.end()}, verdict.observed});
    return false;
  });
  std::sort(found.begin(), found.end());
  return found;
}

/// The same from a view that was told who will ask, and counts for them only; then somebody comes whom it was not told of.
void expect_same_when_expecting(RandomHistory& history, const NaiveCaps& naive, const std::vector<CapCandidate>& slots, const CapCandidate& candidate, UtcTime now) {
  CapView view(history.ledger(), history.rules(), history.time(), now);
  view.expect(*candidate.labels);
  for (const CapCandidate& slot : slots) view.expect(*slot.labels);
  for (const CapCandidate& slot : slots) view.add_slot(slot);
  EXPECT_EQ(reported(view, candidate), naive.blocks(candidate, slots, now)) << "a view that expects leaves something out";
  const CapCandidate late = history.candidate();
  if (history.random().below(2) == 0) view.expect(*late.labels);
  EXPECT_EQ(reported(view, late), naive.blocks(late, slots, now)) << "who comes late is judged by less";
  EXPECT_EQ(reported(view, candidate), naive.blocks(candidate, slots, now));
}

/// By knowledge: with the journal until this grant and the grant itself, no count that binds it exceeds its limit.
void expect_promise_kept(const RandomHistory& history, const std::vector<CapCandidate>& slate, UtcTime now) {
  std::vector<JournalLine> journal = history.journal();
  for (std::size_t slot = 0; slot < slate.size(); ++slot) {
    Entry entry = history.grant_of(slate[slot]);
    entry.id.slot = static_cast<std::uint16_t>(slot + 1);
    journal.push_back({JournalLine::Kind::entry, now, entry, *slate[slot].labels, {}, {}});
  }
  const Ledger known = ledger_of(journal);
  const auto excess = NaiveCaps{known, history.rules(), history.time()}.worst_excess(slate.back(), now);
  EXPECT_LE(excess.value_or(0), 0);
}

void decide(RandomHistory& history, Figures& figures) {
  const UtcTime now = history.next_decision();
  const Ledger known = ledger_of(history.journal());
  const NaiveCaps naive{known, history.rules(), history.time()};
  CapView view(history.ledger(), history.rules(), history.time(), now);
  std::vector<CapCandidate> slate;
  const std::uint64_t slots = 1 + history.random().below(3);
  for (std::uint64_t slot = 0; slot < slots; ++slot) {
    const CapCandidate candidate = history.candidate();
    const auto expected = naive.blocks(candidate, slate, now);
    EXPECT_EQ(reported(view, candidate), expected) << "CapView and the definitions differ";
    EXPECT_EQ(reported_half_asleep(history, slate, candidate, now), expected) << "a rule sleeps that could block";
    expect_same_when_expecting(history, naive, slate, candidate, now);
    const bool blocked = view.blocks(candidate);
    EXPECT_EQ(blocked, !expected.empty());
    if (blocked) {
      ++figures.refusals;
      continue;
    }
    slate.push_back(candidate);
    const CapCandidate waiting = history.candidate();
    const bool was_free = !view.blocks(waiting);
    view.add_slot(candidate);
    if (was_free) {
      EXPECT_EQ(view.newly_blocked(waiting), view.blocks(waiting)) << "what the slot filled is not all that blocks now";
    }
    expect_promise_kept(history, slate, now);
    ++figures.grants;
  }
  if (slate.empty() || history.random().below(4) == 0) {
    const CapCandidate returning = history.returning_candidate();
    EXPECT_EQ(reported(view, returning), naive.blocks(returning, slate, now)) << "a contact that the ledger knows";
    view.add_slot(returning);   // its contact may be in P and V already
    const CapCandidate next = history.candidate();
    std::vector<CapCandidate> longer = slate;
    longer.push_back(returning);
    EXPECT_EQ(reported(view, next), naive.blocks(next, longer, now)) << "after a slot of a known contact";
    EXPECT_EQ(reported_half_asleep(history, longer, next, now), naive.blocks(next, longer, now)) << "a rule sleeps that could block";
  }
  history.commit(slate);
  ++figures.decisions;
}

bool is_counted(const CapRule& rule, const Display& display) {
  return naive_selects(rule.counts_of, *display.labels) && !(rule.exempt && naive_selects(*rule.exempt, *display.labels)) &&
         (rule.counts == Counts::impression || display.labels->medium == Medium::message);
}

/// Was the display's grant checked against this key? A category key also takes what lies below it, and those grants answer
/// for their own, longer path only: of them the rule promises nothing.
bool is_bound(const CapRule& rule, std::span<const Symbol> key, const Display& display) {
  const auto keys = naive_keys(rule, *display.labels);
  return std::any_of(keys.begin(), keys.end(), [&](const auto& own) { return std::equal(own.begin(), own.end(), key.begin(), key.end()); });
}

/// What the rule's window holds at u of these moments of display, ascending and none after u.
std::size_t count_true(const RandomHistory& history, const Window& window, const std::vector<UtcTime>& moments, UtcTime u) {
  const std::vector<UtcTime>& starts = history.session_starts();
  const auto session_of = [&](UtcTime at) { return std::upper_bound(starts.begin(), starts.end(), at) - starts.begin(); };
  const auto since = [&](UtcTime begin) { return static_cast<std::size_t>(moments.end() - std::lower_bound(moments.begin(), moments.end(), begin)); };
  switch (window.kind) {
    case WindowKind::rolling: return since(u - window.length + Duration{1});
    case WindowKind::session: return static_cast<std::size_t>(std::count_if(moments.begin(), moments.end(), [&](UtcTime at) { return session_of(at) == session_of(u); }));
    case WindowKind::calendar: return since(naive_period_start(window.calendar, history.time().zones, u));
    case WindowKind::lifetime: return moments.size();
    case WindowKind::anchored_first: {
      UtcTime anchor = moments.front();
      for (const UtcTime moment : moments)
        if (moment >= anchor + window.length) anchor = moment;
      return since(anchor);
    }
    case WindowKind::anchored_last: {
      std::size_t first = moments.size() - 1;
      while (first > 0 && moments[first] - moments[first - 1] < window.length) --first;
      return moments.size() - first;
    }
  }
  return 0;
}

/// The displays that a rule's key binds within the window that ends with u, u included.
std::size_t displays_in_window(const RandomHistory& history, const CapRule& rule, std::span<const Symbol> key, UtcTime u) {
  std::vector<UtcTime> moments;
  for (const Display& display : history.displays())
    if (display.at <= u && is_counted(rule, display) && is_bound(rule, key, display)) moments.push_back(display.at);
  std::sort(moments.begin(), moments.end());
  return moments.empty() ? 0 : count_true(history, rule.window, moments, u);
}

void expect_gap_kept(const RandomHistory& history, const CapRule& rule, std::span<const Symbol> key, const Display& display) {
  for (const Display& other : history.displays()) {
    if (other.contact == display.contact || !is_counted(rule, other) || !is_bound(rule, key, other)) continue;
    const Duration apart = other.at > display.at ? other.at - display.at : display.at - other.at;
    EXPECT_GE(apart, *rule.min_gap) << rule.id << ": gap by true display time";
  }
}

/// SOUND: judged by the moments of true display, which the engine never sees whole, every limit and gap held.
void expect_sound(const RandomHistory& history, Figures& figures) {
  for (const CapRule& rule : history.rules()) {
    if (rule.counts != Counts::impression && rule.counts != Counts::delivered) continue;
    if (rule.window.kind == WindowKind::session && !history.only_screens()) continue;   // mail has no session
    for (const Display& display : history.displays()) {
      if (!is_counted(rule, display)) continue;
      ++figures.displays;
      for (const auto& key : naive_keys(rule, *display.labels)) {
        if (rule.limit) {
          EXPECT_LE(displays_in_window(history, rule, key, display.at), *rule.limit) << rule.id << ": limit by true display time";
        }
        if (rule.min_gap) expect_gap_kept(history, rule, key, display);
      }
    }
  }
}

/// ELIGIBLE_AGAIN by brute force: nothing is free before it, at any edge, one ms beside it, or at random instants.
void expect_exact_again(RandomHistory& history, const CapCandidate& candidate, UtcTime t, Figures& figures) {
  const Ledger known = ledger_of(history.journal());
  const NaiveCaps naive{known, history.rules(), history.time()};
  const EligibleAgain answer = eligible_again(history.ledger(), history.rules(), history.time(), {}, candidate, {}, t);
  CapView expecting(history.ledger(), history.rules(), history.time(), t);
  expecting.expect(*candidate.labels);
  const EligibleAgain expected = expecting.eligible_again(candidate, {});
  EXPECT_EQ(expected.at, answer.at);
  EXPECT_EQ(expected.provisional, answer.provisional);
  if (naive.is_free(candidate, t)) {
    EXPECT_FALSE(answer.at.has_value());
    EXPECT_FALSE(answer.provisional);
    return;
  }
  ++figures.again;
  if (!answer.at) ++figures.again_none;
  const UtcTime end = answer.at.value_or(t + days(400) + Duration{1});
  if (answer.at) {
    EXPECT_TRUE(naive.is_free(candidate, *answer.at)) << "still blocked " << (*answer.at - t).count() << " ms later";
  }
  const auto expect_blocked = [&](UtcTime at) {
    if (at <= t || at >= end) return;
    EXPECT_FALSE(naive.is_free(candidate, at)) << "free " << (end - at).count() << " ms before";
  };
  expect_blocked(end - Duration{1});
  for (const UtcTime edge : naive.edges(t))
    for (const Duration beside : {Duration{-1}, Duration{0}, Duration{1}}) expect_blocked(edge + beside);
  const auto span = static_cast<std::uint64_t>((end - t).count());
  for (int i = 0; i < 10; ++i) expect_blocked(t + Duration{1 + static_cast<std::int64_t>(history.random().below(span))});
  EXPECT_EQ(answer.provisional, naive.is_provisional(candidate, t));
  figures.provisional += answer.provisional ? 1U : 0U;
}

void run_history(std::uint64_t seed, Figures& figures) {
  const bool clean = seed % 2 == 0;
  RandomHistory history(seed, clean);
  const std::uint64_t decisions = 4 + history.random().below(9);
  for (std::uint64_t i = 0; i < decisions; ++i) decide(history, figures);
  if (history.random().below(2) == 0) {   // while things are live
    const UtcTime t = history.next_decision();
    for (int i = 0; i < 2; ++i) expect_exact_again(history, i == 0 ? history.candidate() : history.returning_candidate(), t, figures);
  }
  history.drain();
  if (clean) expect_sound(history, figures);
  ++figures.histories;
  figures.clean += clean ? 1U : 0U;
}

TEST(CapProperty, NoGrantExceedsACap) {
  const std::uint64_t first = number_from("TAKT_SEED", 1);
  const std::uint64_t count = number_from("TAKT_HISTORIES", 20'000);
  Figures figures;
  for (std::uint64_t seed = first; seed < first + count; ++seed) {
    run_history(seed, figures);
    ASSERT_FALSE(HasFailure()) << "again with TAKT_SEED=" << seed << " TAKT_HISTORIES=1";
  }
  std::printf("%llu histories (%llu with true display times), %llu decisions, %llu grants, %llu refusals, %llu displays judged, "
              "%llu eligible_again (%llu never, %llu provisional): 0 violations\n",
              static_cast<unsigned long long>(figures.histories), static_cast<unsigned long long>(figures.clean),
              static_cast<unsigned long long>(figures.decisions), static_cast<unsigned long long>(figures.grants),
              static_cast<unsigned long long>(figures.refusals), static_cast<unsigned long long>(figures.displays),
              static_cast<unsigned long long>(figures.again), static_cast<unsigned long long>(figures.again_none),
              static_cast<unsigned long long>(figures.provisional));
}

} // namespace
} // namespace takt::tests
