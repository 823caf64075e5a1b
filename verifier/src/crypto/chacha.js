// The stream of lots (draw-v1 §6.1): ChaCha20 with a 64-bit block counter from 0 and a 64-bit nonce of 0.

import { chacha20orig } from '@noble/ciphers/chacha.js';

const BLOCK = 64;

/** So many bytes of the stream of a seed, from an offset on. */
export function stream(seed, length, offset = 0) {
  const [block, skipped] = [Math.floor(offset / BLOCK), offset % BLOCK];
  const zeros = new Uint8Array(skipped + length);
  return chacha20orig(seed, new Uint8Array(8), zeros, undefined, block).slice(skipped);
}
