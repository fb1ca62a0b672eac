#!/usr/bin/env python3
"""Rebuild crates/model/data/prices.tsv, the built-in price table.

    python3 scripts/update-prices.py                 rebuild from the pinned lists
    python3 scripts/update-prices.py --check         the same, but write nothing; exit 1 if the table differs
    python3 scripts/update-prices.py --version 1.110.0 [--sha256 HASH]
                                                     try another newest list; without the right hash
                                                     it prints the hash to pin and stops

The numbers come from the price list inside published wheels of the `litellm` package (MIT). A wheel
is downloaded, its SHA-256 compared with the pin, and one JSON member is read from the zip. Nothing of
the package is installed, imported or run, and only wheels are accepted: a source archive would run
build code.

To move to a newer list: run with --version, look at the price changes, then put the version and the
hash into SOURCES as a new last line. Older lists stay because the newest one forgets retired models,
whose spans are still imported and repriced. The newest list that knows a name decides its price.

What is kept, and how the table is made small, is explained in docs/prices.md. The lookup rules below
mirror crates/model/src/price/names.rs; every name of every list is looked up in the finished table
with them, and a table that answers differently is not written.

Only the standard library of Python 3.9 or later, and pip, are needed.
"""

import argparse
import hashlib
import json
import re
import subprocess
import sys
import tempfile
import zipfile
from decimal import ROUND_HALF_EVEN, Decimal
from pathlib import Path

# (version, SHA-256 of its wheel), oldest first. Later lists win.
SOURCES = [
    ("1.60.0", "e8284f5cc74ae1aed77516cdfbb2db3746d50c4ba055fb21358e6e25aea25a15"),
    ("1.80.0", "fd0009758f4772257048d74bf79bb64318859adb4ea49a8b66fdbc718cd80b6e"),
    ("1.109.1", "1c8b4dd671fa0cd0850aa751678704ff77e595fb1e6085b2dc3be39ee19bdaaf"),
]
TABLE = Path(__file__).resolve().parent.parent / "crates/model/data/prices.tsv"
MEMBER = "litellm/model_prices_and_context_window_backup.json"
MODES = {"chat", "completion", "responses", "embedding", "rerank"}

# The columns of a price, in the order of the table, and the list's words for them.
KINDS = ("prompt", "completion", "cached", "cache_write", "reasoning")
FIELDS = {
    "prompt": ("input_cost_per_token",),
    "completion": ("output_cost_per_token",),
    "cached": ("cache_read_input_token_cost", "input_cost_per_token_cache_hit"),
    "cache_write": ("cache_creation_input_token_cost",),
    "reasoning": ("output_cost_per_reasoning_token",),
}
TIER_FIELD = re.compile(r"^(.+)_above_(\d+)k_tokens$")

# A text token never cost more than 1,000 dollars a million; what does is a list's slip of the unit.
MAX_PICOS = 1_000_000_000

# Published prices in pico-dollars a token. A list that contradicts them is not believed.
KNOWN = {
    "gpt-4o": (2_500_000, 10_000_000),
    "gpt-4o-mini": (150_000, 600_000),
    "gpt-4o-2024-08-06": (2_500_000, 10_000_000),
    "openai/gpt-4o-mini-2024-07-18": (150_000, 600_000),
    "claude-3-5-sonnet-20241022": (3_000_000, 15_000_000),
    "claude-3-5-sonnet-latest": (3_000_000, 15_000_000),
    "gpt-4-32k": (60_000_000, 120_000_000),
    "text-embedding-3-small": (20_000, 0),
}


def stop(message):
    sys.exit("update-prices: " + message)


def download_wheel(version, folder):
    """Fetch one wheel, always the one for the same platform, so that its hash is the same everywhere."""
    command = [
        sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps",
        "--only-binary=:all:", "--platform", "manylinux_2_28_x86_64", "--python-version", "3.11",
        "--implementation", "cp", "--abi", "abi3", "--abi", "none", "--dest", str(folder),
        "litellm==" + version,
    ]  # fmt: skip
    if subprocess.run(command, check=False).returncode != 0:
        stop("pip could not download the wheel of version " + version)
    wheels = list(Path(folder).glob("*.whl"))
    if len(wheels) != 1:
        stop("expected one wheel of version %s, found %d" % (version, len(wheels)))
    return wheels[0]


