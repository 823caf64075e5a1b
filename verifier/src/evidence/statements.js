// The closed list of statement types and their fields: log-v1 §4, draw-v1 §§3–9, draw-v2 §3, log-v2 §1, draw-v3, sites-v1 §4.

import { ascending, both, either, hexOf, int, list, object, text, word } from './shapes.js';

const digest = hexOf(32);
const position = int(0, 2 ** 32 - 1);
const account = text(400);
const group = int(1, 32);
const site = int(1, 32);
const time = int();
const image = { image: digest };
const VOIDS = word('procurement_ended', 'request_wrong', 'registry_wrong', 'contribution_missing', 'relations');

const KINDS = ['nonce', 'operator', 'witness', 'beacon'];
const contributor = either(
  object({ kind: word('nonce'), commitment: digest, key: digest }),
  object({ kind: word('operator'), key: digest }),
  object({ kind: word('witness'), key: digest }),
  object({ kind: word('beacon'), chain: digest, round: int(1) }),
);
const inOrder = (all) => all.every(({ kind }, n) => n === 0 || KINDS.indexOf(all[n - 1].kind) <= KINDS.indexOf(kind))
  && all.filter(({ kind }) => kind === 'operator').length === 1 && all.filter(({ kind }) => kind === 'beacon').length <= 1;

const numbered = (groups) => groups.every((one, n) => one.group === n + 1) && groups.reduce((sum, one) => sum + one.seats, 0) <= 64;
const kept = either(object({ position, site }), object({ group, position }));
const committed = both(
  object({
    attempt: int(1, 1000000),
    package_tag: hexOf(64),
    plan_tag: hexOf(64),
    tag_key: digest,
    request: digest,
    names: digest,
    profile: digest,
    excluded: digest,
    registry: int(),
    groups: both(list(object({ group, seats: int(1, 64), site }), 1, 32), numbered),
    unit_cap: int(1, 64),
    lots: int(1, 8),
    margin: int(0, 1000),
    window_minutes: int(1, 100000),
    pool: object({ root: digest, size: int(0, 4000000) }),
    kept: both(list(kept), ascending((one) => one.position)),
    contributions: both(list(contributor, 1, 255), inOrder),
    deadline: time,
  }, { predecessor: digest, forced_accepted_by: account }),
  (said) => (said.attempt > 1) === ('predecessor' in said),
);

const operatorShare = object({ alpha: digest, kind: word('operator'), key: digest, proof: hexOf(80) });
const otherShares = either(
  object({ alpha: digest, kind: word('nonce'), key: digest, nonce: digest, signature: hexOf(64) }),
  object({ alpha: digest, kind: word('witness'), key: digest, proof: hexOf(80), size: int(), root: digest, answered: time, signature: hexOf(64) }),
  object({ alpha: digest, kind: word('beacon'), chain: digest, round: int(1), signature: either(hexOf(48), hexOf(96)) }, { previous: either(hexOf(96), hexOf(32)) }),
);

const seat = object({ group, position });
const drawn = object({ alpha: digest, contributions: list(int(), 1, 255), seed: digest, seats: list(seat, 1, 64), branches: int() });

const keyList = (keys) => keys.length === 4 && keys.every(({ use, alg }, n) => (
  use === ['log', 'statements', 'draw_vrf', 'tag_vrf'][n] && alg === (n < 2 ? 'ed25519' : 'ecvrf-edwards25519-sha512-tai')));

const V1 = {
  'log.opened': object({ jurisdiction: (code) => typeof code === 'string' && /^[0-9]{6}$/.test(code), keys: both(list(object({ alg: () => true, key: digest, use: () => true })), keyList) }),
  'registry.expert': object(image),
  'registry.unit': object(image),
  'profile.loaded': object({ profile: digest }),
  'package.recorded': object(image),
  'account.changed': object(image),
  'access.recorded': object(image),
  'draw.planned': object(image),
  'draw.committed': committed,
  'draw.contributed': operatorShare,
  'draw.drawn': drawn,
  'draw.void_proposed': object({ alpha: digest, reason: VOIDS, actor: account }),
  'draw.voided': both(object({ alpha: digest, reason: VOIDS, actor: account, approver: account }), (said) => said.actor !== said.approver),
  'draw.unsealed': object({ alpha: digest, announcement: text(128) }),
};

