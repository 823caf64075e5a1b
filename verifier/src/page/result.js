// The result on the page: verdict, the checks with their reasons, and, only of a verified file, what it shows.
// Of a refused file nothing is told but what failed: no panel, no names, no level.

import { CHECKS, ENDINGS, INPUTS, KINDS, LEVELS, NOT_SHOWN, VERDICTS, sentence } from '../words.js';
import { beijing, el, pair, table } from './dom.js';
import { ofPerson, ofSites } from './others.js';

const WHY = {
  declined: ['谢绝', 'declined'],
  no_answer: ['未答复', 'no answer'],
  withdrawn: ['退出', 'withdrawn'],
  absent: ['缺席', 'absent'],
  recused: ['回避', 'recused'],
  conflict: ['利害关系', 'conflict'],
  unfit: ['不宜评审', 'unfit'],
};
const WORD = {
  receipt: ['渠道回执', 'receipt of a channel'],
  own_page: ['本系统页面', "service's own page"],
  two_people: ['两名工作人员', 'two of the staff'],
  operator: ['仅运营方', "the operator's word alone"],
};
const named = (words, word) => (words[word] ? pair(words[word]) : String(word));
const mono = (text) => el('code', {}, String(text));

/** Elements of a result, in order. `file` is the parsed evidence file, for what it opens; `digests` are those of the inputs. */
export function resultOf(result, file, digests, names) {
  const failed = (result.checks ?? []).filter((each) => each.result !== 'passed');
  const parts = [banner(result, failed)];
  if (result.verdict === 'verified') parts.push(...SHOWN[result.kind](result, file));
  if (result.checks) parts.push(checks(result));
  if (result.verdict === 'verified') parts.push(note(NOT_SHOWN[result.kind]));
  parts.push(inputs(digests, names));
  return parts.filter(Boolean);
}

/** What a verified file of a kind shows. */
const SHOWN = { evidence: ofDraw, sites: ofSites, membership: ofPerson };

function ofDraw(result, file) {
  const parts = [pair(LEVELS[result.level] ?? [result.level, ''], 'p'), facts(result), contributors(result), seats(result, file), called(result)];
  if (result.attempt > 1 && !result.checks.some(({ check }) => check === 'predecessor')) {
    parts.push(note(['这是第 ' + result.attempt + ' 次抽取；没有给出前次抽取的证据文件，衔接未核验。', `This is attempt ${result.attempt}; the file of the attempt before was not given, so how it follows was not checked.`]));
  }
  return parts;
}

function banner(result, failed) {
  const [zh, en] = VERDICTS[result.verdict] ?? [result.verdict, ''];
  const mark = result.verdict === 'verified' ? '✓' : '✗';
  const lines = [];
  if (result.verdict === 'verified') {
    lines.push(sentence(result));
  } else if (failed.length > 0) {
    const first = failed[0];
    const title = CHECKS[first.check] ?? [first.check, first.check];
    lines.push([`首先不通过的检查：${title[0]}（${first.check}）：${first.detail ?? ''}`, `First failing check: ${first.check} (${title[1]}). ${failed.length} of ${result.checks.length} checks failed.`]);
    lines.push(['不要采信这份文件所说的结果。', 'Do not rely on what this file says.']);
  } else {
    const input = INPUTS[result.input] ?? ['', ''];
    lines.push([`${input[0]}：${result.detail ?? ''}`, `${input[1]}: ${result.detail ?? ''}. Nothing was verified.`]);
  }
  const attributes = { class: `verdict ${result.verdict}`, 'data-verdict': result.verdict };
  return el('div', attributes, el('h2', { tabindex: '-1', id: 'verdict' }, `${mark} ${zh} `, el('span', { lang: 'en' }, en)), lines.map((line) => pair(line, 'p')));
}

const note = (words) => el('p', { class: 'note' }, pair(words));

