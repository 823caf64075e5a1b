// The verification of one expert's place in a draw (membership-v1 §§1–3, membership-v2).

import { compareText, hex, u32, u64, unhex } from '../bytes.js';
import { canonical, parseCanonical } from '../canonical.js';
import { inOrder, verdict } from '../checks.js';
import { readLeaf } from '../evidence/commitment.js';
import { alphaOf, bookOf, checkpoint, readAll, readEntry, signatures } from '../evidence/entries.js';
import { anyText, ascending, both, hexOf, int, list, object, word } from '../evidence/shapes.js';
import { isAllowed } from '../evidence/statements.js';
import { H, sha256, variable } from '../hash.js';
import { includes, leafHash } from '../log/merkle.js';

const fail = (why) => { throw new Error(why); };
const NAMES = ['file', 'checkpoint', 'entries', 'signatures', 'commitment', 'unsealed', 'person', 'place', 'seat'];
const LIMIT = 1024 * 1024;
const digest = hexOf(32);
const U32 = 2 ** 32 - 1;

const entry = object({ index: int(), note: anyText, proof: list(digest) });
const FIELDS = {
  v: int(), format: anyText, checkpoint: anyText, alpha: digest, opened: entry, registry: entry, committed: entry, unsealed: entry,
  person: object({ card_salt: digest, draw_salt: digest, name: anyText, number: anyText, rest: digest }), digest,
};
const PLACES = {
  pool: object({ kind: word('pool'), leaf: hexOf(), position: int(0, U32), proof: list(digest) }),
  excluded: object({ count: int(0, U32), index: int(), kind: word('excluded'), proof: list(digest), reasons_salt: digest, root: digest, rules: both(list(anyText, 1), ascending((rule) => rule, (a, b) => compareText(a, b) < 0)), salt: digest }),
};
const isPlace = (value) => Object.values(PLACES).some((shape) => shape(value));

function readFile(bytes, version) {
  if (bytes.length > LIMIT) throw new Error('longer than 1 MiB');
  const file = parseCanonical(bytes);
  if (file.v !== version || file.format !== `expert-draw/membership-v${version}`) throw new Error('not a known format');
  const fields = { ...FIELDS, place: isPlace, ...(version === 2 ? { keys: list(entry) } : {}) };
  if (!object(fields, { result: entry, seat: object({ group: int(1, 32) }) })(file)) throw new Error('a field is missing, unknown or misshapen');
  const pool = file.place.kind === 'pool';
  if (pool !== (file.result !== undefined)) throw new Error('a result stands exactly with a place in the pool');
  if (!pool && file.seat !== undefined) throw new Error('a seat without a place in the pool');
  const { digest: said, ...rest } = file;
  if (hex(sha256(canonical(rest))) !== said) throw new Error('the digest is of other bytes');
  return { ...file, version };
}

// Any statement of the log may be quoted; whether it is the one that is meant, its own check says.
const anyStatement = (type, fields) => isAllowed(3, type, fields);

function entries(ctx) {
  const { file, head } = ctx;
  const parts = ['opened', 'registry', 'committed', 'result', 'unsealed'].filter((part) => file[part] !== undefined);
  const read = readAll(parts.map((part) => file[part]), (one) => readEntry(head, one, anyStatement));
  parts.forEach((part, n) => { ctx[part] = read[n]; });
  if (ctx.opened.index !== 0 || ctx.opened.type !== 'log.opened') fail('entry 0 is not log.opened');
  ctx.keys = [];
  for (const one of file.keys ?? []) {
    const about = readEntry(head, one, anyStatement);
    if (!['key.registered', 'key.retired'].includes(about.type)) fail(`entry ${about.index}: not about a key`);
    if (ctx.keys.length > 0 && ctx.keys.at(-1).index >= about.index) fail(`entry ${about.index}: indices do not ascend`);
    ctx.keys.push(about);
  }
  ctx.entries = [...read, ...ctx.keys];
  return `${ctx.entries.length} entries, all in the tree`;
}

function signed(ctx) {
  ctx.book = bookOf(ctx, [ctx.opened, ...ctx.keys], ctx.file.version === 2);
  return signatures(ctx);
}

