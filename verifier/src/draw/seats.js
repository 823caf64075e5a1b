// The seats (draw-v1 §7): the walk through the drawn order, what completes it, which seat, forced seats, margin.

import { fills, fits } from './flow.js';

export const LIMIT = 1000000;

/** Why a walk ends without a panel: `input`, `fixed`, `infeasible`, `limit`, `relations` (draw-v1 §7.6). */
export class NoPanel extends Error {
  constructor(cause, branches) {
    super(cause);
    this.cause = cause;
    this.branches = branches;
  }
}

const popcount = (list) => list.reduce((sum, n) => sum + n, 0);

/** A pool prepared for walks: `pool` is a list of `{mask, unit, relations}` by position, tags as text. */
export class Hall {
  constructor(seats, unitCap, pool) {
    const groups = seats.length;
    const shaped = groups >= 1 && groups <= 32 && seats.every((n) => n >= 1) && popcount(seats) <= 64 && unitCap >= 1
      && pool.every(({ mask, relations }) => mask !== 0 && (groups === 32 || mask >>> groups === 0) && relations.length <= 8
        && relations.every((tag, n) => n === 0 || relations[n - 1] < tag));
    if (!shaped) throw new NoPanel('input');
    Object.assign(this, { seats, unitCap, pool, total: popcount(seats) });
    this.byUnit = new Map();
    this.byRelation = new Map();
    pool.forEach(({ unit, relations }, position) => {
      push(this.byUnit, unit, position);
      relations.forEach((tag) => push(this.byRelation, tag, position));
    });
    // Only these can conflict with anybody.
    this.related = new Set();
    pool.forEach(({ unit, relations }, position) => {
      if (relations.length > 0 || this.byRelation.has(unit)) this.related.add(position);
    });
    this.masks = new Set(pool.map(({ mask }) => mask)).size;
  }

  /** Positions that conflict with one, itself left out. */
  conflicts(position) {
    if (!this.related.has(position)) return new Set();
    const { unit, relations } = this.pool[position];
    const found = new Set(this.byRelation.get(unit) ?? []);
    for (const tag of relations) {
      for (const other of this.byRelation.get(tag) ?? []) found.add(other);
      for (const other of this.byUnit.get(tag) ?? []) found.add(other);
    }
    found.delete(position);
    return found;
  }
}

function push(map, key, value) {
  const list = map.get(key);
  if (list) list.push(value);
  else map.set(key, [value]);
}

/**
 * The walk of §7.3. `fixed` maps positions to masks (F), `out` is a set of positions (U). Answers
 * `{panel: [{position, group}] in drawn order, branches}`; throws [`NoPanel`].
 */
export function walk(hall, order, fixed, out, limit = LIMIT) {
  const walker = new Walker(hall, order, fixed, out, limit);
  return walker.run();
}

class Walker {
  constructor(hall, order, fixed, out, limit) {
    Object.assign(this, { hall, order, fixed, out, limit, branches: 0 });
    const n = hall.pool.length;
    const groups = hall.seats.length;
    const within = (position) => Number.isInteger(position) && position >= 0 && position < n;
    const shaped = order.length === n && new Set(order).size === n && order.every(within)
      && [...fixed].every(([position, mask]) => within(position) && !out.has(position) && mask !== 0 && (groups === 32 || mask >>> groups === 0))
      && [...out].every(within);
    if (!shaped) throw new NoPanel('input');
    this.rank = new Int32Array(n);
    order.forEach((position, at) => { this.rank[position] = at; });
  }

  maskOf(position) {
    return this.fixed.get(position) ?? this.hall.pool[position].mask;
  }

  run() {
    const { hall, order, fixed, out } = this;
    const kept = [...fixed.keys()];
    if (!this.underCap(kept) || kept.length > hall.total || !fits(hall.seats, kept.map((p) => this.maskOf(p)))) throw new NoPanel('fixed');
    const free = (p) => !fixed.has(p) && !out.has(p);
    if (!this.flow(kept, 0, free)) throw new NoPanel('infeasible');
    const set = [...kept];
    const barred = new Set(kept.flatMap((p) => [...hall.conflicts(p)]));
    // Masks for which somebody alone in their unit cannot be seated beside this set.
    let hopeless = new Set();
    for (let at = 0; at < order.length && set.length < hall.total; at += 1) {
      const c = order[at];
      if (!free(c) || barred.has(c)) continue;
      const alone = !hall.related.has(c) && hall.byUnit.get(hall.pool[c].unit).length === 1;
      const mask = this.maskOf(c);
      if (alone && hopeless.has(mask)) continue;
      const before = this.branches;
      if (this.completable([...set, c], at + 1)) {
        set.push(c);
        hall.conflicts(c).forEach((p) => barred.add(p));
        hopeless = new Set();
      } else if (alone && this.branches === before) {
        hopeless.add(mask);
      }
    }
    if (set.length !== hall.total) throw new NoPanel('relations', this.branches);
    set.sort((a, b) => this.rank[a] - this.rank[b]);
    return { panel: this.places(set), branches: this.branches };
  }