function facts(result) {
  const rows = [];
  const add = (zh, en, value) => {
    if (value !== undefined && value !== null) rows.push([pair([zh, en]), value instanceof Node ? value : String(value)]);
  };
  add('日志', 'Log', result.origin);
  add('抽取编号 alpha', 'Alpha of the draw', result.alpha && mono(result.alpha));
  add('第几次抽取', 'Attempt', result.attempt);
  add('保证等级', 'Level', el('strong', { 'data-level': result.level }, result.level));
  add('结束方式', 'Ending', result.ending && named(ENDINGS, result.ending));
  add('终止原因', 'Stopped for', result.stopped);
  add('名单是否公开', 'Unsealed', result.unsealed === 'yes' ? '已公开 yes' : '未公开 no');
  add('已知结果后作废', 'Seen voids', result.seen_voids);
  add('未知结果时作废（盲作废）', 'Blind voids', result.blind_voids);
  add('必选席位', 'Forced seats', result.forced_seats);
  add('缺少的贡献', 'Missing contributions', result.missing);
  add('候选池人数', 'Candidates in the pool', result.pool_size);
  add('最迟承诺于', 'Committed by', result.committed_by && beijing(result.committed_by));
  add('随机贡献最迟齐备于', 'Decided by', result.decided_by && beijing(result.decided_by));
  add('存疑条目', 'Doubtful entries', result.doubtful && (result.doubtful.join(', ') || '0'));
  add('策略外签名（不计）', 'Signatures outside the policy (count for nothing)', result.unknown_signatures);
  add('通知轮数', 'Rounds of calls', result.rounds);
  add('席位已满', 'Filled', result.filled && (result.filled === 'yes' ? '是 yes' : '否 no'));
  add('名额不足', 'Shortfall', result.shortfall);
  add('沿用前次的成员', 'Members kept from the attempt before', result.kept);
  add('仅凭运营方说法跳过', "Passed over on the operator's word", result.passed_over_on_operators_word);
  add('在本系统页面自行退出', "Out on the service's own pages", result.out_on_own_pages);
  return table(['本次抽取', 'The draw'], [['项目', 'What'], ['内容', 'Value']], rows, { id: 'facts' });
}

function contributors(result) {
  const list = result.contributors ?? [{ kind: 'operator', there: result.ending === 'voided' ? undefined : 'yes', independent: 'no' }];
  const rows = list.map((each, at) => [
    String(at + 1),
    named(KINDS, each.kind),
    each.name ?? '—',
    each.there === undefined ? '—' : each.there === 'yes' ? '已贡献 yes' : '缺少 missing',
    each.independent === 'yes' ? '独立，计入等级 yes' : '不计 no',
  ]);
  const head = [['序', 'No.'], ['类别', 'Kind'], ['名称（按独立方文件）', 'Name, as in the file of parties'], ['贡献', 'There'], ['独立', 'Independent']];
  return table(['谁贡献了随机数', 'Who contributed randomness'], head, rows, { id: 'contributors' });
}

function opened(result, file, check) {
  const passed = result.checks.some((each) => each.check === check && each.result === 'passed');
  return passed ? file?.openings?.[check.split('.')[1]] : undefined;
}

function seats(result, file) {
  if (!result.seats?.length) return null;
  const people = opened(result, file, 'openings.seated');
  const groups = opened(result, file, 'openings.names')?.groups;
  const one = opened(result, file, 'openings.package');
  const rows = result.seats.map(({ position, group }, at) => {
    const wanted = groups?.[group - 1];
    const person = people?.length === result.seats.length ? people[at] : undefined;
    const about = wanted ? `${group}：${wanted.speciality} ×${wanted.seats}，评标点 site ${wanted.site}` : String(group);
    return [String(at + 1), about, String(position), person?.name ?? '未公开 sealed', person?.number ?? '—'];
  });
  const head = [['序', 'No.'], ['席位组', 'Group'], ['候选池位置', 'Position in the pool'], ['姓名', 'Name'], ['专家编号', 'Number']];
  const about = one ? ` ${one.plan} / ${one.package}` : '';
  return table([`席位${about}`, 'Seats, in drawn order'], head, rows, { id: 'seats' });
}

function called(result) {
  if (!result.out?.length) return null;
  const rows = result.out.map((each) => [String(each.position), each.number ?? '—', named(WHY, each.why), named(WORD, each.word)]);
  const head = [['候选池位置', 'Position'], ['专家编号', 'Number'], ['原因', 'Why'], ['依据', 'On whose word']];
  return table(['抽中后退出的人', 'Out after they were drawn or invited'], head, rows, { id: 'out' });
}

function checks(result) {
  const rows = result.checks.map(({ check, detail, result: said }) => {
    const passed = said === 'passed';
    return {
      attributes: { class: passed ? 'passed' : 'failed', 'data-check': check, 'data-result': said },
      cells: [
        el('span', {}, pair(CHECKS[check] ?? [check, '']), ' ', mono(check)),
        el('td', { class: 'mark' }, passed ? '✓ 通过 passed' : '✗ 不通过 failed'),
        String(detail ?? ''),
      ],
    };
  });
  return table(['全部检查', 'All checks'], [['检查', 'Check'], ['结果', 'Result'], ['说明', 'Detail']], rows, { id: 'checks' });
}

function inputs(digests, names) {
  const rows = Object.entries(digests).map(([input, digest]) => [pair(INPUTS[input] ?? [input, '']), names[input] ?? '', mono(digest)]);
  const head = [['输入', 'Input'], ['文件名', 'File name'], ['SHA-256', 'of its bytes']];
  return table(['核验所用的文件', 'Files that were read'], head, rows, { id: 'inputs' });
}
