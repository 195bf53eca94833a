#pragma once
/// One simulated customer from the first day to the last: visits, pages of other people, mail; what they see, click, buy, forgive and
/// refuse. Who shows what is the marketer's business. Everything that does not depend on what was shown (when somebody comes, what
/// they look for) is drawn by day and question, so that the same person under another marketer has the same month until a showing
/// makes the difference. Threads: one. Errors: none. Cost: microseconds per day beside the marketer's.
#include "api/demo/marketer.h"

#include <array>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace takt::demo {

/// Sums over one life, or many.
struct LifeCounts {
  std::uint64_t customers = 0, days = 0, opportunities = 0, events = 0, late_events = 0, repeated_events = 0;
  std::uint64_t impressions = 0, repeats = 0;            ///< repeats: of something seen within the last seven days
  std::uint64_t chased = 0;                              ///< impressions of something that was only ever touched by accident, since then
  std::uint64_t contacts = 0, mails = 0;                 ///< slates and mails that held something
  std::uint64_t clicks = 0, accidents = 0, purchases = 0, promoted_purchases = 0, opt_outs = 0, dismissals = 0, complaints = 0;
  double value = 0;                                      ///< margin of everything bought, EUR
  double promoted_value = 0;                             ///< of what was bought after a click on something shown
  double contact_cost = 0;                               ///< EUR
  double expected_clicks = 0;                            ///< sum over what was seen of the true chance of an intended click
  std::uint64_t digest = 0;                              ///< sum over customers of a hash of all that was shown and sent
  LifeCounts& operator+=(const LifeCounts& other);
  double net_value() const { return value - contact_cost; }
};

/// Something that was seen.
struct Sight {
  UtcTime at{};
  std::size_t item = 0;                                  ///< row of the town's items
  std::string_view placement;
  double chance = 0;                                     ///< of an intended click, worn as it was
  bool clicked = false, by_accident = false;
  std::string decision_id;                               ///< "" = not the engine's
};

/// What nobody but the simulation knows.
struct LifeSecrets {
  std::vector<std::string> accidents;                    ///< message ids of clicks and looks that were not meant
  std::vector<Sight> sights;                             ///< only where kept
  struct OptOut { std::string channel; UtcTime at{}; };
  std::vector<OptOut> opt_outs;
  double annoyance = 0;                                  ///< exposures and mails beyond tolerance, in steps
};

class Life {
public:
  /// All must outlive it.
  Life(const Town& town, CustomerTruth truth, Marketer& marketer, bool keeps_sights = false);
  void live_day(std::uint32_t day);
  void finish();                                         ///< what is still under way arrives
  /// Looks for `dwell_ms` at a product on the customer's own account; an accident where that was not meant.
  void look(UtcTime at, std::size_t item, std::uint32_t dwell_ms, bool is_accident);
  const LifeCounts& counts() const { return counts_; }
  const LifeSecrets& secrets() const { return secrets_; }
  const CustomerTruth& truth() const { return truth_; }

private:
  /// What coins answer; a new one goes to the end, so that older worlds stay the same.
  enum Question : std::uint8_t {
    visits_of_day, time_of_visit, pages_of_day, time_of_page, time_of_mail, which_device, goes_offline, back_after, signs_in, new_need,
    which_need, need_lasts, looks_count, which_leaf, which_product, asks_for_similar, repeats_event, shuffles_event,
    is_long, dwell, buys,                                        // on the customer's own account …
    promoted_is_long, promoted_dwell, promoted_buys,             // … and led there
    seed_of_slate, sees_slot, clicks, accident, accident_dwell, which_slot, complains, complains_when, leaves, dismisses, opens_mail,
    questions_count,
  };
  enum class MomentKind : std::uint8_t { visit, foreign_page, mail, case_opened, case_closed };
  struct Moment { UtcTime at{}; MomentKind kind = MomentKind::visit; std::string text; };
  struct Visit { const Device* device = nullptr; UtcTime at{}; std::optional<UtcTime> back_online; };
  struct Thing { WearOut wear; std::vector<UtcTime> seen; };

  std::vector<Moment> plan(std::uint32_t day);
  void visit(UtcTime at);
  void sign_in(const Visit& visit);
  void browse(Visit& visit);
  void meet_on_foreign_page(UtcTime at);
  void read_mail(UtcTime at);
  void tell_case(const Moment& moment);
  void renew_need(UtcTime at);

  void show(Visit& visit, std::string_view placement, std::string_view channel, std::vector<std::size_t> anchors);
  void see(Visit& visit, std::string_view placement, std::string_view channel, const Shown& shown, const std::vector<ShownItem>& seen);
  void click(Visit& visit, std::string_view channel, const Shown& shown, const ShownItem& chosen, bool is_accident);
  void look_closely(Visit& visit, std::size_t item, bool is_promoted);
  void order(Visit& visit, std::size_t item, bool is_promoted);
  void mind(const Visit& visit, std::string_view channel, const Shown& shown, const ShownItem& item, std::uint32_t seen_before);
  void refuse(const Visit& visit, std::string_view channel);

  Appeal appeal_of(std::size_t item, std::uint32_t slot, std::string_view channel, UtcTime at) const;
  double worn_of(std::size_t item, UtcTime at) const;
  std::size_t thing_of(std::size_t item) const;
  std::size_t leaf_of(std::size_t item) const;
  std::size_t draw_organic_product(UtcTime at);
  std::size_t variant_of(std::size_t product) const;

  /// The next coin for one question of one moment: what one meets there moves no coin of another moment or question.
  double coin(Question question);
  double normal(Question question);
  std::uint64_t next_seed();
  void begin_moment(std::uint64_t number);
  EventItem named(std::size_t item) const;
  Event event_of(const Visit& visit, EventName name, std::string_view channel) const;
  void tell(const Visit& visit, Event event);
  void deliver_until(UtcTime at);
  void note(std::uint64_t what);

  const Town& town_;
  const ResponseParameters& response_;
  CustomerTruth truth_;
  Marketer& marketer_;
  bool keeps_sights_;
  LifeCounts counts_;
  LifeSecrets secrets_;
  std::set<std::size_t> touched_by_accident_, meant_;    ///< things
  std::map<std::size_t, Thing> things_;                  ///< by product, or by row behind the products
  std::map<std::size_t, WearOut> worn_leaves_;
  std::map<std::size_t, UtcTime> considered_, bought_leaves_;
  std::set<std::string, std::less<>> refused_;           ///< channels
  std::set<const Device*> signed_in_;
  std::vector<UtcTime> mails_;
  std::vector<Moment> to_come_;                          ///< complaints
  std::optional<std::size_t> need_;                      ///< a leaf
  UtcTime need_until_{};
  std::uint64_t moment_ = 0;
  std::array<std::uint32_t, questions_count> asked_{};   ///< in this moment
  std::uint32_t messages_ = 0, orders_ = 0;
  std::multimap<UtcTime, Event> under_way_;
};

} // namespace takt::demo
