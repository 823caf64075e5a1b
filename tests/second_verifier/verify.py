"""Command line: `python -m second_verifier EVIDENCE --policy POLICY [--parties PARTIES] [--expect public|auditor]
[--predecessor FILE] [--json]`.

Exit 0: verified. 1: refused. 2: policy, parties or file cannot be used at all.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

if not __package__:
    # Run as a file: take the directory that it stands in as the package.
    import importlib

    here = Path(__file__).resolve().parent
    sys.path[0] = str(here.parent)
    __package__ = here.name
    importlib.import_module(__package__)

from . import canonical, files, log, parties, predecessor
from .evidence import LEVEL

MAX_FILE = 512 << 20


class Unusable(Exception):
    """Policy or file cannot be read."""


def read_policy(path: Path) -> log.Policy:
    try:
        return log.Policy.parse(path.read_bytes())
    except (OSError, log.UnusablePolicy) as error:
        raise Unusable(f"policy: {error}") from error


def read_parties(path: Path) -> parties.Parties:
    try:
        return parties.Parties.parse(path.read_bytes())
    except (OSError, parties.UnusableParties) as error:
        raise Unusable(f"parties: {error}") from error


def read_file(path: Path) -> bytes:
    try:
        if path.stat().st_size > MAX_FILE:
            raise Unusable("file: more than 512 MiB")
        data = path.read_bytes()
    except OSError as error:
        raise Unusable(f"file: {error}") from error
    if not data.startswith(b"{"):
        raise Unusable("file: does not begin with {")
    return data


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="second_verifier", description="Verifies an expert-draw evidence file.")
    parser.add_argument("evidence", type=Path)
    parser.add_argument("--policy", type=Path, required=True, help="C2SP tlog-policy file")
    parser.add_argument("--parties", type=Path, help="trust.parties: whom the auditor holds for independent")
    parser.add_argument("--expect", choices=("public", "auditor"), help="refuse a file for another audience")
    parser.add_argument("--predecessor", type=Path, metavar="FILE", help="file of the attempt before")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args(arguments)
    try:
        policy = read_policy(options.policy)
        trusted = options.parties and read_parties(options.parties)
        evidence = files.read(read_file(options.evidence), policy, options.expect, trusted)
        earlier = options.predecessor and files.read(read_file(options.predecessor), policy, None, trusted)
    except Unusable as error:
        print(f"unusable input: {error}", file=sys.stderr)
        return 2
    checks = evidence.run()
    if earlier:
        earlier.run()
        predecessor.check(evidence, earlier)
    if options.json:
        sys.stdout.buffer.write(canonical.encode(evidence.report()) + b"\n")
    else:
        for item in checks:
            print(f"{item['result']:7} {item['check']}" + (f" ({item['detail']})" if item["detail"] else ""))
        print(evidence.verdict() if evidence.verified else f"refused; level {LEVEL}")
    return 0 if evidence.verified else 1


if __name__ == "__main__":
    sys.exit(main())
