// Proofs of membership of a log that an operator signed against the rules: `[name, first failing check, what is otherwise]`
// (and, as in forged.js, where a page is read otherwise than the binary reads it).

import { hex, u32, u64, u8, unhex } from '../src/bytes.js';
import { canonical } from '../src/canonical.js';
import { H, variable } from '../src/hash.js';
import { leafHash } from '../src/log/merkle.js';
import { sealed } from './alterations.mjs';
import { Log, path, signer, top } from './forge.js';

const salt = (n) => hex(new Uint8Array(32).fill(n));
const PERSON = { card_salt: salt(20), draw_salt: salt(21), name: '专家甲', number: 'E1', rest: salt(22) };
const image = H('image', H('card', unhex(PERSON.card_salt), variable(canonical({ name: PERSON.name, number: PERSON.number }))), unhex(PERSON.rest));
const RULES = ['age_limit', 'load_cap'];

/** A pool leaf of an identity; `parts` are what it holds otherwise. */
const poolLeaf = (identity, { mask = 1, lots = 1, tags = '' } = {}) => identity + hex(u32(mask)) + hex(u8(lots)) + salt(30).slice(0, 32) + tags;

// A tree of the leaf among others, at index 1.
function grown(leaf) {
  const hashes = ['00', leaf, 'ff'].map((one) => leafHash(unhex(one)));
  return { size: 3, root: hex(top(hashes)), proof: path(hashes, 1).map(hex) };
}

/** A whole proof; every option is something that the operator does otherwise. */
export function forgeMember(o = {}) {
  const log = new Log();
  if (o.before) o.before(log);
  const registry = log.add(o.registryType ?? 'registry.expert', { image: hex(image) });
  const identity = hex(H('candidate', unhex(PERSON.draw_salt), image, u64(registry)));
  const pool = grown(o.leaf ? o.leaf(identity) : poolLeaf(identity));
  const rules = o.rules ?? RULES;
  const out = grown(identity + hex(H('reasons', unhex(salt(23)), variable(canonical(rules)))));
  const tag = '00'.repeat(64);
  const committed = log.add('draw.committed', {
    attempt: 1, package_tag: tag, plan_tag: tag, tag_key: log.keys.tag_vrf.digest, request: salt(1), names: salt(2), profile: salt(3),
    excluded: hex(H('excluded', unhex(salt(24)), u32(out.size), unhex(out.root))), registry, groups: [{ group: 1, seats: 2, site: 1 }],
    unit_cap: 1, lots: 2, margin: 1, window_minutes: 60, pool: { root: pool.root, size: pool.size }, kept: [],
    contributions: [{ key: log.keys.draw_vrf.digest, kind: 'operator' }], deadline: log.time + 600, ...o.commit?.(registry),
  });
  const alpha = hex(H('alpha', u64(committed), log.leaf(committed)));
  const seats = [{ group: 1, position: 1 }, { group: 1, position: 2 }];
  const drawn = { alpha, contributions: [9], seed: salt(4), seats, branches: 0 };
  const result = o.result ? o.result(log, { alpha, seats, drawn }) : log.add('draw.drawn', drawn);
  const unsealed = log.add(o.unsealedType ?? 'draw.unsealed', o.unsealed ?? { alpha, announcement: '公告 1' });
  if (o.after) o.after(log);
  log.add('access.recorded', { image: alpha });
  const keys = log.entries.flatMap(({ text }, n) => (text.includes('"type":"key.') ? [n] : []));
  const version = keys.length > 0 ? 2 : 1;
  const place = o.excluded
    ? { kind: 'excluded', count: out.size, index: 1, proof: out.proof, reasons_salt: salt(23), root: out.root, rules, salt: salt(24) }
    : { kind: 'pool', leaf: o.leaf ? o.leaf(identity) : poolLeaf(identity), position: 1, proof: pool.proof };
  const file = {
    v: version, format: `expert-draw/membership-v${version}`, checkpoint: log.checkpoint(), alpha, opened: log.entry(o.openedAt ?? 0),
    registry: log.entry(registry), committed: log.entry(committed), unsealed: log.entry(unsealed), person: PERSON, place,
    ...(o.excluded ? {} : { result: log.entry(result) }), ...(o.excluded || o.unseated ? {} : { seat: { group: 1 } }),
    ...(version === 2 ? { keys: keys.map((n) => log.entry(n)) } : {}),
  };
  return { bytes: sealed(JSON.parse(JSON.stringify(file))), policy: log.policy() };
}

