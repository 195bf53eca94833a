#pragma once
/// A Google Merchant Center product feed (tab-separated, or RSS/Atom XML with g: names) as item documents of ours, one at a time.
/// id, title, link, image_link, price, sale_price, availability, brand, product_type, item_group_id, custom_label_0…4 have their own
/// places; what else is known (colour, size, gtin …) becomes attributes. Source: Google's product data specification.
/// Errors: those of LineReader; malformed (neither format). A single bad product is handed on as JSON and refused by parse_item.
#include "api/line_reader.h"

#include <cstddef>
#include <functional>
#include <string>

namespace takt {

/// `visit(line number, item document)`; the line is where the product begins.
Status read_merchant_feed(LineReader& reader, const std::function<void(std::size_t, std::string)>& visit);

} // namespace takt
