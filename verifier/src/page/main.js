// The page: takes files from inputs or a drop, has a worker verify them, shows progress and the result. Nothing is sent or stored.

import { machineText } from '../machine.js';
import { CHECKS } from '../words.js';
import { el } from './dom.js';
import { kindOf, laterFirst } from './intake.js';
import { resultOf } from './result.js';

const INPUTS = ['evidence', 'policy', 'parties', 'predecessor'];
const at = (id) => document.getElementById(id);
const chosen = {};
let running = null;
let reading = Promise.resolve();

/** Status for those who hear the page. */
const say = (text) => {
  at('status').textContent = text;
};

/** Reads one file for an input; a file that cannot be read is as if it was not chosen, and says so. */
async function take(input, file) {
  delete chosen[input];
  at(`${input}-name`).textContent = '';
  if (!file) return;
  try {
    chosen[input] = { name: file.name, bytes: new Uint8Array(await file.arrayBuffer()) };
    at(`${input}-name`).textContent = `${file.name}，${chosen[input].bytes.length} 字节 bytes`;
  } catch (error) {
    at(`${input}-name`).textContent = `无法读取 cannot be read: ${error.message}`;
  }
}

async function dropped(files) {
  const found = { evidence: [], policy: [], parties: [] };
  const unknown = [];
  for (const file of files) {
    const kind = kindOf(new Uint8Array(await file.arrayBuffer()));
    if (kind) found[kind].push(file);
    else unknown.push(file.name);
  }
  if (found.evidence.length === 2) {
    const held = [];
    for (const file of found.evidence) held.push({ file, bytes: new Uint8Array(await file.arrayBuffer()) });
    found.evidence = laterFirst(held[0], held[1]).map(({ file }) => file);
  }
  const [evidence, predecessor] = found.evidence;
  const given = { evidence, predecessor, policy: found.policy[0], parties: found.parties[0] };
  for (const [input, file] of Object.entries(given)) if (file) await take(input, file);
  const taken = Object.values(given).filter(Boolean).length;
  say(`已认出 ${taken} 个文件。 ${taken} files recognised.${unknown.length ? ` 未认出 not recognised: ${unknown.join('、')}` : ''}`);
  if (unknown.length || taken < files.length) at('drop').querySelector('p').textContent = at('status').textContent;
  if (chosen.evidence && chosen.policy) run();
}

function finish() {
  running?.terminate();
  running = null;
  at('working').hidden = true;
  at('form').removeAttribute('aria-busy');
}

function show(parts, spoken) {
  const place = at('result');
  place.replaceChildren(...parts);
  place.hidden = false;
  say(spoken);
  at('verdict')?.focus();
}

function fault(detail) {
  const title = el('h2', { tabindex: '-1', id: 'verdict' }, '✗ 本页出错，没有核验 ', el('span', { lang: 'en' }, 'A fault of this page; nothing was verified'));
  show([el('div', { class: 'verdict fault', 'data-verdict': 'fault' }, title, el('pre', {}, detail))], '本页出错 fault');
}

/** What the file opens, for names; it is shown only where the checks that bind it passed. */
function parsed(bytes) {
  try {
    return JSON.parse(new TextDecoder('utf-8').decode(bytes));
  } catch {
    return null;
  }
}

function actions(result) {
  const print = el('button', { type: 'button' }, '打印 ', el('span', { lang: 'en' }, 'Print'));
  print.addEventListener('click', () => window.print());
  const save = el('button', { type: 'button', id: 'save' }, '保存核验结果（JSON） ', el('span', { lang: 'en' }, 'Save the machine form'));
  save.addEventListener('click', () => {
    const address = URL.createObjectURL(new Blob([`${machineText(result)}\n`], { type: 'application/json' }));
    el('a', { href: address, download: 'verdict.json' }).click();
    URL.revokeObjectURL(address);
  });
  return el('p', { class: 'no-print' }, print, ' ', save);
}

function done({ result, digests, fault: detail }, names) {
  const file = result?.verdict === 'verified' ? parsed(chosen.evidence?.bytes ?? new Uint8Array()) : null;
  finish();
  if (!result) {
    fault(detail);
    return;
  }
  const parts = resultOf(result, file, digests, names);
  parts.push(actions(result));
  const spoken = { verified: '核验通过。 Verified.', refused: '核验不通过。 Refused.' }[result.verdict] ?? '输入无法使用。 Unusable input.';
  show(parts, spoken);
}

function run() {
  const missing = ['evidence', 'policy'].find((input) => !chosen[input]);
  if (missing) {
    say('请先选择证据文件和信任策略。 Choose the evidence file and the trust policy first.');
    at(`${missing}-name`).textContent = '请选择 choose a file';
    at(missing).focus();
    return;
  }
  finish();
  at('result').hidden = true;
  at('result').replaceChildren();
  at('working').hidden = false;
  at('working-check').textContent = '';
  at('form').setAttribute('aria-busy', 'true');
  say('正在核验。 Verifying.');
  const names = Object.fromEntries(INPUTS.filter((input) => chosen[input]).map((input) => [input, chosen[input].name]));
  const address = URL.createObjectURL(new Blob([at('worker').textContent], { type: 'text/javascript' }));
  running = new Worker(address);
  URL.revokeObjectURL(address);
  running.onmessage = ({ data }) => {
    if (data.progress === undefined) {
      done(data, names);
      return;
    }
    const title = CHECKS[data.progress];
    at('working-check').textContent = title ? `${title[0]} ${title[1]}` : data.progress;
  };
  running.onerror = (event) => {
    finish();
    fault(event.message ?? 'worker');
  };
  const bytes = Object.fromEntries(INPUTS.map((input) => [input, chosen[input]?.bytes ?? null]));
  running.postMessage({ ...bytes, expect: at('expect').value || null });
}

for (const input of INPUTS) {
  at(input).addEventListener('change', ({ target }) => {
    reading = reading.then(() => take(input, target.files[0]));
  });
}
at('form').addEventListener('submit', (event) => {
  event.preventDefault();
  reading.then(run);
});
at('clear').addEventListener('click', () => {
  at('form').reset();
  for (const input of INPUTS) take(input, null);
  at('result').hidden = true;
  at('result').replaceChildren();
  say('已清除。 Cleared.');
});
at('stop').addEventListener('click', () => {
  finish();
  say('已停止。 Stopped.');
  at('verify').focus();
});
const over = (event, on) => {
  event.preventDefault();
  at('drop').classList.toggle('over', on);
};
document.addEventListener('dragover', (event) => over(event, true));
document.addEventListener('dragleave', (event) => over(event, false));
document.addEventListener('drop', (event) => {
  over(event, false);
  const files = [...event.dataTransfer.files];
  reading = reading.then(() => dropped(files));
});
