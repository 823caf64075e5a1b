"""The book of a called draw (draw-v2 §§2–7): statements are folded, one by one, into a state.

`Book.take` raises `Refused` with the name of the rule; a refused statement has changed nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from . import seats

CALLS = ("draw.invited", "draw.delivered", "draw.answered", "draw.vacated")
SHORTFALLS = {"infeasible": "infeasible", "input": "infeasible", "fixed": "infeasible",
              "relations": "relations", "limit": "limit"}


class Refused(Exception):
    """A statement breaks a rule; `rule` is its name."""

    def __init__(self, rule: str):
        super().__init__(rule)
        self.rule = rule


def must(holds: bool, rule: str) -> None:
    if not holds:
        raise Refused(rule)


@dataclass
class Round:
    """An open round."""

    number: int
    closes: int
    invitees: set[int]
    answered: set[int] = field(default_factory=set)
    delivered: set[int] = field(default_factory=set)

    @property
    def silent(self) -> set[int]:
        return self.invitees - self.answered


@dataclass
class Out:
    """Why somebody is out, and on whose word (§5)."""

    why: str
    word: str
    settled: bool = False


def word_of(value: dict) -> str:
    if value["by"] == "operator":
        return "two_people" if "approver" in value else "operator"
    return {"channel": "receipt", "expert": "own_page"}[value["by"]]


class Book:
    """The state. `terms` has the commitment's fields; `panel` is (position, group) in drawn order."""

    def __init__(self, terms: dict, pool: list, plan: seats.Plan, order: list[int],
                 panel: list[tuple[int, int]], alpha: str | None = None):
        self.terms, self.pool, self.plan, self.order, self.alpha = terms, pool, plan, order, alpha
        self.sites = [group["site"] for group in terms["groups"]]
        self.panel = list(panel)
        self.rounds, self.open = 0, None
        self.invited: set[int] = set()
        self.accepted: set[int] = set()
        self.out: dict[int, Out] = {}
        self.told: dict[int, int] = {}
        self.group: dict[int, int] = {}
        self.signed_in: set[int] = set()
        self.shortfall: str | None = None
        self.stopped: str | None = None
        for member in terms["kept"]:
            position, later = member["position"], terms["attempt"] > 1
            if "group" in member:
                self.group[position] = member["group"]
                if later:
                    self.signed_in.add(position)
            self.told[position] = member["site"] if "site" in member else self.site(member["group"])
            if later:
                self.accepted.add(position)

    # What follows from the state.

    def site(self, group: int) -> int:
        return self.sites[group - 1]

    def seat_of(self, position: int) -> int | None:
        return dict(self.panel).get(position)

    def taken(self, position: int) -> bool:
        return position in self.accepted and position not in self.out

    @property
    def members(self) -> list[tuple[int, int]]:
        """The final members (§6.4)."""
        return [(p, group) for p, group in self.panel if p not in self.out]

    @property
    def standby(self) -> list[int]:
        return sorted(p for p in self.accepted if p not in self.out and self.seat_of(p) is None)

    @property
    def filled(self) -> bool:
        return all(self.taken(p) for p, _ in self.panel)

    @property
    def unsettled(self) -> dict[int, Out]:
        return {p: out for p, out in self.out.items() if not out.settled}

    @property
    def may_be_unsealed(self) -> bool:
        return self.filled and self.open is None and self.stopped is None

    def invitees(self) -> list[dict]:
        """§4.3."""
        found = {p: {"position": p, "site": self.site(group)} for p, group in self.panel if not self.taken(p)}
        standing = self.accepted - set(self.out)
        for p in seats.invited(self.pool, self.order, self.panel, standing, set(self.out), self.terms["margin"]):
            found[p] = {"position": p}
        return [found[p] for p in sorted(found) if p not in self.invited]

    def next(self) -> list[dict]:
        """The invitees if a round could begin now."""
        hindered = self.stopped or self.shortfall or self.open or self.unsettled
        return [] if hindered else self.invitees()

    def words(self, word: str) -> int:
        return sum(out.word == word for out in self.out.values())

    def remaining(self) -> dict[int, dict]:
        """How a successor keeps those who remain (§7)."""
        return {
            p: {"group": self.group[p]} if p in self.signed_in else {"site": self.told[p]}
            for p, _ in self.members if p in self.accepted
        }

    # The statements.

    def take(self, kind: str, time: int, value: dict) -> None:
        must(value.get("alpha", self.alpha) == self.alpha, "other_draw")
        must(self.stopped is None, "stopped")
        getattr(self, "_" + kind.removeprefix("draw."))(time, value)

    def _invited(self, time: int, value: dict) -> None:
        must(self.shortfall is None, "after_shortfall")
        must(self.open is None, "round_open")
        must(not self.unsettled, "unsettled")
        invitees = self.invitees()
        must(bool(invitees), "no_open_seat")
        must(value["round"] == self.rounds + 1, "round")
        must(value["closes"] == time + 60 * self.terms["window_minutes"], "closes")
        must(value["invitees"] == invitees, "invitees")
        self.rounds += 1
        self.open = Round(self.rounds, value["closes"], {item["position"] for item in invitees})
        self.invited |= self.open.invitees
        for item in invitees:
            if "site" in item:
                self.told.setdefault(item["position"], item["site"])

    def _of_round(self, time: int, value: dict) -> Round:
        must(self.open is not None, "no_round")
        must(value["round"] == self.open.number, "round")
        must(time <= self.open.closes, "late")
        must(value["position"] in self.open.invitees, "not_invited")
        return self.open

    def _delivered(self, time: int, value: dict) -> None:
        current = self._of_round(time, value)
        must(value["position"] not in current.delivered, "delivered_before")
        current.delivered.add(value["position"])

    def _answered(self, time: int, value: dict) -> None:
        current, position = self._of_round(time, value), value["position"]
        must(position not in current.answered, "answered_before")
        current.answered.add(position)
        if value["answer"] == "accepted":
            self.accepted.add(position)
        else:
            self.out[position] = Out("declined", word_of(value))

    def _vacated(self, time: int, value: dict) -> None:
        position, why = value["position"], value["why"]
        must(why not in ("absent", "unfit", "conflict") or value["by"] == "operator", "by")
        must(position not in self.out, "is_out")
        must(position in self.accepted, "not_accepted")
        must(why in ("withdrawn", "conflict") or self.seat_of(position) is not None, "not_seated")
        must(why != "absent" or position not in self.signed_in, "signed_in")
        self.out[position] = Out(why, word_of(value))

    def _settled(self, time: int, value: dict) -> None:
        must(self.shortfall is None, "after_shortfall")
        silent: dict[int, Out] = {}
        if self.open is not None:
            must(not self.open.silent or time > self.open.closes, "window_open")
            for position in self.open.silent:
                silent[position] = Out("no_answer", "receipt" if position in self.open.delivered else "operator")
        else:
            must(bool(self.unsettled), "nothing_to_settle")
        must(value["round"] == self.rounds, "round")
        now = self.unsettled | silent
        must(value["out"] == [{"position": p, "why": now[p].why} for p in sorted(now)], "out")
        panel = self._outcome(value, set(self.out) | set(silent))
        self.open = None
        self.out |= silent
        for out in self.out.values():
            out.settled = True
        if panel is None:
            self.shortfall = value["shortfall"]
            return
        self.panel = panel
        for position, group in panel:
            if position in self.accepted:
                self.told.setdefault(position, self.site(group))

    def _outcome(self, value: dict, out: set[int]) -> list[tuple[int, int]] | None:
        """§4.7: the panel, or None at a shortfall, when the statement says the same."""
        try:
            found = seats.walk(self.plan, self.order, self._masks(out), out)
        except seats.Refused as refusal:
            must(value.get("shortfall") == SHORTFALLS[refusal.cause], "outcome")
            return None
        must("seats" in value, "outcome")
        must(value["seats"] == [{"group": group, "position": p} for p, group in found.seats], "seats")
        must(value["branches"] == found.branches, "branches")
        return found.seats

    def _masks(self, out: set[int]) -> dict[int, int]:
        """F of §4.7."""
        masks = {}
        for position, _ in self.panel:
            if position in out:
                continue
            masks[position] = self.pool[position].groups
            if position in self.group:
                masks[position] &= 1 << self.group[position] - 1
            elif position in self.told:
                masks[position] &= sum(1 << g for g, site in enumerate(self.sites) if site == self.told[position])
        return masks

    def _signed_in(self, time: int, value: dict) -> None:
        position = value["position"]
        seat = self.seat_of(position)
        must(seat is not None, "not_seated")
        must(position not in self.out, "is_out")
        must(position in self.accepted, "not_accepted")
        must(position not in self.signed_in, "signed_in")
        must(value["group"] == seat, "group")
        must(value["site"] == self.site(seat), "site")
        self.signed_in.add(position)
        self.group[position] = seat

    def _stopped(self, time: int, value: dict) -> None:
        must(value["reason"] != "shortfall" or self.shortfall is not None, "no_shortfall")
        self.stopped = value["reason"]

    def _unsealed(self, time: int, value: dict) -> None:
        must(self.may_be_unsealed, "not_filled")
