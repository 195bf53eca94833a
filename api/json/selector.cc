#include "api/json/selector.h"

#include <algorithm>
#include <array>

namespace takt {

namespace {

constexpr std::size_t category_depth_max = 10;

constexpr std::array<std::pair<std::string_view, Per>, 10> per_names{{
    {"item", Per::item}, {"group", Per::group}, {"category", Per::category}, {"brand", Per::brand}, {"campaign", Per::campaign},
    {"kind", Per::kind}, {"tag", Per::tag}, {"channel", Per::channel}, {"placement", Per::placement}, {"all", Per::all},
}};

void sort_distinct(std::vector<Symbol>& symbols) {
  std::sort(symbols.begin(), symbols.end());
  symbols.erase(std::unique(symbols.begin(), symbols.end()), symbols.end());
}

/// A list of paths; the symbol of a path's last prefix stands for its subtree.
std::vector<Symbol> parse_categories(Fields& fields, SymbolTable& symbols) {
  std::vector<Symbol> found;
  for (const auto& [path, pointer] : fields.list("categories", limits::selector_values_max)) {
    if (!path.is(JsonKind::array) || path.size() == 0 || path.size() > category_depth_max) {
      fields.complaints().add(pointer, "must be a path from the root: a list of 1 to 10 names");
      continue;
    }
    std::vector<std::string> parts;
    for (const JsonValue part : path.elements()) {
      if (part.is(JsonKind::string) && !part.text().empty() && !objection_to_text(part.text(), limits::id_bytes_max)) parts.emplace_back(part.text());
      else fields.complaints().add(pointer_to(pointer, parts.size()), "must be the name of a category");
    }
    if (parts.size() == path.size()) found.push_back(symbols.intern_path(parts).back());
  }
  sort_distinct(found);
  return found;
}

} // namespace

std::vector<Symbol> parse_symbols(Fields& fields, std::string_view key, SymbolTable& symbols) {
  std::vector<Symbol> found;
  for (const std::string& name : fields.texts(key, limits::selector_values_max)) found.push_back(symbols.intern(name));
  sort_distinct(found);
  return found;
}

std::optional<Selector> parse_selector(Fields& fields, std::string_view key, SymbolTable& symbols) {
  const auto value = fields.take(key);
  if (!value) return std::nullopt;
  Fields inner(*value, fields.pointer(key), fields.complaints());
  Selector selector;
  const auto list = [&](std::string_view name, std::optional<std::vector<Symbol>>& target) {
    if (inner.has(name)) target = parse_symbols(inner, name, symbols);
    else inner.take(name);
  };
  list("kinds", selector.kinds);
  list("tags", selector.tags);
  list("brands", selector.brands);
  list("campaigns", selector.campaigns);
  list("items", selector.items);
  list("groups", selector.groups);
  list("purposes", selector.purposes);
  list("channels", selector.channels);
  list("placements", selector.placements);
  if (inner.has("categories")) selector.categories = parse_categories(inner, symbols);
  else inner.take("categories");
  inner.finish();
  return selector;
}

std::vector<Per> parse_per(Fields& fields, std::vector<Per> otherwise) {
  const auto value = fields.take("per");
  if (!value) return otherwise;
  std::vector<Per> found;
  const auto add = [&](JsonValue name, const std::string& pointer) {
    const std::string_view text = name.is(JsonKind::string) ? name.text() : std::string_view{};
    const auto known = std::find_if(per_names.begin(), per_names.end(), [text](const auto& entry) { return entry.first == text; });
    if (known == per_names.end())
      fields.complaints().add(pointer, "must be one of item, group, category, brand, campaign, kind, tag, channel, placement, all");
    else if (std::find(found.begin(), found.end(), known->second) != found.end()) fields.complaints().add(pointer, "is there twice");
    else found.push_back(known->second);
  };
  if (value->is(JsonKind::array)) {
    if (value->size() == 0) fields.complain("per", "must name at least one key");
    for (const auto& [name, pointer] : fields.list("per", per_names.size())) add(name, pointer);
  } else {
    add(*value, fields.pointer("per"));
  }
  return found.empty() ? otherwise : found;
}

} // namespace takt
