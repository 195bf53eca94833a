#include "engine/catalogue.h"

#include "core/hash.h"
#include "engine/condition.h"
#include "engine/text.h"

#include <algorithm>
#include <numeric>

namespace takt {
namespace {

/// A list is read from its front until a source is full (limits::per_source_max), with room for what is dropped on the way.
constexpr std::size_t list_rows_max = 1000;

SymbolList intern_all(const std::vector<std::string>& texts, SymbolTable& symbols) {
  SymbolList all;
  for (const std::string& text : texts)
    if (!text.empty()) all.push_back(symbols.intern(text));
  std::sort(all.begin(), all.end());
  all.erase(std::unique(all.begin(), all.end()), all.end());
  return all;
}

ItemFacts facts_of(const Item& item) {
  ItemFacts facts;
  facts.active = item.active;
  facts.sold_out = item.stock && *item.stock <= 0;
  facts.everywhere = item.channels.empty() && item.regions.empty();
  facts.for_everybody = !item.audience;
  facts.has_price = item.price.has_value();
  facts.has_value = item.value_micros.has_value();
  facts.price = item.price ? item.price->amount() : 0.0;
  facts.value = item.value_micros ? static_cast<double>(*item.value_micros) / 1e6 : 0.0;
  facts.added_at = item.added_at;
  facts.starts_at = item.starts_at.value_or(UtcTime::min());
  facts.ends_at = item.ends_at.value_or(UtcTime::max());
  return facts;
}

std::shared_ptr<CatalogueItem> compile(Item item, SymbolTable& symbols) {
  auto row = std::make_shared<CatalogueItem>();
  LabelSet& labels = row->labels;
  row->id_hash = hash64(item.id.text());
  labels.item = symbols.intern(item.id.text());
  labels.kind = symbols.intern(item.kind);
  labels.group = item.group.empty() ? labels.item : symbols.intern(item.group);
  labels.brand = symbols.intern(item.brand);
  labels.campaign = symbols.intern(item.campaign);
  labels.purpose = symbols.intern(item.purpose);
  labels.category = symbols.intern_path(item.category);
  labels.tags = intern_all(item.tags, symbols);
  row->channels = intern_all(item.channels, symbols);
  row->aliases = intern_all(item.aliases, symbols);
  row->title_words = title_words(item.title);
  row->facts = facts_of(item);
  if (item.audience) row->audience = ConditionProgram::compile(*item.audience, symbols, NewLabels::intern);
  row->item = std::move(item);
  return row;
}

/// Would both stand in the same lists, under the same names?
bool same_place(const CatalogueItem& a, const CatalogueItem& b) {
  return a.removed == b.removed && a.labels.kind == b.labels.kind && a.labels.category == b.labels.category &&
         a.item.added_at == b.item.added_at && a.item.aliases == b.item.aliases;
}

} // namespace

std::shared_ptr<const Catalogue> Catalogue::build(std::vector<Item> items, SymbolTable& symbols, std::uint64_t version) {
  std::shared_ptr<Catalogue> catalogue(new Catalogue());
  catalogue->version_ = version;
  catalogue->service_kind_ = symbols.intern("service");
  // Rows in the order of ids: the same items in another order give the same catalogue.
  std::stable_sort(items.begin(), items.end(), [](const Item& a, const Item& b) { return a.id < b.id; });
  catalogue->rows_.reserve(items.size());
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (i + 1 < items.size() && items[i + 1].id == items[i].id) continue;
    catalogue->rows_.push_back(compile(std::move(items[i]), symbols));
  }
  catalogue->removed_.assign(catalogue->rows_.size(), 0);
  catalogue->order_rows(0);
  catalogue->index_rows();
  std::vector<ItemIndex> all(catalogue->rows_.size());
  std::iota(all.begin(), all.end(), ItemIndex{0});
  catalogue->copy_fronts(std::move(all));
  return catalogue;
}

