#!/usr/bin/env python3
"""UCI "Clickstream data for online shopping" (a shop for maternity clothes, 2008) as Takt's NDJSON.

Items are the clothing models: category = the main category, tags and attributes for colour and photography, price. Then one
Product Viewed per row. anonymousId and session are the session ID. The data knows days and the order of clicks, not the time of day:
a session starts at a moment between 08:00 and 20:00 that its number decides, and a click follows the one before by 40 seconds.
"""
import collections
import datetime
import sys
import zlib

import takt_ndjson

COLUMNS = ["year", "month", "day", "order", "session ID", "page 1 (main category)", "page 2 (clothing model)", "colour", "location",
           "model photography", "price", "page"]
SPELLINGS = {"order(sells)": "order"}
EURO_PER_DOLLAR = 0.68  # ECB, mean of 2008

CATEGORIES = {"1": "Trousers", "2": "Skirts", "3": "Blouses", "4": "Sale"}
COLOURS = {"1": "beige", "2": "black", "3": "blue", "4": "brown", "5": "burgundy", "6": "gray", "7": "green", "8": "navy blue",
           "9": "of many colours", "10": "olive", "11": "pink", "12": "red", "13": "violet", "14": "white"}
PHOTOGRAPHY = {"1": "en face", "2": "profile"}
START_SECOND, START_SPAN_SECONDS = 8 * 3600, 12 * 3600
# 192 clicks is the longest session: 20:00 + 192 × 40 s is still the same day.
SECONDS_PER_CLICK = 40


def commonest(counter):
    return min(counter.items(), key=lambda entry: (-entry[1], entry[0]))[0]


def items_of(rows, prices):
    looks = collections.defaultdict(collections.Counter)
    for row in rows:
        looks[row["page 2 (clothing model)"]][
            (row["page 1 (main category)"], row["colour"], row["model photography"], row["price"])] += 1
    for model in sorted(looks):
        main_category, colour_code, photography, price = commonest(looks[model])
        category, colour = CATEGORIES.get(main_category, "Other"), COLOURS.get(colour_code, "other")
        yield {"type": "item", "id": model, "kind": "product", "title": f"{category} {model}, {colour}", "category": [category],
               "tags": [colour], "price": prices.money(float(price)),
               "attributes": {"colour": colour, "photography": PHOTOGRAPHY.get(photography, "other")}}


def time_of(row):
    session, order = row["session ID"], int(row["order"])
    # CRC-32 spreads the starts over the day, the same on every machine.
    start = START_SECOND + zlib.crc32(session.encode()) % START_SPAN_SECONDS
    day = datetime.datetime(int(row["year"]), int(row["month"]), int(row["day"]))
    return day + datetime.timedelta(seconds=start + SECONDS_PER_CLICK * (order - 1))


def events_of(rows, prices):
    for row in sorted(rows, key=lambda entry: (time_of(entry), int(entry["session ID"]), int(entry["order"]))):
        session = row["session ID"]
        yield {"type": "track", "event": "Product Viewed", "messageId": f"{session}-{row['order']}", "timestamp": takt_ndjson.utc(time_of(row)),
               "anonymousId": session, "context": {"channel": "web", "session_id": session},
               "properties": {"product_id": row["page 2 (clothing model)"], "price": prices.amount(float(row["price"])),
                              "position": int(row["location"]), "page": int(row["page"])}}


def convert_rows(rows, prices):
    rows = list(rows)
    yield from items_of(rows, prices)
    yield from events_of(rows, prices)


def add_arguments(parser):
    parser.add_argument("input", nargs="?", help="the CSV (.xz, .gz, - for standard input); default: the shared copy")
    takt_ndjson.add_common_arguments(parser, "USD", EURO_PER_DOLLAR)


def convert(options):
    path = options.input or takt_ndjson.find_file(
        takt_ndjson.shared_data() / "eshop_clothing_2008", ["e-shop_clothing_2008.csv", "e-shop clothing 2008.csv"])
    yield from convert_rows(takt_ndjson.read_csv(path, COLUMNS, delimiter=";", rename=SPELLINGS), takt_ndjson.prices_of(options))


if __name__ == "__main__":
    sys.exit(takt_ndjson.run(__doc__, add_arguments, convert))
