// Which level a draw has for an auditor, where no vector reaches: a beacon beside a contribution that never came (draw-v3 §6.2).

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { hex } from '../src/bytes.js';
import { chainHash, roundTime } from '../src/crypto/drand.js';
import { standing } from '../src/evidence/level.js';

test('a beacon counts when every other contribution is there; else the level is what is there', () => {
  const { chain } = JSON.parse(readFileSync(new URL('../../tests/vectors/evidence3/beacon_public.json', import.meta.url)));
  const time = roundTime(chain, 1000000);
  const wanted = [{ kind: 'nonce', key: 'n' }, { kind: 'operator', key: 'o' }, { kind: 'witness', key: 'w' }, { kind: 'beacon', chain: hex(chainHash(chain)), round: 1000000 }];
  const [nonce, operator, witness, beacon] = wanted;
  const levelOf = (body, ...missing) => {
    const given = new Map(wanted.filter((one) => !missing.includes(one)).map((one, n) => [one, { index: 11 + n }]));
    const parties = { operator: 'a', supervisors: [{ name: 's', key: 'n', body }], witnesses: [], beacon: { chain: beacon.chain, margin: 60, max_ahead: 86400 } };
    const book = { find: (key) => ({ hex: key, witness: key }), inForce: () => undefined, isDoubtful: () => false };
    const said = standing({
      parties, book, given, missing, entries: [], own: [], released: new Set(), file: { chain },
      commit: { index: 10, time: time - 3600 }, commitment: { contributions: wanted }, dated: [{ size: 14, date: time - 60 }, { size: 20, date: time }],
    });
    const { independent } = said.contributors.at(-1);
    return [said.level, independent];
  };
  assert.deepEqual(levelOf('b'), ['beacon', 'yes']);
  assert.deepEqual(levelOf('b', witness), ['witnessed', 'no']);
  assert.deepEqual(levelOf('a', witness), ['operator', 'no']);
  assert.deepEqual(levelOf('b', beacon), ['witnessed', 'no']);
  assert.deepEqual(levelOf('b', nonce, operator, witness), ['operator', 'no']);
});
