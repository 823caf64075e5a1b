// The stream of lots (draw-v1 §6.1): ChaCha20 with a 64-bit block counter from 0 and a 64-bit nonce of 0.

import { chacha20orig } from '@noble/ciphers/chacha.js';

/** The first so many bytes of the stream of a seed. */
export const stream = (seed, length) => chacha20orig(seed, new Uint8Array(8), new Uint8Array(length));
