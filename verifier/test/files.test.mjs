// Every file of tests/vectors/evidence*: good ones verify and say what they should, refused ones fail first at the
// check that is their name.

import assert from 'node:assert/strict';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { test } from 'node:test';
import { verify } from '../src/verify.js';

const at = (name) => new URL(`../../tests/vectors/${name}`, import.meta.url);
const bytes = (name) => new Uint8Array(readFileSync(at(name)));
const text = (name) => readFileSync(at(name), 'utf8');
const files = (folder) => readdirSync(at(folder)).filter((name) => name.endsWith('.json') && name !== 'expected.json');

// A policy stands beside the files whose names begin with its own.
const policyOf = (folder, name) => {
  const own = readdirSync(at(folder)).find((file) => file.endsWith('.policy') && name.startsWith(file.replace('.policy', '')));
  return `${folder}/${own ?? 'trust.policy'}`;
};

for (const folder of ['evidence', 'evidence2', 'evidence3']) {
  test(`${folder}: good files verify`, () => {
    for (const name of files(folder)) {
      const policy = text(policyOf(folder, name));
      const said = verify({ evidence: bytes(`${folder}/${name}`), policy });
      const failed = said.checks.filter(({ result }) => result === 'failed');
      assert.deepEqual(failed, [], name);
      assert.equal(said.verdict, 'verified', name);
    }
  });

  test(`${folder}: what must be refused fails first where its name says`, () => {
    for (const name of files(`${folder}/refused`)) {
      const own = `${folder}/refused/${name.replace('.json', '.policy')}`;
      const policy = text(existsSync(at(own)) ? own : `${folder}/trust.policy`);
      const said = verify({ evidence: bytes(`${folder}/refused/${name}`), policy });
      const first = said.checks.find(({ result }) => result === 'failed');
      assert.equal(first?.check, name.replace('.json', '').split('-')[0], `${name}: ${first?.detail}`);
    }
  });
}

test('evidence3: the machine form is the expected one with and without parties', () => {
  const expected = JSON.parse(text('evidence3/expected.json'));
  for (const [name, want] of Object.entries(expected)) {
    const policy = text(policyOf('evidence3', name));
    for (const [key, parties] of [['with_parties', text('evidence3/trust.parties')], ['without', null]]) {
      const said = verify({ evidence: bytes(`evidence3/${name}.json`), policy, parties });
      for (const field of Object.keys(want[key])) {
        assert.deepEqual(JSON.parse(JSON.stringify(said[field] ?? null)), want[key][field], `${name} ${key} ${field}`);
      }
    }
  }
});

test('a successor verifies beside its predecessor and beside no other', () => {
  const policy = text('evidence2/trust.policy');
  const [evidence, earlier] = ['supplementary', 'stopped'].map((name) => bytes(`evidence2/${name}_auditor.json`));
  const last = (said) => said.checks.at(-1);
  assert.equal(last(verify({ evidence, policy, predecessor: earlier })).result, 'passed');
  const said = verify({ evidence, policy, predecessor: bytes('evidence2/unsealed_auditor.json') });
  assert.deepEqual([last(said).check, last(said).result, said.verdict], ['predecessor', 'failed', 'refused']);
});
