// Draws of sites and proofs of membership made with keys of the test's own: each rule that an operator could break, broken alone.
// With EXPERT_DRAW_TEST_VERIFIER each has to be judged as the binary judges it.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { verify } from '../src/verify.js';
import { essence, firstOf } from './agree.js';
import { CASES, forge } from './forged.js';
import { MEMBERS, forgeMember } from './forged-members.js';

const BINARY = process.env.EXPERT_DRAW_TEST_VERIFIER;

function byBinary(folder, { bytes, policy }) {
  const [file, trust] = [join(folder, 'file.json'), join(folder, 'trust.policy')];
  writeFileSync(file, bytes);
  writeFileSync(trust, policy);
  const ran = spawnSync(BINARY, [file, '--json', '--policy', trust], { encoding: 'utf8' });
  return ran.status === 2 ? { verdict: 'unusable' } : JSON.parse(ran.stdout);
}

for (const [what, cases, make, least] of [['a draw of sites', CASES, forge, 45], ['a proof of membership', MEMBERS, forgeMember, 30]]) {
  test(`${what}: each rule that an operator breaks is told by its check`, () => {
    const folder = BINARY && mkdtempSync(join(tmpdir(), 'expert-draw-forged-'));
    const apart = [];
    try {
      for (const [name, first, otherwise] of cases) {
        const made = make(otherwise);
        const said = verify({ evidence: made.bytes, policy: made.policy });
        assert.equal(firstOf(said), first, `${name}: ${said.checks?.find(({ result }) => result === 'failed')?.detail}`);
        if (!BINARY) continue;
        const [mine, theirs] = [essence(JSON.parse(JSON.stringify(said))), essence(byBinary(folder, made))];
        if (JSON.stringify(mine) !== JSON.stringify(theirs)) apart.push({ name, mine, theirs });
      }
    } finally {
      if (folder) rmSync(folder, { recursive: true, force: true });
    }
    assert.deepEqual(apart, []);
    assert.ok(cases.length >= least);
  });
}
