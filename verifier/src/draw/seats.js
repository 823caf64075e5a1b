// The seats (draw-v1 §7): the walk through the drawn order, what completes it, which seat, forced seats, margin.
// The count of branches is that of §7.4; what is remembered here only spares tests whose answer is known and that
// count none.

import { complete, fits } from './flow.js';
import { Hall, NoPanel, Ties } from './hall.js';
import { Rivals } from './rivals.js';

export { Hall, NoPanel };
export const LIMIT = 1000000;
/** So many people are looked at first: mostly they are enough. */
const SOME = 1024;

/**
 * The walk of §7.3. `fixed` maps positions to masks (F), `out` is a set of positions (U). Answers
 * `{panel: [{position, group}] in drawn order, branches}`; throws [`NoPanel`].
 */
export function walk(hall, order, fixed, out, limit = LIMIT) {
  return new Walker(hall, order, fixed, out, limit).run();
}

class Walker {
  constructor(hall, order, fixed, out, limit) {
    Object.assign(this, { hall, order, fixed, out, limit, branches: 0 });
    const n = hall.size;
    const groups = hall.seats.length;
    const within = (position) => Number.isInteger(position) && position >= 0 && position < n;
    const shaped = order.length === n && order.every(within)
      && [...fixed].every(([position, mask]) => within(position) && !out.has(position) && mask !== 0 && (groups === 32 || mask >>> groups === 0))
      && [...out].every(within);
    if (!shaped) throw new NoPanel('input');
    this.rank = new Int32Array(n).fill(-1);
    order.forEach((position, at) => { this.rank[position] = at; });
    if (this.rank.includes(-1)) throw new NoPanel('input');
    this.free = new Uint8Array(n).fill(1);
    for (const position of [...fixed.keys(), ...out]) this.free[position] = 0;
    this.relatedPeople = order.filter((p) => hall.related[p] && this.free[p]);
  }

  maskOf(position) {
    return this.fixed.get(position) ?? this.hall.mask[position];
  }

  run() {
    const { hall, order, fixed, free } = this;
    const set = [...fixed.keys()];
    const members = this.people(set);
    if (!this.underCap(members.units) || !fits(hall.seats, members.masks)) throw new NoPanel('fixed');
    const ties = new Ties(hall, set);
    const all = (p) => free[p] === 1;
    if (!this.flow(members, 0, all, SOME) && !this.flow(members, 0, all)) throw new NoPanel('infeasible');
    // People who complete the set, all later and in conflict with nobody who may still be seated; null: unknown.
    this.spare = null;
    // Masks and classes of whom nobody can be seated beside this set, nor beside a larger one.
    this.hopeless = { masks: new Set(), classes: new Set() };
    for (let at = 0; at < order.length && set.length < hall.total; at += 1) {
      const c = order[at];
      if (!free[c] || ties.bind(c) || !this.mayBeSeated(set, c, at, ties)) continue;
      set.push(c);
      ties.add(c);
    }
    if (set.length !== hall.total) throw new NoPanel('relations', this.branches);
    set.sort((a, b) => this.rank[a] - this.rank[b]);
    return { panel: this.places(set), branches: this.branches };
  }

  people(set) {
    return { masks: set.map((p) => this.maskOf(p)), units: set.map((p) => this.hall.unit[p]) };
  }

  underCap(units) {
    const count = new Map();
    for (const unit of units) count.set(unit, (count.get(unit) ?? 0) + 1);
    return [...count.values()].every((n) => n <= this.hall.unitCap);
  }

  /** The test of §7.3.2. */
  mayBeSeated(set, c, at, ties) {
    const { hall, hopeless } = this;
    if (hopeless.masks.has(hall.maskNumber[c]) || hopeless.classes.has(hall.klass[c])) return false;
    const trial = [...set, c];
    const members = this.people(trial);
    if (!this.underCap(members.units) || !fits(hall.seats, members.masks)) return false;
    if (this.spare) {
      const found = this.choose(members, this.spare.filter((p) => p !== c));
      if (found) {
        this.spare = found;
        return true;
      }
    }
    // Whom nobody is related to is in no conflict, so is in A and not in R.
    const found = this.flow(members, at + 1, (p) => this.free[p] === 1 && !hall.related[p], SOME);
    if (found) {
      this.spare = found;
      return true;
    }
    const { yes, spare, branched } = this.completable(trial, at + 1);
    if (yes) this.spare = spare;
    else if (!branched) this.giveUp(set, c, at, ties);
    return yes;
  }

  /** After a test that ended at §7.4.3: whether anybody of this mask, or of this mask and unit, ends there too. */
  giveUp(set, c, at, ties) {
    const { hall, hopeless } = this;
    const { masks, units } = this.people(set);
    const later = (p) => this.free[p] === 1 && !ties.bind(p);
    const mask = hall.mask[c];
    // Somebody without unit and relations is easier to seat than anybody.
    if (!this.flow({ masks: [...masks, mask], units }, at + 1, later)) hopeless.masks.add(hall.maskNumber[c]);
    else if (!hall.related[c] || !this.flow({ masks: [...masks, mask], units: [...units, hall.unit[c]] }, at + 1, later)) hopeless.classes.add(hall.klass[c]);
  }

