// The draw of sites stage by stage (tests/vectors/sites.json), its walk against every choice tried, and workstations by lot.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { hex, unhex, utf8 } from '../src/bytes.js';
import { canonical, parse } from '../src/canonical.js';
import { drawnOrder } from '../src/evidence/result.js';
import { H, variable } from '../src/hash.js';
import { root } from '../src/log/merkle.js';
import { cityTag, liesIn, limitsOf, picksOf, readLeaf, saltOf } from '../src/sites/choice.js';
import { stream } from '../src/crypto/chacha.js';
import { workstation } from '../src/draw/workstation.js';
import { chance } from './alterations.mjs';

const vectors = (name) => JSON.parse(readFileSync(new URL(`../../tests/vectors/${name}`, import.meta.url)));

test('salts, tags, leaves, root, request, order and picks are those of the vectors', () => {
  const all = vectors('sites.json').stages;
  const key = unhex(all.sites_key);
  assert.equal(hex(saltOf(key, 'site', all.venue)), all.site_salt);
  assert.equal(hex(cityTag(key, '430100')), all.city_tag_430100);
  const request = utf8(all.request_canonical);
  assert.deepEqual(canonical(parse(request)), request);
  assert.equal(hex(H('sites-request', saltOf(key, 'sites-request'), variable(request))), all.request_digest);
  assert.equal(hex(root(all.leaves.map((leaf) => unhex(leaf)))), all.root);
  const leaves = all.leaves.map(readLeaf);
  const { limits } = JSON.parse(all.request_canonical);
  const { picks, workstations, ...chosen } = limits;
  assert.deepEqual(limitsOf(leaves, { picks, workstations }), chosen);
  const { order } = drawnOrder(unhex(all.seed), leaves.map(() => 1), 1);
  assert.deepEqual(order, all.order);
  assert.deepEqual(picksOf(leaves, order, limits), all.picks);
});

const asLeaf = ([city, workstations]) => ({ city, workstations });

test('every choice of the vectors', () => {
  for (const { leaves, order, chosen, ...limits } of vectors('sites.json').choices) {
    assert.deepEqual(picksOf(leaves.map(asLeaf), order, limits), chosen ?? null, JSON.stringify({ leaves, limits }));
  }
});

// sites-v1 §5.3: whether positions are a full choice.
function isFull(positions, leaves, limits) {
  const cities = positions.map((position) => leaves[position].city);
  const inOne = Math.max(0, ...cities.map((city) => cities.filter((one) => one === city).length));
  return positions.length === limits.picks && positions.every((position) => leaves[position].workstations >= limits.workstations)
    && inOne <= limits.max_per_city && new Set(cities).size >= limits.min_cities;
}

// The first full choice in drawn order, every set tried: those that hold an earlier one come first.
function firstFull(left, picked, leaves, limits) {
  if (isFull(picked, leaves, limits)) return picked;
  if (picked.length === limits.picks || left.length === 0) return null;
  const [next, ...rest] = left;
  return firstFull(rest, [...picked, next], leaves, limits) ?? firstFull(rest, picked, leaves, limits);
}

test('the walk finds the first full choice, and limits follow from the leaves', () => {
  const of = chance(20261127);
  const seen = { found: 0, none: 0, limits: 0, without: 0 };
  for (let n = 0; n < 6000; n += 1) {
    const leaves = Array.from({ length: of(9) }, () => asLeaf([`c${of(4)}`, of(4)]));
    const picks = 1 + of(4);
    const limits = { picks, workstations: 1 + of(2), max_per_city: 1 + of(3), min_cities: of(picks + 1) };
    const order = leaves.map((_, at) => at);
    for (let at = order.length - 1; at > 0; at -= 1) {
      const other = of(at + 1);
      [order[at], order[other]] = [order[other], order[at]];
    }
    const wanted = firstFull(order, [], leaves, limits);
    assert.deepEqual(picksOf(leaves, order, limits)?.map(({ position }) => position) ?? null, wanted, `choice ${n}`);
    assert.ok((picksOf(leaves, order, limits) ?? []).every(({ site }, at) => site === at + 2));
    seen[wanted ? 'found' : 'none'] += 1;
    // The least number in a city with which there is a choice at all; then as many cities as it can have.
    const least = [1, 2, 3, 4].find((k) => firstFull(order, [], leaves, { ...limits, max_per_city: k, min_cities: 0 }));
    const able = new Set(leaves.filter((leaf) => leaf.workstations >= limits.workstations).map(({ city }) => city));
    const said = limitsOf(leaves, limits);
    assert.deepEqual(said, least ? { max_per_city: least, min_cities: Math.min(picks, able.size) } : null, `limits ${n}`);
    if (said) assert.ok(picksOf(leaves, order, { ...limits, ...said }), 'with these limits there is a choice');
    seen[said ? 'limits' : 'without'] += 1;
  }
  assert.ok(Object.values(seen).every((count) => count > 300), JSON.stringify(seen));
});

test('regions lie in others by their codes without trailing pairs of zeros', () => {
  for (const [inner, outer, wanted] of [['430602', '430600', true], ['430602', '430000', true], ['430600', '430600', true], ['430600', '430602', false], ['430100', '430600', false], ['431000', '430000', true], ['431000', '431100', false], ['430010', '430000', true]]) {
    assert.equal(liesIn(inner, outer), wanted, `${inner} ${outer}`);
  }
});

test('leaves have fifty bytes', () => {
  const [leaf] = vectors('sites.json').stages.leaves;
  assert.equal(readLeaf(leaf).workstations, 3);
  for (const bad of ['', leaf.slice(2), `${leaf}00`, `${leaf}\n`, leaf.toUpperCase(), leaf.replace(/.$/, 'g')]) assert.throws(() => readLeaf(bad), JSON.stringify(bad));
});

test('workstations by lot are those of the vectors, and of the stream from its beginning', () => {
  for (const { seed, workstation: wanted, ...at } of vectors('workstations.json').cases) {
    assert.equal(workstation(unhex(seed), at), wanted ?? null, JSON.stringify(at));
  }
  const [seed, of] = [new Uint8Array(32).fill(7), chance(5)];
  for (let n = 0; n < 200; n += 1) {
    const [site, count, position] = [1 + of(32), 1 + of(256), of(40)];
    const whole = stream(H('sub', variable(`workstations/${site}`), seed), 16 * count * (position + 1));
    const ticket = (number) => hex(whole.slice(16 * (position * count + number - 1)).slice(0, 16).reverse());
    const numbers = Array.from({ length: count }, (_, at) => at + 1).filter(() => of(3) > 0);
    const taken = Array.from({ length: count }, (_, at) => at + 1).filter((number) => !numbers.includes(number));
    const wanted = numbers.reduce((best, number) => (best === null || ticket(number) < ticket(best) ? number : best), null);
    assert.equal(workstation(seed, { site, count, position, taken }), wanted, `${site} ${count} ${position}`);
  }
  for (const bad of [{ site: 0 }, { site: 33 }, { count: 0 }, { count: 257 }, { position: -1 }, { position: 4000000 }, { count: '4' }, { position: 1.5 }]) {
    assert.throws(() => workstation(seed, { site: 1, count: 4, position: 0, taken: [], ...bad }), JSON.stringify(bad));
  }
});
