"""The evidence file of a draw that has calls (evidence-v2): evidence-v1 with the fold of draw-v2."""

from __future__ import annotations

from . import calls, canonical, log, shapes
from .evidence import LEVEL, Evidence, Failed

FORMAT = "expert-draw/evidence-v2"
FOLDED = {
    "calls": calls.CALLS,
    "settlements": ("draw.settled",),
    "sign_in": ("draw.signed_in",),
    "outcome": ("draw.stopped", "draw.unsealed"),
}


class CalledEvidence(Evidence):
    """One evidence-v2 file under one policy."""

    version, format = 2, FORMAT
    types = shapes.TYPES | shapes.CALL_TYPES
    life = (*shapes.LIFE, *shapes.CALL_TYPES)
    names = (*Evidence.names, *FOLDED)

    def _exactly(self, file: dict, entries: list) -> None:
        if not any(entry.kind in shapes.CALL_TYPES for entry in entries):
            raise Failed("no statement of calls: told in an evidence-v1 file")
        super()._exactly(file, entries)

    def ending(self) -> str:
        start = self.need("commitment").index
        own = [entry for entry in self.need("entries") if entry.kind in self.life]
        drawn = self.of_kind("draw.drawn")
        ends = [entry for entry in own if entry.kind in ("draw.unsealed", "draw.stopped", "draw.voided")]
        if any(entry.index <= start for entry in own):
            raise Failed("a statement of the draw below the commitment")
        if len(drawn) != 1 or len(ends) > 1:
            raise Failed(f"{len(drawn)} drawn, {len(ends)} endings after it")
        result = drawn[0].index
        for entry in own:
            if entry.kind == "draw.contributed" and entry.index > result:
                raise Failed("a contribution above draw.drawn")
            if (entry.kind in shapes.CALL_TYPES or entry in ends) and entry.index < result:
                raise Failed(f"{entry.kind} below draw.drawn")
            if ends and entry.index > ends[0].index:
                raise Failed(f"{entry.kind} above {ends[0].kind}")
        for void in self.of_kind("draw.voided"):
            self.valid_void(void)
        self.known["ending"] = True
        return " and ".join(entry.kind.removeprefix("draw.") for entry in (*drawn, *ends))

    # The fold (§4): one for four checks.

    def fold(self) -> tuple[str | None, str]:
        """The check at which the fold broke off, or None, and why."""
        if "fold" not in self.known:
            for name in ("plan", "ending", "seed", "drawn"):
                self.need(name)
            book = calls.Book(self.need("commitment").value, self.need("leaves"), self.need("plan"),
                              self.need("order"), self.need("drawn"), self.need("alpha").hex())
            self.known["fold"] = self._folded(book)
            if self.known["fold"][0] is None:
                self.known["book"] = book
                self.known["members"] = [position for position, _ in book.members]
        return self.known["fold"]

    def _folded(self, book: calls.Book) -> tuple[str | None, str]:
        check_of = {kind: name for name, kinds in FOLDED.items() for kind in kinds}
        for entry in self.need("entries"):
            if entry.kind in check_of:
                try:
                    book.take(entry.kind, entry.value["time"], entry.value)
                except calls.Refused as refusal:
                    return check_of[entry.kind], f"entry {entry.index}, {entry.kind}: {refusal.rule}"
        return None, ""

    def _part(self, name: str) -> str:
        broken, why = self.fold()
        if broken == name:
            raise Failed(why)
        order = list(FOLDED)
        if broken is not None and order.index(broken) < order.index(name):
            raise Failed(f"the fold broke off in {broken}")
        return f"{sum(len(self.of_kind(kind)) for kind in FOLDED[name])} statements"

    def calls(self) -> str:
        return self._part("calls")

    def settlements(self) -> str:
        return self._part("settlements")

    def sign_in(self) -> str:
        return self._part("sign_in")

    def outcome(self) -> str:
        return self._part("outcome")

    def openable(self) -> None:
        self.need("book")

    # What is told (§5).

    def seen_voids(self) -> int:
        book = self.need("book")
        return len(self.of_kind("draw.voided")) + (book.stopped not in (None, "shortfall"))

    def out(self) -> list[dict]:
        book, numbers = self.need("book"), self.known.get("numbers")
        return [
            ({} if numbers is None else {"number": numbers[p]})
            | {"position": p, "why": book.out[p].why, "word": book.out[p].word}
            for p in sorted(book.out)
        ]

    def remaining(self) -> dict[int, dict]:
        return self.need("book").remaining()

    def report(self) -> dict:
        report = super().report()
        book = self.known.get("book")
        if book is None:
            return report
        ending = "stopped" if book.stopped else "voided_after_drawn" if self.of_kind("draw.voided") else "drawn"
        report |= {
            "ending": ending,
            "seats": [{"group": group, "position": p} for p, group in book.members],
            "drawn_seats": [{"group": group, "position": p} for p, group in self.need("drawn")],
            "rounds": book.rounds,
            "filled": "yes" if book.filled else "no",
            "passed_over_on_operators_word": book.words("operator"),
            "out_on_own_pages": book.words("own_page"),
            "out": self.out(),
            "kept": len(self.need("commitment").value["kept"]),
        }
        for name, word in (("shortfall", book.shortfall), ("stopped", book.stopped)):
            if word is not None:
                report[name] = word
        return report

    def verdict(self) -> str:
        book = self.need("book")
        lines = [
            "verified: the panel follows from its commitment and from the answers in the log, as of tree size "
            f"{self.need('checkpoint').size}; level {LEVEL}; attempt {self.need('commitment').value['attempt']}; "
            f"seen voids {self.seen_voids()}; forced seats {len(self.need('forced'))}; "
            f"passed over on the operator's word: {book.words('operator')}; "
            f"out on the service's own pages: {book.words('own_page')}"
        ]
        if self.need("file")["audience"] == "auditor":
            for out in self.out():
                number = f", {out['number']}" if "number" in out else ""
                lines.append(f"out: position {out['position']}{number}, {out['why']}, word: {out['word']}")
        return "\n".join(lines)


def read(data: bytes, policy: log.Policy, expect: str | None = None) -> Evidence:
    """The verifier for the format that a file names, whatever else is wrong with it; else that of evidence-v1."""
    try:
        value = canonical.loose(data)
    except canonical.NotCanonical:
        value = None
    named = type(value) is dict and value.get("format") == FORMAT
    return (CalledEvidence if named else Evidence)(data, policy, expect)
