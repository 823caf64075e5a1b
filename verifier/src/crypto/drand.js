// Rounds of drand (draw-v3 §3.4): BLS signatures over BLS12-381 in the two schemes.

import { bls12_381 as bls } from '@noble/curves/bls12-381.js';
import { concat, hex, u32, u64, unhex, utf8 } from '../bytes.js';
import { sha256 } from '../hash.js';

const QUICKNET = 'bls-unchained-g1-rfc9380';
const CHAINED = 'pedersen-bls-chained';

/** Hash of a chain's fields, by which it is named. */
export function chainHash(chain) {
  const id = chain.beacon_id === 'default' ? new Uint8Array() : utf8(chain.beacon_id);
  return sha256(u32(chain.period), u64(chain.genesis), unhex(chain.public_key), unhex(chain.group_hash), id);
}

/** Whether the fields are those of a chain of a known scheme. */
export function isChain(chain) {
  const keys = ['beacon_id', 'genesis', 'group_hash', 'period', 'public_key', 'scheme'];
  if (Object.keys(chain).sort().join() !== keys.join()) return false;
  const length = chain.scheme === QUICKNET ? 96 : chain.scheme === CHAINED ? 48 : null;
  return length !== null && unhexable(chain.public_key, length) && unhexable(chain.group_hash, 32) && typeof chain.beacon_id === 'string'
    && chain.beacon_id !== '' && utf8(chain.beacon_id).length <= 128
    && Number.isInteger(chain.period) && chain.period > 0 && chain.period <= 1000000 && Number.isInteger(chain.genesis) && chain.genesis >= 0;
}

const unhexable = (text, length) => typeof text === 'string' && new RegExp(`^[0-9a-f]{${2 * length}}$`).test(text);

/** The time of a round, Unix seconds. */
export const roundTime = (chain, round) => chain.genesis + (round - 1) * chain.period;

/** The bytes of a round in the seed, or null when it does not verify. */
export function verifyRound(chain, round, signature, previous) {
  try {
    if (!Number.isSafeInteger(round) || round < 1) return null;
    const key = unhex(chain.public_key);
    if (chain.scheme === QUICKNET) {
      if (previous !== undefined || signature.length !== 48) return null;
      const message = bls.G1.hashToCurve(sha256(u64(round)), { DST: 'BLS_SIG_BLS12381G1_XMD:SHA-256_SSWU_RO_NUL_' });
      const ok = paired(point(bls.G1.Point, signature), bls.G2.Point.BASE, message, point(bls.G2.Point, key));
      return ok ? sha256(signature) : null;
    }
    if (chain.scheme !== CHAINED || previous === undefined || signature.length !== 96) return null;
    if (round === 1 ? hex(previous) !== chain.group_hash : previous.length !== 96) return null;
    const message = bls.G2.hashToCurve(sha256(concat(previous, u64(round))), { DST: 'BLS_SIG_BLS12381G2_XMD:SHA-256_SSWU_RO_NUL_' });
    const ok = paired(bls.G1.Point.BASE, point(bls.G2.Point, signature), point(bls.G1.Point, key), message);
    return ok ? sha256(signature) : null;
  } catch {
    return null;
  }
}

// Compressed, canonical, in the subgroup, not the identity.
function point(kind, bytes) {
  const decoded = kind.fromBytes(bytes);
  decoded.assertValidity();
  if (decoded.is0() || !decoded.isTorsionFree() || hex(decoded.toBytes(true)) !== hex(bytes)) throw new Error('not a point of the subgroup');
  return decoded;
}

// e(a, b) = e(c, d).
function paired(a, b, c, d) {
  return bls.fields.Fp12.eql(bls.pairing(a, b), bls.pairing(c, d));
}
