"""Files of the vectors altered by a number, each given to this verifier and to the auditor's binary, which have to list the
same checks with the same results: `python -m second_verifier.alterations VECTORS COUNT BINARY`.

The digest is computed anew, so that only what is recomputed can tell.
"""

from __future__ import annotations

import hashlib
import json
import random
import subprocess
import sys
import tempfile
from pathlib import Path

from . import canonical, files, log, parties


def places(value, path=()):
    """Every place within a value, as the keys that lead to it."""
    items = value.items() if type(value) is dict else enumerate(value) if type(value) is list else ()
    for key, item in items:
        yield (*path, key)
        yield from places(item, (*path, key))


def altered(file: dict, chance: random.Random) -> str:
    """Changes one place of a file; answers what was done."""
    where = [path for path in places(file) if path[0] != "digest"]
    while True:
        path = chance.choice(where)
        parent = file
        for key in path[:-1]:
            parent = parent[key]
        key, value = path[-1], parent[path[-1]]
        way = chance.randrange(6)
        if way == 0 and type(parent) is list:
            del parent[key]
        elif way == 1 and type(parent) is list and len(parent) > 1:
            other = (key + 1) % len(parent)
            parent[key], parent[other] = parent[other], parent[key]
        elif way == 2 and type(parent) is dict:
            del parent[key]
        elif type(value) is int:
            parent[key] = max(0, value + chance.choice((-1, 1, 60)))
        elif type(value) is str and value:
            at = chance.randrange(len(value))
            digit = chance.choice([c for c in "0123456789abcdef" if c != value[at]])
            parent[key] = value[:at] + digit + value[at + 1:]
        else:
            continue
        if parent.get(key) != value if type(parent) is dict else key >= len(parent) or parent[key] != value:
            return ".".join(map(str, path))


def sealed(file: dict) -> bytes:
    body = {name: item for name, item in file.items() if name != "digest"}
    return canonical.encode(body | {"digest": hashlib.sha256(canonical.encode(body)).hexdigest()})


def differing(paths: list[Path], count: int, binary: str, trusted_at: Path | None) -> int:
    """How many of `count` altered files the two tell differently."""
    trusted = parties.Parties.parse(trusted_at.read_bytes()) if trusted_at else None
    differ = 0
    with tempfile.TemporaryDirectory() as folder:
        evidence = Path(folder) / "evidence.json"
        for number in range(count):
            path = paths[number % len(paths)]
            own = [other for other in path.parent.glob("*.policy") if path.name.startswith(other.stem)]
            policy = own[0] if own else path.parent / "trust.policy"
            file = json.loads(path.read_text(encoding="utf-8"))
            what = altered(file, random.Random(number))
            data = sealed(file)
            evidence.write_bytes(data)
            command = [binary, "--json", "--policy", policy, *(["--parties", trusted_at] if trusted_at else []), evidence]
            theirs = json.loads(subprocess.run(command, capture_output=True, check=False).stdout)
            ours = files.read(data, log.Policy.parse(policy.read_bytes()), None, trusted)
            ours.run()
            pairs = [[(check["check"], check["result"]) for check in checks] for checks in (ours.results, theirs["checks"])]
            if pairs[0] != pairs[1]:
                differ += 1
                first = [next((name for name, result in side if result == "failed"), None) for side in pairs]
                print(f"DIFFERS {path.parent.name}/{path.name} {what}: ours {first[0]}, theirs {first[1]}")
                print("  ", [pair for pair in pairs[0] if pair not in pairs[1]], [pair for pair in pairs[1] if pair not in pairs[0]])
    return differ


def main() -> int:
    vectors, count, binary = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    # Those with a beacon take this verifier seconds each; the others say as much.
    shared = [path for path in sorted((vectors / "evidence3").glob("*_*.json"))
              if not any(word in path.name for word in ("all_", "beacon"))]
    others = [path for name in ("sites", "sites2", "membership", "membership2") for path in sorted((vectors / name).glob("*.json"))]
    total = 0
    for what, paths, trusted_at in (("evidence3", shared, vectors / "evidence3/trust.parties"), ("sites and membership", others, None)):
        differ = differing(paths, count, binary, trusted_at)
        print(f"{what}: {count} altered files, {differ} differ")
        total += differ
    return 1 if total else 0


if __name__ == "__main__":
    sys.exit(main())
