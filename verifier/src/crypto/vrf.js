// ECVRF-EDWARDS25519-SHA512-TAI (RFC 9381 §5.5, suite 0x03), verified strictly (draw-v1 §1.7).

import { sha512 } from '../hash.js';
import { concat, equal, u8 } from '../bytes.js';
import { ORDER, Point, decode, little, times } from './ed25519.js';

const SUITE = u8(3);

/** Whether 32 bytes are a VRF key: canonical, in the prime-order subgroup, not the identity. */
export function isVrfKey(bytes) {
  return bytes.length === 32 && subgroup(bytes) !== null && !subgroup(bytes).is0();
}

/** Beta of a proof of 80 bytes over alpha, or null. */
export function verify(key, alpha, proof) {
  if (proof.length !== 80 || !isVrfKey(key)) return null;
  const Y = decode(key);
  const gamma = subgroup(proof.subarray(0, 32));
  const c = little(proof.subarray(32, 48));
  const s = little(proof.subarray(48));
  if (gamma === null || s >= ORDER) return null;
  const h = toCurve(key, alpha);
  if (h === null) return null;
  const U = times(Point.BASE, s).subtract(times(Y, c));
  const V = times(h, s).subtract(times(gamma, c));
  const points = [Y, h, gamma, U, V].map((point) => point.toBytes());
  const challenge = sha512(concat(SUITE, u8(2), ...points, u8(0))).subarray(0, 16);
  return equal(challenge, proof.subarray(32, 48)) ? beta(gamma) : null;
}

/** Beta computed from a proof alone, unproven (RFC 9381 §5.2), or null. */
export function betaOf(proof) {
  const gamma = proof.length === 80 ? subgroup(proof.subarray(0, 32)) : null;
  return gamma === null || little(proof.subarray(48)) >= ORDER ? null : beta(gamma);
}

const beta = (gamma) => sha512(concat(SUITE, u8(3), times(gamma, 8n).toBytes(), u8(0)));

function subgroup(bytes) {
  const point = decode(bytes);
  return point !== null && point.isTorsionFree() ? point : null;
}

// Try and increment (RFC 9381 §5.4.1.1).
export function toCurve(key, alpha) {
  for (let counter = 0; counter < 256; counter += 1) {
    const hash = sha512(concat(SUITE, u8(1), key, alpha, u8(counter), u8(0)));
    const point = decode(hash.subarray(0, 32));
    if (point !== null) {
      const cleared = times(point, 8n);
      if (!cleared.is0()) return cleared;
    }
  }
  return null;
}
