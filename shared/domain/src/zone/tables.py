#!/usr/bin/env python3
"""Writes numbers.txt and countries.txt anew.

    python3 -m venv /tmp/tables && /tmp/tables/bin/pip install phonenumbers tzdata
    /tmp/tables/bin/python shared/domain/src/zone/tables.py

numbers.txt comes from libphonenumber's time zone map (PyPI `phonenumbers` carries the same table), countries.txt from
the tz database's zone.tab and iso3166.tab (PyPI `tzdata`). Both have one line per list of zones:
`Zone&Zone|key,key,...`.
"""

import pathlib
from collections import Counter
from datetime import datetime, timedelta, timezone
from functools import cache
from importlib.metadata import version
from zoneinfo import ZoneInfo

import tzdata
from phonenumbers.tzdata import TIMEZONE_DATA

HERE = pathlib.Path(__file__).parent
TAB = pathlib.Path(tzdata.__file__).parent / "zoneinfo"
# A key with more zones than this tells nothing about where somebody is.
MOST = 4
# What people write besides the names and codes of ISO 3166.
ALSO = {
    "GB": ["uk", "united kingdom", "great britain", "england", "scotland", "wales", "northern ireland"],
    "KR": ["south korea"], "KP": ["north korea"], "CZ": ["czechia"], "NL": ["holland", "the netherlands"],
    "AE": ["uae"], "VN": ["viet nam"], "TR": ["türkiye"], "PH": ["the philippines"], "DE": ["deutschland"],
    "AT": ["österreich"], "CH": ["schweiz", "suisse"], "IT": ["italia"],
}

NUMBERS_HEAD = f"""\
# Time zones of telephone numbers, by prefix (E.164 without +); the longest prefix counts. An empty list of zones: the
# prefix covers more than {MOST}, which says nothing.
#
# Made by tables.py from libphonenumber's time zone map ({version('phonenumbers')}).
# Copyright (C) 2011-2026 The Libphonenumber Authors. Licensed under the Apache License, Version 2.0:
# http://www.apache.org/licenses/LICENSE-2.0. Changed: grouped by zones, prefixes that say the same as a shorter one
# left out.
"""
COUNTRIES_HEAD = f"""\
# Time zones of countries that have at most {MOST} with rules of their own, by code (ISO 3166) and English name.
#
# Made by tables.py from the tz database ({version('tzdata')}), which is in the public domain.
"""


def lines(table):
    grouped = {}
    for key, zones in table.items():
        grouped.setdefault("&".join(zones) if len(zones) <= MOST else "", []).append(key)
    return "".join(f"{zones}|{','.join(sorted(keys))}\n" for zones, keys in sorted(grouped.items()))


def distinct(zones, seen=()):
    """Of zones that agree only the first."""
    kept = list(seen)
    for zone in zones:
        if all(rules(zone) != rules(other) for other in kept):
            kept.append(zone)
    return kept


def numbers():
    frequency = Counter(zone for zones in TIMEZONE_DATA.values() for zone in zones)

    def likeliest_first(zones):
        return sorted(zones, key=lambda zone: (-frequency[zone], zone))

    def shorter(prefix):
        return next((prefix[:n] for n in range(len(prefix) - 1, 0, -1) if prefix[:n] in TIMEZONE_DATA), None)

    kept = {p: zones for p, zones in TIMEZONE_DATA.items() if zones != TIMEZONE_DATA.get(shorter(p))}
    known = {p: zones if len(zones) > MOST else distinct(likeliest_first(zones)) for p, zones in kept.items()}
    return NUMBERS_HEAD + lines(known)


def rows(name):
    text = (TAB / name).read_text()
    return [line.split("\t") for line in text.splitlines() if line and not line.startswith("#")]


@cache
def rules(zone):
    """What its clocks show through some years: zones that agree are one."""
    begin = datetime(2026, 1, 1, tzinfo=timezone.utc)
    return tuple((begin + timedelta(hours=6 * n)).astimezone(ZoneInfo(zone)).utcoffset() for n in range(4 * 800))


def countries():
    zones = {}
    for code, _, zone, *_ in rows("zone.tab"):
        zones[code] = distinct([zone], zones.get(code, ()))
    table = {}
    for code, name in rows("iso3166.tab"):
        if 0 < len(zones.get(code, [])) <= MOST:
            plain = name.lower().replace(" & ", " and ").split(" (")[0]
            for key in [code.lower(), plain, *ALSO.get(code, [])]:
                if "," not in key:
                    table[key] = zones[code]
    return COUNTRIES_HEAD + lines(table)


(HERE / "numbers.txt").write_text(numbers())
(HERE / "countries.txt").write_text(countries())
