#include "api/merchant_feed.h"

#include <algorithm>
#include <array>
#include <map>
#include <nlohmann/json.hpp>
#include <string_view>
#include <vector>

namespace takt {
namespace {

using Json = nlohmann::ordered_json;
using Fields = std::map<std::string, std::string, std::less<>>;

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view blanks = " \t\r\n";
  const std::size_t begin = text.find_first_not_of(blanks);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(blanks) - begin + 1);
}

/// "Image Link", "g:image_link", "image_link" → "image_link".
std::string field_name(std::string_view text) {
  if (text.starts_with("g:")) text.remove_prefix(2);
  std::string name(trimmed(text));
  for (char& c : name) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    if (c == ' ') c = '_';
  }
  return name;
}

std::string_view value_of(const Fields& fields, std::string_view name) {
  const auto found = fields.find(name);
  return found == fields.end() ? std::string_view{} : std::string_view(found->second);
}

/// "79.90 EUR" or "EUR 79.90". What is not understood goes through as it is, so that parse_item can name it.
Json money_of(std::string_view text) {
  text = trimmed(text);
  const std::size_t blank = text.find(' ');
  if (blank == std::string_view::npos) return {{"amount", text}};
  std::string_view first = text.substr(0, blank), second = trimmed(text.substr(blank));
  if (!first.empty() && first.front() >= 'A' && first.front() <= 'Z') std::swap(first, second);
  std::string amount(first);
  amount.erase(std::remove(amount.begin(), amount.end(), ','), amount.end()); // thousands, as Google writes them
  return {{"amount", amount}, {"currency", second}};
}

Json category_of(std::string_view text) {
  Json path = Json::array();
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('>'), text.size());
    const std::string_view part = trimmed(text.substr(0, end));
    if (!part.empty()) path.push_back(part);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return path;
}

constexpr std::array attributes_kept{"description", "color", "size", "gender", "age_group", "material", "pattern", "gtin", "mpn", "condition"};

std::string to_item(const Fields& fields) {
  Json item{{"id", value_of(fields, "id")}, {"kind", "product"}, {"title", value_of(fields, "title")}};
  const auto put = [&](const char* name, std::string_view value) {
    if (!value.empty()) item[name] = value;
  };
  put("url", value_of(fields, "link"));
  put("image", value_of(fields, "image_link"));
  put("brand", value_of(fields, "brand"));
  put("group", value_of(fields, "item_group_id"));
  const std::string_view price = value_of(fields, "price"), sale = value_of(fields, "sale_price");
  if (!price.empty()) item["price"] = money_of(sale.empty() ? price : sale);
  if (!price.empty() && !sale.empty()) item["list_price"] = money_of(price);
  const std::string_view type = value_of(fields, "product_type");
  const std::string_view google = value_of(fields, "google_product_category"); // often a number: no path then
  if (!type.empty()) item["category"] = category_of(type);
  else if (google.find_first_not_of("0123456789") != std::string_view::npos) item["category"] = category_of(google);
  const std::string availability = field_name(value_of(fields, "availability"));
  if (availability == "out_of_stock") item["stock"] = 0;
  for (const char* label : {"custom_label_0", "custom_label_1", "custom_label_2", "custom_label_3", "custom_label_4"})
    if (const std::string_view value = value_of(fields, label); !value.empty()) item["tags"].push_back(value);
  for (const char* name : attributes_kept)
    if (const std::string_view value = value_of(fields, name); !value.empty()) item["attributes"][name] = value.substr(0, 1000);
  return item.dump(-1, ' ', false, Json::error_handler_t::replace);
}

// ---- tab-separated

std::vector<std::string> columns_of(std::string_view line) {
  std::vector<std::string> columns;
  for (;;) {
    const std::size_t end = std::min(line.find('\t'), line.size());
    std::string value(trimmed(line.substr(0, end)));
    if (value.size() >= 2 && value.front() == '"' && value.back() == '"') {
      value = value.substr(1, value.size() - 2);
      for (std::size_t at = 0; (at = value.find("\"\"", at)) != std::string::npos; ++at) value.erase(at, 1);
    }
    columns.push_back(std::move(value));
    if (end == line.size()) return columns;
    line.remove_prefix(end + 1);
  }
}

Status read_table(LineReader& reader, const std::string& header, std::size_t number, const std::function<void(std::size_t, std::string)>& visit) {
  std::vector<std::string> names = columns_of(header);
  for (std::string& name : names) name = field_name(name);
  if (std::find(names.begin(), names.end(), "id") == names.end())
    return fail(ErrorCode::malformed, "a Merchant feed is XML, or tab-separated with a first line that names its columns, id among them");
  std::string line;
  for (;;) {
    TAKT_TRY(more, reader.next(line));
    if (!more) return {};
    ++number;
    if (trimmed(line).empty()) continue;
    const std::vector<std::string> values = columns_of(line);
    Fields fields;
    for (std::size_t i = 0; i < std::min(names.size(), values.size()); ++i)
      if (!values[i].empty()) fields.emplace(names[i], values[i]);
    visit(number, to_item(fields));
  }
}

// ---- XML: only what feeds use. No DTD, no entities but the five of XML and characters by number.

