// The drawn order of a pool from its lots (draw-v1 §6): tickets of one ChaCha20 stream, each leaf's smallest.

import { stream } from '../crypto/chacha.js';

/** The drawn order (draw-v1 §6). */
export function drawnOrder(seedBytes, lots, most) {
  const bytes = stream(seedBytes, 16 * lots.length * most);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const tickets = lots.map((count, position) => {
    let best = null;
    for (let k = 0; k < count; k += 1) {
      const at = 16 * (position * most + k);
      const ticket = [view.getBigUint64(at + 8, true), view.getBigUint64(at, true)];
      if (best === null || ticket[0] < best[0] || (ticket[0] === best[0] && ticket[1] < best[1])) best = ticket;
    }
    return best;
  });
  const order = lots.map((_, position) => position);
  order.sort((a, b) => {
    for (const half of [0, 1]) if (tickets[a][half] !== tickets[b][half]) return tickets[a][half] < tickets[b][half] ? -1 : 1;
    return a - b;
  });
  return { order, tickets };
}
