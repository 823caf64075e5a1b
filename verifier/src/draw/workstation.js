// The workstation that a member takes at the sign-in: a further use of the draw's seed (day-v1 §3, draw-v1 §5.4).

import { utf8 } from '../bytes.js';
import { stream } from '../crypto/chacha.js';
import { H, variable } from '../hash.js';

const MOST = 256;
/** A pool is no larger (draw-v1 §3.3). */
const POOL = 4000000;
const isBetween = (n, least, most) => Number.isSafeInteger(n) && n >= least && n <= most;

/**
 * The number of the workstation at a site of `count`, for a member at a pool position, when `taken` are those of members
 * who are present; null when none is free.
 */
export function workstation(seed, { site, count, position, taken }) {
  if (!isBetween(site, 1, 32) || !isBetween(count, 1, MOST) || !isBetween(position, 0, POOL - 1)) throw new Error('no such site, workstations or position');
  const sub = H('sub', variable(utf8(`workstations/${site}`)), seed);
  const tickets = ticketsAt(sub, position * count, count);
  const free = tickets.map((ticket, n) => ({ ticket, number: n + 1 })).filter(({ number }) => !taken.includes(number));
  free.sort((a, b) => (a.ticket === b.ticket ? a.number - b.number : a.ticket < b.ticket ? -1 : 1));
  return free[0]?.number ?? null;
}

// So many 128-bit little-endian numbers of the stream, from the one of that number on.
function ticketsAt(key, first, count) {
  const bytes = stream(key, 16 * count, 16 * first);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return Array.from({ length: count }, (_, n) => (view.getBigUint64(16 * n + 8, true) << 64n) | view.getBigUint64(16 * n, true));
}
