// Signed notes and checkpoints (log-v1 §1, C2SP signed-note and tlog-checkpoint), cosignatures (tlog-cosignature).

import { base64, concat, equal, hex, unbase64, utf8 } from '../bytes.js';
import { sha256 } from '../hash.js';
import * as ed25519 from '../crypto/ed25519.js';

/** Algorithm bytes. */
export const ED25519 = 1;
export const COSIGNATURE = 4;

const NOTE_LIMIT = 1 << 20;
const LINES_LIMIT = 64;

/** Key names: not empty, no spaces, no plus sign, no control characters. */
export const isName = (name) => name.length > 0 && utf8(name).length <= 255 && !/[+\p{White_Space}\p{Cc}]/u.test(name);

/** Origins: printable ASCII without spaces and plus signs, at most 200 bytes. */
export const isOrigin = (text) => /^[!-~]{1,200}$/.test(text) && !text.includes('+');

/** First four bytes of the digest that names a key. */
export const keyId = (name, algorithm, key) => sha256(utf8(`${name}\n`), Uint8Array.of(algorithm), key).subarray(0, 4);

/** Text and signature lines of a note; throws when it is none. */
export function parseNote(note) {
  const bytes = utf8(note);
  if (bytes.length > NOTE_LIMIT) throw new Error('a note longer than 1 MiB');
  // eslint-disable-next-line no-control-regex
  if (/[\u0000-\u0009\u000b-\u001f]/.test(note)) throw new Error('a control character in a note');
  const end = note.lastIndexOf('\n\n');
  if (end < 0 || !note.endsWith('\n')) throw new Error('not a signed note');
  const lines = note.slice(end + 2).split('\n');
  lines.pop();
  if (lines.length === 0 || lines.length > LINES_LIMIT) throw new Error('no signature line, or more than 64');
  return { text: note.slice(0, end + 1), lines: lines.map(parseLine) };
}

function parseLine(line) {
  const match = /^\u2014 ([^ ]+) ([^ ]+)$/.exec(line);
  if (!match || !isName(match[1])) throw new Error('not a signature line');
  const bytes = unbase64(match[2]);
  if (bytes.length < 5) throw new Error('a signature too short');
  return { name: match[1], id: bytes.subarray(0, 4), signature: bytes.subarray(4) };
}

/** A verifier key `name+id+base64(algorithm, key)`; throws when it is none. */
export function parseKey(text) {
  const parts = text.split('+');
  const [name, id] = parts;
  const bytes = unbase64(parts.slice(2).join('+'));
  const [algorithm, key] = [bytes[0], bytes.subarray(1)];
  if (parts.length < 3 || !isName(name) || key.length !== 32 || !/^[0-9a-f]{8}$/.test(id)) throw new Error('not a verifier key');
  if (hex(keyId(name, algorithm, key)) !== id || !ed25519.isKey(key)) throw new Error('a verifier key with another id, or no key');
  return { name, algorithm, key, id: keyId(name, algorithm, key) };
}

/** A key from its parts. */
export const makeKey = (name, algorithm, key) => ({ name, algorithm, key, id: keyId(name, algorithm, key) });

const isBy = (line, key) => line.name === key.name && equal(line.id, key.id);

/**
 * What a line of a key says: null when it is not this key's line; otherwise whether it verifies, and the time
 * of a cosignature.
 */
export function judgeLine(note, line, key) {
  if (!isBy(line, key)) return null;
  if (key.algorithm === ED25519) return { ok: ed25519.verify(key.key, utf8(note.text), line.signature) };
  if (key.algorithm !== COSIGNATURE || line.signature.length !== 72) return { ok: false };
  const view = new DataView(line.signature.buffer, line.signature.byteOffset, 8);
  const time = view.getBigUint64(0);
  // C2SP: at most 2^63 - 1; log-v1 §2.1: not 0. As a number a time above 2^53 is not exact, and above every deadline all the same.
  if (time === 0n || time >= 2n ** 63n) return { ok: false };
  const message = concat(utf8(`cosignature/v1\ntime ${time}\n`), utf8(note.text));
  return { ok: ed25519.verify(key.key, message, line.signature.subarray(8)), time: Number(time) };
}

/** Origin, size and root of a checkpoint's text; throws when it is none. */
export function parseCheckpoint(text) {
  const lines = text.split('\n');
  const [origin, size, root] = lines;
  if (lines.length !== 4 || lines[3] !== '' || !isOrigin(origin) || !/^(0|[1-9][0-9]*)$/.test(size)) throw new Error('not a checkpoint of three lines');
  const bytes = unbase64(root);
  const number = Number(size);
  if (bytes.length !== 32 || !Number.isSafeInteger(number) || base64(bytes) !== root) throw new Error('not a checkpoint');
  return { origin, size: number, root: bytes };
}
