"""The converters: each rule on a small table written here; then the real files, where they are."""
import gzip
import hashlib
import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

import case_report

CONVERTERS = case_report.ROOT / "tools" / "datasets"
sys.path.insert(0, str(CONVERTERS))
import complete_journey  # noqa: E402
import eshop_clothing  # noqa: E402
import evaluation_csv  # noqa: E402
import online_retail  # noqa: E402
import takt_ndjson  # noqa: E402

AS_IS = takt_ndjson.Prices("XXX", 1.0)


def split(documents):
    documents = list(documents)
    return [one for one in documents if one["type"] == "item"], [one for one in documents if one["type"] != "item"]


def invoice_row(invoice, code, quantity, customer="17850", price="2.55", at="2010-12-01T08:26:00Z", description="WHITE LANTERN"):
    return {"InvoiceNo": invoice, "StockCode": code, "Description": description, "Quantity": str(quantity), "InvoiceDate": at,
            "UnitPrice": price, "CustomerID": customer, "Country": "United Kingdom"}


class OnlineRetail(unittest.TestCase):
    def convert(self, *rows):
        self.notes = []
        return split(online_retail.convert_rows(rows, AS_IS, self.notes.append))

    def test_one_order_per_invoice_with_summed_lines(self):
        _, events = self.convert(invoice_row("1", "22001", 2, price="1.00"), invoice_row("1", "22002", 1, price="3.00"),
                                 invoice_row("1", "22001", 2, price="2.00"))
        self.assertEqual(events, [{
            "type": "track", "event": "Order Completed", "messageId": "1", "timestamp": "2010-12-01T08:26:00Z", "context": {"channel": "web"}, "userId": "17850",
            "properties": {"order_id": "1", "currency": "XXX", "products": [{"product_id": "22001", "price": 1.5, "quantity": 4},
                                                                              {"product_id": "22002", "price": 3.0}]}}])

    def test_a_cancellation_refunds_the_order_it_belongs_to(self):
        _, events = self.convert(invoice_row("1", "22001", 2), invoice_row("2", "22002", 2, at="2010-12-02T08:00:00Z"),
                                 invoice_row("C3", "22001", -1, at="2010-12-03T08:00:00Z"))
        self.assertEqual(events[2]["event"], "Order Refunded")
        self.assertEqual(events[2]["messageId"], "C3")
        self.assertEqual(events[2]["properties"], {"order_id": "1", "currency": "XXX", "products": [{"product_id": "22001", "price": 2.55}]})

    def test_a_cancellation_without_an_order_stands_for_itself(self):
        _, events = self.convert(invoice_row("1", "22001", 2, customer="1"), invoice_row("C3", "22001", -1, customer="2"))
        self.assertEqual(events[1]["properties"]["order_id"], "C3")

    def test_a_blank_customer_is_anonymous_under_the_invoice_number(self):
        _, events = self.convert(invoice_row("7", "22001", 1, customer=""))
        self.assertEqual(events[0]["anonymousId"], "7")
        self.assertNotIn("userId", events[0])

    def test_codes_that_are_no_products_are_left_out_with_a_note(self):
        items, events = self.convert(*(invoice_row("1", code, 1) for code in ("POST", "DOT", "M", "BANK CHARGES", "AMAZONFEE", "D", "22001")),
                                     invoice_row("2", "POST", 1))
        self.assertEqual([item["id"] for item in items], ["22001"])
        self.assertEqual(len(events), 1)
        self.assertIn("left out 2 lines: no product: POST", self.notes)
        self.assertIn("left out 1 lines: no product: AMAZONFEE", self.notes)

    def test_stock_corrections_are_no_sales(self):
        items, events = self.convert(invoice_row("1", "22001", -10, customer="", price="0"), invoice_row("2", "22002", 5, customer="", price="0"))
        self.assertEqual((items, events), ([], []))
        self.assertEqual(self.notes, ["left out 2 lines: no sale (stock correction)"])

    def test_items_have_the_commonest_title_the_median_price_and_their_group(self):
        items, _ = self.convert(invoice_row("1", "85123a", 1, price="1"), invoice_row("2", "85123A", 1, price="2"),
                                invoice_row("3", "85123A", 1, price="9", description="damaged"), invoice_row("4", "85123B", 1, description="RED  LANTERN"))
        self.assertEqual(items, [
            {"type": "item", "id": "85123A", "kind": "product", "title": "White lantern", "group": "85123", "price": {"amount": "2.00", "currency": "XXX"}},
            {"type": "item", "id": "85123B", "kind": "product", "title": "Red lantern", "group": "85123", "price": {"amount": "2.55", "currency": "XXX"}}])

    def test_times_of_other_exports_are_understood_and_nonsense_is_refused(self):
        self.assertEqual(online_retail.parse_time("12/1/2010 8:26"), "2010-12-01T08:26:00Z")
        self.assertEqual(online_retail.parse_time("2010-12-01 08:26:00"), "2010-12-01T08:26:00Z")
        with self.assertRaises(takt_ndjson.NoInput):
            online_retail.parse_time("yesterday")


