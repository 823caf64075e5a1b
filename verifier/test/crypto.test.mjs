// Primitives against tests/vectors/: the VRF of RFC 9381, drand rounds, texts that parties sign.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { hex, unhex, utf8 } from '../src/bytes.js';
import * as ed25519 from '../src/crypto/ed25519.js';
import * as vrf from '../src/crypto/vrf.js';
import { chainHash, isChain, verifyRound } from '../src/crypto/drand.js';
import { H, keyDigest } from '../src/hash.js';
import { u32 } from '../src/bytes.js';

export const vectors = (name) => JSON.parse(readFileSync(new URL(`../../tests/vectors/${name}`, import.meta.url)));

test('the VRF gives the outputs of RFC 9381 and refuses what must be refused', () => {
  const rfc = vectors('rfc9381_edwards25519_tai.json');
  for (const one of rfc.vectors ?? rfc.cases ?? rfc) {
    const beta = vrf.verify(unhex(one.public_key ?? one.pk), unhex(one.alpha), unhex(one.proof ?? one.pi));
    assert.equal(beta && hex(beta), one.beta);
  }
  const refusals = vectors('draw.json').vrf_refusals;
  assert.ok(refusals.length >= 4);
  for (const one of refusals) assert.equal(vrf.verify(unhex(one.key), unhex(one.alpha), unhex(one.proof)), null, one.name ?? JSON.stringify(one));
});

test('rounds of both schemes verify, and what must be refused is', () => {
  const { chains, rounds, refused, ...rest } = vectors('drand.json');
  for (const [name, chain] of Object.entries(chains)) assert.ok(isChain(chain), name);
  for (const one of rounds) {
    const value = verifyRound(chains[one.chain], one.round, unhex(one.signature), one.previous && unhex(one.previous));
    assert.equal(value && hex(value), one.randomness, `${one.chain} ${one.round}`);
  }
  for (const one of refused ?? rest.refusals) {
    const chain = typeof one.chain === 'string' ? chains[one.chain] : one.chain;
    let bytes;
    try {
      bytes = [unhex(one.signature), one.previous === undefined ? undefined : unhex(one.previous)];
    } catch {
      continue;
    }
    assert.equal(verifyRound(chain, one.round, ...bytes), null, JSON.stringify(one));
  }
  if (chains.quicknet) assert.equal(hex(chainHash(chains.quicknet)), '52db9ba70e0cc0f6eaf7803dd07447a1f5477735fd3f661792ba94600c84e971');
});

test('what supervisors and witnesses sign verifies strictly', () => {
  const all = vectors('contributions.json');
  for (const list of ['nonces', 'reveals', 'answers', 'not_released']) {
    for (const one of all[list]) assert.ok(ed25519.verify(unhex(one.public_key), utf8(one.text), unhex(one.signature)), list);
  }
  const opens = (one) => hex(H('nonce', unhex(one.key), unhex(one.package_tag), u32(one.attempt), unhex(one.nonce))) === one.commitment;
  for (const one of [...all.nonces, ...all.reveals]) {
    assert.ok(opens(one));
    assert.equal(hex(keyDigest(unhex(one.public_key))), one.key);
  }
  assert.ok(all.unopened.length >= 4);
  for (const one of all.unopened) assert.ok(!opens(one), one.why);
  for (const one of all.not_released) assert.equal(hex(keyDigest(unhex(one.vrf_public_key ?? one.public_key))), one.key);
  for (const one of all.answers) assert.equal(hex(vrf.verify(unhex(one.vrf_public_key), unhex(one.alpha), unhex(one.proof))), one.beta);
  for (const one of all.refused) assert.equal(ed25519.verify(unhex(one.public_key), utf8(one.text), unhex(one.signature)), false, one.why);
});
