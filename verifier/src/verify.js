// The verification of a file: of evidence here, of others by what their format names. Named checks in their order, and what
// they come to. Nothing is believed that was not recomputed; what is missing fails. Written from api-spec/ alone.

import { parseParties } from './log/parties.js';
import { parsePolicy } from './log/policy.js';
import { allFailed, attempt, runList, verdictOf } from './checks.js';
import { membership } from './membership/verify.js';
import { sites } from './sites/verify.js';
import { formatIn, isReadable, readFile, versionOf } from './evidence/file.js';
import { checkpoint, entries, heads, keys, signatures } from './evidence/entries.js';
import { commitment, feasible, pool, profile } from './evidence/commitment.js';
import { contributions, ending, panel, seed } from './evidence/result.js';
import { FOLD, fold, hasNoCalls, members } from './evidence/fold.js';
import { due, openings } from './evidence/openings.js';
import { standing } from './evidence/level.js';
import { predecessor } from './evidence/predecessor.js';

const CHECKS = { checkpoint, entries, keys, signatures, heads, commitment, profile, pool, feasible, contributions, ending, seed, panel };
const BASE = ['file', 'checkpoint', 'entries', 'keys', 'signatures', 'commitment', 'profile', 'pool', 'feasible', 'contributions', 'ending', 'seed', 'panel'];
const ORDER = { 1: BASE, 2: BASE, 3: [...BASE.slice(0, 5), 'heads', ...BASE.slice(5)] };
/** Files of other pages, by their formats. */
const OTHERS = [membership, sites];
/** After one of these has failed nothing later can be looked at. */
const GATES = ['file', 'checkpoint', 'entries', 'keys', 'heads', 'commitment'];
/** What else a check needs to have passed. */
const NEEDS = { feasible: ['pool'], seed: ['contributions', 'ending'], panel: ['pool', 'feasible', 'seed'] };

class Unusable extends Error {
  constructor(input, why) {
    super(why);
    this.input = input;
  }
}

/**
 * Verifies a file. `evidence` and `predecessor` are bytes, `policy` and `parties` texts. Answers the machine
 * form of evidence-v1 §4; when policy, parties or a file cannot be looked at, `{verdict: 'unusable', input,
 * detail}` with the name of that input.
 */
export function verify(given) {
  try {
    return verifyUsable(given);
  } catch (error) {
    if (!(error instanceof Unusable)) throw error;
    return { verdict: 'unusable', input: error.input, detail: error.message };
  }
}

function verifyUsable({ evidence, policy, parties = null, predecessor: earlier = null, expect = null, onProgress = () => {} }) {
  const read = (what, parse, text) => {
    try {
      return parse(text);
    } catch (error) {
      throw new Unusable(what, error.message);
    }
  };
  const trust = read('policy', parsePolicy, policy);
  const pinned = parties === null ? null : read('parties', parseParties, parties);
  const format = readable(evidence);
  const other = OTHERS.find(({ formats }) => formats.has(format));
  if (other) {
    if (earlier !== null) throw new Unusable('predecessor', 'only the evidence of a draw of experts has a predecessor');
    return other.verify({ bytes: evidence, policy: trust, expect, onProgress });
  }
  const later = run('evidence', evidence, format, trust, pinned, expect, onProgress);
  if (earlier !== null) {
    const before = run('predecessor', earlier, readable(earlier), trust, pinned, 'auditor', () => {});
    const said = attempt('predecessor', () => predecessor(later, before));
    later.result.checks.push(said);
    later.result.verdict = verdictOf(later.result.checks);
  }
  return later.result;
}

/** The format of what can be looked at at all. */
const readable = (bytes) => (isReadable(bytes) ? formatIn(bytes) : undefined);

function run(input, bytes, format, policy, parties, expect, onProgress) {
  if (!isReadable(bytes)) throw new Unusable(input, 'not a file that can be read: it does not begin with {, or is longer than 512 MiB');
  const version = versionOf(format);
  const ctx = { policy, parties };
  const work = (check) => {
    if (check !== 'file') return CHECKS[check](ctx);
    ctx.file = readFile(bytes, expect);
    return `${bytes.length} bytes, audience ${ctx.file.audience}`;
  };
  const { checks, failed, shut } = runList(ORDER[version], { gates: GATES, needs: NEEDS, work, onProgress });
  const note = (one) => {
    checks.push(one);
    if (one.result === 'failed') failed.add(one.check);
  };
  if (version > 1) {
    onProgress(FOLD[0]);
    (shut ? allFailed(FOLD, 'an earlier check failed') : foldOnce(ctx, failed)).forEach(note);
  }
  if (!shut) open(ctx, failed, onProgress).forEach(note);
  return { ctx, failed, result: { ...machineForm(ctx, version, failed), checks, verdict: verdictOf(checks) } };
}

