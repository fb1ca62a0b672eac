#!/usr/bin/env python3
"""Prints which case was passed on which profile, from the logs of the test runner.

Takes `profile=log` pairs: the first log is that of all tests, whose stories ran on the first
profile; the others are of the stories again. A case that was not passed on every profile is a
gap: it is named at the end, and the exit code is 1.
"""
import re
import sys

PROFILES = ("embedded", "postgres", "stream")
# Stories about the files of one profile only.
APART = ("story::embedded::", "story::scaled::")
# As cargo-nextest and as cargo test say it.
PASSED = re.compile(r"^\s*(?:PASS \[.*\] .*?|test )(\S+::\S+)(?: \.\.\. ok)?\s*$")
# The property tests play many worlds each: their seeds differ from profile to profile.
STORE_CASE = re.compile(r"(?:^|::)(embedded|postgres|stream)::((worlds|logs|orders)|\w+)::(\w+)$")


def read_passed(path):
    with open(path, encoding="utf-8", errors="replace") as log:
        plain = (re.sub(r"\x1b\[[0-9;]*m", "", line) for line in log)
        return [found[1] for line in plain if (found := PASSED.match(line))]


def main():
    logs = dict(pair.split("=", 1) for pair in sys.argv[1:])
    passed = {profile: read_passed(path) for profile, path in logs.items()}
    rows = {}

    def note(name, profile):
        rows.setdefault(name, dict.fromkeys(PROFILES, 0))[profile] += 1

    for name in passed[PROFILES[0]]:
        if not name.startswith("story::") and (found := STORE_CASE.search(name)):
            profile, area, is_property, case = found.groups()
            note(f"random {area}, runs" if is_property else f"{area}::{case}", profile)
    for profile in PROFILES:
        for name in passed.get(profile, ()):
            if name.startswith("story::") and not name.startswith(APART):
                note(name, profile)
    width = max((len(name) for name in rows), default=4)
    print(f"{'case':{width}}", *(f"{profile:>8}" for profile in PROFILES))
    for name in sorted(rows):
        print(f"{name:{width}}", *(f"{rows[name][profile] or '-':>8}" for profile in PROFILES))
    gaps = [name for name, row in rows.items() if not all(row.values())]
    print(f"{len(rows)} cases x {len(PROFILES)} profiles, {len(gaps)} gaps")
    for name in gaps:
        print(f"gap: {name}", file=sys.stderr)
    sys.exit(1 if gaps or not rows else 0)


main()
