// Draws of sites that an operator signed against the rules: `[name, first failing check, what is otherwise]`. `verified` are
// those that keep to them, at their edges.

import { hex, u64, unhex } from '../src/bytes.js';
import { canonical } from '../src/canonical.js';
import { drawnOrder } from '../src/evidence/result.js';
import { H, variable } from '../src/hash.js';
import { root } from '../src/log/merkle.js';
import { cityTag, limitsOf, picksOf, readLeaf, saltOf, seedOf, venueCommitment } from '../src/sites/choice.js';
import { sealed } from './alterations.mjs';
import { Log, prover, signer } from './forge.js';

const KEY = new Uint8Array(32).fill(9);
const u16 = (n) => Uint8Array.of(n >> 8, n & 255);

/** City and free workstations of the venues V0, V1, …. */
const VENUES = [['430100', 4], ['430100', 6], ['430200', 3], ['430300', 1], ['430400', 9]];
const WITHIN = ['430000'];

/** A whole draw; every option is something that the operator does otherwise. */
export function forge(o = {}) {
  const log = new Log();
  const venues = (o.venues ?? VENUES).map(([city, workstations], n) => {
    const record = hex(H('record', Uint8Array.of(n)));
    return { city, workstations, record, venue: `V${n}` };
  });
  const say = (one) => { one.index = log.add('registry.record', { image: o.otherRecord && one === venues[0] ? '00'.repeat(32) : one.record }); };
  // The record of a venue may stand above the commitment only in a forged draw, which then commits to a place to come.
  const late = o.recordAbove ? venues[0] : null;
  venues.filter((one) => one !== late).forEach(say);
  if (o.before) o.before(log);
  const commitAt = log.entries.length;
  if (late) late.index = commitAt + 1;
  const leafOf = ({ venue, record, index, city, workstations }) => hex(venueCommitment(KEY, venue, unhex(record), index)) + hex(cityTag(KEY, city)) + hex(u16(workstations));
  const pairs = venues.map((one) => ({ one, leaf: leafOf(one) }));
  pairs.sort((a, b) => (a.leaf < b.leaf ? -1 : 1));
  if (o.leaves) o.leaves(pairs);
  const leaves = pairs.map(({ leaf }) => leaf);
  const read = leaves.map((leaf) => (leaf.length === 100 ? readLeaf(leaf) : { city: '', workstations: 0 }));
  const wanted = { picks: 2, workstations: 2, ...o.wanted };
  const limits = { ...wanted, ...(limitsOf(read, wanted) ?? { max_per_city: 1, min_cities: 1 }), ...o.limits };
  const request = { host: '430600', limits: { ...limits, ...o.requestLimits }, package: '2', plan: '430600-2026-17', review_end: 1790714400, review_start: 1790700000, v: 1, within: WITHIN, ...o.request };
  if (o.noHost) delete request.host;
  const { draw_vrf: draw, tag_vrf: tag } = log.keys;
  const about = { plan: canonical({ plan: request.plan }), package: canonical({ package: request.package, plan: request.plan }) };
  const time = log.time;
  const commit = log.add('sites.committed', {
    attempt: 1, package_tag: hex(tag.beta(about.package)), plan_tag: hex(tag.beta(about.plan)), tag_key: tag.digest,
    request: hex(H('sites-request', saltOf(KEY, 'sites-request'), variable(canonical(request)))),
    leaves: { root: hex(root(leaves.map((leaf) => unhex(leaf)))), size: leaves.length, ...o.size },
    limits, contributions: [{ key: draw.digest, kind: 'operator' }], deadline: time + 600, ...o.commit,
  });
  if (late) say(late);
  const alpha = hex(H('alpha', u64(commit), log.leaf(commit)));
  if (o.between) o.between(log, draw);
  const share = (more = {}) => log.add('draw.contributed', { alpha, kind: 'operator', key: draw.digest, proof: hex((o.prover ?? draw).prove(unhex(alpha))), ...more }, time + (o.shareAfter ?? 60));
  const seed = seedOf(alpha, draw.beta(unhex(alpha)));
  const chosen = picksOf(read, drawnOrder(seed, read.map(() => 1), 1).order, limits) ?? [{ position: 0, site: 2 }];
  const life = [commit];
  const drawn = (at, more = {}) => log.add('sites.drawn', { alpha, contributions: [at], seed: hex(seed), sites: o.sites ? o.sites(chosen) : chosen, ...more, ...o.drawn });
  const end = (more = {}) => log.add('sites.ended', { alpha, reason: 'cancelled', actor: 'A1', approver: 'A2', ...more });
  life.push(...(o.course ?? ((say2) => { const at = say2.share(); return [at, say2.drawn(at)]; }))({ share, drawn, end, log }));
  if (o.opened) o.opened(pairs);
  const extra = o.extra ? [o.extra(log)] : [];
  log.add('access.recorded', { image: alpha });
  const isKey = ({ text }) => text.includes('"type":"key.');
  const keys = log.entries.flatMap((entry, n) => (isKey(entry) ? [n] : []));
  const version = o.version ?? (keys.length > 0 ? 2 : 1);
  const there = [0, ...pairs.map(({ one }) => one.index), ...life, ...extra, ...(version === 2 ? keys : [])];
  const file = {
    v: version, format: `expert-draw/sites-v${version}`, audience: 'auditor', checkpoint: log.checkpoint(), alpha, life, leaves,
    entries: [...new Set(there)].sort((a, b) => a - b).map((index) => log.entry(index)),
    openings: {
      request, sites_key: hex(KEY), plan_proof: hex(tag.prove(about.plan)), package_proof: hex(tag.prove(about.package)),
      venues: pairs.map(({ one: { city, index, record, venue } }) => ({ city, index, record, venue })),
    },
    ...(version === 2 ? { keys } : {}),
  };
  return { bytes: sealed(JSON.parse(JSON.stringify(file))), policy: log.policy() };
}

