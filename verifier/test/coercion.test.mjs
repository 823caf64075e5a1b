// Words that JavaScript would take for others: names every object has, and lists that become their only text.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { isChain } from '../src/crypto/drand.js';
import { parseParties } from '../src/log/parties.js';
import { parsePolicy } from '../src/log/policy.js';
import { KeyBook } from '../src/log/keybook.js';
import { report } from '../src/report.js';
import { verify } from '../src/verify.js';
import { sentence } from '../src/words.js';
import { sealed } from './alterations.mjs';
import { forgeMember } from './forged-members.js';

const text = (name) => readFileSync(new URL(`../../tests/vectors/${name}`, import.meta.url), 'utf8');
const policy = text('evidence3/trust.policy');

test('a format is a text of the three and nothing else', () => {
  for (const format of ['constructor', 'toString', '__proto__', ['expert-draw/evidence-v2'], { a: 1 }, 3]) {
    const evidence = new TextEncoder().encode(`{"format":${JSON.stringify(format)},"v":1}`);
    const said = verify({ evidence, policy });
    assert.deepEqual([said.checks.length, said.checks[0].check, said.checks[0].result, said.verdict], [13, 'file', 'failed', 'refused'], String(format));
  }
});

test('words of parties, policies, keys and chains are those of the pages', () => {
  const parties = text('evidence3/trust.parties');
  for (const line of ['constructor', 'toString', 'valueOf']) assert.throws(() => parseParties(`${parties}${line}\n`), line);
  const witness = policy.split('\n').find((line) => line.startsWith('witness ')).split(/\s+/)[1];
  const grouped = (threshold) => `${policy.split('\n').filter((line) => /^(log|witness) /.test(line)).join('\n')}\ngroup g ${threshold} ${witness}\nquorum g\n`;
  assert.ok(parsePolicy(grouped('any')));
  for (const word of ['constructor', 'toString', '0', '2', '01']) assert.throws(() => parsePolicy(grouped(word)), word);
  assert.equal(verify({ evidence: new Uint8Array(), policy: grouped('constructor') }).verdict, 'unusable');
  const chain = JSON.parse(text('evidence3/beacon_public.json')).chain;
  assert.ok(isChain(chain));
  assert.ok(!isChain({ ...chain, scheme: [chain.scheme] }) && !isChain({ ...chain, scheme: 'constructor' }));
  const { log, entries } = JSON.parse(text('keys.json')).cases[0];
  const book = new KeyBook(log, entries[0].fields);
  const more = JSON.parse(text('keys.json')).cases.flatMap((one) => one.entries).find(({ kind, fields, refused }) => kind === 'key.registered' && !refused && fields.use);
  for (const use of [[more.fields.use], 'constructor']) {
    assert.throws(() => book.take(1, 'key.registered', { ...more.fields, use }), { message: 'shape' });
  }
});

test('files of sites and of membership are known by a format that is a text, and by no other', () => {
  for (const name of ['sites/public', 'membership/seated']) {
    const file = JSON.parse(text(`${name}.json`));
    const trust = text(`${name.split('/')[0]}/trust.policy`);
    for (const format of [[file.format], { format: file.format }, `${file.format} `, file.format.toUpperCase()]) {
      const said = verify({ evidence: sealed({ ...file, format }), policy: trust });
      assert.deepEqual([said.checks.length, said.checks[0].result, said.verdict], [13, 'failed', 'refused'], JSON.stringify(format));
    }
    // Of the other version by its word, and not by its number.
    const other = verify({ evidence: sealed({ ...file, v: 2 }), policy: trust });
    assert.deepEqual([other.checks[0].check, other.checks[0].result], ['file', 'failed']);
  }
});

test('a rule of a name that every object has is shown as it stands', () => {
  const { bytes, policy: trust } = forgeMember({ excluded: true, rules: ['__proto__', 'constructor'] });
  const said = verify({ evidence: bytes, policy: trust });
  assert.equal(said.verdict, 'verified');
  assert.match(sentence(said)[0], /__proto__；constructor/);
  assert.match(report(said, 'en'), /__proto__; constructor/);
});

test('what is longer than its page allows is refused', () => {
  for (const [name, most] of [['membership/seated', 1 << 20], ['sites/public', 16 << 20]]) {
    const file = JSON.parse(text(`${name}.json`));
    const trust = text(`${name.split('/')[0]}/trust.policy`);
    const said = verify({ evidence: sealed({ ...file, format: file.format, checkpoint: 'x'.repeat(most) }), policy: trust });
    assert.deepEqual([said.verdict, said.checks[0].result, said.checks[0].detail.startsWith('longer')], ['refused', 'failed', true], name);
  }
});
