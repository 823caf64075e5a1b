// The verification of a proof of membership: one person's place in a draw (membership-v1 §3, -v2 §2).

import { hex, u32, u64, unhex } from '../bytes.js';
import { canonical } from '../canonical.js';
import { runList, verdictOf } from '../checks.js';
import { readLeaf } from '../evidence/commitment.js';
import { alphaOf, ascendingEntries, checkpoint, isAboutKeys, keyBook, readEntry, signatures, signedByLog } from '../evidence/entries.js';
import { ascending } from '../evidence/shapes.js';
import { H, variable } from '../hash.js';
import { includes, leafHash } from '../log/merkle.js';
import { FORMATS, readFile } from './file.js';

const fail = (why) => { throw new Error(why); };
const ORDER = ['file', 'checkpoint', 'entries', 'signatures', 'commitment', 'unsealed', 'person', 'place', 'seat'];
const PLACES = ['opened', 'registry', 'committed', 'result', 'unsealed'];

const CHECKS = {
  checkpoint,

  entries(ctx) {
    const { file, head } = ctx;
    const there = PLACES.filter((place) => file[place] !== undefined);
    const read = ascendingEntries(head, there.map((place) => file[place]), 'any');
    there.forEach((place, n) => { ctx[place] = read[n]; });
    if (ctx.opened.index !== 0 || ctx.opened.type !== 'log.opened') fail('entry 0 is not log.opened');
    ctx.about = (file.keys ?? []).map((one) => readEntry(head, one, 'keys'));
    if (!ascending(({ index }) => index)(ctx.about)) fail('the entries about keys do not ascend');
    ctx.entries = [...read, ...ctx.about];
    return `${ctx.entries.length} entries, all in the tree`;
  },

  signatures(ctx) {
    const book = keyBook(ctx.head, ctx.opened, ctx.about.filter(isAboutKeys));
    ctx.book = book;
    signedByLog(ctx, ctx.file.rotates ? book.ofCheckpoint(ctx.head.size) : book.keys.slice(0, 1));
    return signatures(ctx);
  },

  commitment(ctx) {
    const { committed, file } = ctx;
    if (committed.type !== 'draw.committed') fail('is not a commitment of a draw');
    if (alphaOf(committed) !== file.alpha) fail('alpha is of another commitment');
    ctx.commitment = committed.fields;
    return `log index ${committed.index}, attempt ${committed.fields.attempt}`;
  },

  unsealed({ unsealed, file }) {
    if (unsealed.type !== 'draw.unsealed' || unsealed.fields.alpha !== file.alpha) fail('this draw was not unsealed by it');
    return unsealed.fields.announcement;
  },

  person(ctx) {
    const { file, registry, commitment: said } = ctx;
    const { card_salt: salt, name, number, rest } = file.person;
    if (registry.type !== 'registry.expert' || registry.index > said.registry) fail('not an entry of an expert that the draw could take');
    const card = H('card', unhex(salt), variable(canonical({ name, number })));
    ctx.image = H('image', card, unhex(rest));
    if (hex(ctx.image) !== registry.fields.image) fail('the registry entry holds another record');
    return `${number} ${name}`;
  },

  place(ctx) {
    const { file, registry, image } = ctx;
    const identity = hex(H('candidate', unhex(file.person.draw_salt), image, u64(registry.index)));
    return file.place.kind === 'pool' ? inPool(ctx, identity) : excluded(ctx, identity);
  },

  seat({ file, result }) {
    if (file.place.kind !== 'pool') return 'an excluded person has no seat';
    const { type, fields } = result;
    // A settlement that found a shortfall gives no panel.
    if ((type !== 'draw.drawn' && type !== 'draw.settled') || fields.seats === undefined) fail('the result gives no panel');
    if (fields.alpha !== file.alpha) fail('the result is of another draw');
    const held = fields.seats.find(({ position }) => position === file.place.position);
    if (held?.group !== file.seat?.group) fail(held ? 'holds another seat, or one that is not told' : 'holds no seat');
    return held ? `group ${held.group}, by entry ${result.index}` : `not seated, by entry ${result.index}`;
  },
};

function inPool({ file, commitment: said }, identity) {
  const { leaf, position, proof } = file.place;
  if (readLeaf(leaf, said).identity !== identity) fail('the leaf is of somebody else');
  if (!proves(leaf, position, said.pool.size, proof, said.pool.root)) fail('the leaf is not at that position of the pool');
  return `position ${position} of ${said.pool.size}`;
}

function excluded({ file, commitment: said }, identity) {
  const { count, index, proof, reasons_salt: reasons, root, rules, salt } = file.place;
  const leaf = identity + hex(H('reasons', unhex(reasons), variable(canonical(rules))));
  if (!proves(leaf, index, count, proof, root)) fail('is not in the table of exclusions at that index');
  if (hex(H('excluded', unhex(salt), u32(count), unhex(root))) !== said.excluded) fail('another table of exclusions than the committed one');
  return `excluded by ${rules.join(', ')}`;
}

const proves = (leaf, at, size, proof, root) => includes(leafHash(unhex(leaf)), at, size, proof.map((one) => unhex(one)), unhex(root));

// What is known once the checks that bind it have passed.
function machineForm({ file, head, unsealed }, passed) {
  const form = { not_shown: ['a settlement later than the one quoted'] };
  if (passed('checkpoint')) Object.assign(form, { origin: head.origin, tree_size: head.size });
  if (passed('commitment')) form.alpha = file.alpha;
  if (passed('unsealed')) form.announcement = unsealed.fields.announcement;
  if (passed('person')) Object.assign(form, { name: file.person.name, number: file.person.number });
  if (passed('place')) Object.assign(form, file.place.kind === 'pool' ? { position: file.place.position } : { rules: file.place.rules });
  if (passed('seat') && file.seat) form.group = file.seat.group;
  return form;
}

/** The files of membership-v1 and -v2. They have no audience: whom a reader expects is not asked. */
export const membership = {
  formats: FORMATS,
  verify({ bytes, policy, onProgress }) {
    const ctx = { policy };
    const work = (check) => {
      if (check !== 'file') return CHECKS[check](ctx);
      ctx.file = readFile(bytes);
      return `${bytes.length} bytes`;
    };
    // Whatever fails, nothing after it is looked at.
    const { checks, failed } = runList(ORDER, { gates: ORDER, work, onProgress });
    return { kind: 'membership', ...machineForm(ctx, (check) => !failed.has(check)), checks, verdict: verdictOf(checks) };
  },
};
