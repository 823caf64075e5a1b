// The draw of sites stage by stage (tests/vectors/sites.json) and workstations by lot (workstations.json).

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { hex, unhex, utf8 } from '../src/bytes.js';
import { canonical } from '../src/canonical.js';
import { H, mac, variable } from '../src/hash.js';
import { root } from '../src/log/merkle.js';
import { chacha20orig } from '@noble/ciphers/chacha.js';
import { choose, orderOf, strictest } from '../src/sites/choice.js';

const read = (name) => JSON.parse(readFileSync(new URL(`../../tests/vectors/${name}`, import.meta.url), 'utf8'));
const leafOf = (leaf) => ({ city: leaf.slice(64, 96), stations: parseInt(leaf.slice(96), 16) });

test('every stage of a draw of sites gives the fixed bytes', () => {
  const { stages } = read('sites.json');
  const salt = (purpose, about) => mac(unhex(stages.sites_key), utf8(`${purpose}\n${about}`));
  assert.equal(hex(salt('site', stages.venue)), stages.site_salt);
  assert.equal(hex(H('city', salt('city', '430100'), variable('430100')).subarray(0, 16)), stages.city_tag_430100);
  assert.equal(hex(H('sites-request', salt('sites-request', ''), variable(stages.request_canonical))), stages.request_digest);
  assert.equal(hex(root(stages.leaves.map((leaf) => unhex(leaf)))), stages.root);
  const { limits } = JSON.parse(stages.request_canonical);
  assert.equal(hex(canonical(JSON.parse(stages.request_canonical))), hex(utf8(stages.request_canonical)));
  const leaves = stages.leaves.map(leafOf);
  const { picks, workstations } = limits;
  assert.deepEqual({ picks, workstations, ...strictest(picks, workstations, leaves) }, limits);
  const order = orderOf(unhex(stages.seed), leaves.length);
  assert.deepEqual(order, stages.order);
  assert.deepEqual(choose(limits, leaves, order), stages.picks);
});

test('choices are the first full ones in their order, or none', () => {
  const { choices } = read('sites.json');
  assert.ok(choices.some(({ chosen }) => chosen === undefined) && choices.length >= 5);
  for (const { chosen, leaves, order, ...limits } of choices) {
    const found = choose(limits, leaves.map(([city, stations]) => ({ city, stations })), order);
    assert.deepEqual(found ?? undefined, chosen, JSON.stringify(limits));
  }
});

test('the walk picks what trying every choice in order picks', () => {
  let state = 20261127;
  const below = (n) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 4294967296) * n);
  };
  let full = 0;
  for (let round = 0; round < 400; round += 1) {
    const leaves = Array.from({ length: 2 + below(6) }, () => ({ city: below(4), stations: below(3) }));
    const order = leaves.map((_, n) => n).sort(() => below(2) - 1);
    const picks = 1 + below(3);
    const limits = { picks, workstations: 1, max_per_city: 1 + below(2), min_cities: below(picks + 1) };
    const fits = (set) => {
      const cities = set.map((position) => leaves[position].city);
      const most = Math.max(...cities.map((city) => cities.filter((one) => one === city).length));
      return set.every((position) => leaves[position].stations >= 1) && most <= limits.max_per_city && new Set(cities).size >= limits.min_cities;
    };
    // Sets in lexicographic order of the drawn order.
    const sets = (from, left) => (left === 0 ? [[]] : order.slice(from).flatMap((one, n) => sets(from + n + 1, left - 1).map((rest) => [one, ...rest])));
    const first = sets(0, picks).find(fits);
    const found = choose(limits, leaves, order);
    assert.deepEqual(found?.map(({ position }) => position), first, JSON.stringify({ leaves, order, limits }));
    if (first) full += 1;
  }
  assert.ok(full > 100 && full < 400, String(full));
});

// No file holds a workstation (day-v1 §3), so the page does not compute one. Only the row of the position is made.
function workstation(sub, position, count, taken) {
  const start = 16 * position * count;
  const bytes = chacha20orig(sub, new Uint8Array(8), new Uint8Array((start % 64) + 16 * count), undefined, Math.floor(start / 64));
  const view = new DataView(bytes.buffer, start % 64);
  let best = null;
  for (let number = 1; number <= count; number += 1) {
    if (taken.includes(number)) continue;
    const ticket = (view.getBigUint64(16 * number - 8, true) << 64n) + view.getBigUint64(16 * number - 16, true);
    if (best === null || ticket < best.ticket) best = { ticket, number };
  }
  return best?.number;
}

test('workstations are those that the lot gives', () => {
  const { cases } = read('workstations.json');
  assert.ok(cases.length >= 7);
  for (const { seed, site, count, position, taken, workstation: said } of cases) {
    const sub = H('sub', variable(`workstations/${site}`), unhex(seed));
    assert.equal(workstation(sub, position, count, taken), said);
  }
});