def click_row(session, order, model="A1", category="1", colour="2", price="28", day="1"):
    return {"year": "2008", "month": "4", "day": day, "order": str(order), "session ID": session, "page 1 (main category)": category,
            "page 2 (clothing model)": model, "colour": colour, "location": "5", "model photography": "1", "price": price, "page": "1"}


class EshopClothing(unittest.TestCase):
    def test_items_carry_category_colour_and_price(self):
        items, _ = split(eshop_clothing.convert_rows([click_row("1", 1), click_row("1", 2, "B4", "2", "11", "52")], AS_IS))
        self.assertEqual(items[1], {
            "type": "item", "id": "B4", "kind": "product", "title": "Skirts B4, pink", "category": ["Skirts"], "tags": ["pink"],
            "price": {"amount": "52.00", "currency": "XXX"}, "attributes": {"colour": "pink", "photography": "en face"}})

    def test_one_view_per_row_in_order_within_the_day(self):
        _, events = split(eshop_clothing.convert_rows([click_row("9", order) for order in (2, 1, 192)], AS_IS))
        self.assertEqual([event["messageId"] for event in events], ["9-1", "9-2", "9-192"])
        self.assertEqual({event["event"] for event in events}, {"Product Viewed"})
        self.assertEqual({(event["anonymousId"], event["context"]["session_id"]) for event in events}, {("9", "9")})
        self.assertTrue(all(event["timestamp"].startswith("2008-04-01T") for event in events))

    def test_the_longest_session_stays_within_its_day_for_every_start(self):
        latest = eshop_clothing.START_SECOND + eshop_clothing.START_SPAN_SECONDS + 192 * eshop_clothing.SECONDS_PER_CLICK
        self.assertLess(latest, 24 * 3600)


def journey_tables():
    product = {"product_id": "11", "manufacturer_id": "69", "department": "GROCERY", "brand": "Private", "product_category": "BREAD",
               "product_type": "BREAD: RYE", "package_size": "1 LB"}
    line = {"household_id": "5", "basket_id": "300", "product_id": "11", "quantity": "2", "sales_value": "3.00",
            "transaction_timestamp": "2017-03-05T10:00:00Z"}
    return {
        "products": [product, {**product, "product_id": "12"}],
        "transactions": [line, {**line, "product_id": "12", "quantity": "0"}],
        "campaigns": [{"campaign_id": "1", "household_id": "5"}],
        "campaign_descriptions": [{"campaign_id": "1", "campaign_type": "Type B", "start_date": "2017-03-03", "end_date": "2017-04-09"},
                                  {"campaign_id": "2", "campaign_type": "Type A", "start_date": "2017-05-03", "end_date": "2017-06-09"}],
        "coupons": [{"coupon_upc": "77", "product_id": "11", "campaign_id": "1"}, {"coupon_upc": "77", "product_id": "12", "campaign_id": "1"}],
        "coupon_redemptions": [{"household_id": "5", "coupon_upc": "77", "campaign_id": "1", "redemption_date": "2017-03-06"}] * 2,
    }


