// A result as text for a terminal. The machine form is the record; this is for eyes.

import { CHECKS, ENDED, ENDINGS, KINDS, LEVELS, NOT_SHOWN, VERDICTS, sentence } from './words.js';

const say = (pair, at, word) => (pair ? pair[at] : String(word));

/** Lines for `lang` (`zh` or `en`), each ended. */
export function report(result, lang) {
  const at = lang === 'en' ? 1 : 0;
  const zh = at === 0;
  const lines = result.checks.map(({ check, detail, result: passed }) => {
    const mark = passed === 'passed' ? '✓' : '✗';
    return `${mark} ${check.padEnd(20)} ${say(CHECKS[check], at, check)}${zh ? '：' : ': '}${detail ?? ''}`;
  });
  lines.push('', `${zh ? '结论：' : 'verdict: '}${say(VERDICTS[result.verdict], at, result.verdict)}`);
  if (result.verdict === 'verified') lines.push(sentence(result)[at]);
  if (result.level) lines.push(`${zh ? '保证等级：' : 'level: '}${say(LEVELS[result.level], at, result.level)}`);
  if (result.ending) lines.push(`${zh ? '结束方式：' : 'ending: '}${say(ENDINGS[result.ending], at, result.ending)}`);
  if (result.ended) lines.push(`${zh ? '其后终止：' : 'ended: '}${say(ENDED[result.ended], at, result.ended)}`);
  if (result.package_tag) lines.push(`${zh ? '包号标签：' : 'package tag: '}${result.package_tag}`);
  if (result.announcement) lines.push(`${zh ? '结果公告：' : 'announcement: '}${result.announcement}`);
  const numbers = [
    ['attempt', '第几次抽取', 'attempt'],
    ['tree_size', '日志条数', 'tree size'],
    ['seen_voids', '已知结果后作废', 'seen voids'],
    ['blind_voids', '盲作废', 'blind voids'],
    ['missing', '缺少的贡献', 'missing contributions'],
    ['forced_seats', '必选席位', 'forced seats'],
    ['unknown_signatures', '策略外签名（不计）', 'signatures outside the policy (count for nothing)'],
  ];
  const held = numbers.filter(([key]) => result[key] !== undefined);
  if (held.length > 0) lines.push(held.map(([key, ...names]) => `${names[at]}${zh ? '：' : ': '}${result[key]}`).join(zh ? '；' : '; '));
  for (const [number, each] of (result.contributors ?? []).entries()) {
    const there = each.there === 'yes' ? (zh ? '已贡献' : 'there') : zh ? '缺少' : 'missing';
    const counts = each.independent === 'yes' ? (zh ? '独立' : 'independent') : zh ? '不计为独立' : 'not independent';
    lines.push(`  ${number + 1}. ${say(KINDS[each.kind], at, each.kind)} ${each.name ?? ''} ${there} ${counts}`);
  }
  if (result.seats?.length) {
    const seats = result.seats.map(({ position, group }) => `${position}→${group}`).join(', ');
    lines.push(`${zh ? '席位（位置→组）：' : 'seats (position→group): '}${seats}`);
  }
  if (result.sites?.length) {
    const picked = result.sites.map(({ position, site }) => `${position}→${site}`).join(', ');
    lines.push(`${zh ? '副场（场所位置→场所号）：' : 'sub-venues (position→site): '}${picked}`);
  }
  for (const each of result.out ?? []) {
    lines.push(`  ${zh ? '退出' : 'out'} ${[each.position, each.number, each.why, each.word].filter((x) => x !== undefined).join(' ')}`);
  }
  lines.push(NOT_SHOWN[result.kind][at]);
  return `${lines.join('\n')}\n`;
}
