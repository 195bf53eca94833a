#!/usr/bin/env python3
"""dunnhumby "The Complete Journey" (a US grocer, 2017; the R package's tables) as Takt's NDJSON.

Items: the products that occur in a basket, and one offer per campaign that reached somebody. Then, in time order:
  a basket                    → Order Completed (branch), one per basket_id, lines without a quantity left out
  a household in a campaign   → Message Delivered on email, item = the campaign, at 09:00 of the campaign's first day
  a redeemed coupon           → Message Clicked on email, item = the campaign, at 12:00 of the day
The input is a directory with the tables as CSV (.xz, .gz); transactions may be a sample.
"""
import collections
import datetime
import decimal
import sys

import takt_ndjson

EURO_PER_DOLLAR = 0.885  # ECB, mean of 2017
# The campaigns came by post. Takt's channel for what is delivered, and seen later or never, is email.
CHANNEL = "email"
ID_COLUMNS = ("household_id", "basket_id", "product_id", "campaign_id", "coupon_upc")


def with_plain_ids(rows):
    """R writes 900000 as 9e+05; an id is digits."""
    for row in rows:
        for column in ID_COLUMNS:
            if "e+" in row.get(column, ""):
                row[column] = str(int(decimal.Decimal(row[column])))
        yield row


def campaign_item(campaign):
    return f"campaign-{campaign}"


def title_of(product):
    words = [product["product_type"] or product["product_category"] or product["department"] or "Product", product["package_size"]]
    return takt_ndjson.plain_title(" ".join(word for word in words if word))


def product_items(products, unit_prices, prices):
    for product in sorted(products, key=lambda entry: int(entry["product_id"])):
        seen = unit_prices.get(product["product_id"])
        if not seen:
            continue
        path = [takt_ndjson.plain_title(product[column]) for column in ("department", "product_category", "product_type") if product[column]]
        item = {"type": "item", "id": product["product_id"], "kind": "product", "title": title_of(product), "category": path,
                "brand": f"maker {product['manufacturer_id']}", "tags": [product["brand"].lower()] if product["brand"] else []}
        total, quantity = seen
        if total > 0:
            item["price"] = prices.money(total / quantity)
        yield item


def campaign_items(descriptions, coupons_by_campaign):
    for campaign in descriptions:
        number = campaign["campaign_id"]
        yield {"type": "item", "id": campaign_item(number), "kind": "offer", "campaign": number, "channels": [CHANNEL],
               "title": f"Coupons of campaign {number} ({campaign['campaign_type']})", "tags": [campaign["campaign_type"].lower()],
               "attributes": {"coupons": coupons_by_campaign[number]}}


def baskets_of(transactions):
    """basket_id → [household, timestamp, {product: (quantity, paid)}], in the order of the file."""
    baskets = {}
    for row in transactions:
        quantity = int(row["quantity"])
        if quantity <= 0:
            continue
        basket = baskets.setdefault(row["basket_id"], [row["household_id"], row["transaction_timestamp"], {}])
        known, paid = basket[2].get(row["product_id"], (0, 0.0))
        # What the customer paid per line; the shelf price is that plus the discounts.
        basket[2][row["product_id"]] = (known + quantity, paid + float(row["sales_value"]))
    return baskets


def unit_prices_of(baskets):
    """product → (paid, quantity) over all baskets."""
    totals = collections.defaultdict(lambda: (0.0, 0))
    for _, _, lines in baskets.values():
        for product, (quantity, paid) in lines.items():
            total, count = totals[product]
            totals[product] = (total + paid, count + quantity)
    return totals


def order_events(baskets, prices):
    for basket, (household, timestamp, lines) in baskets.items():
        products = [{"product_id": product, "quantity": quantity, "price": prices.amount(paid / quantity)}
                    for product, (quantity, paid) in lines.items()]
        yield {"type": "track", "event": "Order Completed", "messageId": basket, "timestamp": timestamp, "userId": household,
               "context": {"channel": "branch"}, "properties": {"order_id": basket, "currency": prices.currency, "products": products}}