def read_list(version, pinned):
    """The parsed price list of a version, after its wheel's hash was compared with the pin."""
    with tempfile.TemporaryDirectory() as folder:
        wheel = download_wheel(version, folder)
        found = hashlib.sha256(wheel.read_bytes()).hexdigest()
        if found != pinned:
            stop("version %s has SHA-256\n  %s\nbut the pin is\n  %s" % (version, found, pinned))
        with zipfile.ZipFile(wheel) as archive:
            return json.loads(archive.read(MEMBER), parse_float=Decimal)


def to_picos(value):
    """Dollars a token to whole pico-dollars; the lists carry float noise past the 12th decimal."""
    if isinstance(value, bool) or not isinstance(value, (int, Decimal)):
        return None
    picos = (Decimal(value) * 10**12).quantize(Decimal(1), rounding=ROUND_HALF_EVEN)
    return int(picos) if picos >= 0 else None


def read_prices(fields, suffix=""):
    """The five prices of a dictionary, as a tuple in the order of KINDS."""
    prices = []
    for kind in KINDS:
        found = (to_picos(fields.get(name + suffix)) for name in FIELDS[kind])
        prices.append(next((price for price in found if price is not None), None))
    # A cache write for nothing means "no extra charge" in the lists: the prompt price applies.
    if prices[3] == 0 and prices[0]:
        prices[3] = None
    return tuple(prices)


def read_tiers(fields):
    """Prices above a number of prompt tokens: sorted [(tokens, prices)], and the base they imply."""
    known = {name for names in FIELDS.values() for name in names}
    matches = (TIER_FIELD.match(name) for name in fields)
    sizes = sorted({int(m.group(2)) for m in matches if m and m.group(1) in known})
    tiers = [(size * 1000, read_prices(fields, "_above_%dk_tokens" % size)) for size in sizes]
    base = None
    for step in fields.get("tiered_pricing") or []:
        if "range" not in step:
            continue
        start = int(step["range"][0])
        if start == 0:
            base = read_prices(step)
        else:
            tiers.append((start, read_prices(step)))
    return sorted(tier for tier in tiers if any(p is not None for p in tier[1])), base


def is_free_by_name(name):
    return name.endswith((":free", "-free")) or name.startswith(("ollama/", "lemonade/"))


def read_rates(name, fields):
    """(prices, tiers) of one entry of a list, or None if it has no price for tokens."""
    if not isinstance(fields, dict) or fields.get("mode") not in MODES:
        return None
    prices = read_prices(fields)
    tiers, implied = read_tiers(fields)
    if implied:
        prices = tuple(own if own is not None else other for own, other in zip(prices, implied))
    numbers = [p for p in prices if p is not None]
    numbers += [p for _, tier in tiers for p in tier if p is not None]
    if any(number > MAX_PICOS for number in numbers):
        return None
    # All zero: the lists mean "free", "charged per query" and "not known" alike. Only the first is a
    # price, and only the name tells.
    if not any(numbers) and not (numbers and is_free_by_name(name)):
        return None
    if not tiers:
        prompt, completion, cached, write, reasoning = prices
        prices = (
            prompt, completion,
            None if cached == prompt else cached,
            None if write == prompt else write,
            None if reasoning == completion else reasoning,
        )  # fmt: skip
    return prices, tuple(tiers)


DATE_TAIL = re.compile(
    r"(?:-\d{4}-(?P<m1>\d\d)-(?P<d1>\d\d)|[-@]\d{4}(?P<m2>\d\d)(?P<d2>\d\d)|-(?P<m3>\d\d)(?P<d3>\d\d))$",
    re.ASCII,
)
MAX_STRIPS = 8


def strip_date(name, with_year=False):
    """The name without a date at its end; with_year: only if the date has a year."""
    found = DATE_TAIL.search(name)
    if not found:
        return None
    for month, day in (("m1", "d1"), ("m2", "d2")) + (() if with_year else (("m3", "d3"),)):
        if found.group(month):
            valid = 1 <= int(found.group(month)) <= 12 and 1 <= int(found.group(day)) <= 31
            return name[: found.start()] if valid and found.start() > 0 else None
    return None


def strip_tail(name):
    """The name without its last `-latest`, date or `:tag`; None if it has none."""
    if name.endswith("-latest") and len(name) > len("-latest"):
        return name[: -len("-latest")]
    dated = strip_date(name)
    if dated is not None:
        return dated
    head, colon, tag = name.rpartition(":")
    return head if colon and head and "/" not in tag else None


