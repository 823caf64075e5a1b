"""Does a set of people fill the plan by the flow (draw-v1 §7.2)?

People are held by class (mask, unit). Instead of a general maximum flow there are searches over the at
most 32 groups: an open seat is filled by a spare person, by moving somebody between groups, or by
exchanging two people of a saturated unit. These are exactly the residual paths of the flow network.
"""

from __future__ import annotations


class Board:
    """Groups with seats, of which some are taken; members of S stay seated, others may be exchanged."""

    def __init__(self, seats: list[int], cap: int):
        self.open = list(seats)
        self.cap = cap
        self.held: list[list[list]] = [[] for _ in seats]  # occupants [mask, unit, class or None]
        self.used_unit: dict[int, int] = {}
        self.used_class: dict[int, int] = {}

    def seat(self, mask: int, unit: int) -> bool:
        """Seats a member of S in some group of the mask, moving earlier members if need be."""
        used = self.used_unit.get(unit, 0) + 1
        if used > self.cap:
            return False
        self.used_unit[unit] = used
        parent: dict[int, tuple[int, list] | None] = {g: None for g in range(len(self.open)) if mask >> g & 1}
        queue = list(parent)
        for group in queue:
            if self.open[group]:
                self.open[group] -= 1
                while parent[group] is not None:
                    before, occupant = parent[group]
                    self.held[before].remove(occupant)
                    self.held[group].append(occupant)
                    group = before
                self.held[group].append([mask, unit, None])
                return True
            for occupant in self.held[group]:
                for other in range(len(self.open)):
                    if occupant[0] >> other & 1 and other not in parent:
                        parent[other] = (group, occupant)
                        queue.append(other)
        return False

    def search(self, roots: list[int], supply: "Supply"):
        """Searches for a way to bring one more person to one of the open groups `roots`.

        Returns (parents, group, class) of the way, or (parents, None, None): then the groups in
        `parents` are the ones that could hand a person on, all in vain.
        """
        parent: dict[int, tuple | None] = {g: None for g in roots}
        queue = list(roots)
        for group in queue:
            for number in supply.by_group[group]:
                if supply.count(number) > self.used_class.get(number, 0):
                    unit = supply.units[number]
                    if self.used_unit.get(unit, 0) < self.cap:
                        return parent, group, number
                    for other in range(len(self.open)):
                        if other not in parent:
                            for occupant in self.held[other]:
                                if occupant[1] == unit and occupant[2] is not None:
                                    parent[other] = (group, occupant, number)
                                    queue.append(other)
                                    break
            for other in range(len(self.open)):
                if other not in parent:
                    for occupant in self.held[other]:
                        if occupant[0] >> group & 1:
                            parent[other] = (group, occupant, None)
                            queue.append(other)
                            break
        return parent, None, None

    def _take(self, group: int, number: int, supply: "Supply") -> None:
        unit = supply.units[number]
        self.used_class[number] = self.used_class.get(number, 0) + 1
        self.used_unit[unit] = self.used_unit.get(unit, 0) + 1
        self.held[group].append([supply.masks[number], unit, number])

    def fill(self, supply: "Supply") -> bool:
        """Fills all open seats from the supply; False when the maximum leaves some open."""
        for group, needed in enumerate(self.open):
            if needed:
                for number in supply.by_group[group]:
                    while (
                        self.open[group]
                        and supply.count(number) > self.used_class.get(number, 0)
                        and self.used_unit.get(supply.units[number], 0) < self.cap
                    ):
                        self._take(group, number, supply)
                        self.open[group] -= 1
                    if not self.open[group]:
                        break
        for root in range(len(self.open)):
            while self.open[root]:
                parent, group, number = self.search([root], supply)
                if group is None:
                    return False
                self.open[root] -= 1
                while True:
                    step = parent[group]
                    if step is None:
                        if number is not None:
                            self._take(group, number, supply)
                        break
                    before, occupant, exchange = step
                    self.held[group].remove(occupant)
                    if number is not None:
                        self._take(group, number, supply)
                    if exchange is None:
                        self.held[before].append(occupant)
                        number = None
                    else:
                        self.used_class[occupant[2]] -= 1
                        self.used_unit[occupant[1]] -= 1
                        number = exchange
                    group = before
        return True

    def lacking(self, supply: "Supply") -> set[int]:
        """After `fill` said no: completes the maximum and returns the least set of groups that lacks most."""
        for root in range(len(self.open)):
            rest, self.open = self.open, [0] * len(self.open)
            while rest[root]:
                self.open[root] = 1
                if not self.fill(supply):
                    break
                rest[root] -= 1
            self.open = rest
        parent, _, _ = self.search([g for g, seats in enumerate(self.open) if seats], supply)
        return set(parent)


class Supply:
    """How many people of each class may be seated: common counts and what a test adds to them."""

    def __init__(self, masks, units, by_group, base: list[int], extra: dict[int, int] | None = None):
        self.masks, self.units, self.by_group = masks, units, by_group
        self.base, self.extra = base, extra or {}

    def count(self, number: int) -> int:
        return self.base[number] + self.extra.get(number, 0)
