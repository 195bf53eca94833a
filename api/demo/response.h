#pragma once
/// How the customers of the simulated shop respond: the truth that learners are measured against. Every number is an argument, so a
/// result can be asked again in another world. Times are UTC, money is EUR, probabilities are of one exposure. Pure, no errors, no
/// cost worth a word. Sources stand beside the numbers; where none is named, the number is our assumption, and the report of
/// `takt demo pink-pumps` says how much hangs on it.
#include "core/time.h"

#include <array>
#include <cstdint>
#include <string_view>

namespace takt::demo {

/// People tire at different speeds. A quarter is put off by repetition (JMR 2019: 24 % of users show weariness), most wear out as
/// Meta's curve says ((N+1)^-0.43), some hardly do (Yahoo's large randomised trial saw almost none up to fifty exposures).
struct CustomerClass {
  std::string_view name;
  double share;              ///< of all customers
  double beta;               ///< wear-out: response x (1+F)^-beta
  Duration half_life;        ///< of F
  std::uint32_t tolerance;   ///< times the same product may be seen within a week before it annoys
};

struct ResponseParameters {
  std::array<CustomerClass, 3> classes{CustomerClass{"weary", 0.24, 0.90, days(14), 2}, CustomerClass{"usual", 0.52, 0.43, days(7), 4},
                                       CustomerClass{"patient", 0.24, 0.10, days(3), 8}};
  double beta_scale = 1;               ///< 0 = nobody wears out
  double category_share = 0.25;        ///< the category wears out too, with this share of the class's beta
  double left_by_click = 0.3;          ///< of F, after an intended click (semantics.md "Fatigue")

  // log odds of an intended click on something that was seen
  double click_base = -5.2;            ///< 0.5 %: seen, and nothing speaks for it
  double taste = 3.0;                  ///< x cosine of tastes: what is loved has 10 % with everything else equal
  double need = 1.2;                   ///< looked for today
  double considered = 0.8;             ///< looked at in earnest last week and not bought: why retargeting works at all
  double popularity = 0.5;             ///< x [0,1]
  double price = -1.2;                 ///< x distance of price levels, both in [0,1]
  double position = -0.25;             ///< per slot below the first
  double foreign_site = -0.8;          ///< shown on somebody else's pages
  // log odds of buying after an intended click
  double buy_base = -3.2, buy_taste = 1.5, buy_need = 1.2, buy_considered = 0.8, buy_price = -1.5;

  /// Taps that nobody meant, per slate that was seen. With these about a third of the clicks on a phone are accidents; published
  /// estimates go from 22 to 50 %.
  double accident_on_phone = 0.025, accident_on_desk = 0.004;
  /// Dwell is log-normal. Accidents have their mode at 1.8 s (Tolomei, Lalmas et al. 2018); the others are ours, in seconds.
  double accident_mode = 1.8, accident_spread = 0.5, short_median = 12, long_median = 60, intended_spread = 0.6;

  /// Being annoyed, per exposure beyond the class's tolerance and per step beyond it: leaving the channel, or closing the thing. No
  /// source gives a hazard; published unsubscribe rates of newsletters are some tenths of a per cent.
  double opt_out = 0.004, dismissal = 0.01;
  double opt_out_per_mail = 0.001;
  std::uint32_t mails_per_week_tolerated = 2;
  double annoyance_scale = 1;          ///< 0 = nobody is ever annoyed
  double complaint = 0.05;             ///< per order, within days
};

/// F of one key: a decayed count of what was seen, less what clicks took away.
struct WearOut {
  double fatigue = 0;
  UtcTime at{};
  double at_time(UtcTime t, Duration half_life) const;
  void see(UtcTime t, Duration half_life);
  void click(UtcTime t, Duration half_life, double left);
};

/// (1+F)^-beta.
double worn(double fatigue, double beta);

struct Appeal {
  double taste = 0;             ///< cosine, [-1,1]
  double popularity = 0;        ///< [0,1]
  double price_distance = 0;    ///< [0,1]
  bool needed = false, considered = false, on_foreign_site = false;
  std::uint32_t slot = 1;
};
/// P(intended click | seen, nothing worn).
double click_chance(const ResponseParameters& parameters, const Appeal& appeal);
/// P(bought | intended click).
double buy_chance(const ResponseParameters& parameters, const Appeal& appeal);

/// Milliseconds on the page, from a standard normal draw.
std::uint32_t accident_dwell_ms(const ResponseParameters& parameters, double normal);
std::uint32_t intended_dwell_ms(const ResponseParameters& parameters, bool is_long, double normal);

} // namespace takt::demo
