#include "engine/train/learn_repurchase.h"

#include <algorithm>
#include <cmath>
#include <set>

namespace takt {
namespace {

constexpr Duration one_purchase = days(1);

/// The middle one, or between the middle two.
double median_of(std::vector<double>& values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  if (values.size() % 2 == 1) return *middle;
  return (*middle + *std::max_element(values.begin(), middle)) / 2;
}

/// What the units of one category say.
struct Gathered {
  std::vector<double> medians_ms;
  std::uint64_t customers = 0, intervals = 0;
};

class Cycles {
public:
  void add(const CustomerRecord& record, UtcTime now) {
    if (record.version == 0 || record.is_bot || record.sealed_into) return;
    ++customers_;
    std::map<Symbol, std::pair<SymbolList, std::vector<UtcTime>>> bought; // by full category
    for (const Order& order : record.orders) {
      if (order.at > now) continue;
      ++orders_;
      for (const OrderLine& line : order.lines) {
        if (line.quantity <= 0 || line.category.empty()) continue;
        auto& [path, times] = bought[line.category.back()];
        path = line.category;
        times.push_back(order.at);
      }
    }
    std::set<Symbol> heard; // categories this customer is counted in already
    for (auto& [category, unit] : bought) add_unit(unit.first, unit.second, heard);
  }

  std::shared_ptr<const RepurchaseModel> model(const LearnRepurchaseOptions& options) && {
    auto model = std::make_shared<RepurchaseModel>();
    model->customers_needed = options.customers_min;
    model->customers = customers_;
    model->orders = orders_;
    if (everything_.medians_ms.empty()) return model;
    const double overall = median_of(everything_.medians_ms);
    // Parents before their children, whatever their symbols are.
    std::vector<Symbol> order;
    for (const auto& [category, gathered] : by_category_) order.push_back(category);
    std::stable_sort(order.begin(), order.end(), [&](Symbol one, Symbol other) { return depth_.at(one) < depth_.at(other); });
    std::map<Symbol, double> drawn_ms;
    for (const Symbol category : order) {
      Gathered& gathered = by_category_.at(category);
      const auto parent = drawn_ms.find(parent_.at(category));
      const double own = median_of(gathered.medians_ms), prior = parent == drawn_ms.end() ? overall : parent->second;
      const auto weight = static_cast<double>(gathered.customers);
      const double drawn = std::exp((weight * std::log(own) + options.strength * std::log(prior)) / (weight + options.strength));
      drawn_ms.emplace(category, drawn);
      if (gathered.customers < options.customers_min) model->refused.emplace(category, gathered.customers);
      else model->by_category.emplace(category, RepurchaseCycle{length_of(drawn), length_of(own), gathered.customers, gathered.intervals});
    }
    return model;
  }

private:
  static Duration length_of(double ms) { return Duration(std::llround(ms)); }

  void add_unit(const SymbolList& path, std::vector<UtcTime>& times, std::set<Symbol>& heard) {
    std::sort(times.begin(), times.end());
    std::vector<double> gaps_ms;
    UtcTime purchase = times.front();
    for (const UtcTime at : times) {
      if (at - purchase < one_purchase) continue;
      gaps_ms.push_back(static_cast<double>((at - purchase).count()));
      purchase = at;
    }
    if (gaps_ms.empty()) return;
    const std::uint64_t intervals = gaps_ms.size();
    const double median = median_of(gaps_ms);
    everything_.medians_ms.push_back(median);
    Symbol parent = Symbol::none;
    std::size_t depth = 0;
    for (const Symbol category : path) {
      Gathered& gathered = by_category_[category];
      gathered.medians_ms.push_back(median);
      gathered.intervals += intervals;
      if (heard.insert(category).second) ++gathered.customers;
      parent_[category] = parent;
      depth_[category] = depth++;
      parent = category;
    }
  }

  std::map<Symbol, Gathered> by_category_;
  std::map<Symbol, Symbol> parent_;
  std::map<Symbol, std::size_t> depth_;
  Gathered everything_;
  std::uint64_t customers_ = 0, orders_ = 0;
};

} // namespace

Result<std::shared_ptr<const RepurchaseModel>> learn_repurchase(Store& store, const LearnRepurchaseOptions& options, const std::function<void(double)>& progress) {
  std::vector<CustomerId> customers;
  TAKT_TRY_VOID(store.records().for_each_customer([&](CustomerId customer) {
    customers.push_back(customer);
    return true;
  }));
  Cycles cycles;
  constexpr std::size_t report_every = 1024;
  for (std::size_t i = 0; i < customers.size(); ++i) {
    TAKT_TRY(record, store.records().read(customers[i], Deadline{}));
    cycles.add(*record, options.now);
    if (i % report_every == 0) progress(static_cast<double>(i) / static_cast<double>(customers.size()));
  }
  return std::move(cycles).model(options);
}

} // namespace takt
