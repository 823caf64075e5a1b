// Files altered by chance, the chance made from a number: this verifier under Node and the binary must tell the same checks of
// each. Not run by `node --test`: tests/browser.rs runs it with EXPERT_DRAW_TEST_VERIFIER (the binary).
// EXPERT_DRAW_TEST_SEED moves the numbers; EXPERT_DRAW_TEST_ALTERATIONS says how many of each file.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { plain } from '../src/machine.js';
import { Unusable, verify } from '../src/verify.js';
import { essence, reference } from './agree.js';
import { altered } from './alterations.mjs';
import { vector, vectorCases } from './cases.js';

const binary = process.env.EXPERT_DRAW_TEST_VERIFIER;
if (!binary) throw new Error('EXPERT_DRAW_TEST_VERIFIER is not set: run tools/test');
const first = Number(process.env.EXPERT_DRAW_TEST_SEED ?? 1);
const each = Number(process.env.EXPERT_DRAW_TEST_ALTERATIONS ?? 12);

function mine(one) {
  try {
    const read = (path) => (path ? readFileSync(vector(path), 'utf8') : null);
    return plain(verify({ evidence: new Uint8Array(one.bytes), policy: read(one.policy), parties: read(one.parties) }));
  } catch (error) {
    if (error instanceof Unusable) return { verdict: 'unusable' };
    throw error;
  }
}

const { ask, close } = reference(binary);
const differences = [];
const firsts = new Map();
let count = 0;
try {
  const good = vectorCases().filter(({ first: expected, base, parties }) => expected === 'verified' && (parties || !base.startsWith('evidence3/')));
  for (const [at, one] of good.entries()) {
    for (let n = 0; n < each; n += 1) {
      const seed = first + at * 1000 + n;
      const { what, bytes } = altered(new Uint8Array(one.bytes), seed);
      const changed = { ...one, bytes: Buffer.from(bytes) };
      const [here, there] = [mine(changed), ask(changed)];
      count += 1;
      const failing = here.checks?.find(({ result }) => result !== 'passed')?.check ?? here.verdict;
      firsts.set(failing, (firsts.get(failing) ?? 0) + 1);
      try {
        assert.deepEqual(essence(here), essence(there));
      } catch (error) {
        differences.push(`${one.base}, seed ${seed}, ${what}: ${error.message}`);
      }
    }
  }
} finally {
  close();
}
if (differences.length > 0) throw new Error(`${differences.length} of ${count} differ\n${differences.join('\n')}`);
assert.ok(count >= 100 && firsts.size >= 8, `only ${count} files, ${firsts.size} checks`);
console.log(`${count} altered files are told alike; first failing checks: ${[...firsts].sort().map((pair) => pair.join(' ')).join(', ')}`);
