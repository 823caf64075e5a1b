// The verification of a draw of sites: the sub-venues follow from a commitment made before the seed (sites-v1 §8, -v2 §2).

import { equal, hex, unhex } from '../bytes.js';
import { canonical } from '../canonical.js';
import { runList, verdictOf } from '../checks.js';
import * as vrf from '../crypto/vrf.js';
import { alphaOf, ascendingEntries, checkpoint, isAboutKeys, keys, signatures } from '../evidence/entries.js';
import { givesTags } from '../evidence/openings.js';
import { drawnOrder } from '../evidence/result.js';
import { text } from '../evidence/shapes.js';
import { H, variable } from '../hash.js';
import { root } from '../log/merkle.js';
import { cityTag, liesIn, limitsOf, picksOf, readLeaf, saltOf, seedOf, venueCommitment } from './choice.js';
import { FORMATS, readFile } from './file.js';

const fail = (why) => { throw new Error(why); };
const OWN = ['file', 'checkpoint', 'entries', 'keys', 'signatures', 'commitment', 'leaves', 'limits', 'contributions', 'ending', 'seed', 'picks'];
const OPENED = ['openings.package', 'openings.request', 'openings.venues'];
/** After one of these has failed nothing later can be looked at, nor is it known what is due to be opened. */
const GATES = ['file', 'checkpoint', 'entries', 'keys', 'commitment'];
const NEEDS = { limits: ['leaves'], seed: ['contributions', 'ending'], picks: ['leaves', 'seed'], 'openings.venues': ['leaves'] };
const isRegion = (code) => /^[0-9]{6}$/.test(code);
const isId = text(400);
const of = (ctx, type) => ctx.own.filter((entry) => entry.type === type);

const CHECKS = {
  checkpoint,

  entries(ctx) {
    const { file, head } = ctx;
    ctx.entries = ascendingEntries(head, file.entries, `sites${file.version}`);
    const isOwn = (entry) => (entry.type === 'sites.committed' ? alphaOf(entry) === file.alpha : entry.fields.alpha === file.alpha);
    ctx.own = ctx.entries.filter(isOwn);
    const commits = of(ctx, 'sites.committed');
    if (commits.length > 1 || (commits.length === 1 && ctx.own[0] !== commits[0])) fail('does not begin with the one commitment of this alpha');
    if (file.life.join() !== ctx.own.map(({ index }) => index).join()) fail('`life` does not list the entries of this draw');
    const about = ctx.entries.filter(isAboutKeys).map(({ index }) => index);
    if (file.version === 2 && file.keys.join() !== about.join()) fail('`keys` does not list the entries about keys');
    // A record that is missing is missed by the venue that names it.
    const records = new Set((file.openings?.venues ?? []).map(({ index }) => index));
    const belongs = (entry) => ctx.own.includes(entry) || isAboutKeys(entry)
      || (entry.type === 'log.opened' && entry.index === 0) || (entry.type === 'registry.record' && records.has(entry.index));
    for (const entry of ctx.entries) if (!belongs(entry)) fail(`entry ${entry.index}: ${entry.type} does not belong into this file`);
    Object.assign(ctx, { commit: commits[0], commitment: commits[0]?.fields });
    return `${ctx.entries.length} entries, all in the tree`;
  },

  keys(ctx) {
    if (ctx.entries[0]?.index !== 0 || ctx.entries[0].type !== 'log.opened') fail('entry 0 is missing');
    return keys(ctx);
  },

  signatures,

  commitment(ctx) {
    const { commit, commitment: said, book } = ctx;
    if (!commit) fail('there is none of this alpha');
    // That alpha is its index and leaf hash is how `entries` has found it.
    if (said.deadline < commit.time) fail('the deadline lies before it');
    ctx.tagKey = book.inForce('tag_vrf', commit.index);
    ctx.drawKey = book.inForce('draw_vrf', commit.index);
    if (said.tag_key !== ctx.tagKey.digest) fail('names another tag key');
    if (said.contributions[0].key !== ctx.drawKey.digest) fail('names another contributor than the operator');
    return `log index ${commit.index}, attempt ${said.attempt}`;
  },

  leaves(ctx) {
    const { file, commitment: said } = ctx;
    ctx.leaves = file.leaves.map(readLeaf);
    const falls = ctx.leaves.findIndex(({ identity }, n) => n > 0 && identity <= ctx.leaves[n - 1].identity);
    if (falls > 0) fail(`leaf ${falls}: does not ascend`);
    if (ctx.leaves.length !== said.leaves.size) fail('another number of venues');
    if (hex(root(file.leaves.map((leaf) => unhex(leaf)))) !== said.leaves.root) fail('another root');
    return `${ctx.leaves.length} venues`;
  },

  limits({ leaves, commitment: { limits: said } }) {
    const wanted = limitsOf(leaves, said);
    if (!wanted) fail('no full choice was possible');
    if (wanted.max_per_city !== said.max_per_city || wanted.min_cities !== said.min_cities) fail('limits that do not follow from the venues');
    return `${said.picks} picks, at least ${said.min_cities} cities, at most ${said.max_per_city} in one`;
  },

  contributions(ctx) {
    const { commit, commitment: said, drawKey, book, file } = ctx;
    const [share, more] = of(ctx, 'draw.contributed');
    if (!share || more) fail('not exactly one contribution');
    if (share.index <= commit.index) fail('below the commitment');
    if (share.time > said.deadline) fail('after the deadline');
    if (share.fields.key !== drawKey.digest || !book.mayContribute(drawKey, share.index)) fail('by another key, or one found out');
    ctx.beta = vrf.verify(drawKey.key, unhex(file.alpha), unhex(share.fields.proof));
    if (ctx.beta === null) fail('its proof is not valid over alpha');
    ctx.share = share;
    return "the operator's, valid over alpha";
  },

  ending(ctx) {
    const [drawn, again] = of(ctx, 'sites.drawn');
    if (!drawn || again) fail('not exactly one result');
    const shares = of(ctx, 'draw.contributed');
    if (shares.some(({ index }) => index > drawn.index)) fail('a result that is not above the contribution');
    const [ended, twice] = of(ctx, 'sites.ended');
    if (twice) fail('ended twice');
    if (ended && ended.index < drawn.index) fail('ended before the result');
    Object.assign(ctx, { drawn, ended });
    return ended ? `drawn, ended: ${ended.fields.reason}` : 'drawn';
  },

  seed(ctx) {
    const { file, beta, drawn, share } = ctx;
    ctx.seed = seedOf(file.alpha, beta);
    if (!equal(ctx.seed, unhex(drawn.fields.seed))) fail('another seed');
    if (drawn.fields.contributions[0] !== share.index) fail('another contribution is listed');
    return hex(ctx.seed);
  },

  picks(ctx) {
    const { leaves, commitment: said, drawn } = ctx;
    const { order } = drawnOrder(ctx.seed, leaves.map(() => 1), 1);
    const chosen = picksOf(leaves, order, said.limits);
    if (!chosen) fail('there is no full choice');
    if (!equal(canonical(chosen), canonical(drawn.fields.sites))) fail('other sites');
    return chosen.map(({ position, site }) => `${position}→${site}`).join(', ');
  },

  'openings.package': ({ file, commitment: said, tagKey }) => {
    const { request, plan_proof: planProof, package_proof: packageProof } = file.openings;
    if (!givesTags(tagKey.key, { plan: request.plan, package: request.package, planProof, packageProof }, said)) fail('the numbers do not give the tags');
    return `${request.plan} / ${request.package}`;
  },

  'openings.request': ({ file, commitment: said }) => {
    const { request, sites_key: key } = file.openings;
    if (hex(H('sites-request', saltOf(unhex(key), 'sites-request'), variable(canonical(request)))) !== said.request) fail('another digest than the committed one');
    if (!equal(canonical(request.limits), canonical(said.limits))) fail('other limits than the committed ones');
    return request.within.join(', ');
  },

  'openings.venues': (ctx) => {
    const { venues } = ctx.file.openings;
    if (venues.length !== ctx.leaves.length) fail('another number than there are leaves');
    for (const field of ['venue', 'index']) {
      if (new Set(venues.map((one) => one[field])).size !== venues.length) fail(`one ${field} twice`);
    }
    venues.forEach((one, position) => {
      const why = wrongVenue(ctx, one, ctx.leaves[position]);
      if (why) fail(`position ${position}: ${why}`);
    });
    return `${venues.length} venues`;
  },
};