def list_forms(name):
    """Every form of a lower-case name, in the order in which they are looked up."""
    for _ in range(MAX_STRIPS + 1):
        yield name
        short = name.rpartition("/")[2]
        if short and short != name:
            yield short
        name = strip_tail(name)
        if name is None:
            return


def look_up(table, name):
    for form in list_forms(name):
        if form in table:
            return table[form]
    return None


def read_source(version, pinned):
    """{lower-case name: rates} of one list."""
    rates = {}
    for name, fields in read_list(version, pinned).items():
        name = name.lower()
        if "\t" in name or "\n" in name or name.startswith("#"):
            continue
        found = read_rates(name, fields)
        if found:
            rates[name] = found
    print("%s: %d models with token prices" % (version, len(rates)))
    return rates


def add_undated(rates):
    """Add `model` where only `model-DATE` (with a year) is listed and all its dates cost the same.

    A snapshot that no list knows, or `model-latest`, then has a price too.
    """
    dated = {}
    for name, found in rates.items():
        base = None if "/" in name else strip_date(name, with_year=True)
        if base and base not in rates:
            dated.setdefault(base, set()).add(found)
    for base, prices in dated.items():
        if len(prices) == 1:
            rates[base] = next(iter(prices))


def merge_sources(sources):
    """One table of all lists. `-latest` of an older list is stale by nature, so it only fills gaps."""
    merged, stale = {}, {}
    for rates in sources[:-1]:
        for name, found in rates.items():
            (stale if name.endswith("-latest") else merged)[name] = found
    merged.update(sources[-1])
    add_undated(merged)
    for name, found in sorted(stale.items()):
        if look_up(merged, name) is None:
            merged[name] = found
    return merged


def trim_table(merged):
    """Leave out what the lookup rules find anyway at the same price, then prove it."""
    table = dict(merged)
    for name in sorted(merged, key=lambda n: (-len(n), n)):
        own = table.pop(name)
        if look_up(table, name) != own:
            table[name] = own
    while True:
        wrong = [name for name, own in merged.items() if look_up(table, name) != own]
        if not wrong:
            return table
        table.update((name, merged[name]) for name in wrong)


def format_prices(prices, separator):
    return separator.join("-" if price is None else str(price) for price in prices)


def format_table(table, versions):
    lines = [
        "# Prices of model tokens in whole pico-dollars (1e-12 US dollars) a token. Built by",
        "# scripts/update-prices.py from the price lists in the litellm package (MIT), versions",
        "# %s. Do not edit: change the script, or set a price for a project." % ", ".join(versions),
        "# tiers: `>N:` and the same five prices, which hold for more than N prompt tokens; `-` is no price.",
        "# model\t" + "\t".join(KINDS) + "\ttiers",
    ]
    for name in sorted(table):
        prices, tiers = table[name]
        row = name + "\t" + format_prices(prices, "\t")
        if tiers:
            row += "\t" + " ".join(">%d:%s" % (n, format_prices(p, ",")) for n, p in tiers)
        lines.append(row)
    return "\n".join(lines) + "\n"


def check_known(table):
    for name, expected in KNOWN.items():
        found = look_up(table, name)
        if found is None or tuple(price or 0 for price in found[0][:2]) != expected:
            stop("%s should cost %s, the lists say %s" % (name, expected, found))


def main():
    parser = argparse.ArgumentParser(description="Rebuild the built-in price table.")
    parser.add_argument("--version", help="use this version as the newest list")
    parser.add_argument("--sha256", default="", help="SHA-256 of that version's wheel")
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if the table differs")
    options = parser.parse_args()

    pins = list(SOURCES)
    if options.version and options.version not in dict(pins):
        pins.append((options.version, options.sha256 or "(none given)"))
    # The newest first: it is the one whose pin may be wrong.
    sources = [read_source(version, pinned) for version, pinned in reversed(pins)][::-1]
    table = trim_table(merge_sources(sources))
    check_known(table)
    text = format_table(table, [version for version, _ in pins])
    print("table: %d rows, %d bytes" % (len(table), len(text.encode())))
    if options.check:
        same = TABLE.exists() and TABLE.read_text(encoding="utf-8") == text
        if not same:
            stop(str(TABLE) + " differs from what the lists give")
    else:
        TABLE.parent.mkdir(parents=True, exist_ok=True)
        TABLE.write_bytes(text.encode())


if __name__ == "__main__":
    main()
