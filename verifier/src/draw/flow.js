// Whether people fill groups by the flow (draw-v1 §7.2): matching for those who must be seated, then a maximum
// flow of at most 64 units for those who may be.

/** Whether masks can all be given groups within the seats. */
export function fits(seats, masks) {
  const inside = seats.map(() => []);
  const place = (one, seen) => {
    for (let g = 0; g < seats.length; g += 1) {
      if (!((masks[one] >>> g) & 1) || seen[g]) continue;
      seen[g] = 1;
      if (inside[g].length < seats[g]) {
        inside[g].push(one);
        return true;
      }
      for (let n = 0; n < inside[g].length; n += 1) {
        if (!place(inside[g][n], seen)) continue;
        inside[g][n] = one;
        return true;
      }
    }
    return false;
  };
  return masks.every((_, one) => place(one, new Uint8Array(seats.length)));
}

/** A network with augmenting paths found depth first. */
class Network {
  constructor(nodes) {
    this.first = new Int32Array(nodes).fill(-1);
    this.seen = new Uint32Array(nodes);
    this.round = 0;
    this.next = [];
    this.to = [];
    this.left = [];
  }

  /** Answers the arc's number; the arc back has the next one. */
  arc(from, to, capacity) {
    const number = this.to.length;
    this.to.push(to, from);
    this.left.push(capacity, 0);
    this.next.push(this.first[from], this.first[to]);
    this.first[from] = number;
    this.first[to] = number + 1;
    return number;
  }

  /** One more unit from a node to the sink, no node twice; whether there was a way. */
  push(node, sink) {
    if (node === sink) return true;
    this.seen[node] = this.round;
    for (let arc = this.first[node]; arc >= 0; arc = this.next[arc]) {
      const to = this.to[arc];
      if (this.left[arc] === 0 || this.seen[to] === this.round || !this.push(to, sink)) continue;
      this.left[arc] -= 1;
      this.left[arc ^ 1] += 1;
      return true;
    }
    return false;
  }

  /** At most so many units; answers how many there were. */
  fill(source, sink, most) {
    for (let added = 0; added < most; added += 1) {
      this.round += 1;
      if (!this.push(source, sink)) return added;
    }
    return most;
  }
}

/**
 * Whether people of `set` (masks), who must all be seated, and of `classes` ({mask, unit, count}), who may be, fill
 * every seat; `room` says how many more of a unit there may be. Answers how many of each class, or null.
 */
export function complete(seats, set, classes, room) {
  const open = seats.reduce((sum, n) => sum + n, 0) - set.length;
  if (open < 0 || !fits(seats, set)) return null;
  if (open === 0) return classes.map(() => 0);
  const masks = new Map();
  const units = new Map();
  for (const mask of set) masks.set(mask, (masks.get(mask) ?? 0) + 1);
  for (const { mask, unit } of classes) {
    if (!masks.has(mask)) masks.set(mask, 0);
    if (!units.has(unit)) units.set(unit, units.size);
  }
  const [source, sink, groups] = [0, 1, 2];
  const firstMask = groups + seats.length;
  const firstUnit = firstMask + masks.size;
  const network = new Network(firstUnit + units.size);
  const nodeOf = new Map();
  seats.forEach((n, g) => network.arc(groups + g, sink, n));
  for (const [mask, must] of masks) {
    const node = firstMask + nodeOf.size;
    nodeOf.set(mask, node);
    seats.forEach((n, g) => { if ((mask >>> g) & 1) network.arc(node, groups + g, n); });
    if (must > 0) network.arc(source, node, must);
  }
  // Those who must be seated first: ways found later move them and never take them out.
  network.fill(source, sink, set.length);
  const arcs = classes.map(({ mask, unit, count }) => network.arc(firstUnit + units.get(unit), nodeOf.get(mask), count));
  for (const [unit, n] of units) network.arc(source, firstUnit + n, room(unit));
  if (network.fill(source, sink, open) < open) return null;
  return arcs.map((arc) => network.left[arc ^ 1]);
}