// What is wrong with a venue, if anything.
function wrongVenue({ file, entries, commit }, { city, index, record, venue }, leaf) {
  const { request, sites_key: keyText } = file.openings;
  const key = unhex(keyText);
  if (!isRegion(city) || !isId(venue)) return 'no region, or no id of a venue';
  const entry = entries.find((one) => one.index === index);
  if (entry?.type !== 'registry.record' || entry.fields.image !== record) return 'its record is not that entry of the log';
  if (index >= commit.index) return 'its record stands above the commitment';
  if (hex(venueCommitment(key, venue, unhex(record), index)) !== leaf.identity) return 'gives another commitment';
  if (hex(cityTag(key, city)) !== leaf.city) return 'gives another city tag';
  if (request.host !== undefined && liesIn(city, request.host)) return "lies in the host's city";
  if (!request.within.some((one) => liesIn(city, one) || liesIn(one, city))) return 'lies in no region of the request';
  return null;
}

// What was computed, where the checks that give it have passed.
function machineForm({ file, head, commitment: said, leaves, drawn, ended, share }, passed) {
  const form = { level: 'operator', not_shown: ['other attempts or a later end', 'that every venue was listed'], sites: [] };
  if (passed('checkpoint')) Object.assign(form, { origin: head.origin, tree_size: head.size });
  if (passed('commitment')) Object.assign(form, { alpha: file.alpha, attempt: said.attempt, package_tag: said.package_tag, limits: said.limits });
  if (passed('leaves')) form.venues = leaves.length;
  if (passed('contributions')) form.contribution = share.index;
  if (passed('ending') && ended) form.ended = ended.fields.reason;
  if (passed('picks')) form.sites = drawn.fields.sites;
  return form;
}

/** The files of sites-v1 and -v2. */
export const sites = {
  formats: FORMATS,
  verify({ bytes, policy, expect, onProgress }) {
    const ctx = { policy };
    const work = (check) => {
      if (check !== 'file') return CHECKS[check](ctx);
      ctx.file = readFile(bytes, expect);
      return `${bytes.length} bytes, audience ${ctx.file.audience}`;
    };
    const told = runList(OWN, { gates: GATES, needs: NEEDS, work, onProgress });
    const { checks, failed } = told;
    if (!told.shut && ctx.file.openings) {
      const opened = runList(OPENED, { gates: [], needs: NEEDS, work, onProgress, failed });
      checks.push(...opened.checks);
    }
    return { kind: 'sites', ...machineForm(ctx, (check) => !failed.has(check)), checks, verdict: verdictOf(checks) };
  },
};