std::shared_ptr<const Catalogue> Catalogue::with(std::vector<Item> changed, std::span<const ItemId> removed, SymbolTable& symbols,
                                                 std::uint64_t version) const {
  std::shared_ptr<Catalogue> next(new Catalogue(*this));
  next->version_ = version;
  const std::size_t known_rows = rows_.size();
  bool lists_hold = true;
  std::vector<ItemIndex> touched;
  for (Item& item : changed) {
    const bool has_aliases = !item.aliases.empty();
    auto row = compile(std::move(item), symbols);
    const std::optional<ItemIndex> place = next->row_of_id(row->labels.item, row->item.id);
    if (place) {
      lists_hold = lists_hold && *place < known_rows && same_place(next->at(*place), *row);
      next->rows_[*place] = std::move(row);
      next->removed_[*place] = 0;
      touched.push_back(*place);
    } else {
      lists_hold = lists_hold && !has_aliases;
      next->rows_.push_back(std::move(row));
      next->removed_.push_back(0);
      touched.push_back(static_cast<ItemIndex>(next->rows_.size() - 1));
      next->name_symbol(next->rows_.back()->labels.item, static_cast<ItemIndex>(next->rows_.size() - 1));
    }
  }
  for (const ItemId& id : removed) {
    const std::optional<ItemIndex> place = next->row_of_id(symbols.find(id.text()), id);
    if (!place || next->at(*place).removed) continue;
    auto tombstone = std::make_shared<CatalogueItem>(next->at(*place));
    tombstone->removed = true;
    tombstone->facts.active = false;
    next->rows_[*place] = std::move(tombstone);
    next->removed_[*place] = 1;
    touched.push_back(*place);
    lists_hold = false;
  }
  if (next->rows_.size() > known_rows) next->order_rows(known_rows);
  if (!lists_hold)
    next->index_rows();
  else
    for (std::size_t row = known_rows; row < next->rows_.size(); ++row) next->list_row(static_cast<ItemIndex>(row));
  next->copy_fronts(std::move(touched));
  return next;
}

std::optional<ItemIndex> Catalogue::find(Symbol item) const {
  const auto symbol = static_cast<std::size_t>(item);
  const std::uint32_t named = symbol < by_symbol_.size() ? by_symbol_[symbol] : 0;
  if (named == 0 || (named & tombstone_bit) != 0) return std::nullopt;
  return named - 1;
}

/// Puts the fronts of these rows into their blocks; a block that an older catalogue also has is copied first.
void Catalogue::copy_fronts(std::vector<ItemIndex> changed) {
  std::sort(changed.begin(), changed.end());
  fronts_.resize((rows_.size() + fronts_per_block - 1) / fronts_per_block);
  for (auto from = changed.begin(); from != changed.end();) {
    const std::size_t block = *from / fronts_per_block;
    const auto fronts = std::make_shared<ItemFront[]>(fronts_per_block);
    if (fronts_[block]) std::copy_n(fronts_[block].get(), fronts_per_block, fronts.get());
    for (; from != changed.end() && *from / fronts_per_block == block; ++from) fronts[*from % fronts_per_block] = *rows_[*from];
    fronts_[block] = fronts;
  }
}

bool Catalogue::is_named(Symbol name) const {
  const auto symbol = static_cast<std::size_t>(name);
  return symbol < by_symbol_.size() && by_symbol_[symbol] != 0;
}

/// The row of this very id, tombstones included.
std::optional<ItemIndex> Catalogue::row_of_id(Symbol item, const ItemId& id) const {
  if (item == Symbol::none || !is_named(item)) return std::nullopt;
  const ItemIndex named = (by_symbol_[static_cast<std::size_t>(item)] & ~tombstone_bit) - 1;
  if (rows_[named]->labels.item == item) return named;
  // The name is an alias now; a tombstone may lie behind it.
  const auto place = std::lower_bound(by_id_.begin(), by_id_.end(), id, [this](ItemIndex row, const ItemId& wanted) { return rows_[row]->item.id < wanted; });
  if (place == by_id_.end() || rows_[*place]->item.id != id) return std::nullopt;
  return *place;
}

std::span<const ItemIndex> Catalogue::in_category(Symbol prefix) const {
  const auto found = by_category_.find(prefix);
  return found == by_category_.end() ? std::span<const ItemIndex>{} : std::span<const ItemIndex>{found->second};
}

std::span<const ItemIndex> Catalogue::of_kind(Symbol kind) const {
  const auto found = by_kind_.find(kind);
  return found == by_kind_.end() ? std::span<const ItemIndex>{} : std::span<const ItemIndex>{found->second};
}

