// From contributions to the panel: contributions, ending, seed, panel (evidence-v1 §4, -v2 §4, draw-v3 §§2–5).

import { equal, hex, u32, u8, unhex, utf8 } from '../bytes.js';
import { H } from '../hash.js';
import { stream } from '../crypto/chacha.js';
import { verifyRound } from '../crypto/drand.js';
import * as ed25519 from '../crypto/ed25519.js';
import * as vrf from '../crypto/vrf.js';
import { walk } from '../draw/seats.js';
import { CALLS } from './statements.js';

const fail = (why) => { throw new Error(why); };
const KIND = { nonce: 1, operator: 2, witness: 3, beacon: 4 };
const of = (ctx, type) => ctx.own.filter((entry) => entry.type === type);
const sole = (ctx, type) => {
  const [one, more] = of(ctx, type);
  if (more) fail(`${type} twice`);
  return one;
};
const signed = (key, text, signature) => ed25519.verify(key.key, utf8(text), unhex(signature));

/** `contributions`: as committed, each valid, all of them when there is a result. */
export function contributions(ctx) {
  const { commitment: said, commit, file } = ctx;
  if (file.version < 3 && (said.contributions.length !== 1 || said.contributions[0].key !== ctx.book.keys[2].digest)) {
    fail('names other contributors than the operator, or another key of its');
  }
  const drawn = of(ctx, 'draw.drawn')[0];
  const given = new Map();
  let lastKind = 0;
  ctx.released = new Set();
  for (const entry of of(ctx, 'draw.contributed')) {
    const at = entry.index;
    const wrong = (why) => fail(`entry ${at}: ${why}`);
    const wanted = said.contributions.find((one) => isBy(entry.fields, one));
    if (!wanted) wrong('a contribution that the commitment does not name');
    if (given.has(wanted)) wrong('a contribution twice');
    if (at <= commit.index) wrong('below the commitment');
    if (entry.time > said.deadline) wrong('after the deadline');
    if (KIND[wanted.kind] < lastKind) wrong('out of order');
    lastKind = KIND[wanted.kind];
    if (wanted.kind !== 'nonce' && said.contributions.some((one) => one.kind === 'nonce' && !given.has(one))) wrong('while a nonce is not revealed');
    const value = valueOf(ctx, entry, wanted, given);
    if (value === null) wrong(`the ${wanted.kind}'s contribution is not valid`);
    given.set(wanted, { index: at, value, entry });
  }
  if (file.version === 3) {
    nonceCommitments(ctx);
    declarations(ctx, given);
  }
  const inTime = (one) => given.has(one) && isInTime(ctx, given.get(one).index);
  ctx.given = given;
  ctx.missing = said.contributions.filter((one) => !(drawn ? given.has(one) : inTime(one)));
  if (drawn) {
    if (ctx.missing.length > 0) fail('a result, although a contribution is missing');
    if (file.version === 3 && !said.contributions.every(inTime)) fail('a contribution lies in no head dated in time');
  } else if (file.version < 3 && ctx.missing.length > 0 && of(ctx, 'draw.voided').length === 0) fail('neither a contribution nor a void');
  return `${given.size} of ${said.contributions.length}`;
}

const isBy = (share, wanted) => share.kind === wanted.kind
  && (wanted.kind === 'beacon' ? share.chain === wanted.chain && share.round === wanted.round : share.key === wanted.key);

// With a quorum a contribution counts when it lies below a head dated by the deadline (draw-v3 §3.5).
function isInTime(ctx, index) {
  if (ctx.file.version < 3 || ctx.policy.quorum === null) return true;
  return ctx.dated.some(({ size, date }) => index < size && date <= ctx.commitment.deadline);
}

