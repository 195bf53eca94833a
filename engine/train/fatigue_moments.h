#pragma once
/// The equations that wear-out is fitted by, summed customer by customer.
/// Model: E[y_t | past] = b · w_t, w_t = e^(α·offset_t) · Π_κ (1+F_κ)^(−β_κ), b the customer's own rate, of which nothing is assumed.
/// Not the likelihood given a customer's number of clicks (Hausman, Hall, Griliches 1984): that is free of b, but wants the exposures to know
/// nothing of earlier responses, and here a click takes fatigue away (and moves what is shown next), which biases it by some
/// tenths at twenty exposures a customer; a gamma effect is biased where those who like more are shown more. Instead b is told by the
/// customer's later responses only: u_s = y_s / w_s has mean b whatever came before, so E[z_t (y_t − w_t · mean of later u) | past] = 0 for every z_t
/// of the past (Chamberlain 1992; Wooldridge 1997, multiplicative panel data models without strict exogeneity). Instruments z: ln(1+F) at
/// several half-lives, the offset.
/// Pure. Threads: const is shareable. Cost: one exp per row and rows × instruments × (parameters + 1) per sum.
#include "engine/train/fatigue_sights.h"

#include <Eigen/Dense>

#include <span>
#include <vector>

namespace takt {

struct MomentSums {
  Eigen::VectorXd moments;                             ///< per instrument
  Eigen::MatrixXd jacobian;                            ///< instruments × parameters
  Eigen::MatrixXd variance;                            ///< of the moments, by customer; empty where not asked for
};

class FatigueMoments {
public:
  /// `fits_offset`: α is the last parameter, else it is 1. `prior_beta` centres the instruments.
  FatigueMoments(const FatigueSights& sights, double prior_beta, bool fits_offset);

  std::size_t parameters() const { return parameters_; }
  std::size_t instruments() const { return instruments_; }
  /// `columns` of FatigueSights at the half-life in question; `parameters`: β per kind, then α where it is fitted.
  MomentSums sums(std::span<const double> parameters, std::span<const float> columns, bool with_variance) const;
  /// The same by fold, with variances: customer i is in fold i mod `folds`.
  std::vector<MomentSums> sums_by_fold(std::span<const double> parameters, std::span<const float> columns, std::size_t folds) const;
  /// Per row: what its customer's later rows say of b; NaN where there are none or the row takes no part.
  std::vector<double> later_rates(std::span<const double> parameters, std::span<const float> columns, std::span<const float> own_beta = {}) const;
  /// w of one row.
  double worn(std::size_t row, std::span<const double> parameters, std::span<const float> columns) const;
  /// The same without what wears out.
  double fresh(std::size_t row, std::span<const double> parameters) const;
  /// e^offset of one row, centred: the weight of a rate that is told by it.
  double appeal(std::size_t row) const { return appeal_[row]; }
  double weight(std::size_t row) const { return static_cast<double>(weights_[row]); }
  const FatigueSights& sights() const { return sights_; }
  /// Rows that take part and have a later one of the same customer that does; their responses, customers.
  double usable_rows() const { return usable_rows_; }
  double usable_responses() const { return usable_responses_; }
  double usable_customers() const { return usable_customers_; }

private:
  struct Scratch {
    Scratch(std::size_t instruments, std::size_t parameters) : moments(instruments), jacobian(instruments * parameters, 0), later_slopes(parameters), slope(parameters) {}
    std::vector<double> moments, jacobian, later_slopes, slope; ///< the jacobian adds up over customers
  };
  void count_and_scale();
  void add_customer(std::size_t begin, std::size_t end, std::span<const double> parameters, std::span<const float> columns, Scratch& scratch) const;

  const FatigueSights& sights_;
  bool fits_offset_;
  std::size_t parameters_ = 0, instruments_ = 0;
  std::vector<float> weights_;
  std::vector<double> offset_, appeal_;                ///< centred; e to it
  std::vector<float> scale_;                           ///< weight · Ω/(Ω+ω), Ω the later rows' ω: of a mean of few later rows little is expected
  std::vector<float> z_;                               ///< rows × instruments, centred and scaled
  double usable_rows_ = 0, usable_responses_ = 0, usable_customers_ = 0;
};

} // namespace takt
