"""COMPLETABLE with its branches (draw-v1 §7.4 and §7.5).

`A` is held as one changing state with a list of what was done to it, so that a branch costs little
more than the people it removes: going back undoes the list down to where the branch began. Only
"tagged" people are held one by one; plain people conflict with nobody and are counted by class.
"""

from __future__ import annotations

from collections import Counter


class Available:
    """The tagged members of A (step 1 done), R among them, and the counts by class of A and of A \\ R."""

    def __init__(self, plan, tagged: list[int]):
        self.plan, self.order, self.alive = plan, tagged, set(tagged)
        self.relations = Counter(t for p in tagged for t in plan.relations[p])
        self.units = Counter(plan.unit[p] for p in tagged)
        self.holders: dict[int, list[int]] = {}
        self.members: dict[int, list[int]] = {}
        self.alike: dict[tuple, list[int]] = {}
        self.count: Counter = Counter()
        self.count_free: Counter = Counter()
        self.done: list[tuple[int, bool]] = []  # (position, was it removed? otherwise it left R)
        for p in tagged:
            for t in plan.relations[p]:
                self.holders.setdefault(t, []).append(p)
            self.members.setdefault(plan.unit[p], []).append(p)
            self.alike.setdefault((plan.mask[p], plan.relations[p]), []).append(p)
            self.count[plan.class_of[p]] += 1
        self.conflicted = {p for p in tagged if self.in_conflict(p)}
        for p in tagged:
            if p not in self.conflicted:
                self.count_free[plan.class_of[p]] += 1

    def in_conflict(self, p: int) -> bool:
        own, unit = self.plan.relations[p], self.plan.unit[p]
        return self.relations[unit] > (unit in own) or any(
            self.relations[t] > 1 or self.units[t] > (t == unit) for t in own
        )

    def neighbours(self, p: int) -> list[int]:
        """Who of A conflicts with p."""
        found: dict[int, None] = {}
        for t in self.plan.relations[p]:
            found.update(dict.fromkeys(self.holders.get(t, ())))
            found.update(dict.fromkeys(self.members.get(t, ())))
        found.update(dict.fromkeys(self.holders.get(self.plan.unit[p], ())))
        return [q for q in found if q != p and q in self.alive]

    def remove(self, p: int) -> None:
        plan, number = self.plan, self.plan.class_of[p]
        unit = plan.unit[p]
        self.alive.discard(p)
        self.count[number] -= 1
        if p in self.conflicted:
            self._leave(p)
        self.count_free[number] -= 1
        self.done.append((p, True))
        self.units[unit] -= 1
        for t in plan.relations[p]:
            self.relations[t] -= 1
        # Others can leave R only where a count has become 1 or 0.
        doubtful: list[int] = []
        for t in plan.relations[p]:
            if self.relations[t] <= 1:
                doubtful += self.holders.get(t, [])
                doubtful += self.members.get(t, [])
        if self.units[unit] <= 1:
            doubtful += self.holders.get(unit, [])
        for q in doubtful:
            if q in self.conflicted and not self.in_conflict(q):
                self._leave(q)

    def _leave(self, p: int) -> None:
        self.conflicted.discard(p)
        self.count_free[self.plan.class_of[p]] += 1
        self.done.append((p, False))

    def undo(self, mark: int) -> None:
        """Takes back all changes after the first `mark`."""
        plan = self.plan
        while len(self.done) > mark:
            p, removed = self.done.pop()
            number = plan.class_of[p]
            if removed:
                self.alive.add(p)
                self.count[number] += 1
                self.count_free[number] += 1
                self.units[plan.unit[p]] += 1
                for t in plan.relations[p]:
                    self.relations[t] += 1
            else:
                self.conflicted.add(p)
                self.count_free[number] -= 1

    def twins(self, r: int, seated: list[int], plain_units: Counter) -> list[int]:
        """§7.5."""
        plan = self.plan

        def alone(p: int) -> bool:
            unit = plan.unit[p]
            people = self.units[unit] + plain_units[unit] + sum(plan.unit[s] == unit for s in seated)
            return people == 1 and unit not in plan.any_relation

        alike = [p for p in self.alike[plan.mask[r], plan.relations[r]] if p != r and p in self.conflicted]
        return [p for p in alike if plan.unit[p] == plan.unit[r] or (alone(p) and alone(r))]


def completable(walk, people: list[tuple[int, int]], seated: list[int], tagged: list[int]) -> bool:
    """§7.4 for S = `seated` (as masks and units: `people`) and A = `tagged` and the walk's plain people.

    Steps 7 and 8 as a list of open cases: `cases` holds what a branch has to go back to for step 8.
    """
    plan, people, seated = walk.plan, list(people), list(seated)
    available = Available(plan, tagged)
    cases: list[tuple[int, int, int, int]] = []
    first = 0
    while True:
        possible = walk.fills(people, available.count)
        if possible:
            if not available.conflicted or walk.fills(people, available.count_free):
                return True
            walk.branch()
            # R only shrinks on the way down, so its first member never lies before an earlier first one.
            while available.order[first] not in available.conflicted:
                first += 1
            r = available.order[first]
            cases.append((len(available.done), len(people), first, r))
            for p in (r, *available.twins(r, seated, walk.plain_units)):
                available.remove(p)
        elif cases:
            mark, size, first, r = cases.pop()
            available.undo(mark)
            del people[size:]
            del seated[size:]
            for p in (r, *available.neighbours(r)):
                available.remove(p)
            people.append((plan.mask[r], plan.unit[r]))
            seated.append(r)
        else:
            return False
