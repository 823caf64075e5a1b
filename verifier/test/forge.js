// A log of one's own keys: what an operator could sign and a change of a finished file could not reach.

import { ed25519 } from '@noble/curves/ed25519.js';
import { base64, concat, hex, u8, utf8 } from '../src/bytes.js';
import { write } from '../src/canonical.js';
import { ORDER, Point, little, times } from '../src/crypto/ed25519.js';
import { toCurve } from '../src/crypto/vrf.js';
import { keyDigest, sha512 } from '../src/hash.js';
import { leafHash, nodeHash, root } from '../src/log/merkle.js';
import { keyId } from '../src/log/notes.js';

export const ORIGIN = 'draw.example/forged';
const seedOf = (n) => new Uint8Array(32).fill(n);

/** An Ed25519 key pair of a number. */
export function signer(n) {
  const seed = seedOf(n);
  const key = ed25519.getPublicKey(seed);
  return { alg: 'ed25519', key, digest: hex(keyDigest(key)), sign: (message) => ed25519.sign(message, seed) };
}

const bytesOf = (n) => Uint8Array.from({ length: 32 }, (_, at) => Number((n >> BigInt(8 * at)) & 255n));

/** A VRF key pair of a number; `prove` gives the 80 bytes of RFC 9381 §5.1 (the nonce is a test's own). */
export function prover(n) {
  const x = little(sha512(seedOf(n))) % ORDER;
  const key = times(Point.BASE, x).toBytes();
  const prove = (alpha) => {
    const h = toCurve(key, alpha);
    const k = little(sha512(concat(seedOf(n), alpha))) % ORDER;
    const points = [Point.fromHex(hex(key)), h, times(h, x), times(Point.BASE, k), times(h, k)].map((point) => point.toBytes());
    const c = sha512(concat(u8(3), u8(2), ...points, u8(0))).subarray(0, 16);
    return concat(points[2], c, bytesOf((k + little(c) * x) % ORDER));
  };
  return { alg: 'ecvrf-edwards25519-sha512-tai', key, digest: hex(keyDigest(key)), prove, beta: (alpha) => sha512(concat(u8(3), u8(3), times(times(toCurve(key, alpha), x), 8n).toBytes(), u8(0))) };
}

const lineOf = (name, { key, sign }, text) => `\u2014 ${name} ${base64(concat(keyId(name, 1, key), sign(utf8(text))))}\n`;

/** Inclusion proof of RFC 9162 §2.1.3.1. */
export function path(hashes, at) {
  if (hashes.length === 1) return [];
  let split = 1;
  while (split * 2 < hashes.length) split *= 2;
  const [left, right] = [hashes.slice(0, split), hashes.slice(split)];
  return at < split ? [...path(left, at), top(right)] : [...path(right, at - split), top(left)];
}
/** Root over leaf hashes. */
export function top(hashes) {
  if (hashes.length === 1) return hashes[0];
  let split = 1;
  while (split * 2 < hashes.length) split *= 2;
  return nodeHash(top(hashes.slice(0, split)), top(hashes.slice(split)));
}

export class Log {
  constructor() {
    this.keys = { log: signer(1), statements: signer(2), draw_vrf: prover(3), tag_vrf: prover(4) };
    this.entries = [];
    this.time = 1790000000;
    const keys = Object.entries(this.keys).map(([use, { alg, key }]) => ({ alg, key: hex(key), use }));
    this.add('log.opened', { jurisdiction: '430600', keys });
  }

  /** Says something; answers its index. `time` stays as it was when none is given. */
  add(type, fields, time = this.time) {
    this.time = time;
    const text = write({ ...fields, log: ORIGIN, time, type, v: 1 });
    this.entries.push({ text, note: `${text}\n\n${lineOf(`${ORIGIN}/statements`, this.keys.statements, `${text}\n`)}` });
    return this.entries.length - 1;
  }

  /** Registers a new key of the operator's own and has it in force from the next entry on. */
  succeed(use, made) {
    const text = utf8(`expert-draw/key-v1\n${ORIGIN}\n${use}\n${hex(made.key)}\n`);
    const index = this.add('key.registered', { alg: made.alg, key: hex(made.key), proof: hex(made.prove ? made.prove(text) : made.sign(text)), use });
    this.keys[use] = made;
    return index;
  }

  leaf(index) {
    return leafHash(utf8(this.entries[index].text));
  }

  checkpoint(by = [this.keys.log]) {
    const text = `${ORIGIN}\n${this.entries.length}\n${base64(root(this.entries.map((entry) => utf8(entry.text))))}\n`;
    return `${text}\n${by.map((key) => lineOf(ORIGIN, key, text)).join('')}`;
  }

  entry(index) {
    const hashes = this.entries.map((_, at) => this.leaf(at));
    return { index, note: this.entries[index].note, proof: path(hashes, index).map(hex) };
  }

  policy() {
    const { key } = this.keys.log;
    return `log ${ORIGIN}+${hex(keyId(ORIGIN, 1, key))}+${base64(concat(u8(1), key))}\nquorum none\n`;
  }
}

