"""The seats (draw-v1 §7): the walk, its branches and refusals, groups, forced seats and the margin."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from dataclasses import dataclass
from typing import NamedTuple

from .branches import completable
from .flow import Board, Supply

LIMIT = 1_000_000


class Person(NamedTuple):
    """What the walk knows of a pool position: mask, unit tag, relation tags."""

    groups: int
    unit: bytes
    relations: tuple[bytes, ...]


class Refused(Exception):
    """`cause` is input, fixed, infeasible, limit or relations; `fields` go with it."""

    def __init__(self, cause: str, **fields):
        super().__init__(cause)
        self.cause, self.fields = cause, fields

    def as_json(self) -> dict:
        return {"cause": self.cause, **self.fields}


@dataclass
class Panel:
    """(position, group from 1) in drawn order, and the branches that the walk counted."""

    seats: list[tuple[int, int]]
    branches: int


class Plan:
    """Seats, cap and pool, prepared once for many walks."""

    def __init__(self, seats: list[int], unit_cap: int, pool: list[Person]):
        if not 1 <= len(seats) <= 32 or any(n < 1 for n in seats) or sum(seats) > 64 or unit_cap < 1:
            raise Refused("input")
        numbers: dict[bytes, int] = {}
        self.tag_of: list[bytes] = []

        def tag(data: bytes) -> int:
            if len(data) != 16:
                raise Refused("input")
            if data not in numbers:
                numbers[data] = len(self.tag_of)
                self.tag_of.append(data)
            return numbers[data]

        self.seats, self.cap, self.total = list(seats), unit_cap, sum(seats)
        self.mask: list[int] = []
        self.unit: list[int] = []
        self.relations: list[tuple[int, ...]] = []
        for person in pool:
            ascending = all(a < b for a, b in zip(person.relations, person.relations[1:]))
            if person.groups <= 0 or person.groups >> len(seats) or len(person.relations) > 8 or not ascending:
                raise Refused("input")
            self.mask.append(person.groups)
            self.unit.append(tag(person.unit))
            self.relations.append(tuple(tag(t) for t in person.relations))
        self.any_relation = {t for tags in self.relations for t in tags}
        # Only these can conflict with anybody; all others are "plain".
        self.tagged = [bool(tags) or unit in self.any_relation for tags, unit in zip(self.relations, self.unit)]
        classes: dict[tuple[int, int], int] = {}
        self.class_of = [classes.setdefault(key, len(classes)) for key in zip(self.mask, self.unit)]
        self.class_mask = [key[0] for key in classes]
        self.class_unit = [key[1] for key in classes]

    def by_group(self, order: list[int]) -> list[list[int]]:
        """The classes of each group, those first of whom somebody stands last in the order."""
        last = [0] * len(self.class_mask)
        for rank, position in enumerate(order):
            last[self.class_of[position]] = rank
        ranked = sorted(range(len(last)), key=lambda number: -last[number])
        return [[n for n in ranked if self.class_mask[n] >> g & 1] for g in range(len(self.seats))]


class Order:
    """A drawn order over a plan, prepared once for many walks."""

    def __init__(self, plan: Plan, order: list[int]):
        if sorted(order) != list(range(len(plan.mask))):
            raise Refused("input")
        self.order = order
        self.by_group = plan.by_group(order)
        self.tagged = [(rank, p) for rank, p in enumerate(order) if plan.tagged[p]]


class Walk:
    """One walk (§7.3). `fixed` maps the positions of F to masks, `out` is U."""

    def __init__(self, plan: Plan, order: Order, fixed: dict[int, int], out: set[int], limit: int = LIMIT):
        size, groups = len(plan.mask), len(plan.seats)
        if set(fixed) & set(out) or any(not 0 <= p < size for p in [*fixed, *out]) or limit < 0:
            raise Refused("input")
        if any(mask <= 0 or mask >> groups for mask in fixed.values()):
            raise Refused("input")
        self.plan, self.order, self.fixed, self.out, self.limit = plan, order, fixed, out, limit
        self.branches = 0
        self.seated = list(fixed)
        # Spare people by class: plain ones at hand in `plain`, tagged ones are counted for each test.
        self.plain = [0] * len(plan.class_mask)
        self.plain_units: Counter = Counter()
        for position in range(size):
            if not plan.tagged[position] and position not in fixed and position not in out:
                self.plain[plan.class_of[position]] += 1
                self.plain_units[plan.unit[position]] += 1

    # The flow.

    def board(self, people: list[tuple[int, int]], cap: int | None = None) -> Board | None:
        board = Board(self.plan.seats, cap or self.plan.cap)
        return board if all(board.seat(mask, unit) for mask, unit in people) else None

    def counts(self, tagged: list[int]) -> Counter:
        return Counter(self.plan.class_of[position] for position in tagged)

    def supply(self, counts: dict[int, int]) -> Supply:
        """The plain people at hand and the given counts of tagged ones."""
        return Supply(self.plan.class_mask, self.plan.class_unit, self.order.by_group, self.plain, counts)

    def fills(self, people: list[tuple[int, int]], counts: dict[int, int]) -> bool:
        board = self.board(people)
        return board is not None and board.fill(self.supply(counts))

    def branch(self) -> None:
        self.branches += 1
        if self.branches > self.limit:
            raise Refused("limit")

    # Conflicts.

    def tags(self, positions: list[int]) -> tuple[set[int], set[int]]:
        plan = self.plan
        return {t for p in positions for t in plan.relations[p]}, {plan.unit[p] for p in positions}

    def conflicts(self, position: int, relations: set[int], units: set[int]) -> bool:
        """Does somebody outside a set conflict with a member of it, the set given by its tags?"""
        plan = self.plan
        return plan.unit[position] in relations or any(t in relations or t in units for t in plan.relations[position])

    # The walk.

    def run(self) -> Panel:
        plan = self.plan
        if len(self.seated) > plan.total:
            raise Refused("fixed")
        people = [(mask, plan.unit[p]) for p, mask in self.fixed.items()]
        board = self.board(people)
        if board is None:
            raise Refused("fixed")
        supply = self.supply(self.counts([p for _, p in self.order.tagged if p not in self.fixed and p not in self.out]))
        if not board.fill(supply):
            raise Refused("infeasible", **self.explanation(board, supply))
        dead_masks: set[int] = set()
        dead_classes: set[int] = set()
        relations, units = self.tags(self.seated)
        for rank, c in enumerate(self.order.order):
            if len(self.seated) == plan.total:
                break
            if c in self.fixed or c in self.out:
                continue
            if not plan.tagged[c]:
                self.plain[plan.class_of[c]] -= 1
                self.plain_units[plan.unit[c]] -= 1
            if plan.mask[c] in dead_masks or plan.class_of[c] in dead_classes:
                continue
            if self.conflicts(c, relations, units):
                continue
            if self.test(c, rank, people, relations, units, dead_masks, dead_classes):
                self.seated.append(c)
                people.append((plan.mask[c], plan.unit[c]))
                relations.update(plan.relations[c])
                units.add(plan.unit[c])
        if len(self.seated) < plan.total:
            raise Refused("relations", branches=self.branches)
        return Panel(self.assign(), self.branches)

    def test(self, c, rank, people, relations, units, dead_masks, dead_classes) -> bool:
        """COMPLETABLE(S ∪ {c}, L) with two short cuts that never change a count of branches."""
        plan = self.plan
        mask, unit = plan.mask[c], plan.unit[c]
        # Plain people alone suffice: then they suffice at step 4 too.
        if self.fills(people + [(mask, unit)], {}):
            return True
        start = bisect_right(self.order.tagged, (rank, len(plan.mask)))
        later = [
            p
            for _, p in self.order.tagged[start:]
            if p not in self.fixed and p not in self.out and not self.conflicts(p, relations, units)
        ]
        # A "no" at step 3 that needs no conflict of c stays a "no" for all later people of the class
        # (and, if even somebody of a unit of their own would fail, of the mask).
        counts = self.counts(later)
        if not self.fills(people + [(mask, unit)], counts):
            dead_classes.add(plan.class_of[c])
            if not self.fills(people + [(mask, -1)], counts):
                dead_masks.add(mask)
            return False
        own_relations, own_units = self.tags([c])
        tagged = [p for p in later if not self.conflicts(p, own_relations, own_units)]
        return completable(self, people + [(mask, unit)], self.seated + [c], tagged)

    def assign(self) -> list[tuple[int, int]]:
        """§7.7: the lowest group that leaves the later members assignable."""
        rank = {p: r for r, p in enumerate(self.order.order)}
        members = sorted(self.seated, key=rank.__getitem__)
        masks = [self.fixed.get(p, self.plan.mask[p]) for p in members]
        left, result = list(self.plan.seats), []
        for number, (position, mask) in enumerate(zip(members, masks)):
            for group in range(len(left)):
                if mask >> group & 1 and left[group]:
                    left[group] -= 1
                    board = Board(left, len(masks))
                    if all(board.seat(later, -1) for later in masks[number + 1:]):
                        result.append((position, group + 1))
                        break
                    left[group] += 1
            else:
                raise AssertionError("the walk answered yes without an assignment")
        return result

    def explanation(self, board: Board, supply: Supply) -> dict:
        """§7.8, from the residual network: the least set of groups with the largest shortage."""
        plan = self.plan
        lacking = board.lacking(supply)
        wanted = sum(1 << g for g in lacking)
        in_fixed = Counter(plan.unit[p] for p in self.fixed)
        people = Counter(
            plan.unit[p]
            for p in range(len(plan.mask))
            if p not in self.fixed and p not in self.out and plan.mask[p] & wanted
        )
        needed = sum(plan.seats[g] for g in lacking)
        seated = sum(1 for mask in self.fixed.values() if mask & wanted)
        usable = sum(min(n, plan.cap - in_fixed[u]) for u, n in people.items())
        fields = {
            "groups": sorted(g + 1 for g in lacking),
            "shortage": needed - seated - usable,
            "needed": needed,
            "seated": seated,
            "candidates": sum(people.values()),
            "binding_units": sorted(plan.tag_of[u].hex() for u, n in people.items() if n > plan.cap - in_fixed[u]),
        }
        for cap in range(plan.cap + 1, plan.total + 1):
            relaxed = self.board([(mask, plan.unit[p]) for p, mask in self.fixed.items()], cap)
            if relaxed is not None and relaxed.fill(supply):
                fields["relaxed_cap"] = cap
                break
        return fields


def walk(plan: Plan, order: list[int], fixed: dict[int, int], out: set[int], limit: int = LIMIT) -> Panel:
    """One walk; raises Refused."""
    return Walk(plan, Order(plan, order), fixed, out, limit).run()


def forced_seats(plan: Plan, fixed: dict[int, int], limit: int = LIMIT) -> list[int]:
    """§7.9; raises Refused when the commitment is to be refused."""
    order = Order(plan, list(range(len(plan.mask))))
    panel = Walk(plan, order, fixed, set(), limit).run()
    forced = []
    for position in sorted(p for p, _ in panel.seats if p not in fixed):
        try:
            Walk(plan, order, fixed, {position}, limit).run()
        except Refused as refusal:
            if refusal.cause not in ("infeasible", "relations"):
                raise
            forced.append(position)
    return forced


def invited(
    pool: list[Person], order: list[int], panel: list[tuple[int, int]], accepted: set[int], out: set[int], margin: int
) -> list[int]:
    """§7.11: who is invited beyond the panel."""
    wanted = 0
    for position, group in panel:
        if position not in accepted:
            wanted |= 1 << group - 1
    members = {position for position, _ in panel}
    fitting = [p for p in order if p not in members and p not in out and pool[p].groups & wanted]
    return fitting[:margin]
