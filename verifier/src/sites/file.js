// The shape of a file of a draw of sites, and of its statements (sites-v1 §§3, 4, 7; sites-v2 §1).

import { hex } from '../bytes.js';
import { canonical, parseCanonical } from '../canonical.js';
import { number, region } from '../evidence/file.js';
import { isAllowed } from '../evidence/statements.js';
import { anyText, ascending, both, hexOf, int, list, object, text, word } from '../evidence/shapes.js';
import { sha256 } from '../hash.js';

const LIMIT = 16 * 1024 * 1024;
const digest = hexOf(32);

const limits = both(
  object({ max_per_city: int(1, 31), min_cities: int(0, 31), picks: int(1, 31), workstations: int(1, 65535) }),
  (said) => said.min_cities <= said.picks,
);
const request = both(
  object({ v: word(1), plan: number, package: number, review_start: int(), review_end: int(), within: both(list(region, 1, 64), ascending((code) => code)), limits }, { host: region }),
  (said) => said.review_start < said.review_end,
);
const openings = object({
  request, sites_key: digest, plan_proof: hexOf(80), package_proof: hexOf(80),
  venues: list(object({ city: anyText, index: int(), record: digest, venue: anyText })),
});
const FIELDS = {
  v: int(), format: anyText, audience: word('public', 'auditor'), checkpoint: anyText,
  entries: list(object({ index: int(), note: anyText, proof: list(digest) })),
  alpha: digest, life: list(int()), leaves: list(hexOf()), digest,
};

/** Reads a file of version 1 or 2; throws with what is wrong with its shape. */
export function readFile(bytes, version, expect) {
  if (bytes.length > LIMIT) throw new Error('longer than 16 MiB');
  const file = parseCanonical(bytes);
  if (file.v !== version || file.format !== `expert-draw/sites-v${version}`) throw new Error('not a known format');
  const fields = version === 2 ? { ...FIELDS, keys: list(int()) } : FIELDS;
  if (!object(fields, { openings })(file)) throw new Error('a field is missing, unknown or misshapen');
  if ((file.audience === 'auditor') !== (file.openings !== undefined)) throw new Error("openings stand exactly in an auditor's file");
  const { digest: said, ...rest } = file;
  if (hex(sha256(canonical(rest))) !== said) throw new Error('the digest is of other bytes');
  if (expect && file.audience !== expect) throw new Error(`for the audience ${file.audience}, not ${expect}`);
  return { ...file, version };
}

const committed = both(
  object({
    attempt: int(1, 1000000), package_tag: hexOf(64), plan_tag: hexOf(64), tag_key: digest, request: digest, limits, deadline: int(),
    leaves: object({ root: digest, size: int(0, 4096) }), contributions: list(object({ key: digest, kind: word('operator') }), 1, 1),
  }, { predecessor: digest }),
  (said) => (said.attempt > 1) === ('predecessor' in said),
);
const TYPES = {
  'registry.record': object({ image: digest }),
  'sites.committed': committed,
  'sites.drawn': object({ alpha: digest, contributions: list(int(), 1, 1), seed: digest, sites: list(object({ position: int(0, 2 ** 32 - 1), site: int(2, 32) })) }),
  'sites.ended': both(
    object({ alpha: digest, reason: word('site_failure', 'plan_changed', 'cancelled'), actor: text(400), approver: text(400) }),
    (said) => said.actor !== said.approver,
  ),
};
const SHARED = ['log.opened', 'draw.contributed'];
const KEYS = ['key.registered', 'key.retired'];

/** Whether a statement of a type with these fields may stand in a file of a version. */
export function mayStand(version, type, fields) {
  if (Object.hasOwn(TYPES, type)) return TYPES[type](fields);
  if (version === 2 && KEYS.includes(type)) return true;
  return SHARED.includes(type) && isAllowed(1, type, fields);
}
