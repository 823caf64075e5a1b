// Who of those who may still be seated (A of draw-v1 §7.4) conflicts with another of them (R), kept up to date while
// people are taken out: a test may branch once for each of many thousands.

export class Rivals {
  /** `people`: the related members of A, in drawn order. */
  constructor(hall, people) {
    Object.assign(this, { hall, people, at: 0 });
    this.inA = new Uint8Array(hall.size);
    this.inR = new Uint8Array(hall.size);
    /** How many of A have a tag as that of their unit, and how many as a relation. */
    this.units = new Int32Array(hall.tagCount);
    this.bearers = new Int32Array(hall.tagCount);
    for (const p of people) {
      this.inA[p] = 1;
      this.count(p, 1);
    }
    for (const p of people) if (this.conflicts(p)) this.inR[p] = 1;
  }

  count(p, n) {
    this.units[this.hall.unit[p]] += n;
    for (const tag of this.hall.tags[p]) this.bearers[tag] += n;
  }

  conflicts(p) {
    const { unit, tags } = this.hall;
    let own = 0;
    for (const tag of tags[p]) {
      const self = tag === unit[p] ? 1 : 0;
      own += self;
      if (this.bearers[tag] > 1 || this.units[tag] > self) return true;
    }
    return this.bearers[unit[p]] > own;
  }

  /** The first of R in drawn order; there is one. */
  first() {
    while (!this.inR[this.people[this.at]]) this.at += 1;
    return this.people[this.at];
  }

  /** Takes people out of A; answers who is no longer in R for it. */
  remove(gone) {
    const { unit, tags, colleagues, carriers } = this.hall;
    const freed = [];
    for (const p of gone) {
      this.inA[p] = 0;
      this.inR[p] = 0;
      this.count(p, -1);
    }
    const look = (p) => {
      if (!this.inR[p] || this.conflicts(p)) return;
      this.inR[p] = 0;
      freed.push(p);
    };
    for (const p of gone) {
      // A tag that two still bear binds everybody whom it has bound before.
      for (const tag of [unit[p], ...tags[p]]) if (this.bearers[tag] === 1) carriers[tag].forEach(look);
      for (const tag of tags[p]) if (this.bearers[tag] === 0) colleagues[tag].forEach(look);
    }
    return freed;
  }
}
