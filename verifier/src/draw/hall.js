// A pool prepared for walks (draw-v1 §7): tags as numbers, who has something in common with whom.

/** Why a walk ends without a panel: `input`, `fixed`, `infeasible`, `limit`, `relations` (draw-v1 §7.6). */
export class NoPanel extends Error {
  constructor(cause, branches) {
    super(cause);
    this.cause = cause;
    this.branches = branches;
  }
}

const sum = (list) => list.reduce((all, n) => all + n, 0);

/** `pool` is a list of `{mask, unit, relations}` by position, tags as text. */
export class Hall {
  constructor(seats, unitCap, pool) {
    const groups = seats.length;
    const shaped = groups >= 1 && groups <= 32 && seats.every((n) => n >= 1) && sum(seats) <= 64 && unitCap >= 1
      && pool.every(({ mask, relations }) => mask !== 0 && (groups === 32 || mask >>> groups === 0) && relations.length <= 8
        && relations.every((tag, n) => n === 0 || relations[n - 1] < tag));
    if (!shaped) throw new NoPanel('input');
    Object.assign(this, { seats, unitCap, pool, total: sum(seats), size: pool.length });
    this.number();
    this.relate();
  }

  /** Tags, masks and classes (mask and unit) become numbers. */
  number() {
    const { pool, size } = this;
    const [tags, masks, classes] = [new Map(), new Map(), new Map()];
    const of = (map, key) => {
      const known = map.get(key);
      if (known !== undefined) return known;
      map.set(key, map.size);
      return map.size - 1;
    };
    this.mask = Int32Array.from(pool, ({ mask }) => mask);
    this.unit = Int32Array.from(pool, ({ unit }) => of(tags, unit));
    this.maskNumber = Int32Array.from(this.mask, (mask) => of(masks, mask));
    this.tags = pool.map(({ relations }) => relations.map((tag) => of(tags, tag)));
    this.klass = new Int32Array(size);
    for (let p = 0; p < size; p += 1) this.klass[p] = of(classes, this.unit[p] * masks.size + this.maskNumber[p]);
    this.maskCount = masks.size;
    this.tagCount = tags.size;
  }

  /** Only the related can conflict with anybody. */
  relate() {
    this.isRelation = new Uint8Array(this.tagCount);
    this.colleagues = Array.from({ length: this.tagCount }, () => []);
    this.carriers = Array.from({ length: this.tagCount }, () => []);
    this.unit.forEach((unit, p) => this.colleagues[unit].push(p));
    this.tags.forEach((tags, p) => {
      for (const tag of tags) {
        this.isRelation[tag] = 1;
        this.carriers[tag].push(p);
      }
    });
    this.related = Uint8Array.from(this.tags, (tags, p) => (tags.length > 0 || this.isRelation[this.unit[p]] ? 1 : 0));
    // Twins have the same mask and the same relation tags.
    this.alike = new Map();
    this.likeness = (p) => `${this.mask[p]}:${this.tags[p].join()}`;
    this.related.forEach((is, p) => {
      if (!is) return;
      const key = this.likeness(p);
      if (this.alike.has(key)) this.alike.get(key).push(p);
      else this.alike.set(key, [p]);
    });
  }
}

/** The tags of some people, to say who else conflicts with one of them. */
export class Ties {
  constructor(hall, people) {
    this.hall = hall;
    this.units = new Set();
    this.tags = new Set();
    for (const p of people) this.add(p);
  }

  add(position) {
    this.units.add(this.hall.unit[position]);
    for (const tag of this.hall.tags[position]) this.tags.add(tag);
  }

  bind(position) {
    const { related, unit, tags } = this.hall;
    if (!related[position]) return false;
    if (this.tags.has(unit[position])) return true;
    for (const tag of tags[position]) if (this.tags.has(tag) || this.units.has(tag)) return true;
    return false;
  }
}
