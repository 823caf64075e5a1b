#!/usr/bin/env node
// The same verifier as the page's, as a command under Node: arguments, files and exit codes are those of expert-draw-verify.
// Exit 0 verified, 1 refused, 2 unusable input or arguments.

import { readFileSync } from 'node:fs';
import { machineText, plain } from './src/machine.js';
import { report } from './src/report.js';
import { verify } from './src/verify.js';

const USAGE =
  '用法: node verifier/cli.mjs EVIDENCE --policy POLICY [--parties PARTIES] [--expect public|auditor] [--predecessor EVIDENCE] [--json] [--lang zh|en]\n' +
  'usage: the same; exit 0 verified 核验通过, 1 refused 核验不通过, 2 unusable input 输入无法使用';

class Unusable extends Error {}

function parseArguments(list) {
  const given = { json: false, lang: 'zh' };
  const valued = ['--policy', '--parties', '--expect', '--predecessor', '--lang'];
  const words = [...list];
  while (words.length > 0) {
    const word = words.shift();
    if (word === '--json') {
      given.json = true;
    } else if (valued.includes(word) && words.length > 0) {
      given[word.slice(2)] = words.shift();
    } else if (!word.startsWith('-') && given.evidence === undefined) {
      given.evidence = word;
    } else {
      throw new Unusable(USAGE);
    }
  }
  const known = [undefined, 'public', 'auditor'].includes(given.expect) && ['zh', 'en'].includes(given.lang);
  if (given.evidence === undefined || given.policy === undefined || !known) throw new Unusable(USAGE);
  return given;
}

function bytesOf(path) {
  try {
    return path === undefined ? null : new Uint8Array(readFileSync(path));
  } catch (error) {
    throw new Unusable(`${path}: ${error.message}`);
  }
}

function textOf(path) {
  const bytes = bytesOf(path);
  try {
    return bytes === null ? null : new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new Unusable(`${path}: 不是 UTF-8 (not UTF-8)`);
  }
}

function main() {
  const given = parseArguments(process.argv.slice(2));
  const result = plain(
    verify({
      evidence: bytesOf(given.evidence),
      policy: textOf(given.policy),
      parties: textOf(given.parties),
      predecessor: bytesOf(given.predecessor),
      expect: given.expect ?? null,
      onProgress: () => {},
    }),
  );
  if (result.verdict === 'unusable') throw new Unusable(`${given[result.input] ?? ''}: ${result.detail}`);
  process.stdout.write(given.json ? `${machineText(result)}\n` : report(result, given.lang));
  return result.verdict === 'verified' ? 0 : 1;
}

try {
  process.exitCode = main();
} catch (error) {
  if (!(error instanceof Unusable)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 2;
}
