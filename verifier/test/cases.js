// Altered evidence files: each one change to a file of the vectors (the digest computed anew unless it is the thing altered),
// with the check that must fail first. Deterministic; what the change breaks stands in the name.

import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { machineText } from '../src/machine.js';

export const VECTORS = join(dirname(fileURLToPath(import.meta.url)), '../../tests/vectors');
export const vector = (path) => join(VECTORS, path);

/** Canonical bytes of a file with its digest made right. */
function sealed(file) {
  const { digest: _, ...rest } = file;
  const digest = createHash('sha256').update(machineText(rest)).digest('hex');
  return Buffer.from(machineText({ ...rest, digest }));
}

const flipHex = (hex, at = 0) => hex.slice(0, at) + (hex[at] === '0' ? '1' : '0') + hex.slice(at + 1);
const swapped = (list, a, b) => list.map((item, at) => (at === a ? list[b] : at === b ? list[a] : item));
const entryOf = (file, type) => file.entries.find(({ note }) => note.split('\n')[0].includes(`"type":"${type}"`));
const lines = (note, change) => change(note.split('\n')).join('\n');

const openingsOf = (path) => JSON.parse(readFileSync(vector(path), 'utf8')).openings;

/** One Base64 character of the last signature line of a note, not one of the key id's, made another. */
const flipSignature = (note) => lines(note, (all) => {
  const at = all.length - 2;
  const place = all[at].length - 20;
  const made = all[at][place] === 'A' ? 'B' : 'A';
  return all.with(at, all[at].slice(0, place) + made + all[at].slice(place + 1));
});

const V1 = 'evidence/unsealed_auditor.json';
const V1P = 'evidence/drawn_public.json';
const V2 = 'evidence2/unsealed_auditor.json';
const V2P = 'evidence2/unsealed_public.json';
const V3 = 'evidence3/all_unsealed_auditor.json';
const V3C = 'evidence3/called_unsealed_public.json';
const KEYS = 'evidence3/succeeded_keys_auditor.json';
const SITES = 'sites/auditor.json';
const SITES2 = 'sites2/auditor.json';
const SEATED = 'membership/seated.json';
const EXCLUDED = 'membership/excluded.json';
const SEATED2 = 'membership2/seated.json';

