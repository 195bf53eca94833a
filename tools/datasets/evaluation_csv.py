#!/usr/bin/env python3
"""Two public data sets as the CSV files of `takt evaluate` and `takt evaluate-sessions`, cut in time.

online-retail  purchases of known customers: training before 2011-09-01, test = September 2011. Cancellations, codes that are no products,
               lines without a quantity and blank customers are left out. Writes train.csv, test.csv, items.csv (item_id,text).
eshop          clicks of sessions: training before the last month, test = every prefix of the last month's sessions and its next click.
               Writes train.csv and test.csv. Sessions stand in the order of day and number, clicks in the order of the session.
"""
import argparse
import collections
import csv
import lzma
import pathlib
import sys

import eshop_clothing
import online_retail
import takt_ndjson

RETAIL_TEST_FROM, RETAIL_TEST_TO = "2011-09-01", "2011-10-01"


def retail_tables(rows):
    """{"train": rows, "test": rows, "items": rows} with their headers."""
    header = ("customer_id", "item_id", "timestamp", "event")
    tables = {"train": [header], "test": [header], "items": [("item_id", "text")]}
    invoices = [invoice for invoice in online_retail.read_invoices(rows, collections.Counter()) if not invoice.is_refund]
    for item in online_retail.items_of(invoices, takt_ndjson.Prices("GBP", 1.0)):
        tables["items"].append((item["id"], item["title"]))
    for invoice in sorted(invoices, key=lambda entry: (entry.at, entry.number)):
        if not invoice.customer or invoice.at >= RETAIL_TEST_TO:
            continue
        table = tables["train" if invoice.at < RETAIL_TEST_FROM else "test"]
        table.extend((invoice.customer, line.code, invoice.at, "purchase") for line in invoice.lines)
    return tables


def eshop_tables(rows):
    """{"train": rows, "test": rows} with their headers."""
    sessions = {}
    for row in sorted(rows, key=lambda row: (int(row["year"]), int(row["month"]), int(row["day"]), int(row["session ID"]), int(row["order"]))):
        sessions.setdefault(row["session ID"], []).append(row)
    last_month = max((int(clicks[0]["year"]), int(clicks[0]["month"])) for clicks in sessions.values())
    tables = {"train": [("session_id", "item_id")], "test": [("prefix", "target")]}
    for session, clicks in sessions.items():
        models = [click["page 2 (clothing model)"] for click in clicks]
        if (int(clicks[0]["year"]), int(clicks[0]["month"])) < last_month:
            tables["train"].extend((session, model) for model in models)
        else:
            tables["test"].extend((" ".join(models[:end]), models[end]) for end in range(1, len(models)))
    return tables


def write_tables(tables, directory):
    directory.mkdir(parents=True, exist_ok=True)
    for name, rows in tables.items():
        with open(directory / f"{name}.csv", "w", encoding="utf-8", newline="") as stream:
            csv.writer(stream, lineterminator="\n").writerows(rows)
        takt_ndjson.note(f"{directory / name}.csv: {len(rows) - 1:,} rows")


def tables_of(data_set, path):
    if data_set == "online-retail":
        path = path or takt_ndjson.find_file(takt_ndjson.shared_data() / "online_retail", ["online_retail.csv"])
        return retail_tables(takt_ndjson.read_csv(path, online_retail.COLUMNS, rename=online_retail.SPELLINGS))
    path = path or takt_ndjson.find_file(takt_ndjson.shared_data() / "eshop_clothing_2008", ["e-shop_clothing_2008.csv", "e-shop clothing 2008.csv"])
    return eshop_tables(takt_ndjson.read_csv(path, eshop_clothing.COLUMNS, delimiter=";", rename=eshop_clothing.SPELLINGS))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0], epilog="See docs/datasets.md.")
    parser.add_argument("data_set", choices=["online-retail", "eshop"])
    parser.add_argument("directory", type=pathlib.Path, help="where train.csv, test.csv and (online-retail) items.csv are written")
    parser.add_argument("--input", help="the CSV (.xz, .gz, - for standard input); default: the shared copy")
    options = parser.parse_args()
    try:
        write_tables(tables_of(options.data_set, options.input), options.directory)
    except (takt_ndjson.NoInput, OSError, UnicodeDecodeError, EOFError, lzma.LZMAError, KeyError, ValueError) as error:
        print(f"{parser.prog}: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
