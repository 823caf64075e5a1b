// Every file of the vectors and every altered one as cases.js has them: what fails first, without a browser and without the binary.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { verify } from '../src/verify.js';
import { firstOf } from './agree.js';
import { alteredCases, vector, vectorCases } from './cases.js';

const textOf = (path) => (path ? readFileSync(vector(path), 'utf8') : null);

test('what fails first is what the case names', () => {
  for (const { name, first, bytes, policy, parties, predecessor, expect = null } of [...vectorCases(), ...alteredCases()]) {
    const earlier = predecessor ? new Uint8Array(readFileSync(vector(predecessor))) : null;
    const said = verify({ evidence: new Uint8Array(bytes), policy: textOf(policy), parties: textOf(parties), predecessor: earlier, expect });
    assert.equal(firstOf(said), first, name);
  }
});