/** `[name, base, first failing check, change of the parsed file]`. */
const CHANGES = [
  ['version-other', V1, 'file', (f) => { f.v = 9; }],
  ['format-of-another-version', V1, 'file', (f) => { f.format = 'expert-draw/evidence-v2'; }],
  ['unknown-field', V1, 'file', (f) => { f.extra = 1; }],
  ['field-missing', V1, 'file', (f) => { delete f.profile; }],
  ['audience-says-auditor', 'evidence/unsealed_public.json', 'file', (f) => { f.audience = 'auditor'; }],
  ['alpha-in-capitals', V1, 'file', (f) => { f.alpha = f.alpha.toUpperCase(); }],
  ['candidate-relations-not-ascending', V1, 'file', (f) => { f.openings.candidates[0].further_units = ['B', 'A']; }],
  ['excluded-without-rules', V1, 'file', (f) => { f.openings.excluded[0].rules = []; }],
  ['checkpoint-size', V1, 'checkpoint', (f) => { f.checkpoint = lines(f.checkpoint, (l) => l.with(1, '53')); }],
  ['checkpoint-root', V1, 'checkpoint', (f) => { f.checkpoint = lines(f.checkpoint, (l) => l.with(2, `A${l[2].slice(1)}`)); }],
  ['checkpoint-signature', V1, 'checkpoint', (f) => { f.checkpoint = flipSignature(f.checkpoint); }],
  ['checkpoint-without-a-cosignature', V3, 'checkpoint', (f) => { f.checkpoint = lines(f.checkpoint, (l) => l.toSpliced(-2, 1)); }],
  ['checkpoint-cosignature-time', V3, 'checkpoint', (f) => { f.checkpoint = f.checkpoint.replace('AAAABqsVdG', 'AAAABqsVdH'); }],
  ['checkpoint-other-log', V1, 'checkpoint', (f) => { f.checkpoint = f.checkpoint.replaceAll('430600', '430601'); }],
  ['entry-left-out', V1, 'entries', (f) => { f.entries.splice(2, 1); }],
  ['contribution-left-out', V1, 'entries', (f) => { f.entries = f.entries.filter(({ index }) => index !== 48); }],
  ['entries-out-of-order', V1, 'entries', (f) => { f.entries = swapped(f.entries, 2, 3); }],
  ['entry-at-another-index', V1, 'entries', (f) => { f.entries[1].index = 2; }],
  ['proof-of-an-entry', V1, 'entries', (f) => { f.entries[3].proof[0] = flipHex(f.entries[3].proof[0]); }],
  ['proof-too-short', V1, 'entries', (f) => { f.entries[3].proof.pop(); }],
  ['proof-too-long', V1, 'entries', (f) => { f.entries[3].proof.push('0'.repeat(64)); }],
  ['result-rewritten', V1, 'entries', (f) => { const e = entryOf(f, 'draw.drawn'); e.note = e.note.replace('"position":36', '"position":35'); }],
  ['time-rewritten', V1, 'entries', (f) => { const e = entryOf(f, 'draw.drawn'); e.note = e.note.replace(/"time":(\d+)/, (_, t) => `"time":${Number(t) + 1}`); }],
  ['signature-of-an-entry', V1, 'signatures', (f) => { const e = entryOf(f, 'draw.committed'); e.note = flipSignature(e.note); }],
  ['life-too-short', V1, 'entries', (f) => { f.life.pop(); }],
  ['life-with-another', V1, 'entries', (f) => { f.life.unshift(23); }],
  ['alpha-other', V1, 'entries', (f) => { f.alpha = flipHex(f.alpha); }],
  ['keys-list-too-short', V3, 'entries', (f) => { f.keys.pop(); }],
  ['call-left-out', V2, 'entries', (f) => { f.entries = f.entries.filter((e) => e !== entryOf(f, 'draw.answered')); }],
  ['call-left-out-of-a-witnessed-draw', V3C, 'entries', (f) => { f.entries = f.entries.filter((e) => e !== entryOf(f, 'draw.settled')); }],
  ['head-proof', V3, 'heads', (f) => { f.heads[0].proof[0] = flipHex(f.heads[0].proof[0]); }],
  ['head-root', V3, 'heads', (f) => { f.heads[1].root = flipHex(f.heads[1].root); }],
  ['head-size', V3, 'heads', (f) => { f.heads[0].size = 57; }],
  ['head-signature', V3, 'heads', (f) => { f.heads[2].note = flipSignature(f.heads[2].note); }],
  ['heads-all-left-out', V3, 'heads', (f) => { f.heads = []; }],
  ['heads-out-of-order', V3, 'file', (f) => { f.heads = swapped(f.heads, 0, 1); }],
  ['chain-of-the-beacon', V3, 'commitment', (f) => { f.chain.period += 1; }],
  ['chain-left-out', V3, 'commitment', (f) => { delete f.chain; }],
  ['profile-text', V1, 'profile', (f) => { f.profile = f.profile.replace(/\d/, (d) => String((Number(d) + 1) % 10)); }],
  ['profile-one-line-more', V2, 'profile', (f) => { f.profile += '\n'; }],
  ['leaf-of-the-pool', V1, 'pool', (f) => { f.pool[7] = flipHex(f.pool[7], f.pool[7].length - 1); }],
  ['leaf-left-out', V1, 'pool', (f) => { f.pool.pop(); }],
  ['leaf-twice', V1, 'pool', (f) => { f.pool.splice(3, 0, f.pool[3]); }],
  ['leaves-exchanged', V3C, 'pool', (f) => { f.pool = swapped(f.pool, 4, 5); }],
  ['package-other', V1, 'openings.package', (f) => { f.openings.package.package = '3'; }],
  ['package-proof', V2P, 'openings.package', (f) => { f.openings.package.package_proof = flipHex(f.openings.package.package_proof, 100); }],
  ['names-salt', V1, 'openings.names', (f) => { f.openings.names.salt = flipHex(f.openings.names.salt); }],
  ['names-speciality', V2P, 'openings.names', (f) => { f.openings.names.groups[0].speciality = 'ndrc316:A0833'; }],
  ['seated-name', V1, 'openings.seated', (f) => { f.openings.seated[0].name = '专家甲'; }],
  ['seated-number', V2P, 'openings.seated', (f) => { f.openings.seated[1].number = 'E0000000000009999'; }],
  ['seated-exchanged', V3C, 'openings.seated', (f) => { f.openings.seated = swapped(f.openings.seated, 0, 1); }],
  ['seated-rest', V3, 'openings.seated', (f) => { f.openings.seated[2].rest = flipHex(f.openings.seated[2].rest); }],
  ['seated-one-fewer', V1, 'entries', (f) => { f.openings.seated.pop(); }],
  ['request-supplier', V1, 'openings.request', (f) => { f.openings.request.suppliers[0].name = '另一家'; }],
  ['request-time', V3, 'openings.request', (f) => { f.openings.request.review_start += 60; }],
  ['draw-key', V1, 'openings.request', (f) => { f.openings.draw_key = flipHex(f.openings.draw_key); }],
  ['candidate-unit', V1, 'openings.candidates', (f) => { f.openings.candidates[5].unit = '91430600MA4L000000'; }],
  ['candidates-exchanged', V3, 'openings.candidates', (f) => { f.openings.candidates = swapped(f.openings.candidates, 1, 2); }],
  ['candidate-left-out', V1, 'openings.candidates', (f) => { f.openings.candidates.pop(); }],
  ['excluded-rule', V1, 'openings.excluded', (f) => { f.openings.excluded[0].rules = ['age_limit']; }],
  ['excluded-left-out', V2, 'openings.excluded', (f) => { f.openings.excluded.pop(); }],
  ['opened-before-unsealing', V1P, 'entries', (f) => { f.openings = openingsOf('evidence/unsealed_public.json'); }],
  ['opened-before-unsealing-without-people', V1P, 'openings.package', (f) => { f.openings = { ...openingsOf('evidence/unsealed_public.json'), seated: [] }; }],
  ['openings-left-out', V1, 'entries', (f) => { delete f.openings; }],
  ['sites-unknown-field', SITES, 'file', (f) => { f.openings.venues[2].extra = 1; }],
  ['sites-openings-left-out', SITES, 'file', (f) => { delete f.openings; }],
  ['sites-result-rewritten', SITES, 'entries', (f) => { const e = entryOf(f, 'sites.drawn'); e.note = e.note.replace('"position":4', '"position":5'); }],
  ['sites-result-left-out', SITES, 'ending', (f) => { f.entries = f.entries.filter((e) => e !== entryOf(f, 'sites.drawn')); f.life.pop(); }],
  ['sites-key-left-out', SITES2, 'signatures', (f) => { f.entries = f.entries.filter(({ index }) => index !== 10); f.keys = f.keys.filter((n) => n !== 10); }],
  ['sites-as-the-earlier-version', SITES2, 'entries', (f) => { f.v = 1; f.format = 'expert-draw/sites-v1'; delete f.keys; }],
  ['sites-leaf', SITES, 'leaves', (f) => { f.leaves[0] = flipHex(f.leaves[0], 99); }],
  ['sites-venues-exchanged', SITES, 'openings.venues', (f) => { f.openings.venues = swapped(f.openings.venues, 1, 2); }],
  ['sites-venue-city', SITES, 'openings.venues', (f) => { f.openings.venues[0].city = '430100'; }],
  ['sites-record-left-out', SITES, 'openings.venues', (f) => { f.entries.splice(3, 1); }],
  ['sites-request-within', SITES, 'openings.request', (f) => { f.openings.request.within = ['420000', '430000']; }],
  ['membership-name', SEATED, 'person', (f) => { f.person.name = '专家甲'; }],
  ['membership-position', SEATED, 'place', (f) => { f.place.position = 35; }],
  ['membership-leaf', SEATED, 'place', (f) => { f.place.leaf = flipHex(f.place.leaf, 70); }],
  ['membership-rule-left-out', EXCLUDED, 'place', (f) => { f.place.rules.pop(); }],
  ['membership-rules-exchanged', EXCLUDED, 'file', (f) => { f.place.rules.reverse(); }],
  ['membership-count', EXCLUDED, 'place', (f) => { f.place.count = 5; }],
  ['membership-seat-of-an-excluded-person', EXCLUDED, 'file', (f) => { f.seat = { group: 1 }; }],
  ['membership-result-of-an-excluded-person', EXCLUDED, 'file', (f) => { f.result = JSON.parse(readFileSync(vector(SEATED), 'utf8')).result; }],
  ['membership-result-left-out', SEATED, 'file', (f) => { delete f.result; }],
  ['membership-seat-left-out', SEATED, 'seat', (f) => { delete f.seat; }],
  ['membership-places-exchanged', SEATED, 'entries', (f) => { [f.registry, f.committed] = [f.committed, f.registry]; }],
  ['membership-without-the-keys', SEATED2, 'signatures', (f) => { f.keys = []; }],
  ['membership-as-the-earlier-version', SEATED2, 'signatures', (f) => { f.v = 1; f.format = 'expert-draw/membership-v1'; delete f.keys; }],
];

