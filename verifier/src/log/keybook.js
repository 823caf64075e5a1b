// The keys of a log in generations, folded in order of index (log-v2 §§1–3).

import { equal, hex, isHex, unhex, utf8 } from '../bytes.js';
import { keyDigest } from '../hash.js';
import * as ed25519 from '../crypto/ed25519.js';
import * as vrf from '../crypto/vrf.js';

const ALG = { ed25519: 'ed25519', vrf: 'ecvrf-edwards25519-sha512-tai' };
/** Uses: whose key it is, and of which algorithm. */
const USES = {
  log: { own: true, alg: ALG.ed25519 },
  statements: { own: true, alg: ALG.ed25519 },
  draw_vrf: { own: true, alg: ALG.vrf },
  tag_vrf: { own: true, alg: ALG.vrf },
  witness: { own: false, alg: ALG.ed25519 },
  witness_vrf: { own: false, alg: ALG.vrf },
  supervisor: { own: false, alg: ALG.ed25519 },
};
/** The four keys of entry 0, in order. */
export const FIRST = ['log', 'statements', 'draw_vrf', 'tag_vrf'];

class RefusedEntry extends Error {}
const refuse = (word) => { throw new RefusedEntry(word); };
const isText = (text, most) => typeof text === 'string' && text !== '' && utf8(text).length <= most && !/\p{Cc}/u.test(text);
const isIndex = (n) => Number.isSafeInteger(n) && n >= 0;
const exactly = (fields, keys) => Object.keys(fields).sort().join() === [...keys].sort().join();
const validKey = (alg, key) => (alg === ALG.vrf ? vrf.isVrfKey(key) : ed25519.isKey(key));

export class KeyBook {
  /** From the fields of `log.opened`; throws when the keys are not as they must be. */
  constructor(origin, opened) {
    this.origin = origin;
    this.keys = [];
    this.moved = new Map();
    for (const [n, use] of FIRST.entries()) {
      const one = opened.keys[n];
      const key = unhex(one.key, 32);
      if (one.use !== use || one.alg !== USES[use].alg || !validKey(one.alg, key) || this.find(hex(keyDigest(key)))) refuse('key');
      this.add({ use, key, index: 0 });
    }
  }

  add({ use, key, index, name, witness }) {
    this.keys.push({ use, key, hex: hex(key), digest: hex(keyDigest(key)), index, name, witness, retired: null });
  }

  /** The key of a digest. */
  find(digest) {
    return this.keys.find((key) => key.digest === digest);
  }

  /** The operator's key of a use in force at an index: registered last below it. Entry 0 signs itself. */
  inForce(use, at) {
    return this.keys.filter((key) => key.use === use && (key.index < at || key.index === 0)).at(-1);
  }

  /** Log keys that must sign a checkpoint of a size. */
  ofCheckpoint(size) {
    return this.keys.filter((key) => key.use === 'log' && key.index < size && !(key.retired && key.retired.at < size));
  }

  /** Whether a commitment at n may name a key: registered below and not retired below; own keys in force. */
  mayBeNamed(key, at) {
    if (USES[key.use].own) return this.inForce(key.use, at) === key;
    return key.index < at && !(key.retired && key.retired.at < at);
  }

  /** Whether a key may contribute at an index: not found out below it. */
  mayContribute(key, at) {
    return key.index < at && !(key.retired && key.retired.reason === 'compromised' && key.retired.at < at);
  }

  /** Whether what a key signed at an index is doubtful. */
  isDoubtful(key, at) {
    return key.retired?.reason === 'compromised' && at >= key.retired.doubtfulFrom;
  }

  /** Takes a statement about keys; throws with the word of log-v2 §5, and then nothing has changed. */
  take(index, kind, fields) {
    if (kind === 'key.registered') this.register(index, fields);
    else if (kind === 'key.retired') this.retire(index, fields);
    else if (kind === 'tags.moved') this.move(index, fields);
    else refuse('shape');
  }

