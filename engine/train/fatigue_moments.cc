#include "engine/train/fatigue_moments.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

namespace takt {
namespace {

/// What fatigue looks like at each of these tells the half-life.
constexpr std::array<Duration, 5> instrument_half_lives{days(1), days(3), days(7), days(15), days(40)};
/// Offsets are told apart up to a factor of e⁶ from the middle: further out an offset is a mistake, not a rate.
constexpr float offset_reach = 6;

} // namespace

FatigueMoments::FatigueMoments(const FatigueSights& sights, double prior_beta, bool fits_offset)
    : sights_(sights), fits_offset_(fits_offset), parameters_(sights.kinds() + (fits_offset ? 1 : 0)),
      instruments_(sights.kinds() * instrument_half_lives.size() + (fits_offset ? 1 : 0)), weights_(sights.weights()) {
  count_and_scale();
  const std::size_t rows = sights.size(), kinds = sights.kinds();
  z_.resize(rows * instruments_);
  for (std::size_t j = 0; j < instrument_half_lives.size(); ++j) {
    const std::vector<float> columns = sights.columns(instrument_half_lives[j]);
    for (std::size_t row = 0; row < rows; ++row)
      for (std::size_t kind = 0; kind < kinds; ++kind) z_[row * instruments_ + j * kinds + kind] = columns[row * kinds + kind];
  }
  if (fits_offset_)
    for (std::size_t row = 0; row < rows; ++row) z_[row * instruments_ + instruments_ - 1] = static_cast<float>(offset_[row]);
  // Centred with the rates that are expected: a constant in the middle says nothing of b, and adds no noise.
  const std::vector<float> usual = sights.columns(days(7));
  std::vector<double> sum(instruments_, 0);
  double all = 0;
  for (std::size_t row = 0; row < rows; ++row) {
    if (scale_[row] <= 0) continue;
    double worn = 0;
    for (std::size_t kind = 0; kind < kinds; ++kind) worn += static_cast<double>(usual[row * kinds + kind]);
    const double share = static_cast<double>(scale_[row]) * appeal_[row] * std::exp(-prior_beta * worn);
    for (std::size_t j = 0; j < instruments_; ++j) sum[j] += share * static_cast<double>(z_[row * instruments_ + j]);
    all += share;
  }
  for (std::size_t row = 0; row < rows; ++row)
    for (std::size_t j = 0; j < instruments_; ++j) {
      float& value = z_[row * instruments_ + j];
      value = scale_[row] > 0 ? (value - static_cast<float>(sum[j] / all)) * scale_[row] : 0;
    }
}

void FatigueMoments::count_and_scale() {
  const auto rows = sights_.rows();
  double offsets = 0, n = 0;
  for (std::size_t row = 0; row < rows.size(); ++row) {
    if (!sights_.takes_part(row)) continue;
    offsets += static_cast<double>(rows[row].offset);
    ++n;
  }
  const auto middle = static_cast<float>(n > 0 ? offsets / n : 0);
  offset_.resize(rows.size());
  appeal_.resize(rows.size());
  scale_.assign(rows.size(), 0);
  for (std::size_t row = 0; row < rows.size(); ++row) {
    offset_[row] = static_cast<double>(std::clamp(rows[row].offset - middle, -offset_reach, offset_reach));
    appeal_[row] = std::exp(offset_[row]);
  }
  std::size_t begin = 0;
  for (const std::uint32_t end : sights_.ends()) {
    double later = 0;
    bool counts = false;
    for (std::size_t row = end; row-- > begin;) {
      if (!sights_.takes_part(row)) continue;
      if (later > 0) {
        scale_[row] = static_cast<float>(static_cast<double>(weights_[row]) * later / (later + appeal_[row]));
        ++usable_rows_;
        usable_responses_ += static_cast<double>(rows[row].response);
        counts = true;
      }
      later += appeal_[row];
    }
    usable_customers_ += counts ? 1 : 0;
    begin = end;
  }
}

double FatigueMoments::worn(std::size_t row, std::span<const double> parameters, std::span<const float> columns) const {
  const std::size_t kinds = sights_.kinds();
  double exponent = fits_offset_ ? parameters[kinds] * offset_[row] : offset_[row];
  for (std::size_t kind = 0; kind < kinds; ++kind) exponent -= parameters[kind] * static_cast<double>(columns[row * kinds + kind]);
  return std::exp(exponent);
}

double FatigueMoments::fresh(std::size_t row, std::span<const double> parameters) const { return fits_offset_ ? std::exp(parameters.back() * offset_[row]) : appeal_[row]; }

/// One customer, from the last row back: what later rows say of b and how that changes with the parameters.
void FatigueMoments::add_customer(std::size_t begin, std::size_t end, std::span<const double> parameters, std::span<const float> columns, Scratch& scratch) const {
  const std::size_t kinds = sights_.kinds(), m = instruments_, p = parameters_;
  const auto rows = sights_.rows();
  auto& [moments, jacobian, later_slopes, slope] = scratch;
  std::fill(moments.begin(), moments.end(), 0);
  std::fill(later_slopes.begin(), later_slopes.end(), 0);
  double later = 0, later_rate = 0;
  for (std::size_t row = end; row-- > begin;) {
    if (!sights_.takes_part(row)) continue;
    for (std::size_t k = 0; k < kinds; ++k) slope[k] = -static_cast<double>(columns[row * kinds + k]); // of ln w
    if (fits_offset_) slope[kinds] = offset_[row];
    const double w = worn(row, parameters, columns), y = static_cast<double>(rows[row].response);
    if (later > 0) {
      const double rate = later_rate / later, left_over = y - w * rate;
      const float* z = z_.data() + row * m;
      for (std::size_t j = 0; j < m; ++j) moments[j] += static_cast<double>(z[j]) * left_over;
      for (std::size_t k = 0; k < p; ++k) {
        const double change = w * (rate * slope[k] + later_slopes[k] / later);
        for (std::size_t j = 0; j < m; ++j) jacobian[k * m + j] -= static_cast<double>(z[j]) * change;
      }
    }
    later += appeal_[row];
    if (y <= 0) continue;
    const double told = y * appeal_[row] / w;
    later_rate += told;
    for (std::size_t k = 0; k < p; ++k) later_slopes[k] -= told * slope[k];
  }
}

MomentSums FatigueMoments::sums(std::span<const double> parameters, std::span<const float> columns, bool with_variance) const {
  const auto m = static_cast<Eigen::Index>(instruments_), p = static_cast<Eigen::Index>(parameters_);
  MomentSums sums{Eigen::VectorXd::Zero(m), {}, with_variance ? Eigen::MatrixXd(Eigen::MatrixXd::Zero(m, m)) : Eigen::MatrixXd()};
  Scratch scratch(instruments_, parameters_);
  const Eigen::Map<const Eigen::VectorXd> of_customer(scratch.moments.data(), m);
  std::size_t begin = 0;
  for (const std::uint32_t end : sights_.ends()) {
    add_customer(begin, end, parameters, columns, scratch);
    sums.moments += of_customer;
    if (with_variance) sums.variance += of_customer * of_customer.transpose();
    begin = end;
  }
  sums.jacobian = Eigen::Map<const Eigen::MatrixXd>(scratch.jacobian.data(), m, p);
  return sums;
}

std::vector<MomentSums> FatigueMoments::sums_by_fold(std::span<const double> parameters, std::span<const float> columns, std::size_t folds) const {
  const auto m = static_cast<Eigen::Index>(instruments_), p = static_cast<Eigen::Index>(parameters_);
  std::vector<MomentSums> sums(folds, {Eigen::VectorXd::Zero(m), Eigen::MatrixXd::Zero(m, p), Eigen::MatrixXd::Zero(m, m)});
  std::vector<Scratch> scratch(folds, Scratch(instruments_, parameters_)); // a fold's jacobian adds up in its own
  std::size_t begin = 0, customer = 0;
  for (const std::uint32_t end : sights_.ends()) {
    Scratch& own = scratch[customer % folds];
    MomentSums& fold = sums[customer++ % folds];
    add_customer(begin, end, parameters, columns, own);
    const Eigen::Map<const Eigen::VectorXd> of_customer(own.moments.data(), m);
    fold.moments += of_customer;
    fold.variance += of_customer * of_customer.transpose();
    begin = end;
  }
  for (std::size_t fold = 0; fold < folds; ++fold) sums[fold].jacobian = Eigen::Map<const Eigen::MatrixXd>(scratch[fold].jacobian.data(), m, p);
  return sums;
}

std::vector<double> FatigueMoments::later_rates(std::span<const double> parameters, std::span<const float> columns, std::span<const float> own_beta) const {
  const auto rows = sights_.rows();
  std::vector<double> rates(rows.size(), std::numeric_limits<double>::quiet_NaN());
  std::size_t begin = 0;
  for (const std::uint32_t end : sights_.ends()) {
    double later = 0, later_rate = 0;
    for (std::size_t row = end; row-- > begin;) {
      if (!sights_.takes_part(row)) continue;
      if (later > 0) rates[row] = later_rate / later;
      double w = worn(row, parameters, columns);
      if (!own_beta.empty() && rows[row].response > 0) w *= std::exp((parameters[0] - static_cast<double>(own_beta[row])) * static_cast<double>(columns[row * sights_.kinds()]));
      later += appeal_[row];
      later_rate += static_cast<double>(rows[row].response) * appeal_[row] / w;
    }
    begin = end;
  }
  return rates;
}

} // namespace takt