/** Changes of the bytes themselves: `[name, base, first failing check or 'unusable', change of the text]`. */
const TEXTS = [
  ['digest-wrong', V1, 'file', (text) => text.replace(/"digest":"(.)/, (all, c) => all.slice(0, -1) + (c === '0' ? '1' : '0'))],
  ['space-within', V1, 'file', (text) => text.replace(':', ': ')],
  ['newline-at-the-end', V1, 'file', (text) => `${text}\n`],
  ['key-twice', V1, 'file', (text) => text.replace('"alpha":', '"alpha":"00","alpha":')],
  ['cut-off', V1, 'file', (text) => text.slice(0, -1)],
  ['cut-off-in-a-called-file', V2, 'file', (text) => text.slice(0, 20000)],
  ['number-with-a-fraction', V1, 'file', (text) => text.replace('"v":1}', '"v":1.0}')],
  ['escaped-where-it-need-not-be', V1, 'file', (text) => text.replace('专家', '\\u4e13家')],
  ['byte-order-mark', V1, 'unusable', (text) => `\ufeff${text}`],
  ['not-json', V1, 'unusable', () => 'not evidence\n'],
  ['empty', V1, 'unusable', () => ''],
];

/** Files as they are, read by somebody whose policy, parties or expectation differ: `[name, base, first, options]`. */
const READERS = [
  ['public-file-for-an-auditor', V1P, 'file', { expect: 'auditor' }],
  ['auditor-file-for-the-public', V2, 'file', { expect: 'public' }],
  ['policy-of-another-log', V1, 'checkpoint', { policy: 'evidence3/succeeded.policy' }],
  ['policy-with-the-first-log-key-only', KEYS, 'checkpoint', { policy: 'evidence3/trust.policy' }],
  ['policy-that-is-none', V1, 'unusable', { policy: 'evidence3/trust.parties' }],
  ['parties-that-are-none', V1, 'unusable', { parties: 'evidence/trust.policy' }],
  ['follows-its-predecessor', 'evidence2/supplementary_auditor.json', 'verified', { predecessor: 'evidence2/stopped_auditor.json' }],
  ['follows-a-public-file', 'evidence2/supplementary_auditor.json', 'predecessor', { predecessor: 'evidence2/stopped_public.json' }],
  ['follows-another-draw', 'evidence2/supplementary_auditor.json', 'predecessor', { predecessor: 'evidence2/vacated_auditor.json' }],
  ['follows-no-evidence', 'evidence2/supplementary_auditor.json', 'unusable', { predecessor: 'evidence2/trust.policy' }],
];

const policyOf = (base) => (base.includes('succeeded') ? 'evidence3/succeeded.policy' : `${base.split('/')[0]}/trust.policy`);
const partiesOf = (base) => (base.startsWith('evidence3/') ? 'evidence3/trust.parties' : undefined);

const EVIDENCE = ['evidence', 'evidence2', 'evidence3'];
const OTHERS = ['membership', 'membership2', 'sites', 'sites2'];

/** Every file of the vectors as it stands, the good and the refused, with and without the parties: the same shape as below, `first` by its name. */
export function vectorCases() {
  const cases = [];
  for (const folder of [...EVIDENCE, ...OTHERS]) {
    const isFile = EVIDENCE.includes(folder) ? /_(public|auditor)\.json$/ : /\.json$/;
    const good = readdirSync(vector(folder)).filter((name) => isFile.test(name));
    const refused = readdirSync(vector(`${folder}/refused`)).filter((name) => name.endsWith('.json'));
    for (const name of [...good, ...refused.map((each) => `refused/${each}`)].sort()) {
      const base = `${folder}/${name}`;
      const own = `${base.replace(/\.json$/, '')}.policy`;
      const isJson = readFileSync(vector(base))[0] === 0x7b;
      const first = !isJson ? 'unusable' : name.startsWith('refused/') ? /^refused\/([a-z_]+(\.[a-z]+)?)/.exec(name.replace(/\.json$/, ''))[1] : 'verified';
      const policy = existsSync(vector(own)) ? own : policyOf(base);
      for (const parties of new Set([undefined, partiesOf(base)])) {
        cases.push({ name: parties ? `${base} with parties` : base, base, first, bytes: readFileSync(vector(base)), policy, parties });
      }
    }
  }
  return cases;
}

/**
 * Every altered case: `{name, bytes, policy, parties, predecessor, expect, first}`; paths of the vectors, bytes to be verified.
 * `first` is the first failing check, `verified`, or `unusable`.
 */
export function alteredCases() {
  const one = (name, base, first, bytes, options = {}) => ({ name, base, first, bytes, policy: policyOf(base), parties: partiesOf(base), ...options });
  const read = (base) => readFileSync(vector(base));
  const changed = CHANGES.map(([name, base, first, change]) => {
    const file = JSON.parse(read(base).toString('utf8'));
    change(file);
    return one(name, base, first, sealed(file));
  });
  const texts = TEXTS.map(([name, base, first, change]) => one(name, base, first, Buffer.from(change(read(base).toString('utf8')))));
  const readers = READERS.map(([name, base, first, options]) => one(name, base, first, read(base), options));
  const all = [...changed, ...texts, ...readers];
  for (const { name, base, bytes, first, ...options } of all) {
    const same = bytes.equals(read(base));
    const asItIs = READERS.some(([reader]) => reader === name);
    if (same !== asItIs) throw new Error(`${name}: ${same ? 'changes nothing' : 'changes the file'} (${first}, ${Object.keys(options)})`);
  }
  return all;
}