function valueOf(ctx, entry, wanted, given) {
  const { book, head, commitment: said, commit, file } = ctx;
  const { fields, index } = entry;
  const alpha = unhex(file.alpha);
  const key = wanted.key && book.find(wanted.key);
  if (wanted.kind !== 'beacon' && !book.mayContribute(key, index)) return null;
  if (wanted.kind === 'operator') return vrf.verify(key.key, alpha, unhex(fields.proof));
  if (wanted.kind === 'nonce') {
    const nonce = unhex(fields.nonce);
    const opened = H('nonce', unhex(fields.key), unhex(said.package_tag), u32(said.attempt), nonce);
    const text = `expert-draw/reveal-v1\n${head.origin}\n${file.alpha}\n${fields.nonce}\n`;
    return hex(opened) === wanted.commitment && signed(key, text, fields.signature) ? nonce : null;
  }
  if (wanted.kind === 'witness') {
    const signer = book.find(key.witness);
    const { proof, size, root, answered } = fields;
    const text = ['expert-draw/answer-v1', head.origin, commit.index, file.alpha, fields.key, proof, size, root, answered, ''].join('\n');
    const operator = [...given].find(([one]) => one.kind === 'operator')?.[1].index;
    const covered = operator !== undefined && operator < size && [...given].every(([one, { index: at }]) => KIND[one.kind] > 2 || at < size);
    if (!book.mayContribute(signer, index) || !signed(signer, text, fields.signature)) return null;
    if (!covered || size > index || answered > said.deadline) return null;
    return vrf.verify(key.key, alpha, unhex(proof));
  }
  const previous = fields.previous === undefined ? undefined : unhex(fields.previous);
  return verifyRound(file.chain, fields.round, unhex(fields.signature), previous);
}

function nonceCommitments({ nonces, book, head }) {
  for (const { index, fields } of nonces.values()) {
    const { package_tag: tag, attempt, commitment, signature } = fields;
    const text = `expert-draw/nonce-v1\n${head.origin}\n${tag}\n${attempt}\n${commitment}\n`;
    if (!signed(book.find(fields.key), text, signature)) fail(`entry ${index}: the commitment to a nonce is not signed`);
  }
}

function declarations(ctx, given) {
  const { commitment: said, book, head, file } = ctx;
  for (const { index, fields } of of(ctx, 'draw.not_released')) {
    const wrong = (why) => fail(`entry ${index}: ${why}`);
    const wanted = said.contributions.find(({ kind, key }) => (kind === 'nonce' || kind === 'witness') && key === fields.key);
    if (!wanted || index <= ctx.commit.index) wrong('nobody of the commitment');
    if (ctx.released.has(fields.key)) wrong('declared twice');
    if (given.has(wanted)) wrong('withheld and given');
    const key = book.find(fields.key);
    const signer = wanted.kind === 'witness' ? book.find(key.witness) : key;
    const text = `expert-draw/not-released-v1\n${head.origin}\n${file.alpha}\n${fields.key}\n${fields.stated}\n`;
    if (!book.mayContribute(key, index) || !book.mayContribute(signer, index) || !signed(signer, text, fields.signature)) wrong('not signed by its key');
    ctx.released.add(fields.key);
  }
}

/** `ending`: what ended the draw, once, and nothing after it. */
export function ending(ctx) {
  const { file, commit } = ctx;
  const [drawn, voided, unsealed, stopped] = ['draw.drawn', 'draw.voided', 'draw.unsealed', 'draw.stopped'].map((type) => sole(ctx, type));
  const shares = of(ctx, 'draw.contributed');
  const last = ctx.own.at(-1);
  if (ctx.own[0] !== commit) fail('something stands below the commitment');
  if (drawn && shares.some(({ index }) => index > drawn.index)) fail('a contribution above the result');
  if (of(ctx, 'draw.not_released').some(({ index }) => drawn && index > drawn.index)) fail('a declaration above the result');
  if (voided) {
    const proposal = of(ctx, 'draw.void_proposed').filter(({ index }) => index < voided.index).at(-1);
    const { reason, actor } = voided.fields;
    if (!proposal || proposal.fields.reason !== reason || proposal.fields.actor !== actor) fail('a void that nobody proposed so');
    if (drawn && drawn.index > voided.index) fail('a result above a void');
  }
  if (unsealed && (!drawn || unsealed.index < drawn.index || voided)) fail('unsealed without a result that stands');
  if (stopped && (!drawn || stopped.index < drawn.index)) fail('stopped before a result');
  if ([voided, unsealed, stopped].filter(Boolean).length > 1) fail('more than one ending');
  const isCall = ({ type }) => CALLS.includes(type);
  if (ctx.own.some((entry) => isCall(entry) && (!drawn || entry.index < drawn.index))) fail('a statement of calls below the result');
  const end = voided ?? stopped ?? unsealed;
  const called = ctx.own.some(isCall);
  if (end && last !== end) fail('something stands above the ending');
  if (file.version < 3 && !drawn && !voided) fail('neither a result nor a void');
  if (voided && file.version === 3) voidHolds(ctx, voided, drawn);
  Object.assign(ctx, { drawn, voided, unsealed, stopped, called });
  return voided ? 'voided' : drawn ? 'drawn' : 'open';
}