  underCap(set) {
    const count = new Map();
    for (const p of set) {
      const { unit } = this.hall.pool[p];
      count.set(unit, (count.get(unit) ?? 0) + 1);
    }
    return [...count.values()].every((n) => n <= this.hall.unitCap);
  }

  /**
   * Whether `set` and those from a rank on who are `free` fill the plan by the flow. For each mask so many
   * units are enough as there are seats: the others use at most one less, so one of them is unused.
   */
  flow(set, from, free) {
    const { hall } = this;
    const inSet = new Map();
    for (const p of set) inSet.set(hall.pool[p].unit, (inSet.get(hall.pool[p].unit) ?? 0) + 1);
    if ([...inSet.values()].some((n) => n > hall.unitCap)) return false;
    const masks = set.map((p) => this.maskOf(p));
    if (!fits(hall.seats, masks)) return false;
    const room = (unit) => hall.unitCap - (inSet.get(unit) ?? 0);
    const byMask = new Map();
    let full = 0;
    for (let at = from; at < this.order.length && full < hall.masks; at += 1) {
      const p = this.order[at];
      const { mask, unit } = hall.pool[p];
      const units = byMask.get(mask) ?? new Map();
      if (units.size === 0) byMask.set(mask, units);
      if ((units.size >= hall.total && !units.has(unit)) || room(unit) <= 0 || !free(p)) continue;
      units.set(unit, (units.get(unit) ?? 0) + 1);
      if (units.size === hall.total && units.get(unit) === 1) full += 1;
    }
    const classes = [...byMask].flatMap(([mask, units]) => [...units].map(([unit, count]) => ({ mask, unit, count })));
    return fills(hall.seats, masks, classes, room);
  }

  /** COMPLETABLE of §7.4, with a list in place of the call stack. */
  completable(first, from) {
    const stack = [{ set: first, removed: new Set() }];
    while (stack.length > 0) {
      const { set, removed } = stack.pop();
      const barred = new Set(set.flatMap((p) => [...this.hall.conflicts(p)]));
      const inA = (p) => this.rank[p] >= from && !this.fixed.has(p) && !this.out.has(p) && !barred.has(p) && !removed.has(p);
      if (!this.flow(set, from, inA)) continue;
      const R = this.inConflict(inA);
      if (this.flow(set, from, (p) => inA(p) && !R.has(p))) return true;
      this.branches += 1;
      if (this.branches > this.limit) throw new NoPanel('limit', this.branches);
      const r = [...R].reduce((a, b) => (this.rank[a] < this.rank[b] ? a : b));
      stack.push({ set: [...set, r], removed: new Set(removed).add(r) });
      stack.push({ set, removed: new Set([...removed, r, ...this.twins(r, R, set, inA)]) });
    }
    return false;
  }

  /** Members of A who conflict with another member of A. */
  inConflict(inA) {
    const R = new Set();
    for (const p of this.hall.related) {
      if (inA(p) && [...this.hall.conflicts(p)].some(inA)) R.add(p);
    }
    return R;
  }

  twins(r, R, set, inA) {
    const { pool, byUnit, byRelation } = this.hall;
    const seated = new Set(set);
    const alone = (p) => !byRelation.has(pool[p].unit) && byUnit.get(pool[p].unit).every((q) => q === p || !(seated.has(q) || inA(q)));
    const same = (t) => pool[t].mask === pool[r].mask && pool[t].relations.join() === pool[r].relations.join()
      && (pool[t].unit === pool[r].unit || (alone(r) && alone(t)));
    return [...R].filter((t) => t !== r && same(t));
  }

  /** Which seat each takes (§7.7). */
  places(panel) {
    const left = [...this.hall.seats];
    return panel.map((position, n) => {
      const later = panel.slice(n + 1).map((p) => this.maskOf(p));
      const mask = this.maskOf(position);
      for (let g = 0; g < left.length; g += 1) {
        if (!((mask >>> g) & 1) || left[g] === 0) continue;
        left[g] -= 1;
        if (fits(left, later)) return { position, group: g + 1 };
        left[g] += 1;
      }
      throw new NoPanel('fixed');
    });
  }
}

/** Positions that sit in every full panel (§7.9); throws when there is none. */
export function forcedSeats(hall, fixed, limit = LIMIT) {
  const order = hall.pool.map((_, position) => position);
  const { panel } = walk(hall, order, fixed, new Set(), limit);
  return panel.map(({ position }) => position).filter((position) => {
    if (fixed.has(position)) return false;
    try {
      walk(hall, order, fixed, new Set([position]), limit);
      return false;
    } catch (error) {
      if (!(error instanceof NoPanel) || !['infeasible', 'relations'].includes(error.cause)) throw error;
      return true;
    }
  }).sort((a, b) => a - b);
}

/** Whom the margin invites (§7.11). `panel` is a list of `{position, group}`, `taken` a set of positions. */
export function marginInvitees(pool, order, panel, taken, out, margin) {
  let open = 0;
  for (const { position, group } of panel) if (!taken.has(position)) open |= 1 << (group - 1);
  const members = new Set(panel.map(({ position }) => position));
  if (open === 0) return [];
  const fit = order.filter((p) => !members.has(p) && !out.has(p) && (pool[p].mask & open) !== 0);
  return fit.slice(0, margin);
}
