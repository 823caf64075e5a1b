// The verification of a draw of sites (sites-v1 §8, sites-v2 §2): named checks in their order.

import { equal, hex, u64, u8, unhex, utf8 } from '../bytes.js';
import { canonical } from '../canonical.js';
import { inOrder, verdict } from '../checks.js';
import * as vrf from '../crypto/vrf.js';
import { alphaOf, checkpoint, keys, readAll, readEntry, signatures } from '../evidence/entries.js';
import { givesTags } from '../evidence/openings.js';
import { H, mac, variable } from '../hash.js';
import { root } from '../log/merkle.js';
import { choose, orderOf, strictest } from './choice.js';
import { mayStand, readFile } from './file.js';

const fail = (why) => { throw new Error(why); };
const same = (a, b) => equal(canonical(a), canonical(b));

const NAMES = ['file', 'checkpoint', 'entries', 'keys', 'signatures', 'commitment', 'leaves', 'limits', 'contributions', 'ending', 'seed', 'picks'];
const OPENED = ['openings.package', 'openings.request', 'openings.venues'];
const GATES = ['file', 'checkpoint', 'entries', 'keys', 'commitment'];
const NEEDS = { limits: ['leaves'], seed: ['contributions', 'ending'], picks: ['seed', 'leaves'], 'openings.venues': ['leaves'] };

const ABOUT_KEYS = ['key.registered', 'key.retired'];

function entries(ctx) {
  const { file, head } = ctx;
  const opened = (file.openings?.venues ?? []).map(({ index }) => index);
  const belongs = ({ index, type, fields }) => {
    if (type === 'log.opened') return index === 0;
    if (type === 'registry.record') return opened.includes(index);
    if (ABOUT_KEYS.includes(type)) return true;
    if (type === 'sites.committed') return index === file.life[0];
    return fields.alpha === file.alpha;
  };
  ctx.entries = readAll(file.entries, (one) => readEntry(head, one, (type, fields) => mayStand(file.version, type, fields)));
  for (const entry of ctx.entries) if (!belongs(entry)) fail(`entry ${entry.index}: does not belong into this file`);
  ctx.own = ctx.entries.filter(({ type }) => type !== 'log.opened' && type !== 'registry.record' && !ABOUT_KEYS.includes(type));
  if (file.life.join() !== ctx.own.map(({ index }) => index).join()) fail('`life` does not list the entries of this draw');
  const listed = ctx.entries.filter(({ type }) => ABOUT_KEYS.includes(type)).map(({ index }) => index);
  if (listed.join() !== (file.keys ?? []).join()) fail('`keys` does not list the entries about keys');
  return `${ctx.entries.length} entries, all in the tree`;
}

function commitment(ctx) {
  const { file, book } = ctx;
  const commit = ctx.own[0];
  if (commit?.type !== 'sites.committed') fail('no commitment in the file');
  const said = commit.fields;
  if (alphaOf(commit) !== file.alpha) fail('alpha is not its index and leaf');
  const isInForce = (use, digest) => book.inForce(use, commit.index)?.digest === digest;
  if (!isInForce('tag_vrf', said.tag_key) || !isInForce('draw_vrf', said.contributions[0].key)) fail('names keys that are not in force');
  if (said.deadline < commit.time) fail('the deadline lies before it');
  Object.assign(ctx, { commit, commitment: said });
  return `log index ${commit.index}, attempt ${said.attempt}`;
}

function leaves(ctx) {
  const { file, commitment: said } = ctx;
  let last = '';
  ctx.leaves = file.leaves.map((leaf, position) => {
    if (leaf.length !== 100) fail(`leaf ${position}: not 50 bytes`);
    const identity = leaf.slice(0, 64);
    if (identity <= last) fail(`leaf ${position}: does not ascend`);
    last = identity;
    return { identity, city: leaf.slice(64, 96), stations: parseInt(leaf.slice(96), 16) };
  });
  if (ctx.leaves.length !== said.leaves.size) fail('another number of venues');
  if (hex(root(file.leaves.map((leaf) => unhex(leaf)))) !== said.leaves.root) fail('another root');
  return `${ctx.leaves.length} venues`;
}

function limits({ commitment: said, leaves: all }) {
  const { picks, workstations } = said.limits;
  const found = strictest(picks, workstations, all);
  if (found === null || !same({ picks, workstations, ...found }, said.limits)) fail('not the strictest limits that the venues can meet');
  return `${picks} picks`;
}

function contributions(ctx) {
  const { own, commit, commitment: said, book, file } = ctx;
  const all = own.filter(({ type }) => type === 'draw.contributed');
  if (all.length !== 1) fail(`${all.length} contributions`);
  const [{ index, time, fields }] = all;
  if (index <= commit.index || time > said.deadline) fail('below the commitment, or after the deadline');
  const key = book.find(fields.key);
  if (fields.key !== said.contributions[0].key || !book.mayContribute(key, index)) fail('by another key, or one that was found out');
  const value = vrf.verify(key.key, unhex(file.alpha), unhex(fields.proof));
  if (value === null) fail('the proof does not hold over alpha');
  ctx.given = { index, value };
  return 'by the committed key';
}

