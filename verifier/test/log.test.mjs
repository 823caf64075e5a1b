// Notes, checkpoints, proofs, policies, keys in generations against tests/vectors/.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { base64, concat, equal, hex, u8, unbase64, unhex, utf8 } from '../src/bytes.js';
import { KeyBook } from '../src/log/keybook.js';
import { consistent, includes, leafHash, root } from '../src/log/merkle.js';
import { isName, judgeLine, keyId, parseKey, parseNote } from '../src/log/notes.js';
import { parseParties } from '../src/log/parties.js';
import { judge, parsePolicy } from '../src/log/policy.js';
import { canonical, parseCanonical } from '../src/canonical.js';

const read = (name) => readFileSync(new URL(`../../tests/vectors/${name}`, import.meta.url));
const vectors = (name) => JSON.parse(read(name));

test('a worked example of log-v1 verifies, and what must be refused is', () => {
  const all = vectors('log/offline_proof.json');
  const policy = parsePolicy(all.policy);
  const offline = (proof, policyUsed, statement) => {
    const [head, index, ...rest] = proof.split('\n');
    if (head !== 'c2sp.org/tlog-proof@v1' || !/^index (0|[1-9][0-9]*)$/.test(index)) return false;
    const end = rest.indexOf('');
    const path = rest.slice(0, end).map(unbase64);
    const note = parseNote(rest.slice(end + 1).join('\n'));
    const { checkpoint, signers, date } = judge(policyUsed, note);
    return signers.length > 0 && date !== null && includes(leafHash(utf8(statement)), Number(index.slice(6)), checkpoint.size, path, checkpoint.root) ? date : false;
  };
  assert.equal(offline(all.proof, policy, all.statement), all.head_time);
  const leaves = all.leaves.map(utf8);
  for (let size = 0; size <= leaves.length; size += 1) root(leaves.slice(0, size));
  const { signers } = judge(policy, parseNote(all.proof.split('\n\n').slice(1).join('\n\n')));
  assert.equal(signers.length, 1);
  const statements = parseKey(all.keys.statements.vkey);
  const note = parseNote(all.statement_note);
  assert.ok(judgeLine(note, note.lines[0], statements).ok);
  for (const one of all.refusals) {
    const changed = { proof: all.proof, policy: all.policy, statement: all.statement, [one.in]: all[one.in].replace(one.old, one.new) };
    let said;
    try {
      said = offline(changed.proof, parsePolicy(changed.policy), changed.statement);
    } catch {
      said = false;
    }
    assert.equal(said, false, JSON.stringify(one));
  }
});

test('trees and their consistency are those of RFC 6962', () => {
  const all = vectors('log/rfc6962_tree.json');
  const leaves = all.leaves.map((leaf) => unhex(typeof leaf === 'string' ? leaf : leaf.hex));
  for (const [n, want] of (all.roots ?? []).entries()) {
    const size = want.size ?? n;
    assert.equal(hex(root(leaves.slice(0, size))), want.root ?? want);
  }
  for (const one of all.inclusion ?? []) {
    assert.ok(includes(leafHash(leaves[one.index]), one.index, one.size, one.proof.map((p) => unhex(p)), root(leaves.slice(0, one.size))));
  }
  for (const one of all.consistency ?? []) {
    const [first, second] = [one.first ?? one.old, one.second ?? one.new];
    const path = one.proof.map((p) => unhex(p));
    assert.ok(consistent(first, root(leaves.slice(0, first)), second, root(leaves.slice(0, second)), path));
    if (path.length > 0) assert.ok(!consistent(first, root(leaves.slice(0, first)), second, root(leaves.slice(0, second)), path.slice(1)));
  }
});

test('published notes of C2SP read and verify', () => {
  for (const one of vectors('log/c2sp_notes.json').notes) {
    const note = parseNote(one.note);
    if (one.vkey) assert.ok(judgeLine(note, note.lines[0], parseKey(one.vkey)).ok);
  }
});