// draw-v3 §§5.1, 5.2.
function voidHolds(ctx, voided, drawn) {
  const { commitment: said, given } = ctx;
  // Contributions that do not hold are told by their own check.
  if (given === undefined) return;
  const below = (one) => given.has(one) && given.get(one).index < voided.index;
  const released = of(ctx, 'draw.not_released').some(({ index }) => index < voided.index);
  if (voided.fields.reason === 'contribution_missing') {
    // Without a quorum nobody can tell that one came too late: the operator's word is taken for it.
    const missing = ctx.policy.quorum === null || said.contributions.some((one) => !below(one) || !isInTime(ctx, given.get(one).index));
    if (!missing) fail('nothing is missing');
    if (voided.time <= said.deadline) fail('voided for a missing contribution before the deadline');
  }
  const reveals = said.contributions.filter(({ kind }) => kind === 'nonce');
  const operator = said.contributions.find(({ kind }) => kind === 'operator');
  const could = ctx.book.mayContribute(ctx.book.find(operator.key), voided.index);
  if (!drawn && reveals.every(below) && !below(operator) && could && !released) fail('voided although the operator could contribute');
}

/** `seed`: of the contributions, listed in committed order. */
export function seed(ctx) {
  const { drawn, commitment: said, given, file } = ctx;
  if (!drawn) return 'no result';
  const shares = said.contributions.map((one) => given.get(one));
  if (drawn.fields.contributions.join() !== shares.map(({ index }) => index).join()) fail('other contributions are listed');
  if (shares.some(({ index }) => index > drawn.index)) fail('a contribution above the result');
  const parts = said.contributions.flatMap((one) => [u8(KIND[one.kind]), given.get(one).value]);
  ctx.seed = H('seed', unhex(file.alpha), u8(shares.length), ...parts);
  if (!equal(ctx.seed, unhex(drawn.fields.seed))) fail('another seed');
  return hex(ctx.seed);
}

/** The drawn order (draw-v1 §6). */
export function drawnOrder(seedBytes, lots, most) {
  const bytes = stream(seedBytes, 16 * lots.length * most);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const tickets = lots.map((count, position) => {
    let best = null;
    for (let k = 0; k < count; k += 1) {
      const at = 16 * (position * most + k);
      const ticket = [view.getBigUint64(at + 8, true), view.getBigUint64(at, true)];
      if (best === null || ticket[0] < best[0] || (ticket[0] === best[0] && ticket[1] < best[1])) best = ticket;
    }
    return best;
  });
  const order = lots.map((_, position) => position);
  order.sort((a, b) => {
    for (const half of [0, 1]) if (tickets[a][half] !== tickets[b][half]) return tickets[a][half] < tickets[b][half] ? -1 : 1;
    return a - b;
  });
  return { order, tickets };
}

/** `panel`: lots, order and walk give the seats. */
export function panel(ctx) {
  const { drawn, commitment: said, pool: leaves } = ctx;
  if (!drawn) return 'no result';
  ctx.order = drawnOrder(ctx.seed, leaves.map(({ lots }) => lots), said.lots).order;
  const { panel: found, branches } = walk(ctx.hall, ctx.order, ctx.fixed, new Set());
  const same = found.length === drawn.fields.seats.length
    && found.every(({ position, group }, n) => position === drawn.fields.seats[n].position && group === drawn.fields.seats[n].group);
  if (!same) fail('another panel');
  if (branches !== drawn.fields.branches) fail('another number of branches');
  return `${found.length} seats, ${branches} branches`;
}