function ending(ctx) {
  const of = (type) => ctx.own.filter((entry) => entry.type === type);
  const [drawn, second] = of('sites.drawn');
  const [ended, again] = of('sites.ended');
  if (ctx.own.some(({ index }) => index < ctx.commit.index)) fail('something stands below the commitment');
  if (!drawn || second) fail('not one result');
  if (of('draw.contributed').some(({ index }) => index > drawn.index)) fail('a contribution above the result');
  if (again || (ended && ended.index < drawn.index)) fail('ended twice, or before the result');
  Object.assign(ctx, { drawn, ended });
  return ended ? `ended: ${ended.fields.reason}` : 'drawn';
}

function seed(ctx) {
  const { drawn, given, file } = ctx;
  if (drawn.fields.contributions[0] !== given.index) fail('another contribution is listed');
  ctx.seed = H('seed', unhex(file.alpha), u8(1), u8(2), given.value);
  if (hex(ctx.seed) !== drawn.fields.seed) fail('another seed');
  return hex(ctx.seed);
}

function picks({ seed: from, leaves: all, commitment: said, drawn }) {
  const found = choose(said.limits, all, orderOf(from, all.length));
  if (found === null || !same(found, drawn.fields.sites)) fail('other sites');
  return found.map(({ position, site }) => `${position}→${site}`).join(', ');
}

const salt = ({ file }, purpose, about) => mac(unhex(file.openings.sites_key), utf8(`${purpose}\n${about}`));
const digits = (code) => code.replace(/^((?:..)*?)(?:00)*$/, '$1');

function openedRequest(ctx) {
  const { file, commitment: said } = ctx;
  const { request } = file.openings;
  if (hex(H('sites-request', salt(ctx, 'sites-request', ''), variable(canonical(request)))) !== said.request) fail('another digest than the committed one');
  if (!same(request.limits, said.limits)) fail('other limits than the committed ones');
}

function openedVenues(ctx) {
  const { file, leaves: all, entries: held, commit } = ctx;
  const { venues, request } = file.openings;
  if (venues.length !== all.length) fail('another number of venues');
  if (new Set(venues.map(({ venue }) => venue)).size !== venues.length) fail('a venue twice');
  if (new Set(venues.map(({ index }) => index)).size !== venues.length) fail('a record twice');
  venues.forEach(({ venue, city, index, record }, position) => {
    const wrong = (why) => fail(`position ${position}: ${why}`);
    const entry = held.find((one) => one.index === index);
    if (entry?.type !== 'registry.record' || entry.fields.image !== record || index >= commit.index) wrong('no such record in the log before the commitment');
    if (hex(H('site', salt(ctx, 'site', venue), unhex(record), u64(index))) !== all[position].identity) wrong('another venue than the leaf');
    if (hex(H('city', salt(ctx, 'city', city), variable(city)).subarray(0, 16)) !== all[position].city) wrong('another city than the leaf');
    if (city === request.host) wrong("in the host's city");
    const inside = (a, b) => digits(a).startsWith(digits(b));
    if (!request.within.some((code) => inside(city, code) || inside(code, city))) wrong('in no region of the request');
  });
  return `${venues.length} venues`;
}

function openedPackage({ file, commitment: said, book }) {
  const { request, plan_proof: planProof, package_proof: packageProof } = file.openings;
  if (!givesTags(book.find(said.tag_key).key, { plan: request.plan, package: request.package, planProof, packageProof }, said)) fail('the numbers do not give the tags');
}

/** Verifies bytes as a file of sites of a version: the machine form. */
export function verifySites(bytes, version, { policy, expect = null, onProgress = () => {} }) {
  const ctx = { policy };
  const work = {
    file: () => {
      ctx.file = readFile(bytes, version, expect);
      return `${bytes.length} bytes, audience ${ctx.file.audience}`;
    },
  };
  Object.entries({ checkpoint, entries, keys, signatures, commitment, leaves, limits, contributions, ending, seed, picks }).forEach(([name, check]) => {
    work[name] = () => check(ctx);
  });
  Object.assign(work, {
    'openings.package': () => openedPackage(ctx),
    'openings.request': () => openedRequest(ctx),
    'openings.venues': () => openedVenues(ctx),
  });
  const first = inOrder(NAMES, work, { gates: GATES, needs: NEEDS, onProgress });
  const { checks, failed } = first;
  if (!first.shut && ctx.file.openings) {
    // What these need may have failed among the first.
    const open = OPENED.filter((check) => !(NEEDS[check] ?? []).some((one) => failed.has(one)));
    const more = inOrder(open, work, { onProgress }).checks;
    for (const check of OPENED) checks.push(more.find((one) => one.check === check) ?? { check, detail: 'what it needs has failed', result: 'failed' });
  }
  return { ...form(ctx, failed), checks, verdict: verdict(checks) };
}

// What was computed, without a claim that it is to be believed.
function form(ctx, failed) {
  const said = { about: 'sites', level: 'operator', not_shown: ['other attempts or a later end', 'that every venue was listed'] };
  const has = (name) => ctx.file && !failed.has(name);
  if (has('checkpoint') && ctx.head) said.tree_size = ctx.head.size;
  if (ctx.commitment) Object.assign(said, { attempt: ctx.commitment.attempt, package_tag: ctx.commitment.package_tag, venues: ctx.commitment.leaves.size });
  if (ctx.drawn) said.sites = ctx.drawn.fields.sites.map(({ position, site }) => ({ position, site }));
  if (ctx.ended) said.ended = ctx.ended.fields.reason;
  return said;
}