std::span<const ItemIndex> Catalogue::services() const { return of_kind(service_kind_); }

bool Catalogue::newer(ItemIndex a, ItemIndex b) const {
  const UtcTime added_a = rows_[a]->item.added_at, added_b = rows_[b]->item.added_at;
  return added_a != added_b ? added_a > added_b : rank_[a] < rank_[b];
}

/// The rows from sorted_count on take their places among the sorted ones: O(new · log n) comparisons of ids and one pass.
void Catalogue::order_rows(std::size_t sorted_count) {
  const auto smaller = [this](ItemIndex a, ItemIndex b) { return rows_[a]->item.id < rows_[b]->item.id; };
  std::vector<ItemIndex> fresh;
  for (std::size_t row = sorted_count; row < rows_.size(); ++row) fresh.push_back(static_cast<ItemIndex>(row));
  std::sort(fresh.begin(), fresh.end(), smaller);
  std::vector<ItemIndex> merged;
  merged.reserve(rows_.size());
  auto from = by_id_.begin();
  for (const ItemIndex row : fresh) {
    const auto place = std::lower_bound(from, by_id_.end(), row, smaller);
    merged.insert(merged.end(), from, place);
    merged.push_back(row);
    from = place;
  }
  merged.insert(merged.end(), from, by_id_.end());
  by_id_ = std::move(merged);
  rank_.resize(rows_.size());
  for (std::size_t place = 0; place < by_id_.size(); ++place) rank_[by_id_[place]] = static_cast<std::uint32_t>(place);
}

void Catalogue::name_symbol(Symbol name, ItemIndex index) {
  const auto symbol = static_cast<std::size_t>(name);
  if (symbol >= by_symbol_.size()) by_symbol_.resize(symbol + symbol / 8 + 1, 0);
  by_symbol_[symbol] = (index + 1) | (is_removed(index) ? tombstone_bit : 0);
}

/// Adds one row to the lists it belongs to, in their order.
void Catalogue::list_row(ItemIndex index) {
  const CatalogueItem& row = *rows_[index];
  const auto put = [&](std::vector<ItemIndex>& list, auto&& before) {
    list.insert(std::upper_bound(list.begin(), list.end(), index, before), index);
    if (list.size() > list_rows_max) list.pop_back();
  };
  const auto smaller = [this](ItemIndex a, ItemIndex b) { return rank_[a] < rank_[b]; };
  for (const Symbol prefix : row.labels.category) put(by_category_[prefix], smaller);
  put(by_kind_[row.labels.kind], smaller);
  if (row.item.added_at > UtcTime{}) put(newest_, [this](ItemIndex a, ItemIndex b) { return newer(a, b); });
}

void Catalogue::index_rows() {
  by_symbol_.assign(by_symbol_.size(), 0);
  by_category_.clear();
  by_kind_.clear();
  newest_.clear();
  for (const ItemIndex index : by_id_)
    if (!rows_[index]->removed) name_symbol(rows_[index]->labels.item, index);
  const auto put = [](std::vector<ItemIndex>& list, ItemIndex index) {
    if (list.size() < list_rows_max) list.push_back(index);
  };
  for (const ItemIndex index : by_id_) {
    const CatalogueItem& row = *rows_[index];
    if (row.removed) continue;
    for (const Symbol prefix : row.labels.category) put(by_category_[prefix], index);
    put(by_kind_[row.labels.kind], index);
    if (row.item.added_at > UtcTime{}) newest_.push_back(index);
    for (const Symbol alias : row.aliases)
      if (!is_named(alias)) name_symbol(alias, index);
  }
  for (const ItemIndex index : by_id_) // last: what an item was renamed from is found under its new name
    if (rows_[index]->removed && !is_named(rows_[index]->labels.item)) name_symbol(rows_[index]->labels.item, index);
  const auto shown = static_cast<std::ptrdiff_t>(std::min(newest_.size(), list_rows_max));
  std::partial_sort(newest_.begin(), newest_.begin() + shown, newest_.end(), [this](ItemIndex a, ItemIndex b) { return newer(a, b); });
  newest_.resize(static_cast<std::size_t>(shown));
  newest_.shrink_to_fit();
}

} // namespace takt
