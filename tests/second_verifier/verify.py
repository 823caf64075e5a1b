"""Command line: `python -m second_verifier EVIDENCE --policy POLICY [--expect public|auditor] [--json]`.

Exit 0: verified. 1: refused. 2: the policy or the file cannot be used at all.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

if not __package__:
    # Run as a file: take the directory that it stands in as the package.
    import importlib

    here = Path(__file__).resolve().parent
    sys.path[0] = str(here.parent)
    __package__ = here.name
    importlib.import_module(__package__)

from . import log
from .evidence import LEVEL, Evidence

MAX_FILE = 512 << 20


class Unusable(Exception):
    """Policy or file cannot be read."""


def read_policy(path: Path) -> log.Policy:
    try:
        return log.Policy.parse(path.read_bytes())
    except (OSError, log.UnusablePolicy) as error:
        raise Unusable(f"policy: {error}") from error


def read_file(path: Path) -> bytes:
    try:
        if path.stat().st_size > MAX_FILE:
            raise Unusable("file: more than 512 MiB")
        return path.read_bytes()
    except OSError as error:
        raise Unusable(f"file: {error}") from error


def verdict(evidence: Evidence) -> str:
    """The sentence of evidence-v1 §4."""
    commitment, checkpoint = evidence.need("commitment").value, evidence.need("checkpoint")
    return (
        f"verified: the result follows from its commitment, as of tree size {checkpoint.size}; level {LEVEL}; "
        f"attempt {commitment['attempt']}; seen voids {len(evidence.of_kind('draw.voided'))}; "
        f"forced seats {len(evidence.need('forced'))}"
    )


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="second_verifier", description="Verifies an expert-draw evidence file.")
    parser.add_argument("evidence", type=Path)
    parser.add_argument("--policy", type=Path, required=True, help="C2SP tlog-policy file")
    parser.add_argument("--expect", choices=("public", "auditor"), help="refuse a file for another audience")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args(arguments)
    try:
        policy = read_policy(options.policy)
        evidence = Evidence(read_file(options.evidence), policy, options.expect)
    except Unusable as error:
        print(f"unusable input: {error}", file=sys.stderr)
        return 2
    checks = evidence.run()
    if options.json:
        word = "verified" if evidence.verified else "refused"
        print(json.dumps({"verdict": word, "level": LEVEL, "checks": checks}, ensure_ascii=False))
    else:
        for item in checks:
            print(f"{item['result']:7} {item['check']}" + (f" ({item['detail']})" if item["detail"] else ""))
        print(verdict(evidence) if evidence.verified else f"refused; level {LEVEL}")
    return 0 if evidence.verified else 1


if __name__ == "__main__":
    sys.exit(main())
