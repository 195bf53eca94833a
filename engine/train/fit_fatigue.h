#pragma once
/// Fits wear-out: β per kind of key and the half-life all kinds share, from sights grouped by customer.
/// Method: the moments of engine/train/fatigue_moments.h, weighted by their variance (two steps, Hansen 1982). β by Gauss–Newton at each half-life;
/// the half-life by the profile of the moments' distance, whose 95 % set is where it exceeds the least by 3.84 (Newey, West 1987): a test
/// turned round, so it is wide, not wrong, where the data hardly tell. Errors by leaving customers out (jackknife). A β's interval
/// spans what every half-life of that set would make of it. β below 0 is served as 0: nobody is made to like repetition.
/// Per category of item β is shrunk towards the pooled one by how much the categories differ beyond their errors (empirical Bayes,
/// Morris 1983; the spread by DerSimonian, Laird 1986).
/// What is not told is named (engine/fatigue_model.h) and keeps its prior. Errors: none. Deterministic. Threads: one.
/// Cost: about 120 sums over the rows: 10⁶ rows of one kind take some seconds.
#include "engine/fatigue_model.h"
#include "engine/train/fatigue_sights.h"

#include <cstdint>
#include <vector>

namespace takt {

struct FatigueFitOptions {
  double prior_beta = 0.43;
  Duration prior_half_life = days(7);
  bool fits_offset = true;                             ///< how far the offsets are to be believed
  double responses_min = 200;                          ///< of rows that take part: fewer decide nothing
  double half_life_responses_min = 1000;               ///< fewer find a valley by chance oftener than one time in twenty
  double beta_error_max = 0.15;                        ///< with more, the interval is as wide as all that is ever published
  double category_responses_min = 30;
};

struct FatigueOfCategory {
  std::uint32_t category = 0;
  FatigueEstimate beta;
  double raw = 0, raw_error = 0;                       ///< of its own data alone
};

struct FatigueFit {
  std::vector<FatigueEstimate> betas;                  ///< per kind
  std::vector<FatigueOfCategory> categories;           ///< of the first kind; ascending
  double category_spread = 0;                          ///< deviation of true β between categories
  double offset_slope = 1;
  Duration half_life{}, half_life_low{}, half_life_high{}; ///< the interval is empty where nothing could be asked
  std::vector<FatigueDoubt> half_life_doubts;
  std::vector<HalfLifeProfile> profile;
  std::vector<FatiguePoint> points;
  bool observational = false;
  std::uint32_t exposures_max = 0;
  std::uint64_t sights = 0, drawn = 0, customers = 0;
  double responses = 0;
};

FatigueFit fit_fatigue(const FatigueSights& sights, const FatigueFitOptions& options = {});

} // namespace takt
