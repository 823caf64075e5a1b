// Which sub-venues a seed picks, and the limits that nobody chooses (sites-v1 §§2, 5). Leaves are `{identity, city, workstations}`.

import { u64, u8, unhex, utf8 } from '../bytes.js';
import { H, mac, variable } from '../hash.js';

const fail = (why) => { throw new Error(why); };
const LEAF = /^[0-9a-f]{100}$/;

/** A salt of a draw of sites. */
export const saltOf = (key, purpose, about = '') => mac(key, utf8(`${purpose}\n${about}`));
/** Commitment to a venue (§2.2). */
export const venueCommitment = (key, venue, record, index) => H('site', saltOf(key, 'site', venue), record, u64(index));
/** Tag of a city (§2.3). */
export const cityTag = (key, code) => H('city', saltOf(key, 'city', code), variable(code)).subarray(0, 16);
/** Seed of the operator alone (§5.1). */
export const seedOf = (alpha, beta) => H('seed', unhex(alpha), u8(1), u8(2), beta);

/** The region without its trailing pairs of zeros (§2.6). */
const stem = (code) => code.replace(/(00)+$/, '');
/** Whether one region lies in another. */
export const liesIn = (inner, outer) => stem(inner).startsWith(stem(outer));

/** What a leaf holds (§2.4); throws when it is none. */
export function readLeaf(leaf) {
  if (!LEAF.test(leaf)) fail('has no length of a leaf');
  return { identity: leaf.slice(0, 64), city: leaf.slice(64, 96), workstations: parseInt(leaf.slice(96), 16) };
}

const isAble = (leaf, limits) => leaf.workstations >= limits.workstations;

function countBy(cities) {
  const counts = new Map();
  for (const city of cities) counts.set(city, (counts.get(city) ?? 0) + 1);
  return counts;
}

/** The limits that follow from the leaves (§5.5), or null where no choice is possible. */
export function limitsOf(leaves, { picks, workstations }) {
  const counts = [...countBy(leaves.filter((leaf) => isAble(leaf, { workstations })).map(({ city }) => city)).values()];
  const most = (k) => counts.reduce((sum, n) => sum + Math.min(n, k), 0);
  for (let k = 1; k <= picks; k += 1) if (most(k) >= picks) return { max_per_city: k, min_cities: Math.min(picks, counts.length) };
  return null;
}

/** Whether picks in cities (`taken`) can be completed from later leaves (`after`), §5.4. */
function canComplete(missing, taken, after, limits) {
  let room = 0;
  let fresh = 0;
  for (const [city, count] of after) {
    room += Math.min(count, limits.max_per_city - (taken.get(city) ?? 0));
    if (count > 0 && !taken.has(city)) fresh += 1;
  }
  return room >= missing && taken.size + Math.min(missing, fresh) >= limits.min_cities;
}

/** The sites of a drawn order, `{position, site}` from site 2 on; null where there is no full choice. */
export function picksOf(leaves, order, limits) {
  const able = order.filter((position) => isAble(leaves[position], limits));
  const after = countBy(able.map((position) => leaves[position].city));
  const taken = new Map();
  const chosen = [];
  for (const position of able) {
    if (chosen.length === limits.picks) break;
    const { city } = leaves[position];
    after.set(city, after.get(city) - 1);
    const held = taken.get(city) ?? 0;
    if (held >= limits.max_per_city) continue;
    taken.set(city, held + 1);
    if (canComplete(limits.picks - chosen.length - 1, taken, after, limits)) chosen.push({ position, site: chosen.length + 2 });
    else if (held > 0) taken.set(city, held);
    else taken.delete(city);
  }
  return chosen.length === limits.picks && taken.size >= limits.min_cities ? chosen : null;
}
