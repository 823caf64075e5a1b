// The command: its exit codes, its machine form, and what it says of arguments that are none.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { plain } from '../src/machine.js';
import { verify } from '../src/verify.js';
import { vector } from './cases.js';

const CLI = join(fileURLToPath(new URL('.', import.meta.url)), '../cli.mjs');
const run = (...given) => spawnSync(process.execPath, [CLI, ...given], { encoding: 'utf8' });
const policy = ['--policy', vector('evidence3/trust.policy')];

test('exit codes tell verified, refused and unusable apart', () => {
  assert.equal(run(vector('evidence3/all_public.json'), ...policy).status, 0);
  assert.equal(run(vector('evidence3/refused/heads-missing.json'), ...policy).status, 1);
  for (const given of [
    [vector('evidence3/trust.parties'), ...policy],
    [vector('evidence3/all_public.json'), '--policy', vector('evidence3/trust.parties')],
    [vector('evidence3/all_public.json'), ...policy, '--parties', vector('evidence3/trust.policy')],
    [vector('evidence3/no_such_file.json'), ...policy],
    [vector('evidence3/all_public.json')],
    [vector('evidence3/all_public.json'), ...policy, '--expect', 'everybody'],
    [vector('evidence3/all_public.json'), ...policy, '--unknown'],
  ]) {
    const ran = run(...given);
    assert.equal(ran.status, 2, given.join(' '));
    assert.equal(ran.stdout, '');
    assert.ok(ran.stderr.length > 10 && !ran.stderr.includes('    at '), ran.stderr);
  }
});

test('the machine form is one line of canonical JSON, what verify answers', () => {
  const file = vector('evidence3/all_unsealed_auditor.json');
  const parties = vector('evidence3/trust.parties');
  const ran = run(file, ...policy, '--parties', parties, '--json');
  assert.equal(ran.stdout.split('\n').length, 2);
  const texts = { policy: readFileSync(policy[1], 'utf8'), parties: readFileSync(parties, 'utf8') };
  assert.deepEqual(JSON.parse(ran.stdout), plain(verify({ evidence: new Uint8Array(readFileSync(file)), ...texts })));
});

test('the text says verdict, level and each check in either language', () => {
  const zh = run(vector('evidence/unsealed_auditor.json'), '--policy', vector('evidence/trust.policy')).stdout;
  for (const words of ['✓ openings.excluded', '结论：核验通过', '运营方级', '没有其他抽取']) assert.ok(zh.includes(words), words);
  const sites = run(vector('sites2/auditor.json'), '--policy', vector('sites2/trust.policy')).stdout;
  for (const words of ['✓ openings.venues', '结论：核验通过', '其后已终止：场所无法使用', '3→2, 4→3, 2→4', '运营方级', '场所全部列入']) assert.ok(sites.includes(words), words);
  const person = run(vector('membership/seated.json'), '--policy', vector('membership/trust.policy')).stdout;
  for (const words of ['✓ place', '专家9（E0000000000000271）在候选池第 36 位（从 0 起），入选第 2 组', '岳采公告2026-17']) assert.ok(person.includes(words), words);
  const en = run(vector('evidence/refused/pool.json'), '--policy', vector('evidence/trust.policy'), '--lang', 'en').stdout;
  for (const words of ['✗ pool', 'verdict: REFUSED', 'operator:']) assert.ok(en.includes(words), words);
});