function commitment(ctx) {
  const { committed, file } = ctx;
  if (committed.type !== 'draw.committed' || alphaOf(committed) !== file.alpha) fail('not the commitment of this alpha');
  return `entry ${committed.index}, attempt ${committed.fields.attempt}`;
}

function unsealed({ unsealed: said, file }) {
  if (said.type !== 'draw.unsealed' || said.fields.alpha !== file.alpha) fail('not the unsealing of this draw');
  return `announcement ${said.fields.announcement}`;
}

function person(ctx) {
  const { file, registry, committed } = ctx;
  const { card_salt: salt, name, number, rest } = file.person;
  const image = H('image', H('card', unhex(salt), variable(canonical({ name, number }))), unhex(rest));
  if (registry.type !== 'registry.expert' || registry.fields.image !== hex(image)) fail('the registry entry holds another record');
  if (registry.index > committed.fields.registry) fail('the entry is later than the registry that was drawn from');
  ctx.identity = hex(H('candidate', unhex(file.person.draw_salt), image, u64(registry.index)));
  return `${number} ${name}`;
}

function place(ctx) {
  const { file, identity, committed } = ctx;
  const said = file.place;
  const shown = (leaf, at, size, treeRoot) => includes(leafHash(unhex(leaf)), at, size, said.proof.map((one) => unhex(one)), unhex(treeRoot));
  if (said.kind === 'pool') {
    const { root, size } = committed.fields.pool;
    if (readLeaf(said.leaf, committed.fields).identity !== identity) fail('the leaf is of somebody else');
    if (!shown(said.leaf, said.position, size, root)) fail('is not in the pool at that position');
    return `position ${said.position} of ${size} candidates`;
  }
  const { rules } = said;
  const reasons = hex(H('reasons', unhex(said.reasons_salt), variable(canonical(rules))));
  if (!shown(identity + reasons, said.index, said.count, said.root)) fail('is not among those excluded');
  if (hex(H('excluded', unhex(said.salt), u32(said.count), unhex(said.root))) !== committed.fields.excluded) fail('another digest of those excluded than the committed one');
  return `excluded by ${rules.join(', ')}`;
}

function seat({ file, result }) {
  if (file.place.kind !== 'pool') return 'an excluded person has no seat';
  const { alpha, seats } = result.fields;
  if (!['draw.drawn', 'draw.settled'].includes(result.type) || alpha !== file.alpha || seats === undefined) fail('not a panel of this draw');
  const held = seats.find(({ position }) => position === file.place.position);
  if (held?.group !== file.seat?.group) fail('the panel says something else of this position');
  return held ? `seated in group ${held.group}, by entry ${result.index}` : 'not seated';
}

/** Verifies bytes as a proof of membership of a version: the machine form. */
export function verifyMembership(bytes, version, { policy, onProgress = () => {} }) {
  const ctx = { policy };
  const work = {
    file: () => {
      ctx.file = readFile(bytes, version);
      return `${bytes.length} bytes`;
    },
  };
  Object.entries({ checkpoint, entries, signatures: signed, commitment, unsealed, person, place, seat }).forEach(([name, check]) => {
    work[name] = () => check(ctx);
  });
  const { checks, failed } = inOrder(NAMES, work, { gates: NAMES, onProgress });
  return { ...form(ctx, failed), checks, verdict: verdict(checks) };
}

// What was computed; of the person only what the checks before have bound.
function form({ file, head, unsealed: said }, failed) {
  const made = { about: 'membership', not_shown: ['a settlement later than the one quoted'] };
  const has = (name) => !failed.has(name);
  if (head) made.tree_size = head.size;
  if (has('commitment')) made.alpha = file.alpha;
  if (has('unsealed')) made.announcement = said.fields.announcement;
  if (has('person')) Object.assign(made, { name: file.person.name, number: file.person.number });
  if (has('place')) Object.assign(made, file.place.kind === 'pool' ? { position: file.place.position } : { rules: file.place.rules });
  if (has('seat') && file.seat) made.group = file.seat.group;
  return made;
}
