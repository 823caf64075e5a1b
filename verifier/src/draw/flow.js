// Whether people fill groups by the flow (draw-v1 §7.2): a maximum flow of at most 64 units.

/** A small network with augmenting paths found breadth first. */
export class Network {
  constructor(nodes) {
    this.heads = Array.from({ length: nodes }, () => []);
    this.to = [];
    this.left = [];
  }

  arc(from, to, capacity) {
    this.heads[from].push(this.to.length);
    this.to.push(to);
    this.left.push(capacity);
    this.heads[to].push(this.to.length);
    this.to.push(from);
    this.left.push(0);
  }

  /** One more unit from source to sink; whether there was a way. */
  augment(source, sink) {
    const by = new Map([[source, -1]]);
    const queue = [source];
    for (const node of queue) {
      for (const arc of this.heads[node]) {
        const next = this.to[arc];
        if (this.left[arc] > 0 && !by.has(next)) {
          by.set(next, arc);
          if (next === sink) {
            for (let at = sink; at !== source; at = this.to[by.get(at) ^ 1]) {
              this.left[by.get(at)] -= 1;
              this.left[by.get(at) ^ 1] += 1;
            }
            return true;
          }
          queue.push(next);
        }
      }
    }
    return false;
  }

  /** The flow that can be added. */
  fill(source, sink) {
    let added = 0;
    while (this.augment(source, sink)) added += 1;
    return added;
  }
}

const bits = (mask, groups) => Array.from({ length: groups }, (_, g) => g).filter((g) => (mask >>> g) & 1);

/**
 * Whether the people of `set` (masks) can all be given groups, and with people of `classes` (mask, unit, count)
 * fill every seat; `room` says how many more of a unit there may be. Without classes: whether they fit.
 */
export function fills(seats, set, classes, room) {
  const total = seats.reduce((sum, n) => sum + n, 0);
  if (set.length > total) return false;
  const units = [...new Set(classes.map((one) => one.unit))];
  const [source, sink] = [0, 1];
  const group = (g) => 2 + g;
  const person = (n) => 2 + seats.length + n;
  const unit = (n) => 2 + seats.length + set.length + n;
  const klass = (n) => 2 + seats.length + set.length + units.length + n;
  const network = new Network(klass(classes.length));
  seats.forEach((n, g) => network.arc(group(g), sink, n));
  set.forEach((mask, n) => {
    network.arc(source, person(n), 1);
    bits(mask, seats.length).forEach((g) => network.arc(person(n), group(g), 1));
  });
  // Those who must be seated first: paths found later move them and never take them out.
  if (network.fill(source, sink) !== set.length) return false;
  if (classes.length === 0) return set.length === total;
  const number = new Map(units.map((id, n) => [id, n]));
  units.forEach((id, n) => network.arc(source, unit(n), room(id)));
  classes.forEach((one, n) => {
    network.arc(unit(number.get(one.unit)), klass(n), one.count);
    bits(one.mask, seats.length).forEach((g) => network.arc(klass(n), group(g), one.count));
  });
  return network.fill(source, sink) + set.length === total;
}

/** Whether masks can all be given groups within the seats. */
export function fits(seats, masks) {
  const [source, sink] = [0, 1];
  const network = new Network(2 + seats.length + masks.length);
  seats.forEach((n, g) => network.arc(2 + g, sink, n));
  masks.forEach((mask, n) => {
    network.arc(source, 2 + seats.length + n, 1);
    bits(mask, seats.length).forEach((g) => network.arc(2 + seats.length + n, 2 + g, 1));
  });
  return network.fill(source, sink) === masks.length;
}