class CompleteJourney(unittest.TestCase):
    def setUp(self):
        self.items, self.events = split(complete_journey.convert_tables(journey_tables(), AS_IS))

    def test_items_are_what_occurs_and_campaigns_that_reached_somebody(self):
        self.assertEqual([item["id"] for item in self.items], ["11", "campaign-1"])
        self.assertEqual(self.items[0], {"type": "item", "id": "11", "kind": "product", "title": "Bread: rye 1 lb",
                                         "category": ["Grocery", "Bread", "Bread: rye"], "brand": "maker 69", "tags": ["private"],
                                         "price": {"amount": "1.50", "currency": "XXX"}})
        self.assertEqual((self.items[1]["kind"], self.items[1]["campaign"], self.items[1]["attributes"]), ("offer", "1", {"coupons": 1}))

    def test_events_are_contacts_orders_and_redemptions_in_time_order(self):
        self.assertEqual([(event["event"], event["timestamp"]) for event in self.events], [
            ("Message Delivered", "2017-03-03T09:00:00Z"), ("Order Completed", "2017-03-05T10:00:00Z"),
            ("Message Clicked", "2017-03-06T12:00:00Z"), ("Message Clicked", "2017-03-06T12:00:00Z")])
        self.assertEqual(self.events[0]["properties"]["item_id"], "campaign-1")
        self.assertEqual(self.events[1]["properties"]["products"], [{"product_id": "11", "quantity": 2, "price": 1.5}])
        self.assertEqual(len({event["messageId"] for event in self.events}), 4)

    def test_ids_in_scientific_notation_are_digits_again(self):
        rows = list(complete_journey.with_plain_ids([{"product_id": "9e+05", "basket_id": "4.0128e+10"}]))
        self.assertEqual(rows, [{"product_id": "900000", "basket_id": "40128000000"}])


class EvaluationTables(unittest.TestCase):
    def test_retail_is_cut_in_time_and_keeps_only_sales_to_known_customers(self):
        tables = evaluation_csv.retail_tables([
            invoice_row("1", "22001", 2, at="2011-08-31T23:59:00Z"), invoice_row("1", "POST", 1, at="2011-08-31T23:59:00Z"),
            invoice_row("2", "22002", 1, at="2011-09-01T00:00:00Z"), invoice_row("3", "22003", 1, at="2011-10-01T00:00:00Z"),
            invoice_row("C4", "22001", -1, at="2011-09-02T00:00:00Z"), invoice_row("5", "22001", 1, customer="", at="2011-08-01T00:00:00Z")])
        header = ("customer_id", "item_id", "timestamp", "event")
        self.assertEqual(tables["train"], [header, ("17850", "22001", "2011-08-31T23:59:00Z", "purchase")])
        self.assertEqual(tables["test"], [header, ("17850", "22002", "2011-09-01T00:00:00Z", "purchase")])
        self.assertEqual([row[0] for row in tables["items"]], ["item_id", "22001", "22002", "22003"])

    def test_every_prefix_of_the_last_month_predicts_the_next_click(self):
        rows = [dict(click_row("7", 1), month="4"), dict(click_row("9", 2), month="8"), dict(click_row("9", 1), month="8"), dict(click_row("9", 3), month="8"),
                dict(click_row("8", 1), month="8")]
        for model, row in zip(("A1", "B2", "C3", "D4", "E5"), rows):
            row["page 2 (clothing model)"] = model
        tables = evaluation_csv.eshop_tables(rows)
        self.assertEqual(tables["train"], [("session_id", "item_id"), ("7", "A1")])
        self.assertEqual(tables["test"], [("prefix", "target"), ("C3", "B2"), ("C3 B2", "D4")])


class Prices(unittest.TestCase):
    def test_prices_are_converted_unless_kept(self):
        self.assertEqual(takt_ndjson.Prices("EUR", 1.152).money(2.5), {"amount": "2.88", "currency": "EUR"})
        self.assertEqual(AS_IS.money(2.5), {"amount": "2.50", "currency": "XXX"})


def run_converter(name, *arguments):
    return subprocess.run([sys.executable, CONVERTERS / f"{name}.py", *map(str, arguments)], capture_output=True, check=False)


