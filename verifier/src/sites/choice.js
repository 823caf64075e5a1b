// Which venues a seed picks (sites-v1 §5): lots of one each, the order, and the first full choice in that order.

import { drawnOrder } from '../draw/order.js';

/** Able leaves of each city. */
function cities(leaves, workstations) {
  const counts = new Map();
  for (const { city, stations } of leaves) if (stations >= workstations) counts.set(city, (counts.get(city) ?? 0) + 1);
  return counts;
}

/** The strictest `max_per_city` and `min_cities` that leaves can meet (§5.5); null when they can meet none. */
export function strictest(picks, workstations, leaves) {
  const counts = [...cities(leaves, workstations).values()];
  for (let most = 1; most <= picks; most += 1) {
    const room = counts.reduce((sum, n) => sum + Math.min(n, most), 0);
    if (room >= picks) return { max_per_city: most, min_cities: Math.min(picks, counts.length) };
  }
  return null;
}

/** Whether a choice can be completed: `taken` by city, `ahead` able leaves by city, `missing` picks (§5.4). */
function completes({ max_per_city: most, min_cities: least }, taken, ahead, missing) {
  let room = 0;
  let fresh = 0;
  for (const [city, n] of ahead) {
    const had = taken.get(city) ?? 0;
    room += Math.min(n, most - had);
    if (had === 0 && n > 0) fresh += 1;
  }
  return room >= missing && taken.size + Math.min(missing, fresh) >= least;
}

/** The picks of leaves in an order, as `{position, site}`; null when no full choice exists. */
export function choose(limits, leaves, order) {
  const ahead = cities(leaves, limits.workstations);
  const taken = new Map();
  const picks = [];
  if (!completes(limits, taken, ahead, limits.picks)) return null;
  for (const position of order) {
    if (picks.length === limits.picks) break;
    const { city, stations } = leaves[position];
    if (stations < limits.workstations) continue;
    ahead.set(city, ahead.get(city) - 1);
    const had = taken.get(city) ?? 0;
    if (had >= limits.max_per_city) continue;
    const withIt = new Map(taken).set(city, had + 1);
    if (!completes(limits, withIt, ahead, limits.picks - picks.length - 1)) continue;
    taken.set(city, had + 1);
    picks.push({ position, site: picks.length + 2 });
  }
  return picks.length === limits.picks ? picks : null;
}

/** The drawn order of so many leaves under a seed. */
export const orderOf = (seed, count) => drawnOrder(seed, new Array(count).fill(1), 1).order;