const retire = (log, key, reason, more = {}) => log.add('key.retired', { key: key.digest, reason, ...more });

/** Every case. */
export const CASES = [
  ['as it should be', 'verified', {}],
  ['without a host, every city counts', 'verified', { noHost: true }],
  ['a venue of the host that counts, for there is none', 'verified', { noHost: true, venues: [...VENUES, ['430600', 5]] }],
  ['a region of the request within the city', 'verified', { request: { within: ['430102', '430200', '430300', '430400'] } }],
  ['contributed at the deadline', 'verified', { shareAfter: 600 }],
  ['ended by two', 'verified', { course: ({ share, drawn, end }) => { const at = share(); return [at, drawn(at), end()]; } }],
  ['exactly as many venues as picks', 'verified', { venues: VENUES.slice(0, 2) }],
  ['a second attempt', 'verified', { commit: { attempt: 2, predecessor: '00'.repeat(32) } }],
  ['new keys before the commitment', 'verified', { before: (log) => { log.succeed('draw_vrf', prover(13)); log.succeed('tag_vrf', prover(14)); log.succeed('statements', signer(12)); } }],
  ['a new log key, and the old one retired', 'verified', { before: (log) => { const old = log.keys.log; log.succeed('log', signer(11)); retire(log, old, 'succeeded'); } }],
  ['the draw key succeeded after the commitment', 'verified', { between: (log, old) => { log.succeed('draw_vrf', prover(13)); retire(log, old, 'succeeded'); } }],
  ['the draw key found out after the commitment', 'contributions', { between: (log, old) => { log.succeed('draw_vrf', prover(13)); retire(log, old, 'compromised', { doubtful_from: 1 }); } }],
  ['a key in force retired', 'keys', { before: (log) => { retire(log, log.keys.tag_vrf, 'retired'); } }],
  ['a later attempt without a predecessor', 'entries', { commit: { attempt: 2 } }],
  ['a field that no statement has', 'entries', { commit: { note: 'x' } }],
  ['a deadline before the commitment', 'commitment', { commit: { deadline: 1789999999 } }],
  ['another tag key', 'commitment', { commit: { tag_key: '00'.repeat(32) } }],
  ['another contributor', 'commitment', { commit: { contributions: [{ key: '00'.repeat(32), kind: 'operator' }] } }],
  ['a key of another use for a contributor', 'commitment', { commit: { contributions: [{ key: prover(4).digest, kind: 'operator' }] } }],
  ['leaves that do not ascend', 'leaves', { leaves: (pairs) => pairs.reverse() }],
  ['a leaf twice', 'leaves', { leaves: (pairs) => pairs.splice(1, 0, pairs[0]) }],
  ['a leaf too short', 'leaves', { leaves: (pairs) => { pairs[0].leaf = pairs[0].leaf.slice(2); } }],
  ['another size', 'leaves', { commit: { leaves: { root: '00'.repeat(32), size: 4 } } }],
  ['another root', 'leaves', { commit: { leaves: { root: '00'.repeat(32), size: 5 } } }],
  ['more in a city than must be', 'limits', { limits: { max_per_city: 2 } }],
  ['fewer cities than can be', 'limits', { limits: { min_cities: 1 } }],
  ['no choice possible', 'limits', { wanted: { workstations: 60 } }],
  ['too late', 'contributions', { shareAfter: 601 }],
  ['a proof by another key', 'contributions', { prover: prover(33) }],
  ['a key that was not committed', 'contributions', { course: ({ share, drawn }) => { const at = share({ key: '00'.repeat(32) }); return [at, drawn(at)]; } }],
  ['two contributions', 'contributions', { course: ({ share, drawn }) => { const at = share(); return [at, share(), drawn(at)]; } }],
  ['no contribution', 'contributions', { course: ({ drawn }) => [drawn(6)] }],
  ['no result', 'ending', { course: ({ share }) => [share()] }],
  ['two results', 'ending', { course: ({ share, drawn }) => { const at = share(); return [at, drawn(at), drawn(at)]; } }],
  ['ended before the result', 'ending', { course: ({ share, drawn, end }) => { const at = share(); return [at, end(), drawn(at)]; } }],
  ['ended twice', 'ending', { course: ({ share, drawn, end }) => { const at = share(); return [at, drawn(at), end(), end()]; } }],
  ['ended by one', 'entries', { course: ({ share, drawn, end }) => { const at = share(); return [at, drawn(at), end({ approver: 'A1' })]; } }],
  ['ended for another reason', 'entries', { course: ({ share, drawn, end }) => { const at = share(); return [at, drawn(at), end({ reason: 'shortfall' })]; } }],
  ['another seed', 'seed', { drawn: { seed: '00'.repeat(32) } }],
  ['another contribution listed', 'seed', { drawn: { contributions: [1] } }],
  ['two contributions listed', 'entries', { drawn: { contributions: [7, 7] } }],
  ['sites in another order', 'picks', { sites: ([one, two]) => [{ ...two, site: 2 }, { ...one, site: 3 }] }],
  ['one site fewer', 'picks', { sites: ([one]) => [one] }],
  ['another place', 'picks', { sites: ([one, two]) => [one, { ...two, position: [0, 1, 2, 3, 4].find((p) => p !== one.position && p !== two.position) }] }],
  ['a host for a site', 'entries', { sites: ([one, two]) => [{ ...one, site: 1 }, two] }],
  ["a venue of the host's city", 'openings.venues', { venues: [...VENUES, ['430600', 5]] }],
  ["a venue of a county of the host's city", 'openings.venues', { venues: [...VENUES, ['430602', 5]] }],
  ['a venue of no region of the request', 'openings.venues', { venues: [...VENUES, ['420100', 5]] }],
  ['a city that is no region', 'openings.venues', { venues: [...VENUES, ['43', 5]] }],
  ['a record that no venue names', 'entries', { extra: (log) => log.add('registry.record', { image: '00'.repeat(32) }) }],
  ['another commitment beside it', 'entries', { extra: (log) => { const { text } = log.entries.find((one) => one.text.includes('"sites.committed"')); const { v, type, log: name, time, ...fields } = JSON.parse(text); return log.add(type, { ...fields, request: '00'.repeat(32) }); } }],
  ['fewer leaves than committed, of the committed root', 'leaves', { size: { size: 6 } }],
  ['other limits in the request than committed', 'openings.request', { requestLimits: { workstations: 1 } }],
  ['a venue that is not opened', 'openings.venues', { opened: (pairs) => pairs.pop() }],
  ['a record that the log does not hold', 'openings.venues', { otherRecord: true }],
  ['a leaf of another venue in that city', 'openings.venues', { leaves: (pairs) => { pairs[0].leaf = `${pairs[0].leaf.slice(0, 63)}${pairs[0].leaf[63] === '0' ? '1' : '0'}${pairs[0].leaf.slice(64)}`; } }],
  ['a record above the commitment', 'openings.venues', { recordAbove: true }],
];