  /**
   * Whether members and those from a rank on whom `admits` lets in fill the plan by the flow: answers who of them
   * does, or null. Looks at `most` people. For each mask so many units are enough as there are seats: the others
   * use at most one less, so one of them is unused.
   */
  flow(members, from, admits, most = Infinity) {
    const { order, hall } = this;
    const { total, maskNumber } = hall;
    const room = this.roomBeside(members);
    const classes = new Map();
    const units = new Int32Array(hall.maskCount);
    let full = 0;
    const end = Math.min(order.length, from + most);
    for (let at = from; at < end && full < hall.maskCount; at += 1) {
      const p = order[at];
      const known = classes.get(hall.klass[p]);
      if (known ? known.people.length >= room(known.unit) : units[maskNumber[p]] >= total) continue;
      if (!admits(p)) continue;
      if (known) known.people.push(p);
      else if (room(hall.unit[p]) > 0) {
        classes.set(hall.klass[p], { mask: hall.mask[p], unit: hall.unit[p], people: [p] });
        units[maskNumber[p]] += 1;
        if (units[maskNumber[p]] === total) full += 1;
      }
    }
    this.reached = units;
    return this.fill(members, [...classes.values()], room);
  }

  /** As `flow`, of a list of people. */
  choose(members, people) {
    const { hall } = this;
    const classes = new Map();
    for (const p of people) {
      const known = classes.get(hall.klass[p]);
      if (known) known.people.push(p);
      else classes.set(hall.klass[p], { mask: hall.mask[p], unit: hall.unit[p], people: [p] });
    }
    return this.fill(members, [...classes.values()], this.roomBeside(members));
  }

  roomBeside({ units }) {
    const inside = new Map();
    for (const unit of units) inside.set(unit, (inside.get(unit) ?? 0) + 1);
    return (unit) => this.hall.unitCap - (inside.get(unit) ?? 0);
  }

  fill({ masks, units }, classes, room) {
    if (!this.underCap(units)) return null;
    const counted = classes.map(({ mask, unit, people }) => ({ mask, unit, count: people.length }));
    const used = complete(this.hall.seats, masks, counted, room);
    return used && classes.flatMap(({ people }, n) => people.slice(0, used[n]));
  }

  /**
   * COMPLETABLE of §7.4, with a list in place of the call stack. Answers `yes`, whether it `branched`, and who
   * completes the set when it did not.
   */
  completable(first, from) {
    const stack = [{ set: first, removed: null }];
    let branched = false;
    while (stack.length > 0) {
      const call = this.enter(stack.pop(), from);
      if (!call) continue;
      if (call.spare) return { yes: true, branched, spare: branched ? null : call.spare };
      branched = true;
      this.branches += 1;
      if (this.branches > this.limit) throw new NoPanel('limit', this.branches);
      const { set, removed, rivals } = call;
      const r = rivals.first();
      const gone = [r, ...this.twins(r, call)];
      stack.push({ set: [...set, r], removed: { gone: [r], before: removed } });
      stack.push({ ...call, gone, removed: { gone, before: removed } });
    }
    return { yes: false, branched };
  }

  /** Steps 1 to 4 of a call: null is no; with `spare` it is yes. The call after a branch goes on from the one before. */
  enter(call, from) {
    const { hall, free, rank } = this;
    const begins = call.rivals === undefined;
    if (begins) {
      const away = new Set();
      for (let one = call.removed; one; one = one.before) one.gone.forEach((p) => away.add(p));
      const ties = new Ties(hall, call.set);
      call.members = this.people(call.set);
      call.rivals = new Rivals(hall, this.relatedPeople.filter((p) => rank[p] >= from && !away.has(p) && !ties.bind(p)));
      // Whom nobody is related to is never taken out.
      call.inA = (p) => free[p] === 1 && rank[p] >= from && (!hall.related[p] || call.rivals.inA[p] === 1);
    }
    const { members, rivals, inA } = call;
    const freed = begins ? [] : rivals.remove(call.gone);
    if (begins || call.whole.some((p) => !inA(p))) call.whole = this.flow(members, from, inA);
    if (!call.whole) return null;
    // Without new people, or with more of a mask that has enough, what did not fill the plan does not yet.
    if (begins || freed.some((p) => call.reached[hall.maskNumber[p]] < hall.total)) {
      call.spare = this.flow(members, from, (p) => inA(p) && !rivals.inR[p]);
      call.reached = this.reached;
    }
    return call;
  }

  twins(r, { set, rivals, inA }) {
    const { unit, isRelation, colleagues, alike, likeness } = this.hall;
    const among = (p) => set.includes(p) || inA(p);
    const alone = (p) => !isRelation[unit[p]] && colleagues[unit[p]].every((q) => q === p || !among(q));
    const rIsAlone = alone(r);
    return alike.get(likeness(r)).filter((t) => t !== r && rivals.inR[t] && (unit[t] === unit[r] || (rIsAlone && alone(t))));
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