function foldOnce(ctx, failed) {
  if (hasNoCalls(ctx)) return FOLD.map((check) => ({ check, detail: 'the file tells of no calls', result: 'passed' }));
  const all = (detail) => allFailed(FOLD, detail);
  if (['pool', 'ending', 'seed', 'panel'].some((one) => failed.has(one))) return all('what it needs has failed');
  let broken;
  try {
    broken = fold(ctx);
  } catch (error) {
    return all(error.message);
  }
  ctx.folded = broken === null;
  const at = broken ? FOLD.indexOf(broken.check) : FOLD.length;
  return FOLD.map((check, n) => ({ check, detail: n === at ? broken.why : '', result: n < at ? 'passed' : 'failed' }));
}

function open(ctx, failed, onProgress) {
  const unsealed = ctx.own?.some(({ type }) => type === 'draw.unsealed');
  const names = due({ ...ctx, unsealed });
  const barred = FOLD.some((one) => failed.has(one));
  return names.map((check) => {
    onProgress(check);
    return attempt(check, () => {
      if (barred) throw new Error('the calls do not hold');
      if (ctx.file.openings === undefined) throw new Error('is not opened');
      if (ctx.file.audience === 'public' && !unsealed) throw new Error('is opened although the names are sealed');
      if (['pool', 'ending'].some((one) => failed.has(one))) throw new Error('what it needs has failed');
      return openings[check](ctx);
    });
  });
}

// What was computed, without a claim that it is to be believed.
function machineForm(ctx, version, failed) {
  const form = { kind: 'evidence', level: 'operator', seats: [], seen_voids: 0, unsealed: 'no', unknown_signatures: 0, not_shown: ['other attempts or a later void', 'that the pool was complete and its people real'] };
  const has = (...names) => names.every((name) => !failed.has(name));
  if (ctx.head && has('checkpoint')) Object.assign(form, { origin: ctx.head.origin, tree_size: ctx.head.size, unknown_signatures: ctx.unknown });
  if (!ctx.commit || !has('file', 'checkpoint', 'entries', 'keys', 'heads', 'commitment')) return form;
  Object.assign(form, { alpha: ctx.file.alpha, attempt: ctx.commitment.attempt, committed: ctx.commit.index, pool_size: ctx.commitment.pool.size });
  if (ctx.forced && has('feasible')) form.forced_seats = ctx.forced.length;
  if (has('ending') && 'drawn' in ctx) endingForm(ctx, form);
  if (version === 3 && has('contributions', 'ending') && ctx.given) Object.assign(form, standing(ctx));
  if (ctx.folded && ctx.book2) foldForm(ctx, form, failed);
  return form;
}

function endingForm(ctx, form) {
  const { drawn, voided, unsealed, stopped } = ctx;
  form.unsealed = unsealed ? 'yes' : 'no';
  form.ending = voided ? (drawn ? 'voided_after_drawn' : 'voided') : stopped ? 'stopped' : drawn ? 'drawn' : 'open';
  // Of calls that do not hold nothing is told that only they give.
  const holds = !ctx.called || ctx.folded;
  form.seen_voids = (voided ? 1 : 0) + (holds && stopped && stopped.fields.reason !== 'shortfall' ? 1 : 0);
  form.seats = (holds ? members(ctx) : []).map(({ group, position }) => ({ group, position }));
}

function foldForm(ctx, form, failed) {
  const book = ctx.book2;
  const numbered = ctx.file.audience === 'auditor' && !failed.has('openings.candidates');
  const number = (position) => (numbered ? { number: ctx.file.openings.candidates[position].number } : {});
  Object.assign(form, {
    drawn_seats: ctx.drawn.fields.seats,
    rounds: book.round,
    filled: book.filled ? 'yes' : 'no',
    passed_over_on_operators_word: book.onWord('operator'),
    out_on_own_pages: book.onWord('own_page'),
    out: book.outList().map((one) => ({ ...number(one.position), ...one })),
    kept: ctx.commitment.kept.length,
  });
  if (book.shortfall) form.shortfall = book.shortfall;
  if (book.stopped) form.stopped = book.stopped;
}

