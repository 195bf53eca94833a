// Text to symbols, tree to rows.
#include "engine/condition_program.h"

#include <algorithm>

namespace takt {

ConditionProgram::ConditionProgram() = default;
ConditionProgram::~ConditionProgram() = default;

/// Recursion is bounded by limits::condition_depth_max, which the parser keeps (and the log's reader, at 32).
class ConditionCompiler {
public:
  ConditionCompiler(SymbolTable& symbols, NewLabels new_labels) : program_(new ConditionProgram()), symbols_(symbols), new_labels_(new_labels) {}
  void add(const Condition& condition);
  std::shared_ptr<const ConditionProgram> take() { return std::move(program_); }

private:
  using Node = ConditionProgram::Node;
  Symbol symbol_of(std::string_view text) { return new_labels_ == NewLabels::intern ? symbols_.intern(text) : symbols_.find(text); }
  Symbol path_symbol(const std::vector<std::string>& path);
  std::vector<Symbol> symbols_of(const std::vector<std::string>& texts);
  void compare(const Condition& condition, Node& node);
  void read_labels(const Condition& condition, Node& node);
  void count(const Occurrence& occurrence, OccurrenceRule& rule);

  std::shared_ptr<ConditionProgram> program_;
  SymbolTable& symbols_;
  NewLabels new_labels_;
};

namespace {

std::string joined(const std::vector<std::string>& path) {
  std::string text;
  for (const std::string& part : path) {
    if (!text.empty()) text += path_separator;
    text += part;
  }
  return text;
}

void sort_distinct(std::vector<Symbol>& symbols) {
  std::sort(symbols.begin(), symbols.end());
  symbols.erase(std::unique(symbols.begin(), symbols.end()), symbols.end());
}

ScalarValue constant_of(const Operand& operand) {
  if (const auto* flag = std::get_if<bool>(&operand)) return *flag;
  if (const auto* number = std::get_if<double>(&operand)) return *number;
  if (const auto* text = std::get_if<std::string>(&operand)) return *text;
  if (const auto* texts = std::get_if<std::vector<std::string>>(&operand)) return *texts;
  return {};
}

} // namespace

Symbol ConditionCompiler::path_symbol(const std::vector<std::string>& path) {
  if (new_labels_ == NewLabels::leave) return symbols_.find(joined(path));
  const SymbolList prefixes = symbols_.intern_path(path);
  return prefixes.empty() ? Symbol::none : prefixes.back();
}

/// Unknown ones are left out: no item and no record has them.
std::vector<Symbol> ConditionCompiler::symbols_of(const std::vector<std::string>& texts) {
  std::vector<Symbol> found;
  for (const std::string& text : texts)
    if (const Symbol symbol = symbol_of(text); symbol != Symbol::none) found.push_back(symbol);
  sort_distinct(found);
  return found;
}

/// Comparing numbers where symbols say the same as their texts: eq and in of one label, membership of a list, a path under another.
void ConditionCompiler::read_labels(const Condition& condition, Node& node) {
  static const CatalogueItem nothing;
  if (node.reference || !field_labels(node.field, nothing)) return;
  const FieldKind kind = *condition_field_kind(condition.field);
  const auto* text = std::get_if<std::string>(&condition.value);
  const auto* texts = std::get_if<std::vector<std::string>>(&condition.value);
  const bool is_one = kind == FieldKind::text, is_list = kind == FieldKind::list;
  switch (condition.op) {
  case ConditionOp::eq:
  case ConditionOp::ne:
    if (!is_one || !text) return;
    node.labels = symbols_of({*text});
    break;
  case ConditionOp::in:
  case ConditionOp::not_in:
    if ((!is_one && !is_list) || !texts) return;
    node.labels = symbols_of(*texts);
    break;
  case ConditionOp::contains:
    if (!is_list || !text) return;
    node.labels = symbols_of({*text});
    break;
  case ConditionOp::under:
    if (kind != FieldKind::path || !texts || texts->empty()) return;
    if (const Symbol root = path_symbol(*texts); root != Symbol::none) node.labels = {root};
    break;
  default: return;
  }
  node.by_labels = true;
  node.wants_label = condition.op != ConditionOp::ne && condition.op != ConditionOp::not_in;
}

void ConditionCompiler::compare(const Condition& condition, Node& node) {
  node.op = condition.op;
  node.constant = constant_of(condition.value);
  if (auto field = find_field(condition.field, symbols_, new_labels_)) node.field = std::move(*field);
  if (const auto* reference = std::get_if<FieldRef>(&condition.value)) node.reference = find_field(reference->path, symbols_, new_labels_);
  node.is_of_item = node.field.is_of_item() || (node.reference && node.reference->is_of_item());
  read_labels(condition, node);
}

void ConditionCompiler::count(const Occurrence& occurrence, OccurrenceRule& rule) {
  rule.book = occurrence.book;
  if (occurrence.book == Occurrence::Book::journey) {
    const auto known = journey_name(occurrence.event);
    if (known) {
      rule.kind = known->kind;
      rule.is_orders = known->is_orders;
    } else {
      rule.name = symbol_of(occurrence.event);
    }
  }
  const LabelTexts& match = occurrence.match;
  rule.matches_all = match == LabelTexts{};
  const auto read = [&](const std::vector<std::string>& texts, std::optional<std::vector<Symbol>>& wanted) {
    if (!texts.empty()) wanted = symbols_of(texts);
  };
  read(match.kinds, rule.match.kinds);
  read(match.tags, rule.match.tags);
  read(match.brands, rule.match.brands);
  read(match.campaigns, rule.match.campaigns);
  read(match.items, rule.match.items);
  read(match.groups, rule.match.groups);
  read(match.purposes, rule.match.purposes);
  read(match.channels, rule.match.channels);
  read(match.placements, rule.match.placements);
  for (const auto& path : match.categories) {
    rule.categories.push_back(joined(path));
    if (!rule.match.categories) rule.match.categories.emplace();
    if (const Symbol root = path_symbol(path); root != Symbol::none) rule.match.categories->push_back(root);
  }
  if (rule.match.categories) sort_distinct(*rule.match.categories);
  rule.within = occurrence.within;
  rule.at_least = occurrence.at_least;
  rule.at_most = occurrence.at_most;
}

void ConditionCompiler::add(const Condition& condition) {
  auto& nodes = program_->nodes_;
  const std::size_t place = nodes.size();
  nodes.emplace_back().kind = condition.kind;
  if (condition.kind == Condition::Kind::compare) compare(condition, nodes[place]);
  if (condition.kind == Condition::Kind::occurrence && condition.occurrence) count(*condition.occurrence, nodes[place].occurrence);
  if (condition.kind == Condition::Kind::audience) {
    nodes[place].audience = symbol_of(condition.field);
    program_->audiences_.push_back(nodes[place].audience);
  }
  for (const Condition& child : condition.children) {
    const std::size_t child_place = nodes.size();
    add(child);
    nodes[place].is_of_item |= nodes[child_place].is_of_item;
  }
  nodes[place].end = static_cast<std::uint32_t>(nodes.size());
}

std::shared_ptr<const ConditionProgram> ConditionProgram::compile(const Condition& condition, SymbolTable& symbols, NewLabels new_labels) {
  ConditionCompiler compiler(symbols, new_labels);
  compiler.add(condition);
  return compiler.take();
}

} // namespace takt
