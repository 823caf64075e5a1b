// The log's part of a file: checkpoint, entries, keys, signatures, heads (evidence-v1 §4, evidence-v3 §§1–4).

import { equal, hex, u64, unhex, utf8 } from '../bytes.js';
import { parseCanonical } from '../canonical.js';
import { H } from '../hash.js';
import { KeyBook } from '../log/keybook.js';
import { consistent, includes, leafHash } from '../log/merkle.js';
import { ED25519, judgeLine, makeKey, parseCheckpoint, parseNote } from '../log/notes.js';
import { judge } from '../log/policy.js';
import { CALLS, isAllowed } from './statements.js';

const fail = (why) => { throw new Error(why); };
const COMMON = ['v', 'type', 'log', 'time'];

/** `checkpoint`: the note is a checkpoint under the policy. */
export function checkpoint(ctx) {
  const note = parseNote(ctx.file.checkpoint);
  const said = judge(ctx.policy, note);
  if (said.signers.length === 0) fail('no log key of the policy has signed it');
  if (said.date === null) fail('the quorum of the policy is not met');
  Object.assign(ctx, { head: said.checkpoint, headSigners: said.signers, headDate: said.date ?? null, unknown: said.unknown });
  return `size ${said.checkpoint.size} of ${said.checkpoint.origin}`;
}

/** One statement of this log in its tree; `allowed` names the types and fields it may have (statements.js). */
export function readEntry(head, { index, note: text, proof }, allowed) {
  const note = parseNote(text);
  const bytes = utf8(note.text.slice(0, -1));
  const statement = parseCanonical(bytes);
  if (bytes.length > 65535) fail(`entry ${index}: longer than a statement`);
  const { v, type, log, time, ...fields } = statement;
  const common = v === 1 && typeof type === 'string' && log === head.origin && Number.isSafeInteger(time) && time >= 0;
  if (!common || !COMMON.every((key) => key in statement)) fail(`entry ${index}: not a statement of this log`);
  if (!isAllowed(allowed, type, fields)) fail(`entry ${index}: type ${type} or its fields are not allowed here`);
  const leaf = leafHash(bytes);
  if (!includes(leaf, index, head.size, proof.map((one) => unhex(one)), head.root)) fail(`entry ${index}: is not in the tree`);
  return { index, note, type, fields, time, leaf };
}

/** Statements that ascend by index and whose times do not fall. */
export function ascendingEntries(head, all, allowed) {
  let last = { index: -1, time: 0 };
  return all.map((one) => {
    if (one.index <= last.index) fail(`entry ${one.index}: indices do not ascend`);
    const entry = readEntry(head, one, allowed);
    if (entry.time < last.time) fail(`entry ${entry.index}: time falls`);
    last = entry;
    return entry;
  });
}

/** Alpha of a commitment. */
export const alphaOf = (entry) => hex(H('alpha', u64(entry.index), entry.leaf));

/** `entries`: statements in the tree, and exactly those of §1. */
export function entries(ctx) {
  const { file } = ctx;
  ctx.entries = ascendingEntries(ctx.head, file.entries, file.version);
  const isOwn = (entry) => (entry.type === 'draw.committed' ? alphaOf(entry) === file.alpha : entry.fields.alpha === file.alpha);
  ctx.own = ctx.entries.filter(isOwn);
  const commits = ctx.own.filter(({ type }) => type === 'draw.committed');
  if (commits.length !== 1) fail('not one commitment with this alpha');
  const [commit] = commits;
  Object.assign(ctx, { commit, commitment: commit.fields });
  if (file.life.join() !== ctx.own.map(({ index }) => index).join()) fail('`life` does not list the entries of this draw');
  if (file.version === 2 && !ctx.own.some(({ type }) => CALLS.includes(type))) fail('no statement of calls');
  others(ctx);
  return `${ctx.entries.length} entries, all in the tree`;
}

