// The verifier under Node: `node cli.mjs --policy P [--parties T] [--predecessor FILE] [--expect public|auditor] FILE`.
// Prints the machine form (evidence-v1 §4); exit 0 verified, 1 refused, 2 unusable input.

import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { canonical } from './src/canonical.js';
import { Unusable, verify } from './src/verify.js';

function main() {
  const options = { policy: { type: 'string' }, parties: { type: 'string' }, predecessor: { type: 'string' }, expect: { type: 'string' } };
  const { values, positionals } = parseArgs({ options, allowPositionals: true });
  if (positionals.length !== 1 || values.policy === undefined) throw new Unusable('usage: cli.mjs --policy POLICY [--parties PARTIES] [--predecessor FILE] [--expect public|auditor] FILE');
  const bytes = (path) => (path === undefined ? null : new Uint8Array(readFileSync(path)));
  const text = (path) => (path === undefined ? null : new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes(path)));
  return verify({
    evidence: bytes(positionals[0]), policy: text(values.policy), parties: text(values.parties),
    predecessor: bytes(values.predecessor), expect: values.expect ?? null,
  });
}

try {
  const said = main();
  process.stdout.write(canonical(said));
  process.stdout.write('\n');
  process.exitCode = said.verdict === 'verified' ? 0 : 1;
} catch (error) {
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 2;
}
