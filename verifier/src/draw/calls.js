// Calls (draw-v2 §§2–7): the fold of what is said after a drawn panel. A statement that breaks a rule throws
// its name and changes nothing.

import { Hall, NoPanel, marginInvitees, walk } from './seats.js';

export class Broken extends Error {}
const must = (truth, rule) => { if (!truth) throw new Broken(rule); };

const BY_STAFF = ['absent', 'unfit', 'conflict'];
const seatsEqual = (a, b) => a.length === b.length && a.every((seat, n) => seat.group === b[n].group && seat.position === b[n].position);

export class CallBook {
  /**
   * `groups` [{seats, site}], `unitCap`, `margin`, `window` (minutes), `attempt`, `kept`, `pool`
   * [{mask, unit, relations}], `order`, `panel` [{group, position}] as drawn.
   */
  constructor(draw) {
    Object.assign(this, draw);
    this.accepted = new Set();
    /** position → {why, word, settled} */
    this.out = new Map();
    this.told = new Map();
    this.fixedGroup = new Map();
    this.signedIn = new Set();
    this.round = 0;
    this.open = null;
    this.invited = new Set();
    this.shortfall = null;
    this.stopped = null;
    for (const kept of this.kept) {
      const site = kept.site ?? this.siteOf(kept.group);
      this.told.set(kept.position, site);
      if (kept.group !== undefined) this.fixedGroup.set(kept.position, kept.group);
      if (this.attempt > 1) {
        this.accepted.add(kept.position);
        if (kept.group !== undefined) this.signedIn.add(kept.position);
      }
    }
  }

  siteOf(group) {
    return this.groups[group - 1].site;
  }

  seatOf(position) {
    return this.panel.find((seat) => seat.position === position);
  }

  isTaken({ position }) {
    return this.accepted.has(position) && !this.out.has(position);
  }

  get filled() {
    return this.panel.every((seat) => this.isTaken(seat));
  }

  get mayBeUnsealed() {
    return this.filled && this.open === null && this.stopped === null;
  }

  get unsettled() {
    return [...this.out].filter(([, one]) => !one.settled);
  }

  /** Invitees of a round that would begin now (§4.3). */
  invitees() {
    const open = this.panel.filter((seat) => !this.isTaken(seat));
    const taken = new Set(this.panel.filter((seat) => this.isTaken(seat)).map((seat) => seat.position));
    const margin = marginInvitees(this.pool, this.order, this.panel, taken, new Set(this.out.keys()), this.margin);
    const all = [...open.map(({ position, group }) => ({ position, site: this.siteOf(group) })), ...margin.map((position) => ({ position }))];
    return all.filter(({ position }) => !this.invited.has(position)).sort((a, b) => a.position - b.position);
  }

  /** What could be invited now: empty where no round may begin. */
  next() {
    const may = this.shortfall === null && this.open === null && this.unsettled.length === 0 && this.stopped === null;
    return may ? this.invitees() : [];
  }

  apply(type, said, time) {
    must(this.stopped === null, 'stopped');
    const rule = {
      'draw.invited': this.invite,
      'draw.delivered': this.deliver,
      'draw.answered': this.answer,
      'draw.vacated': this.vacate,
      'draw.settled': this.settle,
      'draw.signed_in': this.signIn,
      'draw.stopped': this.stop,
    }[type];
    rule.call(this, said, time);
  }

  invite(said, time) {
    must(this.shortfall === null, 'after_shortfall');
    must(this.open === null, 'round_open');
    must(this.unsettled.length === 0, 'unsettled');
    const invitees = this.invitees();
    must(invitees.length > 0, 'no_open_seat');
    must(said.round === this.round + 1, 'round');
    must(said.closes === time + 60 * this.window, 'closes');
    const same = said.invitees.length === invitees.length && said.invitees.every((one, n) => one.position === invitees[n].position && one.site === invitees[n].site);
    must(same, 'invitees');
    this.round = said.round;
    this.open = { closes: said.closes, invitees: new Set(invitees.map(({ position }) => position)), delivered: new Set(), answered: new Set() };
    for (const { position, site } of invitees) {
      this.invited.add(position);
      if (site !== undefined && !this.told.has(position)) this.told.set(position, site);
    }
  }

  ofRound(said, time, seen, rule) {
    must(this.open !== null, 'no_round');
    must(said.round === this.round, 'round');
    must(time <= this.open.closes, 'late');
    must(this.open.invitees.has(said.position), 'not_invited');
    must(!seen.has(said.position), rule);
  }

  deliver(said, time) {
    this.ofRound(said, time, this.open?.delivered, 'delivered_before');
    this.open.delivered.add(said.position);
  }

  answer(said, time) {
    this.ofRound(said, time, this.open?.answered, 'answered_before');
    this.open.answered.add(said.position);
    if (said.answer === 'accepted') this.accepted.add(said.position);
    else this.out.set(said.position, { why: 'declined', word: said.by === 'channel' ? 'receipt' : 'own_page', settled: false });
  }

