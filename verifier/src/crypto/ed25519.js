// Ed25519, verified strictly (log-v1 §1.4): canonical s, canonical encodings of key and R, neither of small
// order, cofactorless equation. WebCrypto promises none of this, so the curve's points are used.

import { ed25519 } from '@noble/curves/ed25519.js';
import { sha512 } from '../hash.js';
import { concat } from '../bytes.js';

export const Point = ed25519.Point;
/** Order of the prime-order subgroup. */
export const ORDER = 2n ** 252n + 27742317777372353535851937790883648493n;

/** A little-endian integer. */
export function little(bytes) {
  let out = 0n;
  for (let n = bytes.length - 1; n >= 0; n -= 1) out = (out << 8n) | BigInt(bytes[n]);
  return out;
}

/** A point of a canonical encoding, or null. */
export function decode(bytes) {
  try {
    return Point.fromBytes(bytes, false);
  } catch {
    return null;
  }
}

/** n times a point, 0 included. */
export const times = (point, n) => (n === 0n ? Point.ZERO : point.multiplyUnsafe(n));

/** Whether 32 bytes are an Ed25519 key: canonical and not of small order. */
export function isKey(bytes) {
  const point = bytes.length === 32 ? decode(bytes) : null;
  return point !== null && !point.isSmallOrder();
}

/** Whether a signature is one of the key over the message. */
export function verify(key, message, signature) {
  if (key.length !== 32 || signature.length !== 64) return false;
  const A = decode(key);
  const R = decode(signature.subarray(0, 32));
  const s = little(signature.subarray(32));
  if (!A || !R || s >= ORDER || A.isSmallOrder() || R.isSmallOrder()) return false;
  const k = little(sha512(concat(signature.subarray(0, 32), key, message))) % ORDER;
  return times(Point.BASE, s).equals(R.add(times(A, k)));
}
