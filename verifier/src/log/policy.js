// Trust policies (log-v1 §2, C2SP tlog-policy): which log keys and witnesses an auditor pins, and the quorum.

import { fromUtf8, utf8 } from '../bytes.js';
import { COSIGNATURE, ED25519, judgeLine, parseCheckpoint, parseKey } from './notes.js';

const LIMIT = 64 * 1024;

/** Reads a policy; throws when it is unusable. */
export function parsePolicy(text) {
  if (utf8(text).length > LIMIT || !text.endsWith('\n') || fromUtf8(utf8(text)) !== text) throw new Error('a policy ends with a newline and has at most 64 KiB');
  // eslint-disable-next-line no-control-regex
  if (/[\u0000-\u0008\u000b-\u001f\u007f]/.test(text)) throw new Error('a control character in a policy');
  const policy = { logs: [], names: new Map(), witnesses: [], quorum: undefined };
  for (const line of text.split('\n')) {
    const words = line.split(/[ \t]+/).filter((word) => word !== '');
    if (words.length > 0 && !words[0].startsWith('#')) take(policy, words);
  }
  if (policy.quorum === undefined) throw new Error('a policy says which quorum it wants');
  return policy;
}

function take(policy, words) {
  const [what, ...rest] = words;
  if (what === 'log' && (rest.length === 1 || rest.length === 2)) {
    const key = parseKey(rest[0]);
    if (key.algorithm !== ED25519) throw new Error('a log key of another algorithm');
    if (policy.logs.some((known) => String(known.key) === String(key.key))) throw new Error('a log key twice');
    policy.logs.push(key);
  } else if (what === 'witness' && (rest.length === 2 || rest.length === 3)) {
    const key = parseKey(rest[1]);
    if (key.algorithm !== COSIGNATURE) throw new Error('a witness key of another algorithm');
    if (policy.witnesses.some((known) => String(known.key) === String(key.key))) throw new Error('a witness key twice');
    define(policy, rest[0], { key });
    policy.witnesses.push(key);
  } else if (what === 'group' && rest.length >= 3) {
    const [name, threshold, ...members] = rest;
    const n = threshold === 'any' ? 1 : threshold === 'all' ? members.length : number(threshold);
    if (n < 1 || n > members.length || new Set(members).size !== members.length) throw new Error(`group ${name}`);
    const of = members.map((member) => policy.names.get(member));
    if (of.some((member) => member === undefined || member.taken)) throw new Error(`group ${name}: a member is unknown or in another group`);
    of.forEach((member) => { member.taken = true; });
    define(policy, name, { threshold: n, of });
  } else if (what === 'quorum' && rest.length === 1 && policy.quorum === undefined) {
    policy.quorum = rest[0] === 'none' ? null : policy.names.get(rest[0]);
    if (policy.quorum === undefined) throw new Error('the quorum is unknown');
  } else {
    throw new Error(`policy line: ${words.join(' ')}`);
  }
}

function define(policy, name, value) {
  if (name === 'none' || policy.names.has(name)) throw new Error(`name ${name} twice`);
  policy.names.set(name, value);
}

function number(text) {
  if (!/^[1-9][0-9]{0,5}$/.test(text)) throw new Error('a threshold is a number, any or all');
  return Number(text);
}

/**
 * A checkpoint's note under a policy: its lines by keys of the policy all verify (or it throws); which log
 * keys signed it; the date, the smallest time at which the quorum is satisfied: null when it is not, undefined
 * when the policy wants none.
 */
export function judge(policy, note) {
  const checkpoint = parseCheckpoint(note.text);
  const signers = [];
  const times = new Map();
  const logs = policy.logs.filter((key) => key.name === checkpoint.origin);
  let unknown = 0;
  for (const line of note.lines) {
    let known = false;
    for (const key of [...logs, ...policy.witnesses]) {
      const said = judgeLine(note, line, key);
      if (said === null) continue;
      known = true;
      if (!said.ok) throw new Error(`a signature of ${key.name} does not verify`);
      if (key.algorithm === ED25519) signers.push(key);
      else times.set(key, Math.min(said.time, times.get(key) ?? Infinity));
    }
    if (!known) unknown += 1;
  }
  return { checkpoint, signers, unknown, date: policy.quorum === null ? undefined : quorumTime(policy.quorum, times) };
}

// When a member is satisfied: a witness at its time, a group when so many of its members are.
function quorumTime(member, times) {
  if (member.key) return times.get(member.key) ?? null;
  const all = member.of.map((one) => quorumTime(one, times)).filter((time) => time !== null);
  all.sort((a, b) => a - b);
  return all[member.threshold - 1] ?? null;
}
