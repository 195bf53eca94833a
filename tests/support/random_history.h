#pragma once
/// Random histories of one customer: a catalogue, rules, and what arrives when. Everything follows from the seed.
#include "core/cap.h"
#include "core/random.h"

#include <map>
#include <optional>
#include <vector>

namespace takt::tests {

/// A line of the customer's journal, in order of acceptance.
struct JournalLine {
  enum class Kind { entry, mark, activity } kind = Kind::activity;
  UtcTime at{};                 ///< activity: its time
  Entry entry;                  ///< entry: a grant or an exposure from elsewhere, without marks; labels is unused
  LabelSet labels;
  ExposureId id;                ///< mark: of which entry
  Mark mark;
};

/// What truly happened, known to nobody in the system: one display of a granted exposure.
struct Display {
  UtcTime at{};
  ContactId contact;
  const LabelSet* labels = nullptr;
};

class RandomHistory {
public:
  /// `clean`: every show before s, every mark before q, nothing from elsewhere, no re-shows: the histories of SOUND.
  RandomHistory(std::uint64_t seed, bool clean);

  // ---- what the engine would know
  const Ledger& ledger() const { return ledger_; }
  const std::vector<CapRule>& rules() const { return rules_; }
  const PersonTime& time() const { return time_; }
  const std::vector<JournalLine>& journal() const { return journal_; }
  const std::vector<UtcTime>& session_starts() const { return session_starts_; }
  const std::vector<Display>& displays() const { return displays_; }
  bool only_screens() const;

  /// The next decision's time; what arrives until then is accepted first.
  UtcTime next_decision();
  CapCandidate candidate();                                       ///< of the current decision, in one of two placements
  CapCandidate returning_candidate();                             ///< with a contact that the ledger may know; never granted
  Entry grant_of(const CapCandidate& chosen) const;               ///< what granting it now would write
  void commit(const std::vector<CapCandidate>& slate);            ///< grants them, and draws what becomes of each
  UtcTime drain();                                                ///< accepts all that is under way; the time then
  Random& random() { return random_; }
  void accept(JournalLine line);                                  ///< fold: appends and updates the ledger

private:
  void draw_catalogue();
  void draw_rules();
  CapRule draw_rule(std::size_t number);
  Window draw_window();
  Zone draw_zone();
  Selector draw_selector();
  void draw_fate(const Entry& entry, const CapCandidate& chosen);
  void draw_clean_fate(const Entry& entry, const CapCandidate& chosen);
  void draw_elsewhere();
  void arrives(UtcTime at, const Entry& entry, MarkKind kind, UtcTime time);
  Duration draw_step();
  std::int64_t pick(std::int64_t bound) { return static_cast<std::int64_t>(random_.below(static_cast<std::uint64_t>(bound))); }
  bool chance(double p) { return random_.uniform() < p; }
  std::int64_t near(std::int64_t low, std::int64_t end);          ///< in [low, end), often one of the ends

  Random random_;
  bool clean_;
  std::vector<LabelSet> catalogue_;
  std::vector<CapRule> rules_;
  Duration time_to_live_{}, grace_{};
  UtcTime now_{};
  std::uint32_t decision_ = 0;
  std::uint16_t slot_ = 0;
  Ledger ledger_;
  PersonTime time_;
  std::vector<UtcTime> session_starts_;
  std::vector<JournalLine> journal_;
  std::multimap<UtcTime, JournalLine> under_way_;                 ///< by arrival
  std::vector<Display> displays_;
};

/// The ledger as a journal prefix implies it: rebuilt from nothing, nothing shared, marks as they came.
Ledger ledger_of(std::span<const JournalLine> journal);

} // namespace takt::tests
