// The shape of the file of a draw of sites (sites-v1 §§3, 7, -v2 §1).

import { parseCanonical } from '../canonical.js';
import { codes, holdsDigest, number, region } from '../evidence/file.js';
import { anyText, both, hexOf, int, list, object, word } from '../evidence/shapes.js';
import { limits } from '../evidence/statements.js';

const LIMIT = 16 << 20;
const digest = hexOf(32);
const indices = list(int());

const request = both(
  object({ v: word(1), plan: number, package: number, review_start: int(), review_end: int(), within: codes(1), limits }, { host: region }),
  (said) => said.review_end > said.review_start,
);
const openings = object({
  request,
  sites_key: digest,
  plan_proof: hexOf(80),
  package_proof: hexOf(80),
  // What a city and a venue may be called: that is what the check of the venues asks.
  venues: list(object({ city: anyText, index: int(), record: digest, venue: anyText })),
});
const FIELDS = {
  v: int(),
  format: anyText,
  audience: word('public', 'auditor'),
  checkpoint: anyText,
  entries: list(object({ index: int(), note: anyText, proof: list(digest) })),
  alpha: digest,
  life: indices,
  leaves: list(hexOf()),
  digest,
};
const shapes = { 1: object(FIELDS, { openings }), 2: object({ ...FIELDS, keys: indices }, { openings }) };

/** Formats of the pages, by version. */
export const FORMATS = new Map([['expert-draw/sites-v1', 1], ['expert-draw/sites-v2', 2]]);

/** Reads a file; throws with what is wrong with its shape. */
export function readFile(bytes, expect) {
  if (bytes.length > LIMIT) throw new Error('longer than 16 MiB');
  const file = parseCanonical(bytes);
  const version = FORMATS.get(file.format);
  if (version === undefined || file.v !== version) throw new Error('not a known format');
  if (!shapes[version](file)) throw new Error('a field is missing, unknown or misshapen');
  if ((file.openings !== undefined) !== (file.audience === 'auditor')) throw new Error("openings stand exactly in an auditor's file");
  holdsDigest(file);
  if (expect && file.audience !== expect) throw new Error(`for the audience ${file.audience}, not ${expect}`);
  return { ...file, version, rotates: version === 2 };
}
