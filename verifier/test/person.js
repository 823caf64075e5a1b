// What a person meets on the page: keyboard alone, files dropped together, what is read aloud, what is printed, what never leaves.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { vector } from './cases.js';

const verdictOf = async (page) => {
  await page.locator('[data-verdict]').waitFor({ timeout: 60_000 });
  return page.getAttribute('[data-verdict]', 'data-verdict');
};

async function choose(page, files) {
  for (const [input, path] of Object.entries(files)) await page.setInputFiles(`#${input}`, vector(path));
}

/** Drops files of the vectors on the page, all at once. */
async function drop(page, paths) {
  const files = paths.map((path) => ({ name: basename(path), text: readFileSync(vector(path), 'utf8') }));
  await page.evaluate((list) => {
    const carried = new DataTransfer();
    for (const { name, text } of list) carried.items.add(new File([text], name));
    document.getElementById('drop').dispatchEvent(new DragEvent('drop', { bubbles: true, cancelable: true, dataTransfer: carried }));
  }, files);
}

const TESTS = {
  async 'the keyboard alone reaches every control and verifies'(page) {
    const reached = [];
    for (let presses = 0; presses < 12 && !reached.includes('verify'); presses += 1) {
      await page.keyboard.press('Tab');
      reached.push(await page.evaluate(() => document.activeElement.id));
      const at = reached.at(-1);
      const files = { evidence: 'evidence/unsealed_public.json', policy: 'evidence/trust.policy' };
      if (files[at]) await page.setInputFiles(`#${at}`, vector(files[at]));
    }
    assert.deepEqual(reached, ['evidence', 'policy', 'parties', 'predecessor', 'expect', 'verify']);
    await page.keyboard.press('Enter');
    assert.equal(await verdictOf(page), 'verified');
    assert.equal(await page.evaluate(() => document.activeElement.id), 'verdict', 'the verdict has the focus');
  },

  async 'without files it says what is missing and puts the focus there'(page) {
    await page.click('#verify');
    await page.waitForFunction(() => document.getElementById('status').textContent.includes('请先选择'));
    assert.equal(await page.evaluate(() => document.activeElement.id), 'evidence');
  },

  async 'files dropped together are recognised and verified'(page) {
    await drop(page, ['evidence3/trust.parties', 'evidence3/all_unsealed_auditor.json', 'evidence3/trust.policy']);
    assert.equal(await verdictOf(page), 'verified');
    assert.equal(await page.innerText('[data-level]'), 'beacon');
  },

  async 'of two evidence files the one that names the other is the later attempt'(page) {
    await drop(page, ['evidence2/stopped_auditor.json', 'evidence2/trust.policy', 'evidence2/supplementary_auditor.json']);
    assert.equal(await verdictOf(page), 'verified');
    assert.equal(await page.getAttribute('[data-check="predecessor"]', 'data-result'), 'passed');
    assert.match(await page.innerText('#predecessor-name'), /stopped_auditor/);
  },

  async 'a later attempt without the file before it says that this was not checked'(page) {
    await choose(page, { evidence: 'evidence2/supplementary_public.json', policy: 'evidence2/trust.policy' });
    await page.click('#verify');
    assert.equal(await verdictOf(page), 'verified');
    assert.match(await page.innerText('#result'), /这是第 2 次抽取；没有给出前次抽取的证据文件/);
  },

  async 'names are shown where they are opened, contributors by the names of the file of parties'(page) {
    await choose(page, { evidence: 'evidence3/all_unsealed_auditor.json', policy: 'evidence3/trust.policy', parties: 'evidence3/trust.parties' });
    await page.click('#verify');
    assert.equal(await verdictOf(page), 'verified');
    const seats = await page.innerText('#seats');
    for (const name of ['专家19', '专家7', '专家3', '专家25', '专家10', 'ndrc316:A0832']) assert.ok(seats.includes(name), name);
    const contributors = await page.innerText('#contributors');
    for (const name of ['监督 0', '监督 1', '见证 0', '见证 1', '信标', '运营方']) assert.ok(contributors.includes(name), name);
    assert.match(await page.innerText('#facts'), /承诺于[^\n]*2026-/);
  },

  async 'names that are sealed are not shown, and a file that is refused shows no panel at all'(page) {
    await choose(page, { evidence: 'evidence/drawn_public.json', policy: 'evidence/trust.policy' });
    await page.click('#verify');
    assert.equal(await verdictOf(page), 'verified');
    assert.match(await page.innerText('#seats'), /未公开/);
    await page.setInputFiles('#evidence', vector('evidence/refused/openings.seated.json'));
    await page.click('#verify');
    await page.locator('[data-verdict="refused"]').waitFor({ timeout: 60_000 });
    assert.equal(await page.locator('#seats').count(), 0);
    assert.match(await page.innerText('[data-verdict]'), /首先不通过的检查：公开：入选专家（openings\.seated）/);
    assert.match(await page.innerText('[data-check="openings.seated"]'), /✗ 不通过 failed/);
  },

  async 'a proof of membership shows whose it is, where in the pool, or by which rules'(page) {
    await choose(page, { evidence: 'membership/seated.json', policy: 'membership/trust.policy' });
    await page.click('#verify');
    assert.equal(await verdictOf(page), 'verified');
    assert.match(await page.innerText('[data-verdict]'), /专家9（E0000000000000271）在候选池第 36 位（从 0 起），入选第 2 组/);
    const seated = await page.innerText('#person');
    for (const words of ['专家9', 'E0000000000000271', '36', '入选第 2 组', '岳采公告2026-17']) assert.ok(seated.includes(words), words);
    await page.setInputFiles('#evidence', vector('membership/excluded.json'));
    await page.click('#verify');
    await page.locator('#person li').first().waitFor({ timeout: 60_000 });
    assert.deepEqual(await page.locator('#person li code').allInnerTexts(), ['age_limit', 'conflict_employment_3y']);
    assert.match(await page.innerText('[data-verdict]'), /超过年龄上限/);
    await page.setInputFiles('#evidence', vector('membership/refused/place.json'));
    await page.click('#verify');
    await page.locator('[data-verdict="refused"]').waitFor({ timeout: 60_000 });
    assert.equal(await page.locator('#person').count(), 0);
    assert.match(await page.innerText('[data-verdict]'), /首先不通过的检查：候选池或排除表中的位置（place）/);
  },

  async 'a draw of sites shows its sub-venues, and which they are only to an auditor'(page) {
    await drop(page, ['sites/trust.policy', 'sites/public.json']);
    assert.equal(await verdictOf(page), 'verified');
    assert.equal(await page.innerText('[data-level]'), 'operator');
    assert.match(await page.innerText('#sites'), /未公开/);
    await choose(page, { evidence: 'sites2/auditor.json', policy: 'sites2/trust.policy' });
    await page.click('#verify');
    await page.locator('#sites tbody tr').filter({ hasText: '4301' }).first().waitFor({ timeout: 60_000 });
    assert.equal((await page.innerText('#sites')).includes('未公开'), false);
    assert.match(await page.innerText('#facts'), /场所无法使用/);
    assert.match(await page.innerText('#result'), /符合条件的场所全部列入/);
  },

  async 'what happens is announced, and every control and table has a name'(page) {
    await choose(page, { evidence: 'evidence2/vacated_auditor.json', policy: 'evidence2/trust.policy' });
    await page.click('#verify');
    assert.equal(await verdictOf(page), 'verified');
    assert.equal(await page.getAttribute('#status', 'aria-live'), 'polite');
    assert.match(await page.innerText('#status'), /核验通过/);
    const heard = await page.locator('body').ariaSnapshot();
    for (const name of ['heading "政府采购评审专家抽取', 'button "核验 Verify"', 'button "证据文件（必需）', 'combobox "应当是', 'table "全部检查', 'table "席位', 'rowheader', 'columnheader "检查']) {
      assert.ok(heard.includes(name), `${name} in\n${heard}`);
    }
    const nameless = await page.$$eval('input, select, button', (all) => all.filter((each) => !(each.labels?.length || each.textContent.trim())).length);
    assert.equal(nameless, 0);
    assert.equal(await page.getAttribute('html', 'lang'), 'zh-Hans');
  },

  async 'print holds the verdict, the checks and the files read, and none of the controls'(page) {
    await choose(page, { evidence: 'evidence/unsealed_public.json', policy: 'evidence/trust.policy' });
    await page.click('#verify');
    assert.equal(await verdictOf(page), 'verified');
    await page.emulateMedia({ media: 'print' });
    for (const hidden of ['#form', '#save', '#licences', '#working']) assert.equal(await page.locator(hidden).isVisible(), false, hidden);
    for (const shown of ['#verdict', '#checks', '#seats', '#inputs']) assert.equal(await page.locator(shown).isVisible(), true, shown);
    const pdf = await page.pdf({ format: 'A4', preferCSSPageSize: true });
    assert.equal(pdf.subarray(0, 5).toString('latin1'), '%PDF-');
    const wide = await page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth);
    assert.equal(wide, false, 'nothing is cut off at the side');
  },

  async 'neither the page nor a worker of it can reach anything'(page) {
    const tries = await page.evaluate(async () => {
      const attempt = "fetch('data:,x').then(() => 'went', () => 'held')";
      const address = URL.createObjectURL(new Blob([`${attempt}.then((said) => postMessage(said))`], { type: 'text/javascript' }));
      const inWorker = new Promise((resolve) => {
        new Worker(address).onmessage = ({ data }) => resolve(data);
      });
      const inPage = fetch('data:,x').then(() => 'went', () => 'held');
      const image = new Promise((resolve) => {
        const made = new Image();
        made.onload = () => resolve('went');
        made.onerror = () => resolve('held');
        made.src = 'data:image/gif;base64,R0lGODlhAQABAAAAACwAAAAAAQABAAA=';
      });
      return { page: await inPage, worker: await inWorker, image: await image };
    });
    assert.deepEqual(tries, { page: 'held', worker: 'held', image: 'held' });
  },

  async 'a text in a file is never taken for markup'(page) {
    await page.evaluate(() => {
      const file = new File(['{"format":"<img src=x onerror=alert(1)>"}'], '<b id="made">.json');
      const carried = new DataTransfer();
      carried.items.add(file);
      document.getElementById('evidence').files = carried.files;
      document.getElementById('evidence').dispatchEvent(new Event('change'));
    });
    await page.setInputFiles('#policy', vector('evidence/trust.policy'));
    await page.click('#verify');
    assert.equal(await verdictOf(page), 'refused');
    assert.equal(await page.locator('#made, #result img').count(), 0);
    assert.match(await page.innerText('#inputs'), /<b id="made">\.json/);
  },
};

/** Runs each on a page of its own; what fails is added to `failures` with its name. */
export async function personTests(context, address, failures) {
  for (const [name, test] of Object.entries(TESTS)) {
    const page = await context.newPage();
    try {
      await page.goto(address);
      await test(page);
      console.log(`ok ${name}`);
    } catch (error) {
      failures.push(`${name}: ${error.message}`);
    } finally {
      await page.close();
    }
  }
}