class CommandLine(unittest.TestCase):
    def test_a_missing_file_and_a_wrong_table_say_so(self):
        with tempfile.TemporaryDirectory() as directory:
            wrong = pathlib.Path(directory, "wrong.csv")
            wrong.write_text("a,b\n1,2\n")
            for name, argument, part in [("online_retail", "/nowhere.csv", b"does not exist"), ("online_retail", wrong, b"no column InvoiceNo"),
                                         ("eshop_clothing", wrong, b"no column year"), ("complete_journey", directory, b"none of products.csv")]:
                with self.subTest(name=name, argument=str(argument)):
                    result = run_converter(name, argument)
                    self.assertEqual(result.returncode, 1)
                    self.assertIn(part, result.stderr)
                    self.assertNotIn(b"Traceback", result.stderr)

    def test_compressed_output_is_the_same_bytes_every_time(self):
        with tempfile.TemporaryDirectory() as directory:
            source = pathlib.Path(directory, "in.csv")
            row = click_row("1", 1)
            source.write_text(";".join([*row, "country", "price 2"]) + "\n" + ";".join([*row.values(), "1", "1"]) + "\n")
            digests = set()
            for name in ("one.ndjson.gz", "two.ndjson.gz"):
                result = run_converter("eshop_clothing", source, "-o", pathlib.Path(directory, name))
                self.assertEqual(result.returncode, 0, result.stderr)
                digests.add(pathlib.Path(directory, name).read_bytes())
            self.assertEqual(len(digests), 1)
            plain = run_converter("eshop_clothing", source).stdout
            self.assertEqual(gzip.decompress(digests.pop()), plain)
            self.assertEqual(len(plain.splitlines()), 2)


class RealFiles(unittest.TestCase):
    """Properties that hold for the whole sets and for the cuts of them that are passed around."""

    def convert(self, folder, name):
        if not (takt_ndjson.shared_data() / folder).is_dir():
            self.skipTest(f"the public data set {folder} is not below $TAKT_SHARED/data (docs/datasets.md says where to get it)")
        result = run_converter(name)
        self.assertEqual(result.returncode, 0, result.stderr)
        self.digest = hashlib.sha256(result.stdout).hexdigest()
        items, events = split(map(json.loads, result.stdout.splitlines()))
        self.assert_well_formed(items, events)
        return items, events

    def assert_well_formed(self, items, events):
        ids = {item["id"] for item in items}
        self.assertEqual(len(ids), len(items), "item ids are unique")
        self.assertEqual(len({event["messageId"] for event in events}), len(events), "message ids are unique")
        times = [event["timestamp"] for event in events]
        self.assertEqual(times, sorted(times), "events are in time order")
        referred = {product.get("product_id", product.get("item_id")) for event in events
                    for product in event["properties"].get("products", [event["properties"]])}
        # The public tables themselves lack a product or two that was sold.
        self.assertLessEqual(len(referred - ids), 2, sorted(referred - ids)[:5])

    def test_online_retail(self):
        items, events = self.convert("online_retail", "online_retail")
        orders = [event for event in events if event["event"] == "Order Completed"]
        refunds = [event for event in events if event["event"] == "Order Refunded"]
        self.assertGreater(len(items), 3000)
        self.assertGreater(len(orders), 10_000)
        self.assertEqual(len(orders) + len(refunds), len(events))
        self.assertTrue(all(event["messageId"].startswith("C") for event in refunds))
        linked = sum(event["properties"]["order_id"] != event["messageId"] for event in refunds)
        self.assertGreater(linked / len(refunds), 0.8)
        self.assertFalse({"POST", "DOT", "M", "BANK CHARGES", "AMAZONFEE"} & {item["id"] for item in items})

    def test_eshop_clothing(self):
        items, events = self.convert("eshop_clothing_2008", "eshop_clothing")
        self.assertEqual(len(items), 217)
        self.assertGreater(len(events), 100_000)
        self.assertEqual({item["category"][0] for item in items}, {"Trousers", "Skirts", "Blouses", "Sale"})
        days = {}
        for event in events:
            self.assertEqual(days.setdefault(event["anonymousId"], event["timestamp"][:10]), event["timestamp"][:10])
        digest = self.digest
        self.convert("eshop_clothing_2008", "eshop_clothing")
        self.assertEqual(self.digest, digest, "the same bytes every time")

    def test_complete_journey(self):
        _, events = self.convert("complete_journey", "complete_journey")
        count = {}
        for event in events:
            count[event["event"]] = count.get(event["event"], 0) + 1
        self.assertGreater(count["Order Completed"], 30_000)
        self.assertGreater(count["Message Delivered"], 4_000)
        self.assertGreater(count["Message Clicked"], 1_000)
        contacted = {(event["userId"], event["properties"]["item_id"]) for event in events if event["event"] == "Message Delivered"}
        clicked = {(event["userId"], event["properties"]["item_id"]) for event in events if event["event"] == "Message Clicked"}
        self.assertTrue(clicked <= contacted, "a coupon is redeemed by a household that got the campaign")


if __name__ == "__main__":
    case_report.main()