  register(index, fields) {
    if (typeof fields.use !== 'string' || !Object.hasOwn(USES, fields.use)) refuse('shape');
    const use = USES[fields.use];
    const wanted = ['use', 'alg', 'key', ...(use.own ? ['proof'] : ['name']), ...(fields.use === 'witness_vrf' ? ['witness'] : [])];
    const proofLength = use.alg === ALG.vrf ? 80 : 64;
    const shaped = exactly(fields, wanted) && fields.alg === use.alg && isHex(fields.key, 32)
      && (!use.own || isHex(fields.proof, proofLength)) && (use.own || isText(fields.name, 128))
      && (fields.witness === undefined || isHex(fields.witness, 32));
    if (!shaped) refuse('shape');
    const key = unhex(fields.key);
    if (!validKey(use.alg, key)) refuse('key');
    if (this.find(hex(keyDigest(key)))) refuse('not_new');
    if (fields.witness !== undefined && this.find(fields.witness)?.use !== 'witness') refuse('witness');
    if (use.own) {
      const text = utf8(`expert-draw/key-v1\n${this.origin}\n${fields.use}\n${fields.key}\n`);
      const proof = unhex(fields.proof);
      const shown = use.alg === ALG.vrf ? vrf.verify(key, text, proof) !== null : ed25519.verify(key, text, proof);
      if (!shown) refuse('proof');
    }
    this.add({ use: fields.use, key, index, name: fields.name, witness: fields.witness });
  }

  retire(index, fields) {
    const reasons = ['succeeded', 'retired', 'compromised'];
    const keys = ['key', 'reason', ...(fields.reason === 'compromised' ? ['doubtful_from'] : [])];
    const shaped = exactly(fields, keys) && isHex(fields.key, 32) && reasons.includes(fields.reason)
      && (fields.doubtful_from === undefined || isIndex(fields.doubtful_from));
    if (!shaped) refuse('shape');
    const key = this.find(fields.key);
    if (!key) refuse('unknown_key');
    if (key.retired) refuse('retired_before');
    if (USES[key.use].own && this.inForce(key.use, index) === key) refuse('in_force');
    const from = fields.doubtful_from;
    if (from !== undefined && (from > index || from <= key.index)) refuse('doubtful_from');
    key.retired = { at: index, reason: fields.reason, doubtfulFrom: from };
  }

  move(index, fields) {
    const one = (moved) => exactly(moved, ['from', 'from_proof', 'to', 'to_proof']) && isHex(moved.from, 64) && isHex(moved.to, 64)
      && isHex(moved.from_proof, 80) && isHex(moved.to_proof, 80);
    const shaped = exactly(fields, ['from', 'to', 'packages']) && isHex(fields.from, 32) && isHex(fields.to, 32)
      && Array.isArray(fields.packages) && fields.packages.length >= 1 && fields.packages.length <= 100 && fields.packages.every(one);
    if (!shaped) refuse('shape');
    const packages = fields.packages;
    if (packages.some((moved, n) => n > 0 && packages[n - 1].from >= moved.from)) refuse('order');
    const to = this.inForce('tag_vrf', index);
    const tags = this.keys.filter((key) => key.use === 'tag_vrf');
    const from = tags[tags.indexOf(to) - 1];
    if (!from || to.digest !== fields.to || from.digest !== fields.from) refuse('unknown_key');
    const seen = this.moved.get(to) ?? { from: new Set(), to: new Set() };
    const fresh = { from: new Set(seen.from), to: new Set(seen.to) };
    for (const moved of packages) {
      if (fresh.from.has(moved.from) || fresh.to.has(moved.to)) refuse('moved_before');
      fresh.from.add(moved.from);
      fresh.to.add(moved.to);
    }
    const gives = (proof, tag) => {
      const beta = vrf.betaOf(unhex(proof));
      return beta !== null && equal(beta, unhex(tag));
    };
    if (!packages.every((moved) => gives(moved.from_proof, moved.from) && gives(moved.to_proof, moved.to))) refuse('proof');
    this.moved.set(to, fresh);
  }
}

export { RefusedEntry };
