// The shape of a proof of membership (membership-v1 §§1–2, -v2 §1).

import { parseCanonical } from '../canonical.js';
import { holdsDigest } from '../evidence/file.js';
import { anyText, ascending, both, either, hexOf, int, list, object, textBefore, word } from '../evidence/shapes.js';

const LIMIT = 1 << 20;
const digest = hexOf(32);
const hashes = list(digest);
const entry = object({ index: int(), note: anyText, proof: hashes });
const position = int(0, 2 ** 32 - 1);

const rules = both(list(anyText, 1), ascending((rule) => rule, textBefore));
const place = either(
  object({ kind: word('pool'), leaf: hexOf(), position, proof: hashes }),
  object({ count: position, index: position, kind: word('excluded'), proof: hashes, reasons_salt: digest, root: digest, rules, salt: digest }),
);
const FIELDS = {
  v: int(),
  format: anyText,
  checkpoint: anyText,
  alpha: digest,
  opened: entry,
  registry: entry,
  committed: entry,
  unsealed: entry,
  // Name and number are whatever the card was made of: that is what the check `person` asks.
  person: object({ card_salt: digest, draw_salt: digest, name: anyText, number: anyText, rest: digest }),
  place,
  digest,
};
const OPTIONAL = { result: entry, seat: object({ group: int(1, 32) }) };
const shapes = { 1: object(FIELDS, OPTIONAL), 2: object({ ...FIELDS, keys: list(entry) }, OPTIONAL) };

/** Formats of the pages, by version. */
export const FORMATS = new Map([['expert-draw/membership-v1', 1], ['expert-draw/membership-v2', 2]]);

/** Reads a file; throws with what is wrong with its shape. */
export function readFile(bytes) {
  if (bytes.length > LIMIT) throw new Error('longer than 1 MiB');
  const file = parseCanonical(bytes);
  const version = FORMATS.get(file.format);
  if (version === undefined || file.v !== version) throw new Error('not a known format');
  if (!shapes[version](file)) throw new Error('a field is missing, unknown or misshapen');
  const inPool = file.place.kind === 'pool';
  if ((file.result !== undefined) !== inPool) throw new Error('a result stands there exactly for somebody of the pool');
  if (file.seat !== undefined && !inPool) throw new Error('an excluded person has no seat');
  holdsDigest(file);
  return { ...file, version, rotates: version === 2 };
}
