// SHA-256, the labelled hash and the HMAC of draw-v1 §1. The libraries answer at once, where WebCrypto would
// answer later: a verifier hashes a hundred thousand leaves in a loop.

import { hmac } from '@noble/hashes/hmac.js';
import { sha256 as noble, sha512 } from '@noble/hashes/sha2.js';
import { concat, u32, utf8 } from './bytes.js';

export { sha512 };

/** SHA-256 of parts, one after the other. */
export function sha256(...parts) {
  const hash = noble.create();
  for (const part of parts) hash.update(part);
  return hash.digest();
}

/** A part of variable length: its length as u32 before it. */
export const variable = (part) => {
  const bytes = typeof part === 'string' ? utf8(part) : part;
  return concat(u32(bytes.length), bytes);
};

/** H(label; parts). */
export const H = (label, ...parts) => sha256(utf8(`expert-draw/v1/${label}\n`), ...parts);

/** HMAC-SHA-256. */
export const mac = (key, ...parts) => hmac(noble, key, concat(...parts));

/** Digest of a public key. */
export const keyDigest = (key) => sha256(key);
