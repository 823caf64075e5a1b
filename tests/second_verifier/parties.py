"""`trust.parties` (parties-v1): whom an auditor holds for independent, read line by line."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from . import keybook, shapes

MAX_PARTIES = 64 * 1024
LINE = re.compile(r'([a-z_]+) *= *(?:"([^"\\]*)"|(0|[1-9][0-9]*))\Z')
TABLES = {
    "[[witness]]": ("name", "body", "key", "vrf"),
    "[[supervisor]]": ("name", "body", "key"),
    "[beacon]": ("chain", "margin", "max_ahead"),
}


class UnusableParties(ValueError):
    """The file cannot be used."""


@dataclass
class Parties:
    """The bodies behind keys, by the auditor's word."""

    operator: str = ""
    witnesses: list[dict] = field(default_factory=list)
    supervisors: list[dict] = field(default_factory=list)
    beacon: dict | None = None

    @staticmethod
    def parse(data: bytes) -> "Parties":
        try:
            return Parties._parsed(data)
        except (ValueError, KeyError) as error:
            raise UnusableParties(str(error)) from error

    @staticmethod
    def _parsed(data: bytes) -> "Parties":
        if len(data) > MAX_PARTIES or not data.endswith(b"\n"):
            raise ValueError("more than 64 KiB, or no newline at the end")
        top: dict = {}
        tables: list[tuple[str, dict]] = []
        current = top
        for line in data.decode("utf-8").removesuffix("\n").split("\n"):
            line = line.strip(" ")
            if not line or line.startswith("#"):
                continue
            if line in TABLES:
                current = {}
                tables.append((line, current))
                continue
            match = LINE.match(line)
            if not match or match[1] in current:
                raise ValueError(f"line {line[:80]!a}")
            current[match[1]] = int(match[3]) if match[2] is None else match[2]
        if set(top) != {"operator"}:
            raise ValueError("the only key outside of tables is operator")
        parties = Parties(shapes.text(top["operator"], 400))
        for name, table in tables:
            shapes.fields(table, TABLES[name])
            parties._table(name, table)
        parties._distinct()
        return parties

    def _table(self, name: str, table: dict) -> None:
        if name == "[beacon]":
            if self.beacon is not None:
                raise ValueError("two beacons")
            shapes.hexes(table["chain"])
            shapes.integer(table["margin"], 0, 86_400)
            shapes.integer(table["max_ahead"], 1, 31_536_000)
            self.beacon = table
            return
        shapes.text(table["name"], 128)
        shapes.text(table["body"], 400)
        keybook.check_key(keybook.ED25519, shapes.hexes(table["key"]))
        if name == "[[witness]]":
            keybook.check_key(keybook.VRF, shapes.hexes(table["vrf"]))
        (self.witnesses if name == "[[witness]]" else self.supervisors).append(table)

    def _distinct(self) -> None:
        everybody = [*self.witnesses, *self.supervisors]
        keys = [party[key] for party in everybody for key in ("key", "vrf") if key in party]
        names = [party["name"] for party in everybody]
        if len(set(keys)) != len(keys) or len(set(names)) != len(names) or max(len(self.witnesses), len(self.supervisors)) > 64:
            raise ValueError("a key or a name twice, or too many")

    def independent(self, party: dict | None) -> bool:
        return party is not None and party["body"] != self.operator

    def supervisor(self, key: bytes) -> dict | None:
        return next((party for party in self.supervisors if party["key"] == key.hex()), None)

    def witness(self, key: bytes, vrf_key: bytes) -> dict | None:
        pinned = (key.hex(), vrf_key.hex())
        return next((party for party in self.witnesses if (party["key"], party["vrf"]) == pinned), None)


