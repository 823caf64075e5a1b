// Walks of small pools without end against §§7.3–7.5 of draw-v1 step by step: same panel, same branches, same refusal.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { complete } from '../src/draw/flow.js';
import { Hall, NoPanel, walk } from '../src/draw/seats.js';

let state = 20261126;
const below = (n) => {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return Math.floor((state / 4294967296) * n);
};
const name = (letter, n) => `${letter}${String(n).padStart(3, '0')}`;

function draw() {
  const groups = 1 + below(3);
  const seats = Array.from({ length: groups }, () => 1 + below(2));
  const size = 3 + below(9);
  const units = 1 + below(7);
  const pool = Array.from({ length: size }, () => ({ mask: 1 + below(2 ** groups - 1), unit: name('u', below(units)), relations: new Set() }));
  for (let n = below(size + 2); n > 0; n -= 1) for (const p of [below(size), below(size)]) pool[p].relations.add(name('r', n));
  for (let n = below(4); n > 0; n -= 1) pool[below(size)].relations.add(name('u', below(units + 1)));
  pool.forEach((one) => { one.relations = [...one.relations].sort().slice(0, 8); });
  const order = pool.map((_, p) => p);
  for (let n = size - 1; n > 0; n -= 1) {
    const m = below(n + 1);
    [order[n], order[m]] = [order[m], order[n]];
  }
  const fixed = new Map();
  const out = new Set();
  if (below(3) === 0) fixed.set(order[0], pool[order[0]].mask);
  if (below(3) === 0) out.add(order[1]);
  return { seats, cap: 1 + below(2), pool, order, fixed, out };
}

const conflict = (a, b) => a.relations.some((tag) => b.relations.includes(tag) || tag === b.unit) || b.relations.includes(a.unit);

// Nothing is remembered and nothing spared.
function literal({ seats, cap, pool, order, fixed, out }) {
  const total = seats.reduce((sum, n) => sum + n, 0);
  const maskOf = (p) => fixed.get(p) ?? pool[p].mask;
  const meets = (p, list) => list.some((q) => q !== p && conflict(pool[p], pool[q]));
  let branches = 0;
  const fills = (S, A) => {
    const inside = (unit) => S.filter((p) => pool[p].unit === unit).length;
    if (S.some((p) => inside(pool[p].unit) > cap)) return false;
    const classes = A.map((p) => ({ mask: pool[p].mask, unit: pool[p].unit, count: 1 }));
    return complete(seats, S.map(maskOf), classes, (unit) => cap - inside(unit)) !== null;
  };
  const completable = (S, given) => {
    const A = given.filter((p) => !meets(p, S));
    const R = A.filter((p) => meets(p, A));
    if (!fills(S, A)) return false;
    if (fills(S, A.filter((p) => !R.includes(p)))) return true;
    branches += 1;
    const [r] = R;
    const alone = (p) => ![...S, ...A].some((q) => q !== p && pool[q].unit === pool[p].unit) && !pool.some(({ relations }) => relations.includes(pool[p].unit));
    const isTwin = (t) => t !== r && pool[t].mask === pool[r].mask && pool[t].relations.join() === pool[r].relations.join()
      && (pool[t].unit === pool[r].unit || (alone(r) && alone(t)));
    const W = [r, ...R.filter(isTwin)];
    return completable(S, A.filter((p) => !W.includes(p))) || completable([...S, r], A.filter((p) => p !== r));
  };
  const rest = order.filter((p) => !fixed.has(p) && !out.has(p));
  if (!fills([...fixed.keys()], rest)) return 'infeasible or fixed';
  const S = [...fixed.keys()];
  rest.forEach((c, n) => {
    if (S.length < total && !meets(c, S) && completable([...S, c], rest.slice(n + 1))) S.push(c);
  });
  return { panel: S.length === total ? order.filter((p) => S.includes(p)) : 'relations', branches };
}

function ours({ seats, cap, pool, order, fixed, out }) {
  try {
    const { panel, branches } = walk(new Hall(seats, cap, pool), order, fixed, out);
    return { panel: panel.map(({ position }) => position), branches };
  } catch (error) {
    if (!(error instanceof NoPanel)) throw error;
    return error.cause === 'relations' ? { panel: 'relations', branches: error.branches } : 'infeasible or fixed';
  }
}

test('walks are those of the page', () => {
  const seen = { panels: 0, branched: 0, relations: 0, refused: 0 };
  for (let n = 0; n < 6000; n += 1) {
    const one = draw();
    const wanted = literal(one);
    assert.deepEqual(ours(one), wanted, `walk ${n}`);
    if (typeof wanted === 'string') seen.refused += 1;
    else {
      seen[wanted.panel === 'relations' ? 'relations' : 'panels'] += 1;
      if (wanted.branches > 0) seen.branched += 1;
    }
  }
  assert.ok(Object.values(seen).every((count) => count > 100), JSON.stringify(seen));
});

// Whether the people of a list, each seated or (past the first `must`) left away, fill every seat: every way is tried.
function tried(left, people, must, n, inside, cap) {
  if (n === people.length) return left.every((seats) => seats === 0);
  const { mask, unit } = people[n];
  if (n >= must && tried(left, people, must, n + 1, inside, cap)) return true;
  if ((inside.get(unit) ?? 0) >= cap) return false;
  return left.some((seats, g) => {
    if (seats === 0 || !((mask >>> g) & 1)) return false;
    const fewer = left.map((one, h) => (h === g ? one - 1 : one));
    return tried(fewer, people, must, n + 1, new Map(inside).set(unit, (inside.get(unit) ?? 0) + 1), cap);
  });
}

test('the flow fills the seats exactly when some way of seating does', () => {
  const seen = [0, 0];
  for (let n = 0; n < 3000; n += 1) {
    const groups = 1 + below(3);
    const seats = Array.from({ length: groups }, () => 1 + below(2));
    const people = Array.from({ length: 2 + below(6) }, () => ({ mask: 1 + below(2 ** groups - 1), unit: below(4) }));
    const [must, cap] = [below(3), 1 + below(2)];
    const set = people.slice(0, must);
    const inside = (unit) => set.filter((one) => one.unit === unit).length;
    const withinCap = set.every(({ unit }) => inside(unit) <= cap);
    const classes = people.slice(must).map((one) => ({ ...one, count: 1 }));
    const found = withinCap ? complete(seats, set.map(({ mask }) => mask), classes, (unit) => cap - inside(unit)) : null;
    const wanted = tried(seats, people, must, 0, new Map(), cap);
    assert.equal(found !== null, wanted, `seats ${n}`);
    if (found) assert.equal(found.reduce((sum, count) => sum + count, must), seats.reduce((sum, count) => sum + count, 0));
    seen[wanted ? 1 : 0] += 1;
  }
  assert.ok(seen.every((count) => count > 300), String(seen));
});