const settled = (more) => (log, { alpha, seats }) => log.add('draw.settled', { alpha, round: 1, out: [], ...more(seats) });
const tags = (n) => Array.from({ length: n }, (_, at) => hex(u8(at)).repeat(16)).join('');

/** Every case. */
export const MEMBERS = [
  ['seated', 'verified', {}],
  ['excluded', 'verified', { excluded: true }],
  ['seated by a settlement', 'verified', { result: settled((seats) => ({ seats, branches: 0 })) }],
  ['unseated by a settlement', 'verified', { unseated: true, result: settled((seats) => ({ seats: seats.slice(1), branches: 0 })) }],
  ['eight relation tags, all lots', 'verified', { leaf: (who) => poolLeaf(who, { lots: 2, tags: tags(8) }) }],
  ['a witness among the contributors', 'verified', { commit: () => ({ contributions: [{ key: salt(5), kind: 'operator' }, { key: salt(6), kind: 'witness' }] }) }],
  ['new keys after the draw', 'verified', { after: (log) => { log.succeed('statements', signer(12)); log.succeed('log', signer(11)); } }],
  ['new keys before the draw', 'verified', { before: (log) => log.succeed('statements', signer(12)) }],
  ['a key that is not one', 'signatures', { before: (log) => log.add('key.registered', { use: 'supervisor', alg: 'ed25519', key: '00'.repeat(32), name: 'x' }) }],
  ['a commitment without its fields', 'entries', { commit: () => ({ lots: 9 }) }],
  ['a type that no page knows', 'entries', { registryType: 'registry.person' }],
  ['an entry of a unit', 'person', { registryType: 'registry.unit' }],
  ['an entry newer than the commitment takes', 'person', { commit: (registry) => ({ registry: registry - 1 }) }],
  ['unsealed by nothing', 'unsealed', { unsealedType: 'access.recorded', unsealed: { image: salt(7) } }],
  ['another draw unsealed', 'unsealed', { unsealed: { alpha: salt(8), announcement: 'x' } }],
  ['a leaf with no group', 'place', { leaf: (who) => poolLeaf(who, { mask: 0 }) }],
  ['a leaf with a group too many', 'place', { leaf: (who) => poolLeaf(who, { mask: 2 }) }],
  ['a leaf with no lots', 'place', { leaf: (who) => poolLeaf(who, { lots: 0 }) }],
  ['a leaf with too many lots', 'place', { leaf: (who) => poolLeaf(who, { lots: 3 }) }],
  ['nine relation tags', 'place', { leaf: (who) => poolLeaf(who, { tags: tags(9) }) }],
  ['relation tags twice', 'place', { leaf: (who) => poolLeaf(who, { tags: '11'.repeat(32) }) }],
  ['a leaf too long', 'place', { leaf: (who) => `${poolLeaf(who)}00` }],
  ['somebody else in the leaf', 'place', { leaf: () => poolLeaf(salt(9)) }],
  ['rules that do not ascend', 'file', { excluded: true, rules: ['load_cap', 'age_limit'] }],
  ['another table of exclusions committed', 'place', { excluded: true, commit: () => ({ excluded: salt(1) }) }],
  ['opened a second time', 'entries', { openedAt: 1, before: (log) => { const { jurisdiction, keys } = JSON.parse(log.entries[0].text); log.add('log.opened', { jurisdiction, keys }); } }],
  ['no rules', 'file', { excluded: true, rules: [] }],
  ['a settlement without a panel', 'seat', { result: settled(() => ({ shortfall: 'relations' })) }],
  ['the result of another draw', 'seat', { result: (log, { drawn }) => log.add('draw.drawn', { ...drawn, alpha: salt(8) }) }],
  ['a seat in another group', 'seat', { result: (log, { drawn }) => log.add('draw.drawn', { ...drawn, seats: [{ group: 2, position: 1 }] }) }],
  ['a seat that nobody holds', 'seat', { result: (log, { drawn }) => log.add('draw.drawn', { ...drawn, seats: [{ group: 1, position: 0 }] }) }],
  ['a seat that is not told', 'seat', { unseated: true }],
  ['a result that gives none', 'seat', { result: (log) => log.add('access.recorded', { image: salt(7) }) }],
];
