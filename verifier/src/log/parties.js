// `trust.parties` (parties-v1): whom an auditor holds for independent. Read line by line.

import { isHex, unhex, utf8 } from '../bytes.js';
import { isKey } from '../crypto/ed25519.js';
import { isVrfKey } from '../crypto/vrf.js';

const LIMIT = 64 * 1024;
const TABLES = new Map([['[beacon]', 'beacon'], ['[[witness]]', 'witness'], ['[[supervisor]]', 'supervisor']]);
const KEYS = { witness: ['name', 'body', 'key', 'vrf'], supervisor: ['name', 'body', 'key'], beacon: ['chain', 'margin', 'max_ahead'] };

/** Reads the file; throws when it is unusable. */
export function parseParties(text) {
  if (utf8(text).length > LIMIT || !text.endsWith('\n')) throw new Error('parties: ends with a newline, at most 64 KiB');
  if (/\p{Cc}/u.test(text.replaceAll('\n', ''))) throw new Error('parties: a control character');
  const top = new Map();
  const tables = [];
  let current = top;
  for (const raw of text.slice(0, -1).split('\n')) {
    const line = raw.replace(/^ +| +$/g, '');
    if (line === '' || line.startsWith('#')) continue;
    const table = TABLES.get(line);
    if (table) {
      current = new Map();
      tables.push([table, current]);
      continue;
    }
    const match = /^([a-z_]+) *= *(?:"([^"\\\p{Cc}]*)"|(0|[1-9][0-9]*))$/u.exec(line);
    if (!match || current.has(match[1])) throw new Error(`parties: ${line}`);
    current.set(match[1], match[2] ?? Number(match[3]));
  }
  const of = (kind) => tables.filter(([name]) => name === kind).map(([, table]) => fields(table, KEYS[kind]));
  const parties = { operator: fields(top, ['operator']).operator, witnesses: of('witness'), supervisors: of('supervisor'), beacon: of('beacon')[0] ?? null };
  check(parties, of('beacon').length);
  return parties;
}

function fields(table, keys) {
  if (table.size !== keys.length || keys.some((key) => !table.has(key))) throw new Error(`parties: a table has exactly ${keys.join(', ')}`);
  return Object.fromEntries(table);
}

function check({ operator, witnesses, supervisors, beacon }, beacons) {
  const text = (value, most) => typeof value === 'string' && utf8(value).length >= 1 && utf8(value).length <= most;
  const whole = (value, least, most) => Number.isSafeInteger(value) && value >= least && value <= most;
  const all = [...witnesses, ...supervisors];
  const keys = all.flatMap((one) => [one.key, one.vrf]).filter((key) => key !== undefined);
  const sound = text(operator, 400) && witnesses.length <= 64 && supervisors.length <= 64 && beacons <= 1
    && all.every((one) => text(one.name, 128) && text(one.body, 400) && isHex(one.key, 32) && isKey(unhex(one.key)))
    && witnesses.every((one) => isHex(one.vrf, 32) && isVrfKey(unhex(one.vrf)))
    && new Set(keys).size === keys.length && new Set(all.map((one) => one.name)).size === all.length
    && (beacon === null || (isHex(beacon.chain, 32) && whole(beacon.margin, 0, 86400) && whole(beacon.max_ahead, 1, 31536000)));
  if (!sound) throw new Error('parties: a value is not allowed in its place');
}

/** The pinned supervisor of a key (hexadecimal), with whether it is independent; null when not pinned. */
export function supervisorOf(parties, key) {
  return independent(parties, parties?.supervisors.find((one) => one.key === key));
}

/** The pinned witness of a VRF key and a cosigning key. */
export function witnessOf(parties, vrf, key) {
  return independent(parties, parties?.witnesses.find((one) => one.vrf === vrf && one.key === key));
}

const independent = (parties, one) => (one === undefined ? null : { ...one, independent: one.body !== parties.operator });

