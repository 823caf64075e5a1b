// The reference of the comparison: what the binary `expert-draw-verify` says of a case, reduced to what both programs must agree on.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { vector } from './cases.js';

/** The fields of the machine form, beside the list of checks, that say what was found: of evidence, of sites, of membership. */
const EVIDENCE = [
  'verdict', 'level', 'ending', 'alpha', 'attempt', 'origin', 'committed', 'tree_size', 'pool_size', 'unsealed', 'forced_seats', 'seats',
  'drawn_seats', 'rounds', 'filled', 'shortfall', 'stopped', 'passed_over_on_operators_word', 'out_on_own_pages', 'out', 'kept',
  'contributors', 'missing', 'blind_voids', 'seen_voids', 'doubtful', 'committed_by', 'decided_by', 'unknown_signatures',
];
const SITES = ['verdict', 'level', 'attempt', 'ended', 'package_tag', 'sites', 'tree_size', 'venues'];
const MEMBERSHIP = ['verdict', 'alpha', 'announcement', 'group', 'name', 'number', 'position', 'rules', 'tree_size'];

function fieldsOf(result) {
  const runs = (name) => result.checks.some(({ check }) => check === name);
  return runs('picks') ? SITES : runs('person') ? MEMBERSHIP : EVIDENCE;
}

/** Verdict and checks with their results, in order; `unusable` has no checks. Of a verified file every field too. */
export function essence(result) {
  if (result.verdict === 'unusable') return { verdict: 'unusable' };
  const checks = result.checks.map(({ check, result: said }) => `${check} ${said}`);
  if (result.verdict !== 'verified') return { verdict: result.verdict, checks };
  const fields = fieldsOf(result).filter((key) => result[key] !== undefined).map((key) => [key, result[key]]);
  return { ...Object.fromEntries(fields), checks };
}

/** First failing check of a result, its verdict when none failed. */
export const firstOf = (result) => result.checks?.find((each) => each.result !== 'passed')?.check ?? result.verdict;

/** A function from a case to the binary's result; `close` takes away its folder. */
export function reference(binary) {
  const folder = mkdtempSync(join(tmpdir(), 'expert-draw-verifier-'));
  const ask = (one) => {
    const file = join(folder, 'evidence.json');
    writeFileSync(file, one.bytes);
    const given = [file, '--json', '--policy', vector(one.policy)];
    if (one.parties) given.push('--parties', vector(one.parties));
    if (one.predecessor) given.push('--predecessor', vector(one.predecessor));
    if (one.expect) given.push('--expect', one.expect);
    const ran = spawnSync(binary, given, { encoding: 'utf8', maxBuffer: 1 << 28 });
    if (ran.error) throw ran.error;
    if (ran.status === 2) return { verdict: 'unusable', detail: ran.stderr };
    return JSON.parse(ran.stdout);
  };
  return { ask, close: () => rmSync(folder, { recursive: true, force: true }) };
}