test('keys in generations are judged by index', () => {
  for (const one of vectors('keys.json').cases) {
    let book;
    for (const { index, kind, fields, refused } of one.entries) {
      let said;
      try {
        if (index === 0 && !book) book = new KeyBook(one.log, fields);
        else book.take(index, kind, fields);
      } catch (error) {
        said = error.message;
      }
      assert.equal(said, refused, `${one.name} at ${index}`);
    }
    for (const ask of one.asked ?? []) {
      const key = ask.key && book.find(ask.key);
      const yes = (truth) => (truth ? 'yes' : 'no');
      if (ask.ask === 'statements') assert.equal(book.inForce('statements', ask.at).digest, ask.key, one.name);
      else if (ask.ask === 'checkpoint') assert.deepEqual(book.ofCheckpoint(ask.size).map((k) => k.digest).sort(), [...ask.keys].sort(), one.name);
      else if (ask.ask === 'may_contribute') {
        assert.equal(yes(key && book.mayBeNamed(key, ask.committed) && book.mayContribute(key, ask.at)), ask.answer, `${one.name} ${JSON.stringify(ask)}`);
      } else assert.equal(yes(book.isDoubtful(key, ask.at)), ask.answer, `${one.name} ${JSON.stringify(ask)}`);
    }
  }
});

test('parties are read line by line and nothing else is', () => {
  const good = read('evidence3/trust.parties').toString();
  const parties = parseParties(good);
  assert.deepEqual([parties.witnesses.length, parties.supervisors.length, parties.beacon.margin], [2, 2, 60]);
  for (const bad of [good.slice(0, -1), good + 'x = 1\n', good.replace('margin = 60', 'margin = 060'), good.replace('margin = 60', 'margin = 86401'), good.replace('[beacon]', '[beacon] # x'), good.replace('监督 1', '监督 0'), good.replace('body', 'bodies'), good + '[beacon]\nchain = "00"\n']) {
    assert.throws(() => parseParties(bad), bad);
  }
  assert.ok(equal(canonical(parseCanonical(utf8('{"a":[1,"é"],"b_":{}}'))), utf8('{"a":[1,"é"],"b_":{}}')));
  for (const bad of ['{"a":1,"a":2}', '{"a":-0}', '{"a":1.0}', '{"a":true}', '{"a":null}', '{"A":1}', '{"b":1,"a":2}', '{"a":"\\ud800"}', ' {}', '9007199254740993', '{"a":1e3}', `${'['.repeat(17)}${']'.repeat(17)}`, '{"a":"\\u0041"}']) {
    assert.throws(() => parseCanonical(utf8(bad)), bad);
  }
  assert.deepEqual(parseCanonical(utf8(`${'['.repeat(16)}${']'.repeat(16)}`)).length, 1);
});

test('a policy pins a public key once, whatever names it gives it', () => {
  const policy = read('evidence3/trust.policy').toString();
  const renamed = (what, at) => {
    const words = policy.split('\n').find((line) => line.startsWith(`${what} `)).split(/\s+/);
    const { algorithm, key } = parseKey(words[at]);
    const name = 'other.example/name';
    const vkey = `${name}+${hex(keyId(name, algorithm, key))}+${base64(concat(u8(algorithm), key))}`;
    return `${what} ${at === 2 ? 'other ' : ''}${vkey}\n`;
  };
  for (const line of [renamed('log', 1), renamed('witness', 2)]) {
    assert.throws(() => parsePolicy(`${line}${policy}`), /twice/, line);
    assert.ok(parsePolicy(`${line}quorum none\n`), line);
  }
});

test('names are free of Unicode spaces, and only of these; policies and parties of control characters', () => {
  for (const good of ['a\ufeffb', 'a\u200bb', 'a\u180eb', '名', 'a'.repeat(255)]) assert.ok(isName(good), JSON.stringify(good));
  for (const bad of ['', 'a b', 'a+b', 'a\u00a0b', 'a\u0085b', 'a\u2028b', 'a\u3000b', 'a\u007fb', 'a'.repeat(256)]) assert.ok(!isName(bad), JSON.stringify(bad));
  const policy = read('evidence3/trust.policy').toString();
  const parties = read('evidence3/trust.parties').toString();
  parsePolicy(`${policy}#\t\u0085\n`);
  for (const bad of ['\u0001', '\u007f', '\r', '\v']) assert.throws(() => parsePolicy(`${policy}# ${bad}\n`), JSON.stringify(bad));
  for (const bad of ['\t', '\u007f', '\u0085', '\r']) assert.throws(() => parseParties(`# ${bad}\n${parties}`), JSON.stringify(bad));
});