void append_character(std::string& text, unsigned long code) {
  if (code < 0x80) text.push_back(static_cast<char>(code));
  else if (code < 0x800) text.append({static_cast<char>(0xc0 | (code >> 6)), static_cast<char>(0x80 | (code & 63))});
  else if (code < 0x10000)
    text.append({static_cast<char>(0xe0 | (code >> 12)), static_cast<char>(0x80 | ((code >> 6) & 63)), static_cast<char>(0x80 | (code & 63))});
  else if (code < 0x110000)
    text.append({static_cast<char>(0xf0 | (code >> 18)), static_cast<char>(0x80 | ((code >> 12) & 63)), static_cast<char>(0x80 | ((code >> 6) & 63)),
                 static_cast<char>(0x80 | (code & 63))});
}

void append_entity(std::string& text, std::string_view name) {
  if (name == "amp") text.push_back('&');
  else if (name == "lt") text.push_back('<');
  else if (name == "gt") text.push_back('>');
  else if (name == "quot") text.push_back('"');
  else if (name == "apos") text.push_back('\'');
  else if (name.size() > 1 && name.front() == '#') {
    const bool hex = name[1] == 'x';
    append_character(text, std::strtoul(std::string(name.substr(hex ? 2 : 1)).c_str(), nullptr, hex ? 16 : 10));
  }
}

std::string decode_xml(std::string_view raw) {
  std::string text;
  while (!raw.empty()) {
    if (raw.starts_with("<![CDATA[")) {
      const std::size_t end = std::min(raw.find("]]>"), raw.size());
      text.append(raw.substr(9, end - 9));
      raw.remove_prefix(std::min(end + 3, raw.size()));
    } else if (raw.front() == '&' && raw.find(';') < 12) {
      const std::size_t end = raw.find(';');
      append_entity(text, raw.substr(1, end - 1));
      raw.remove_prefix(end + 1);
    } else {
      text.push_back(raw.front());
      raw.remove_prefix(1);
    }
  }
  return std::string(trimmed(text));
}

/// The direct children of one <item> or <entry>: name → text. Nested elements (shipping …) are skipped with their parent.
Fields fields_of_element(std::string_view body) {
  Fields fields;
  for (std::size_t at = 0; (at = body.find('<', at)) != std::string_view::npos;) {
    const std::size_t name_end = body.find_first_of(" />\t\r\n", at + 1), open_end = body.find('>', at);
    if (open_end == std::string_view::npos || name_end == std::string_view::npos) break;
    const std::string_view name = body.substr(at + 1, name_end - at - 1);
    if (name.empty() || name.front() == '/' || name.front() == '!' || name.front() == '?') {
      at = open_end + 1;
      continue;
    }
    if (body[open_end - 1] == '/') { // <link href="…"/> of Atom
      const std::string_view tag = body.substr(at, open_end - at);
      const std::size_t href = tag.find("href=\"");
      if (href != std::string_view::npos) fields.emplace(field_name(name), decode_xml(tag.substr(href + 6, tag.find('"', href + 6) - href - 6)));
      at = open_end + 1;
      continue;
    }
    const std::string closing = "</" + std::string(name) + ">";
    const std::size_t close = body.find(closing, open_end);
    if (close == std::string_view::npos) break;
    const std::string_view inner = body.substr(open_end + 1, close - open_end - 1);
    const bool nested = inner.find('<') != std::string_view::npos && inner.find("<![CDATA[") == std::string_view::npos;
    if (!nested) fields.emplace(field_name(name), decode_xml(inner));
    at = close + closing.size();
  }
  return fields;
}

Status read_xml(LineReader& reader, std::string text, std::size_t number, const std::function<void(std::size_t, std::string)>& visit) {
  std::string line;
  std::size_t first_line = number;
  for (;;) {
    for (const std::string_view element : {std::string_view("item"), std::string_view("entry")}) {
      const std::string open = "<" + std::string(element), close = "</" + std::string(element) + ">";
      for (std::size_t begin = 0; (begin = text.find(open)) != std::string::npos;) {
        const std::size_t end = text.find(close, begin), body = text.find('>', begin);
        if (end == std::string::npos || body > end) break;
        visit(first_line, to_item(fields_of_element(std::string_view(text).substr(body + 1, end - body - 1))));
        text.erase(0, end + close.size());
        first_line = number;
      }
    }
    TAKT_TRY(more, reader.next(line));
    if (!more) return {};
    ++number;
    if (trimmed(text).empty()) first_line = number;
    text.append(line).push_back('\n');
    if (text.size() > (std::size_t{4} << 20)) return fail(ErrorCode::malformed, "a product of the feed is larger than 4 MiB");
  }
}

} // namespace

Status read_merchant_feed(LineReader& reader, const std::function<void(std::size_t, std::string)>& visit) {
  std::string line;
  for (std::size_t number = 1;; ++number) {
    TAKT_TRY(more, reader.next(line));
    if (!more) return {};
    if (number == 1 && line.starts_with("\xef\xbb\xbf")) line.erase(0, 3);
    const std::string_view head = trimmed(line);
    if (head.empty()) continue;
    return head.front() == '<' ? read_xml(reader, line + "\n", number, visit) : read_table(reader, line, number, visit);
  }
}

} // namespace takt
