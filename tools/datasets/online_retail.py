#!/usr/bin/env python3
"""UCI "Online Retail" (a British web shop for gifts, 2010-12 to 2011-12) as Takt's NDJSON.

Items come from StockCode and Description: title = the commonest description, price = the median unit price, group = the digits of
the code (85123A and 85123B are variants). Then one event per invoice, in time order:
  an invoice            → Order Completed, products[] with quantities summed per code
  a cancellation (C…)   → Order Refunded; its order_id is the customer's newest earlier invoice that shares most of its products,
                          or the cancellation's own number where there is none
messageId is the invoice number. A blank customer becomes anonymousId = the invoice number: nothing links such invoices.
Left out, with a note: codes that are no products (postage, fees, corrections) and lines without a sale (stock corrections: no
customer and no price, or a quantity that contradicts the kind of invoice).
"""
import collections
import re
import statistics
import sys

import takt_ndjson

COLUMNS = ["InvoiceNo", "StockCode", "Description", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID"]
# UCI's workbook, its second edition, and common CSV exports of it.
SPELLINGS = {"Invoice": "InvoiceNo", "Price": "UnitPrice", "Customer ID": "CustomerID"}
# Products: five digits and up to two letters, and the shop's own DCGS…, gift vouchers and cushion pads.
PRODUCT_CODE = re.compile(r"^(\d{5})([A-Z]{0,2})$|^DCGS\w+$|^GIFT_0001_\d+$|^PADS$")
EURO_PER_POUND = 1.152  # ECB, mean of 2011

Line = collections.namedtuple("Line", "code quantity price description")


class Invoice:
    def __init__(self, number, customer, at):
        self.number = number
        self.customer = customer
        self.at = at
        self.lines = []

    @property
    def is_refund(self):
        return self.number.startswith("C")


def parse_time(text):
    """2010-12-01T08:26:00Z as it is; UCI's 12/1/2010 8:26 (month first) and 2010-12-01 08:26:00 are rewritten."""
    american = re.match(r"^(\d{1,2})/(\d{1,2})/(\d{4}) (\d{1,2}):(\d{2})$", text)
    if american:
        month, day, year, hour, minute = (int(part) for part in american.groups())
        return f"{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:00Z"
    iso = re.match(r"^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d(?::\d\d)?)Z?$", text)
    if not iso:
        raise takt_ndjson.NoInput(f"InvoiceDate {text!r} is no time that we know")
    clock = iso.group(2)
    return f"{iso.group(1)}T{clock if len(clock) == 8 else clock + ':00'}Z"


def read_invoices(rows, left_out):
    """Invoices in the order of the file, each with the lines that are sales; counts the others in left_out."""
    invoices = {}
    for row in rows:
        number, code = row["InvoiceNo"].strip().upper(), row["StockCode"].strip().upper()
        quantity, price = int(float(row["Quantity"])), float(row["UnitPrice"])
        customer = row["CustomerID"].strip().removesuffix(".0")
        if number not in invoices:
            invoices[number] = Invoice(number, customer, parse_time(row["InvoiceDate"].strip()))
        if number.startswith("C"):
            quantity = -quantity
        if not PRODUCT_CODE.match(code):
            left_out[f"no product: {code}"] += 1
        elif quantity <= 0 or price < 0 or (price == 0 and not customer) or number.startswith("A"):
            left_out["no sale (stock correction)"] += 1
        else:
            invoices[number].lines.append(Line(code, quantity, price, " ".join(row["Description"].split())))
    return [invoice for invoice in invoices.values() if invoice.lines]


def items_of(invoices, prices):
    descriptions, amounts = collections.defaultdict(collections.Counter), collections.defaultdict(list)
    for invoice in invoices:
        for line in invoice.lines:
            # Clerks typed remarks ("damaged", "?") where the name was missing; names are written in capitals.
            if any(character.isupper() for character in line.description):
                descriptions[line.code][line.description] += 1
            if line.price > 0:
                amounts[line.code].append(line.price)
    for code in sorted({line.code for invoice in invoices for line in invoice.lines}):
        names = sorted(descriptions[code].items(), key=lambda entry: (-entry[1], entry[0]))
        item = {"type": "item", "id": code, "kind": "product", "title": takt_ndjson.plain_title(names[0][0]) if names else code}
        variant = PRODUCT_CODE.match(code)
        if variant.group(2):
            item["group"] = variant.group(1)
        if amounts[code]:
            item["price"] = prices.money(statistics.median(amounts[code]))
        yield item


def products_of(invoice, prices):
    """products[]: one entry per code; quantities add up, the price is the mean over the units."""
    totals = {}
    for line in invoice.lines:
        quantity, amount = totals.get(line.code, (0, 0.0))
        totals[line.code] = (quantity + line.quantity, amount + line.quantity * line.price)
    products = []
    for code, (quantity, amount) in totals.items():
        product = {"product_id": code, "price": prices.amount(amount / quantity)}
        if quantity != 1:
            product["quantity"] = quantity
        products.append(product)
    return products


def refunded_order(invoice, earlier):
    """The customer's newest earlier invoice that shares most of the refund's products; None where none shares any."""
    codes = {line.code for line in invoice.lines}
    best, best_shared = None, 0
    for order in reversed(earlier):
        shared = len(codes & {line.code for line in order.lines})
        if shared > best_shared:
            best, best_shared = order, shared
    return best


def events_of(invoices, prices):
    orders_by_customer = collections.defaultdict(list)
    for invoice in sorted(invoices, key=lambda entry: (entry.at, entry.number)):
        properties = {"order_id": invoice.number, "currency": prices.currency, "products": products_of(invoice, prices)}
        if invoice.is_refund:
            original = refunded_order(invoice, orders_by_customer[invoice.customer]) if invoice.customer else None
            if original:
                properties["order_id"] = original.number
        elif invoice.customer:
            orders_by_customer[invoice.customer].append(invoice)
        event = {"type": "track", "event": "Order Refunded" if invoice.is_refund else "Order Completed", "messageId": invoice.number,
                 "timestamp": invoice.at, "context": {"channel": "web"}, "properties": properties}
        event["userId" if invoice.customer else "anonymousId"] = invoice.customer or invoice.number
        yield event


def convert_rows(rows, prices, report=takt_ndjson.note):
    left_out = collections.Counter()
    invoices = read_invoices(rows, left_out)
    yield from items_of(invoices, prices)
    yield from events_of(invoices, prices)
    for reason, count in sorted(left_out.items(), key=lambda entry: (-entry[1], entry[0])):
        report(f"left out {count:,} lines: {reason}")


def add_arguments(parser):
    parser.add_argument("input", nargs="?", help="the CSV (.xz, .gz, - for standard input); default: the shared copy")
    takt_ndjson.add_common_arguments(parser, "GBP", EURO_PER_POUND)


def convert(options):
    path = options.input or takt_ndjson.find_file(takt_ndjson.shared_data() / "online_retail", ["online_retail.csv"])
    yield from convert_rows(takt_ndjson.read_csv(path, COLUMNS, rename=SPELLINGS), takt_ndjson.prices_of(options))


if __name__ == "__main__":
    sys.exit(takt_ndjson.run(__doc__, add_arguments, convert))
