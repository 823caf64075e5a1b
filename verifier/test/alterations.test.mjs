// Hundreds of files altered by a number, each given to this verifier: none may pass, and none may break it. With
// EXPERT_DRAW_TEST_VERIFIER (the auditor's binary) each has to say the same as the binary, check by check.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { verify } from '../src/verify.js';
import { essence, reference } from './agree.js';
import { altered, misshapen } from './alterations.mjs';
import { vector, vectorCases } from './cases.js';

const EACH = 6;

test('altered files are refused by the check by which the binary refuses them', () => {
  const binary = process.env.EXPERT_DRAW_TEST_VERIFIER ? reference(process.env.EXPERT_DRAW_TEST_VERIFIER) : null;
  const good = vectorCases().filter(({ first, parties }) => first === 'verified' && parties === undefined);
  let count = 0;
  try {
    for (const [n, one] of good.entries()) {
      for (let seed = 0; seed < EACH; seed += 1) {
        const { what, bytes } = altered(one.bytes, 7919 * n + seed);
        const said = verify({ evidence: bytes, policy: readFileSync(vector(one.policy), 'utf8') });
        // What guards a head's note, and a head that nobody needs, is the digest alone (evidence-v3 §6).
        // An entry about a key that judges nothing else of a proof of membership can be left out (membership-v2 §2).
        const weaker = /^heads\.\d+(\.note)?( |$)/.test(what) || (one.base.startsWith('membership2/') && /^keys\.\d+ left out$/.test(what));
        assert.ok(said.verdict === 'refused' || weaker, `${one.name}: ${what}`);
        if (binary) assert.deepEqual(essence(said), essence(binary.ask({ ...one, bytes })), `${one.name}: ${what}`);
        count += 1;
      }
    }
  } finally {
    binary?.close();
  }
  assert.ok(count >= 200, String(count));
});

test('something of another kind, or a field that no page knows, is refused', () => {
  const binary = process.env.EXPERT_DRAW_TEST_VERIFIER ? reference(process.env.EXPERT_DRAW_TEST_VERIFIER) : null;
  const good = vectorCases().filter(({ first, parties }) => first === 'verified' && parties === undefined);
  try {
    for (const [n, one] of good.entries()) {
      for (let seed = 0; seed < EACH; seed += 1) {
        const { what, bytes } = misshapen(one.bytes, 104729 * n + seed);
        const said = verify({ evidence: bytes, policy: readFileSync(vector(one.policy), 'utf8') });
        assert.deepEqual([said.verdict, said.checks[0].check, said.checks[0].result], ['refused', 'file', 'failed'], `${one.name}: ${what}`);
        if (binary) assert.deepEqual(essence(said), essence(binary.ask({ ...one, bytes })), `${one.name}: ${what}`);
      }
    }
  } finally {
    binary?.close();
  }
});
