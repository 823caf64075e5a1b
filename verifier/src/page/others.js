// What a verified draw of sites, or a proof of membership, shows on the page.

import { ENDED, LEVELS, RULES, told } from '../words.js';
import { el, pair, table } from './dom.js';

const mono = (text) => el('code', {}, String(text));
const HEAD = [['项目', 'What'], ['内容', 'Value']];
const rowsOf = (list) => list.filter(([, , value]) => value !== undefined && value !== null)
  .map(([zh, en, value]) => [pair([zh, en]), value instanceof Node ? value : String(value)]);

/** The sub-venues, and in an auditor's file which venues they are. */
export function ofSites(result, file) {
  const { limits } = result;
  const rows = rowsOf([
    ['日志', 'Log', result.origin],
    ['抽取编号 alpha', 'Alpha of the draw', mono(result.alpha)],
    ['第几次抽取', 'Attempt', result.attempt],
    ['保证等级', 'Level', el('strong', { 'data-level': result.level }, result.level)],
    ['包号标签', 'Package tag', mono(result.package_tag)],
    ['候选场所数', 'Venues that could be picked', result.venues],
    ['所需副场数', 'Sub-venues wanted', limits.picks],
    ['每场至少工位', 'Workstations at least, each', limits.workstations],
    ['至少城市数', 'Cities at least', limits.min_cities],
    ['每市至多', 'At most in one city', limits.max_per_city],
    ['其后终止', 'Ended afterwards', result.ended && pair(ENDED[result.ended])],
  ]);
  const venues = file?.openings?.venues;
  const picked = result.sites.map(({ position, site }) => {
    const venue = venues?.[position];
    return [String(site), String(position), venue?.venue ?? '未公开 sealed', venue?.city ?? '—'];
  });
  const head = [['场所号', 'Site'], ['候选场所中的位置', 'Position among the venues'], ['场所', 'Venue'], ['城市区划代码', "City's region code"]];
  return [
    pair(LEVELS[result.level], 'p'),
    table(['副场抽取', 'The draw of sites'], HEAD, rows, { id: 'facts' }),
    table(['抽中的副场，按抽出次序（主场为 1 号，不抽取）', 'Sub-venues in drawn order (the host is site 1, never drawn)'], head, picked, { id: 'sites' }),
  ];
}

/** Whose proof it is, and where that person stood. */
export function ofPerson(result) {
  const rules = result.rules?.map((rule) => el('li', {}, pair(told(RULES, rule)), ' ', mono(rule)));
  const seat = result.group === undefined ? '未入选 not seated' : `入选第 ${result.group} 组 seated in group ${result.group}`;
  const rows = rowsOf([
    ['姓名', 'Name', result.name],
    ['专家编号', 'Number', result.number],
    ['候选池位置（从 0 起）', 'Position in the pool, counted from 0', result.position],
    ['是否入选', 'Seated', rules ? undefined : seat],
    ['未进入候选池，排除所依规则', 'Not in the pool; excluded by', rules && el('ul', {}, rules)],
    ['结果公告', 'Announcement', result.announcement],
    ['日志', 'Log', result.origin],
    ['抽取编号 alpha', 'Alpha of the draw', mono(result.alpha)],
  ]);
  return [table(['本人在本次抽取中的情况', "The person's place in the draw"], HEAD, rows, { id: 'person' })];
}
