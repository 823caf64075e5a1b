// The built page in headless Chromium, opened from disk with the network off: every file of the vectors and every altered one is
// given to it as a person would, and it must say the same as the binary, check by check. Not run by `node --test`: tests/browser.rs
// runs it, with EXPERT_DRAW_TEST_CHROMIUM (the browser) and EXPERT_DRAW_TEST_VERIFIER (the binary).

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { chromium } from 'playwright-core';
import { essence, firstOf, reference } from './agree.js';
import { alteredCases, vector, vectorCases } from './cases.js';
import { personTests } from './person.js';

const here = dirname(fileURLToPath(import.meta.url));
const PAGE = pathToFileURL(join(here, '../dist/verify.html')).href;

function needed(name) {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set: run tools/test`);
  return value;
}

/** What the page shows and saves for one case, by its own inputs. */
async function byPage(page, folder, one) {
  const file = join(folder, 'evidence.json');
  writeFileSync(file, one.bytes);
  await page.click('#clear');
  const inputs = { evidence: file, policy: vector(one.policy), parties: one.parties && vector(one.parties), predecessor: one.predecessor && vector(one.predecessor) };
  for (const [input, path] of Object.entries(inputs)) if (path) await page.setInputFiles(`#${input}`, path);
  await page.selectOption('#expect', one.expect ?? '');
  await page.click('#verify');
  const verdict = page.locator('[data-verdict]');
  await verdict.waitFor({ timeout: 60_000 });
  const said = await verdict.getAttribute('data-verdict');
  if (said === 'fault') throw new Error(`${one.name}: ${await verdict.innerText()}`);
  const shown = await page.$$eval('#checks tbody tr', (rows) => rows.map((row) => ({ check: row.dataset.check, result: row.dataset.result })));
  if (said === 'unusable') {
    assert.equal(shown.length, 0, one.name);
    return { verdict: said };
  }
  const [download] = await Promise.all([page.waitForEvent('download'), page.click('#save')]);
  const chunks = [];
  for await (const chunk of await download.createReadStream()) chunks.push(chunk);
  const saved = JSON.parse(Buffer.concat(chunks).toString('utf8'));
  // What is shown is what is saved.
  assert.equal(saved.verdict, said, one.name);
  assert.deepEqual(saved.checks.map(({ check, result }) => ({ check, result })), shown, one.name);
  return saved;
}

async function main() {
  const executablePath = needed('EXPERT_DRAW_TEST_CHROMIUM');
  const binary = reference(needed('EXPERT_DRAW_TEST_VERIFIER'));
  const folder = mkdtempSync(join(tmpdir(), 'expert-draw-page-'));
  const browser = await chromium.launch({ executablePath, headless: true, args: ['--no-sandbox'] });
  const failures = [];
  try {
    const context = await browser.newContext({ offline: true, acceptDownloads: true, locale: 'zh-CN' });
    const requests = [];
    context.on('request', (request) => requests.push(request.url()));
    const page = await context.newPage();
    const troubles = [];
    page.on('pageerror', (error) => troubles.push(String(error)));
    page.on('console', (message) => message.type() === 'error' && troubles.push(message.text()));
    await page.goto(PAGE);
    const cases = { vectors: vectorCases(), altered: alteredCases() };
    assert.ok(cases.altered.length >= 30 && cases.vectors.length >= 60);
    for (const [kind, list] of Object.entries(cases)) {
      for (const one of list) {
        try {
          const [mine, theirs] = [await byPage(page, folder, one), binary.ask(one)];
          assert.equal(firstOf(mine), one.first, 'first failing check, or verdict');
          assert.deepEqual(essence(mine), essence(theirs), 'what expert-draw-verify says');
        } catch (error) {
          failures.push(`${kind} ${one.name}: ${error.message}`);
        }
      }
      console.log(`${kind}: ${list.length} files`);
    }
    await personTests(context, PAGE, failures);
    assert.deepEqual(troubles, [], 'errors of the page');
    // The page itself, its worker and what it saves; nothing else was asked for.
    const foreign = requests.filter((url) => url !== PAGE && !url.startsWith('blob:'));
    assert.deepEqual(foreign, [], 'requests');
  } finally {
    await browser.close();
    binary.close();
    rmSync(folder, { recursive: true, force: true });
  }
  if (failures.length > 0) throw new Error(`${failures.length} failures\n${failures.join('\n')}`);
}

await main();
console.log('the page agrees with the binary on every file');
