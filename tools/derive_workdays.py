#!/usr/bin/env python3
"""Derives src/time/data/workdays.csv from the PyPI package `chinesecalendar`.

The package transcribes the State Council's yearly notices (国务院办公厅关于部分节假日安排的通知).
Rows written:
  YYYY,covered        the table is complete for that year
  YYYY-MM-DD,off      named a day of rest (also where it falls on a weekend anyway)
  YYYY-MM-DD,work     a Saturday or Sunday made a working day (调休)
Every other day follows its weekday.

  python3 -m venv /tmp/venv && /tmp/venv/bin/pip install chinesecalendar
  /tmp/venv/bin/python tools/derive_workdays.py > src/time/data/workdays.csv
"""
import datetime
import importlib.metadata
import sys

from chinese_calendar import constants

FIRST = 2010  # older notices concern no review that this registry can hold


def main() -> None:
    off, work = set(constants.holidays), set(constants.workdays)
    assert not off & work
    assert all(day.weekday() >= 5 for day in work), "a working day by notice is always a weekend day"
    # A year is covered when its notice is out: the National Day (国庆节) is in every notice, while
    # the first days of January may already stand in the notice of the year before.
    years = [y for y in range(FIRST, 2200) if datetime.date(y, 10, 1) in off]
    assert years == list(range(FIRST, years[-1] + 1)), years
    version = importlib.metadata.version("chinesecalendar")
    out = sys.stdout
    out.write(
        f"# source: PyPI chinesecalendar {version} (State Council notices on public holidays), "
        f"years {years[0]}-{years[-1]}, derived {datetime.date.today()} by tools/derive_workdays.py\n"
    )
    out.write("date,kind\n")
    for year in years:
        out.write(f"{year},covered\n")
        for day in sorted(d for d in off | work if d.year == year):
            out.write(f"{day},{'off' if day in off else 'work'}\n")


main()
