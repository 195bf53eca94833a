"""What the converters share: reading public CSV files, writing Takt's NDJSON, prices, progress.

Converters are deterministic: the same input gives the same bytes. They stream nothing secret and ask no clock.
"""
import argparse
import csv
import datetime
import gzip
import io
import json
import lzma
import os
import pathlib
import sys

REPOSITORY = pathlib.Path(__file__).resolve().parent.parent.parent


def shared_data():
    """Where public data sets are looked for: $TAKT_SHARED/data, default ../shared/data."""
    return pathlib.Path(os.environ.get("TAKT_SHARED") or REPOSITORY.parent / "shared") / "data"


class NoInput(Exception):
    """A file that the user named, or that we looked for, is not there or not what it should be."""


def open_text(path):
    """A text stream of `-`, a plain, .gz or .xz file."""
    if str(path) == "-":
        return io.TextIOWrapper(sys.stdin.buffer, encoding="utf-8", newline="")
    path = pathlib.Path(path)
    if not path.exists():
        raise NoInput(f"{path} does not exist; docs/datasets.md says where to get it")
    opener = {".gz": gzip.open, ".xz": lzma.open}.get(path.suffix, open)
    return opener(path, "rt", encoding="utf-8", newline="")


def read_csv(path, needed, delimiter=",", rename=None):
    """Rows as dictionaries. `needed`: columns that must be there. `rename`: other spellings of a column → ours."""
    with open_text(path) as stream:
        reader = csv.DictReader(stream, delimiter=delimiter)
        names = [(rename or {}).get(name.strip().lstrip("\ufeff"), name.strip().lstrip("\ufeff")) for name in reader.fieldnames or []]
        missing = [name for name in needed if name not in names]
        if missing:
            raise NoInput(f"{path}: no column {', '.join(missing)}; found {', '.join(names) or 'nothing'}")
        reader.fieldnames = names
        yield from reader


def find_file(directory, stems):
    """The first of stem, stem.xz, stem.gz below directory."""
    for stem in stems:
        for suffix in ("", ".xz", ".gz"):
            path = pathlib.Path(directory) / (stem + suffix)
            if path.exists():
                return path
    raise NoInput(f"{directory}: none of {', '.join(stems)} (.xz, .gz) is there; docs/datasets.md says where to get it")


class Prices:
    """Amounts of the data set's currency as written to Takt: kept, or converted at one fixed rate."""

    def __init__(self, currency, factor):
        self.currency = currency
        self.factor = factor

    def amount(self, value):
        return round(value * self.factor + 1e-9, 2)

    def money(self, value):
        return {"amount": f"{self.amount(value):.2f}", "currency": self.currency}


def add_common_arguments(parser, home_currency, euro_rate):
    parser.add_argument("-o", "--output", default="-", help="file to write (.gz is compressed); default: standard output")
    parser.add_argument("--currency", choices=["EUR", home_currency], default="EUR",
                        help=f"EUR (default; the account's currency of a fresh Takt): prices × {euro_rate}, the mean rate of the "
                             f"period; {home_currency}: as in the data, for an account in {home_currency}")
    parser.set_defaults(home_currency=home_currency, euro_rate=euro_rate)


def prices_of(options):
    return Prices(options.currency, options.euro_rate if options.currency == "EUR" != options.home_currency else 1.0)


class Output:
    """Writes one JSON object per line and shows progress on stderr when that is a terminal."""

    def __init__(self, path):
        self.lines = 0
        self._terminal = sys.stderr.isatty()
        self._gzip = None
        if path == "-":
            self._stream = sys.stdout.buffer
        elif path.endswith(".gz"):
            # No name and no time in the header: the same bytes every time.
            self._file = open(path, "wb")
            self._gzip = gzip.GzipFile(filename="", mode="wb", fileobj=self._file, mtime=0, compresslevel=6)
            self._stream = self._gzip
        else:
            self._stream = open(path, "wb")
        self._close = path != "-"

    def write(self, document):
        self._stream.write(json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode() + b"\n")
        self.lines += 1
        if self._terminal and self.lines % 5000 == 0:
            print(f"\r{self.lines:,} lines", end="", file=sys.stderr, flush=True)

    def close(self):
        if self._terminal:
            print(f"\r{self.lines:,} lines", file=sys.stderr)
        if self._close:
            self._stream.close()
        else:
            self._stream.flush()
        if self._gzip:
            self._file.close()


def note(text):
    print(text, file=sys.stderr)


def plain_title(text):
    """ALL CAPITALS read like shouting: sentence case where a text has no lower case of its own."""
    text = " ".join(text.split())
    return text if any(character.islower() for character in text) else text[:1] + text[1:].lower()


def utc(moment):
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def parse_day(text):
    return datetime.datetime.strptime(text, "%Y-%m-%d")


def run(description, add_arguments, convert):
    """main() of a converter: `convert(options)` yields documents and may print notes. Exit 0, 1 (no input), 2 (usage)."""
    parser = argparse.ArgumentParser(description=description.strip().split("\n")[0], epilog="See docs/datasets.md.")
    add_arguments(parser)
    options = parser.parse_args()
    try:
        output = Output(options.output)
        for document in convert(options):
            output.write(document)
        output.close()
    except NoInput as error:
        print(f"{parser.prog}: {error}", file=sys.stderr)
        return 1
    except (OSError, UnicodeDecodeError, EOFError, lzma.LZMAError, KeyError, ValueError) as error:
        if isinstance(error, BrokenPipeError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # the reader has seen enough
            return 0
        print(f"{parser.prog}: {type(error).__name__}: {error}", file=sys.stderr)
        return 1
    return 0