// Everything that is not the draw's own has to have its place.
function others(ctx) {
  const { file, commitment } = ctx;
  const wanted = new Set((file.openings?.seated ?? []).map(({ registry }) => registry));
  const keys = [];
  const nonces = commitment.contributions.filter(({ kind }) => kind === 'nonce');
  ctx.nonces = new Map();
  let profiles = 0;
  for (const entry of ctx.entries) {
    const { index, type, fields } = entry;
    if (ctx.own.includes(entry)) continue;
    if (index === 0) {
      if (type !== 'log.opened') fail('entry 0 is not log.opened');
    } else if (type === 'profile.loaded' && fields.profile === commitment.profile) {
      profiles += 1;
    } else if (type === 'registry.expert' && wanted.has(index)) {
      wanted.delete(index);
    } else if (isAboutKeys(entry)) {
      keys.push(index);
    } else if (type === 'nonce.committed') {
      const fits = nonces.find((one) => one.key === fields.key && one.commitment === fields.commitment);
      if (!fits || ctx.nonces.has(fits) || fields.package_tag !== commitment.package_tag || fields.attempt !== commitment.attempt || index > ctx.commit.index) {
        fail(`entry ${index}: a nonce that the commitment does not name`);
      }
      ctx.nonces.set(fits, entry);
    } else {
      fail(`entry ${index}: ${type} does not belong into this file`);
    }
  }
  if (ctx.entries[0]?.index !== 0) fail('entry 0 is missing');
  if (profiles !== 1) fail("not one entry of the commitment's profile");
  if (wanted.size > 0) fail('the registry entry of a member is missing');
  if (file.version === 3 && keys.join() !== file.keys.join()) fail('`keys` does not list the entries about keys');
}

/** The keys of a log in generations, from entry 0 and the entries about keys among these, in order of index. */
export function keyBook(head, opened, about) {
  const book = new KeyBook(head.origin, opened.fields);
  for (const { index, type, fields } of about) {
    try {
      book.take(index, type, fields);
    } catch (error) {
      fail(`entry ${index}: ${error.message}`);
    }
  }
  return book;
}

/** The checkpoint is signed by one of these log keys, and the policy pins it. */
export function signedByLog(ctx, live) {
  if (!ctx.headSigners.some((signer) => live.some((key) => equal(key.key, signer.key)))) fail('the checkpoint is not signed by a live log key that the policy pins');
}

export const isAboutKeys = ({ type }) => type === 'key.registered' || type === 'key.retired';

/** `keys`: entry 0 and, where keys may have succeeded, every entry about keys. */
export function keys(ctx) {
  const { head, file } = ctx;
  const book = keyBook(head, ctx.entries[0], ctx.entries.filter(isAboutKeys));
  ctx.book = book;
  signedByLog(ctx, file.rotates ? book.ofCheckpoint(head.size) : book.keys.slice(0, 1));
  return `${book.keys.length} keys`;
}

/** `signatures`: one line of the statements key in force under every note. */
export function signatures(ctx) {
  for (const { index, note } of ctx.entries) {
    const key = ctx.book.inForce('statements', index);
    const [line, more] = note.lines;
    const said = judgeLine(note, line, makeKey(`${ctx.head.origin}/statements`, ED25519, key.key));
    if (more || !said?.ok) fail(`entry ${index}: not signed once by the statements key in force`);
  }
  return `${ctx.entries.length} statements, each signed`;
}

/** `heads`: of one history with the checkpoint; those with a note are dated by the policy's quorum. */
export function heads(ctx) {
  const { file, head, policy, book } = ctx;
  const answers = ctx.own.filter(({ type, fields }) => type === 'draw.contributed' && fields.kind === 'witness').map(({ fields }) => fields);
  const named = (one) => answers.some(({ size, root }) => size === one.size && root === one.root);
  const dated = [];
  for (const one of file.heads) {
    const root = unhex(one.root);
    if (!consistent(one.size, root, head.size, head.root, one.proof.map((p) => unhex(p)))) fail(`head ${one.size}: not of this history`);
    if (one.note === undefined) {
      if (!named(one)) fail(`head ${one.size}: nobody names it`);
      continue;
    }
    const note = parseNote(one.note);
    const said = parseCheckpoint(note.text);
    if (said.origin !== head.origin || said.size !== one.size || !equal(said.root, root)) fail(`head ${one.size}: the note is of another head`);
    const { signers, date } = judge(policy, note);
    const live = book.ofCheckpoint(one.size);
    if (!signers.some((signer) => live.some((key) => equal(key.key, signer.key)))) fail(`head ${one.size}: not signed by a live log key`);
    if (Number.isSafeInteger(date)) dated.push({ size: one.size, date });
  }
  for (const { size, root } of answers) {
    if (!file.heads.some((one) => one.size === size && one.root === root)) fail(`the head of size ${size} that a witness names is missing`);
  }
  if (ctx.headDate !== null) dated.push({ size: head.size, date: ctx.headDate });
  ctx.dated = dated;
  return `${file.heads.length} heads, ${dated.length} dated`;
}

