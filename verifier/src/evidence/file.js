// The shape of an evidence file (evidence-v1 §§1, 3; -v2 §1; -v3 §1).

import { canonical, parse, parseCanonical } from '../canonical.js';
import { hex } from '../bytes.js';
import { sha256 } from '../hash.js';
import { isChain } from '../crypto/drand.js';
import { anyText, ascending, both, hexOf, int, list, object, text, textBefore, word } from './shapes.js';

const LIMIT = 512 * 1024 * 1024;
const NAMED = /"format":"(expert-draw\/(?:sites|membership)-v[12])"/;
const digest = hexOf(32);
const FORMATS = { 'expert-draw/evidence-v1': 1, 'expert-draw/evidence-v2': 2, 'expert-draw/evidence-v3': 3 };

/** Number of a plan or a package (draw-v1 §3.1). */
export const number = (value) => typeof value === 'string' && value.length <= 64 && /^[0-9A-Z]+(-[0-9A-Z]+)*$/.test(value)
  && value.split('-').every((part) => part === '0' || !part.startsWith('0'));
export const region = (code) => typeof code === 'string' && /^[0-9]{6}$/.test(code);
export const codes = (least) => both(list(region, least, 64), ascending((code) => code));
const groups = both(
  list(object({ except: codes(0), seats: int(1, 64), site: int(1, 32), speciality: text(400), within: codes(1) }), 1, 32),
  (all) => all.reduce((sum, one) => sum + one.seats, 0) <= 64,
);
const party = object({ code: text(400), name: text(400) });
const request = object({
  v: word(1), plan: number, package: number, purchaser: party, agency: party, review_start: int(), groups,
  suppliers: both(list(party, 0, 64), ascending((one) => one.code, textBefore)),
});
const texts = both(list(text(400)), ascending((one) => one, textBefore));
const OPENED = {
  package: object({ package: anyText, package_proof: hexOf(80), plan: anyText, plan_proof: hexOf(80) }),
  names: object({ groups, salt: digest }),
  seated: list(object({ card_salt: digest, draw_salt: digest, name: text(400), number: text(400), registry: int(), rest: digest })),
};
const AUDITOR = {
  request,
  draw_key: digest,
  candidates: list(object({ further_units: texts, image: digest, number: text(400), registry: int(), relations: texts }, { unit: text(400) })),
  excluded: list(object({ image: digest, number: text(400), registry: int(), rules: both(texts, (rules) => rules.length > 0) })),
};
const openings = { public: object(OPENED), auditor: object({ ...OPENED, ...AUDITOR }) };

const BASE = {
  v: int(), format: anyText, audience: word('public', 'auditor'), checkpoint: anyText,
  entries: list(object({ index: int(), note: anyText, proof: list(digest) })),
  alpha: digest, life: list(int()), profile: anyText, pool: list(hexOf()), digest,
};
const V3 = { heads: both(list(object({ proof: list(digest), root: digest, size: int() }, { note: anyText }), 0, 256), ascending((one) => one.size)), keys: list(int()) };

const formatOf = (format) => (typeof format === 'string' && Object.hasOwn(FORMATS, format) ? FORMATS[format] : undefined);

/** Which list of checks a file asks for: by its format, whatever else is wrong with it. */
export const versionOf = (format) => formatOf(format) ?? 1;

/** The field `format` of JSON in whatever spelling; undefined where there is none. */
export function formatIn(bytes) {
  try {
    return parse(bytes).format;
  } catch {
    // No JSON, or none that is acceptable: told under the checks of the format that it names (sites-v1 §8, membership-v1 §3).
    return NAMED.exec(new TextDecoder('latin1').decode(bytes))?.[1];
  }
}

/** The digest of a file is that of its other fields. */
export function holdsDigest({ digest: said, ...rest }) {
  if (hex(sha256(canonical(rest))) !== said) throw new Error('the digest is of other bytes');
}

/** Whether bytes can be looked at as a file at all. */
export const isReadable = (bytes) => bytes.length <= LIMIT && bytes.length > 0 && bytes[0] === 0x7b;

/** Reads a file; throws with what is wrong with its shape. */
export function readFile(bytes, expect) {
  const file = parseCanonical(bytes);
  const version = formatOf(file.format);
  if (version === undefined || file.v !== version) throw new Error('not a known format');
  const fields = version === 3 ? { ...BASE, ...V3 } : BASE;
  const optional = { openings: (value) => typeof value === 'object', ...(version === 3 ? { chain: (value) => typeof value === 'object' && isChain(value) } : {}) };
  if (!object(fields, optional)(file)) throw new Error('a field is missing, unknown or misshapen');
  if (file.openings !== undefined && !openings[file.audience](file.openings)) throw new Error('openings are misshapen');
  holdsDigest(file);
  if (expect && file.audience !== expect) throw new Error(`for the audience ${file.audience}, not ${expect}`);
  return { ...file, version, rotates: version === 3 };
}
