"""Counts what agrees with the vectors and prints what does not."""

from __future__ import annotations

import json
from pathlib import Path


class Runner:
    """Counts agreements and prints disagreements."""

    def __init__(self, root: Path):
        self.root, self.good, self.bad, self.failed_groups = root, 0, 0, 0

    def json(self, name: str):
        return json.loads((self.root / name).read_text(encoding="utf-8"))

    def same(self, what: str, ours, theirs) -> None:
        if ours == theirs:
            self.good += 1
        else:
            self.bad += 1
            print(f"  DIFFERS {what}\n    ours   {str(ours)[:300]}\n    theirs {str(theirs)[:300]}")

    def group(self, name: str, function) -> None:
        self.good = self.bad = 0
        try:
            function(self)
        except Exception as error:  # a vector that cannot even be run is a disagreement
            self.bad += 1
            print(f"  STOPPED {type(error).__name__}: {error}")
        if self.bad or not self.good:
            self.failed_groups += 1
        print(f"{'ok    ' if self.good and not self.bad else 'FAILED'} {name}: {self.good} agree, {self.bad} differ")