  vacate(said) {
    must(!BY_STAFF.includes(said.why) || said.by === 'operator', 'by');
    must(!this.out.has(said.position), 'is_out');
    must(this.accepted.has(said.position), 'not_accepted');
    must(this.seatOf(said.position) || ['withdrawn', 'conflict'].includes(said.why), 'not_seated');
    must(said.why !== 'absent' || !this.signedIn.has(said.position), 'signed_in');
    const word = { channel: 'receipt', expert: 'own_page', operator: said.approver === undefined ? 'operator' : 'two_people' }[said.by];
    this.out.set(said.position, { why: said.why, word, settled: false });
  }

  settle(said, time) {
    must(this.shortfall === null, 'after_shortfall');
    if (this.open !== null) {
      must([...this.open.invitees].every((p) => this.open.answered.has(p)) || time > this.open.closes, 'window_open');
    } else {
      must(this.unsettled.length > 0, 'nothing_to_settle');
    }
    must(said.round === this.round, 'round');
    const out = this.unsettled.map(([position, { why }]) => ({ position, why }));
    const silent = this.open === null ? [] : [...this.open.invitees].filter((p) => !this.open.answered.has(p));
    out.push(...silent.map((position) => ({ position, why: 'no_answer' })));
    out.sort((a, b) => a.position - b.position);
    const same = said.out.length === out.length && said.out.every((one, n) => one.position === out[n].position && one.why === out[n].why);
    must(same, 'out');
    const gone = new Set([...this.out.keys(), ...silent]);
    const found = this.completion(gone);
    if (found.shortfall) must(said.shortfall === found.shortfall, 'outcome');
    else {
      must(said.shortfall === undefined, 'outcome');
      must(seatsEqual(said.seats, found.panel), 'seats');
      must(said.branches === found.branches, 'branches');
    }
    for (const position of silent) {
      this.out.set(position, { why: 'no_answer', word: this.open.delivered.has(position) ? 'receipt' : 'operator', settled: true });
    }
    this.out.forEach((one) => { one.settled = true; });
    this.open = null;
    if (found.shortfall) {
      this.shortfall = found.shortfall;
      return;
    }
    this.panel = found.panel;
    for (const { position, group } of found.panel) {
      if (this.accepted.has(position) && !this.told.has(position)) this.told.set(position, this.siteOf(group));
    }
  }

  /** The walk of a settlement (§4.7). */
  completion(gone) {
    const fixed = new Map();
    for (const { position } of this.panel) if (!gone.has(position)) fixed.set(position, this.maskOf(position));
    try {
      this.hall ??= new Hall(this.groups.map(({ seats }) => seats), this.unitCap, this.pool);
      const { panel, branches } = walk(this.hall, this.order, fixed, gone);
      return { panel: panel.map(({ position, group }) => ({ group, position })), branches };
    } catch (error) {
      if (!(error instanceof NoPanel)) throw error;
      return { shortfall: ['relations', 'limit'].includes(error.cause) ? error.cause : 'infeasible' };
    }
  }

  maskOf(position) {
    const leaf = this.pool[position].mask;
    const group = this.fixedGroup.get(position);
    if (group !== undefined) return leaf & (1 << (group - 1));
    const site = this.told.get(position);
    if (site === undefined) return leaf;
    return this.groups.reduce((mask, one, g) => (one.site === site ? mask | (1 << g) : mask), 0) & leaf;
  }

  signIn(said) {
    const seat = this.seatOf(said.position);
    must(seat, 'not_seated');
    must(!this.out.has(said.position), 'is_out');
    must(this.accepted.has(said.position), 'not_accepted');
    must(!this.signedIn.has(said.position), 'signed_in');
    must(said.group === seat.group, 'group');
    must(said.site === this.siteOf(seat.group), 'site');
    this.signedIn.add(said.position);
    this.fixedGroup.set(said.position, seat.group);
  }

  stop(said) {
    must(said.reason !== 'shortfall' || this.shortfall !== null, 'no_shortfall');
    this.stopped = said.reason;
  }

  /** Final members: the present panel without those who are out. */
  members() {
    return this.panel.filter(({ position }) => !this.out.has(position));
  }

  /** Whom a successor keeps (§7). */
  remaining() {
    return this.members().filter(({ position }) => this.accepted.has(position)).map(({ position }) => (
      this.signedIn.has(position)
        ? { group: this.fixedGroup.get(position), position }
        : { position, site: this.told.get(position) })).sort((a, b) => a.position - b.position);
  }

  /** Everybody who is out, ascending by position. */
  outList() {
    return [...this.out].map(([position, { why, word }]) => ({ position, why, word })).sort((a, b) => a.position - b.position);
  }

  /** How many are out on a word. */
  onWord(word) {
    return [...this.out.values()].filter((one) => one.word === word).length;
  }
}
