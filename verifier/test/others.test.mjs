// Every file of tests/vectors/membership* and sites*: good ones verify, refused ones fail first at the check that is their name.

import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { test } from 'node:test';
import { verify } from '../src/verify.js';

const at = (name) => new URL(`../../tests/vectors/${name}`, import.meta.url);
const bytes = (name) => new Uint8Array(readFileSync(at(name)));
const files = (folder) => readdirSync(at(folder)).filter((name) => name.endsWith('.json'));
const judged = (folder, name, more = {}) => verify({ evidence: bytes(`${folder}/${name}`), policy: readFileSync(at(`${folder}/trust.policy`), 'utf8'), ...more });
/** First failing check; the verdict when none failed, or none was run. */
const first = (said) => said.checks?.find(({ result }) => result === 'failed')?.check ?? said.verdict;

for (const [folder, good, refused] of [['membership', 3, 9], ['membership2', 2, 4], ['sites', 3, 11], ['sites2', 2, 5]]) {
  test(`${folder}: good files verify, and what must be refused fails first where its name says`, () => {
    assert.equal(files(folder).length, good);
    for (const name of files(folder)) assert.equal(first(judged(folder, name)), 'verified', name);
    assert.equal(files(`${folder}/refused`).length, refused);
    for (const name of files(`${folder}/refused`)) {
      // What does not begin as JSON is not known for a file of any page, and cannot be looked at (evidence-v1 §4).
      const wanted = bytes(`${folder}/refused/${name}`)[0] === 0x7b ? name.replace('.json', '').split('-')[0] : 'unusable';
      assert.equal(first(judged(folder, `refused/${name}`)), wanted, name);
    }
  });
}

test('a proof of membership says who, where, and by which rules', () => {
  const seated = judged('membership', 'seated.json');
  assert.deepEqual([seated.number, seated.name, seated.position, seated.group, seated.rules], ['E0000000000000271', '专家9', 36, 2, undefined]);
  const excluded = judged('membership', 'excluded.json');
  assert.deepEqual([excluded.number, excluded.position, excluded.group, excluded.rules], ['E0000000000000517', undefined, undefined, ['age_limit', 'conflict_employment_3y']]);
  const refused = judged('membership', 'refused/place.json');
  assert.deepEqual([refused.position, refused.rules, refused.group], [undefined, undefined, undefined]);
});

test('a draw of sites says which were picked, and why they were ended', () => {
  const ended = judged('sites2', 'auditor.json');
  assert.deepEqual([ended.level, ended.attempt, ended.venues, ended.ended], ['operator', 1, 7, 'site_failure']);
  assert.deepEqual(JSON.parse(JSON.stringify(ended.sites)), [{ position: 3, site: 2 }, { position: 4, site: 3 }, { position: 2, site: 4 }]);
  assert.equal(judged('sites', 'public.json').ended, undefined);
  assert.deepEqual(judged('sites', 'refused/leaves.json').sites, []);
  assert.equal(first(judged('sites', 'public.json', { expect: 'auditor' })), 'file');
  assert.equal(first(judged('sites', 'auditor.json', { expect: 'public' })), 'file');
});

test('only evidence has a predecessor', () => {
  const said = judged('membership', 'seated.json', { predecessor: bytes('evidence2/stopped_auditor.json') });
  assert.deepEqual([said.verdict, said.input], ['unusable', 'predecessor']);
});