const WHY = word('withdrawn', 'absent', 'recused', 'conflict', 'unfit');
const withReceipt = (said) => ('receipt' in said) === (said.by === 'channel');
const round = int(1, 1000000);
const calls = {
  'draw.invited': object({ alpha: digest, round, closes: time, invitees: both(list(object({ position }, { site }), 1), ascending((one) => one.position)) }),
  'draw.delivered': object({ alpha: digest, round, position, receipt: digest }),
  'draw.answered': both(
    object({ alpha: digest, round, position, answer: word('accepted', 'declined'), by: word('expert', 'channel') },
      { reason: word('busy', 'ill', 'away', 'conflict', 'other'), receipt: digest }),
    withReceipt,
    (said) => said.answer === 'declined' || !('reason' in said),
  ),
  'draw.vacated': both(
    object({ alpha: digest, position, why: WHY, by: word('expert', 'channel', 'operator') }, { receipt: digest, actor: account, approver: account }),
    withReceipt,
    (said) => ('actor' in said) === (said.by === 'operator'),
    (said) => !('approver' in said) || (said.by === 'operator' && said.approver !== said.actor),
  ),
  'draw.settled': both(
    object(
      { alpha: digest, round: int(0, 1000000), out: both(list(object({ position, why: word('declined', 'no_answer', 'withdrawn', 'absent', 'recused', 'conflict', 'unfit') })), ascending((one) => one.position)) },
      { seats: list(seat), branches: int(), shortfall: word('infeasible', 'relations', 'limit') },
    ),
    (said) => ('seats' in said) === ('branches' in said) && ('seats' in said) !== ('shortfall' in said),
  ),
  'draw.signed_in': object({ alpha: digest, position, group, site }),
  'draw.stopped': both(
    object({ alpha: digest, reason: word('shortfall', 'site_failure', 'procurement_stopped'), actor: account, approver: account }),
    (said) => said.actor !== said.approver,
  ),
};

// What the fields of a key entry may be is log-v2 §5, told by the key book under the check `keys`; here they
// have only to be a statement's.
const anything = (value) => typeof value === 'object';
const V3 = {
  'key.registered': anything,
  'key.retired': anything,
  'nonce.committed': object({ key: digest, commitment: digest, package_tag: hexOf(64), attempt: int(1, 1000000), signature: hexOf(64) }),
  'draw.contributed': either(operatorShare, otherShares),
  'draw.not_released': object({ alpha: digest, key: digest, stated: time, signature: hexOf(64) }),
};

export const CALLS = Object.keys(calls);

// draw of sites (sites-v1 §§3–4). That two accounts approve an ending is told by the check `ending`.
export const limits = both(
  object({ max_per_city: int(1, 31), min_cities: int(0, 31), picks: int(1, 31), workstations: int(1, 65535) }),
  (said) => said.min_cities <= said.picks,
);
const SITES = {
  'log.opened': V1['log.opened'],
  'registry.record': object(image),
  'draw.contributed': operatorShare,
  'sites.committed': both(
    object({
      attempt: int(1, 1000000),
      package_tag: hexOf(64),
      plan_tag: hexOf(64),
      tag_key: digest,
      request: digest,
      leaves: object({ root: digest, size: int(0, 4096) }),
      limits,
      contributions: list(object({ kind: word('operator'), key: digest }), 1, 1),
      deadline: time,
    }, { predecessor: digest }),
    (said) => (said.attempt > 1) === ('predecessor' in said),
  ),
  'sites.drawn': object({ alpha: digest, contributions: list(int(), 1, 1), seed: digest, sites: list(object({ position, site: int(2, 32) }), 1, 31) }),
  'sites.ended': both(
    object({ alpha: digest, reason: word('site_failure', 'plan_changed', 'cancelled'), actor: account, approver: account }),
    (said) => said.actor !== said.approver,
  ),
};
const KEYS = { 'key.registered': anything, 'key.retired': anything };

const EVIDENCE_2 = { ...V1, ...calls };
const EVIDENCE_3 = { ...EVIDENCE_2, ...V3 };
const TYPES = {
  1: V1,
  2: EVIDENCE_2,
  3: EVIDENCE_3,
  sites1: SITES,
  sites2: { ...SITES, ...KEYS },
  keys: KEYS,
  // Whatever a log may hold: what a statement has to be, the check of its place in the file tells.
  any: { ...SITES, ...EVIDENCE_3, 'tags.moved': anything, 'calls.recorded': object(image) },
};

/** Whether the own fields of a statement of a type are allowed in a file of a version (or a part of one). */
export const isAllowed = (version, type, fields) => Object.hasOwn(TYPES[version], type) && TYPES[version][type](fields);