def message_event(event, message_id, at, household, campaign):
    return {"type": "track", "event": event, "messageId": message_id, "timestamp": takt_ndjson.utc(at), "userId": household,
            "properties": {"channel": CHANNEL, "item_id": campaign_item(campaign), "campaign_id": campaign}}


def contact_events(contacts, descriptions):
    starts = {row["campaign_id"]: takt_ndjson.parse_day(row["start_date"]) for row in descriptions}
    for contact in contacts:
        campaign, household = contact["campaign_id"], contact["household_id"]
        yield message_event("Message Delivered", f"contact-{campaign}-{household}", starts[campaign] + datetime.timedelta(hours=9),
                            household, campaign)


def redemption_events(redemptions):
    ordinals = collections.Counter()
    for row in redemptions:
        key = (row["campaign_id"], row["household_id"], row["coupon_upc"], row["redemption_date"])
        ordinals[key] += 1  # the same coupon, twice on one day, is two redemptions
        message_id = "-".join(["redemption", *key[:3], row["redemption_date"], str(ordinals[key])])
        at = takt_ndjson.parse_day(row["redemption_date"]) + datetime.timedelta(hours=12)
        yield message_event("Message Clicked", message_id, at, row["household_id"], row["campaign_id"])


def convert_tables(tables, prices):
    """tables: products, transactions, campaigns, campaign_descriptions, coupons, coupon_redemptions as lists of rows."""
    baskets = baskets_of(tables["transactions"])
    reached = {row["campaign_id"] for row in tables["campaigns"]} | {row["campaign_id"] for row in tables["coupon_redemptions"]}
    descriptions = [row for row in tables["campaign_descriptions"] if row["campaign_id"] in reached]
    coupons = collections.defaultdict(set)
    for row in tables["coupons"]:
        coupons[row["campaign_id"]].add(row["coupon_upc"])
    yield from product_items(tables["products"], unit_prices_of(baskets), prices)
    yield from campaign_items(descriptions, {campaign: len(upcs) for campaign, upcs in coupons.items()} | {
        row["campaign_id"]: 0 for row in descriptions if row["campaign_id"] not in coupons})
    events = [*order_events(baskets, prices), *contact_events(tables["campaigns"], descriptions),
              *redemption_events(tables["coupon_redemptions"])]
    yield from sorted(events, key=lambda event: (event["timestamp"], event["messageId"]))


TABLES = {
    "products": (["products.csv"], ["product_id", "manufacturer_id", "department", "brand", "product_category", "product_type", "package_size"]),
    "transactions": (["transactions.csv", "transactions_sample.csv"],
                     ["household_id", "basket_id", "product_id", "quantity", "sales_value", "transaction_timestamp"]),
    "campaigns": (["campaigns.csv"], ["campaign_id", "household_id"]),
    "campaign_descriptions": (["campaign_descriptions.csv"], ["campaign_id", "campaign_type", "start_date"]),
    "coupons": (["coupons.csv"], ["coupon_upc", "campaign_id"]),
    "coupon_redemptions": (["coupon_redemptions.csv"], ["household_id", "coupon_upc", "campaign_id", "redemption_date"]),
}


def add_arguments(parser):
    parser.add_argument("input", nargs="?", help="directory of the tables; default: the shared copy")
    takt_ndjson.add_common_arguments(parser, "USD", EURO_PER_DOLLAR)


def convert(options):
    directory = options.input or takt_ndjson.shared_data() / "complete_journey"
    tables = {name: list(with_plain_ids(takt_ndjson.read_csv(takt_ndjson.find_file(directory, stems), needed)))
              for name, (stems, needed) in TABLES.items()}
    yield from convert_tables(tables, takt_ndjson.prices_of(options))


if __name__ == "__main__":
    sys.exit(takt_ndjson.run(__doc__, add_arguments, convert))
