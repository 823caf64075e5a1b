// What the page and the command say in words: Chinese first, English beside it. Machine words stay as the documents spell them.

/** Every named check: title and what it holds together. */
export const CHECKS = {
  file: ['证据文件格式与摘要', 'Form and digest of the file'],
  checkpoint: ['日志检查点签名', "Log's checkpoint: signatures and quorum"],
  entries: ['日志条目与包含证明', 'Entries and their inclusion proofs'],
  keys: ['日志登记的公钥', 'Keys registered in the log'],
  signatures: ['条目签名', 'Signatures of the entries'],
  heads: ['日志历史检查点与时间', 'Earlier heads, consistency and dates'],
  commitment: ['抽取承诺', 'Commitment of the draw'],
  profile: ['规则版本', 'Rule profile'],
  pool: ['候选池', 'Pool of candidates'],
  feasible: ['承诺时名额可满足', 'A full panel existed at the commitment'],
  contributions: ['随机贡献', 'Contributions to the seed'],
  ending: ['抽取的结束方式', 'How the draw ended'],
  seed: ['种子', 'Seed'],
  panel: ['抽取结果重算', 'Panel computed anew'],
  calls: ['通知与答复', 'Calls and answers'],
  settlements: ['递补结果重算', 'Replacements computed anew'],
  sign_in: ['签到', 'Sign-in'],
  outcome: ['结束时席位', 'Seats at the end'],
  'openings.package': ['公开：包号标签', 'Opened: package'],
  'openings.names': ['公开：席位组要求', 'Opened: groups of seats'],
  'openings.seated': ['公开：入选专家', 'Opened: members of the panel'],
  'openings.request': ['公开：抽取申请', 'Opened: request'],
  'openings.candidates': ['公开：候选人承诺', 'Opened: candidates'],
  'openings.excluded': ['公开：回避与排除表', 'Opened: those excluded'],
  predecessor: ['与前次抽取的衔接', 'Follows the attempt before'],
  leaves: ['候选场所', 'Venues that could be picked'],
  limits: ['城市数与每市上限', 'Limits that follow from the venues'],
  picks: ['副场结果重算', 'Sub-venues computed anew'],
  'openings.venues': ['公开：场所承诺', 'Opened: venues'],
  unsealed: ['结果已公告', 'The result was announced'],
  person: ['本人的在库记录', "The person's record in the registry"],
  place: ['候选池或排除表中的位置', 'Place in the pool or in the table of exclusions'],
  seat: ['是否入选', 'Seated or not'],
};

/** Level of assurance in plain words. */
export const LEVELS = {
  operator: [
    '运营方级：没有被认定为独立的一方贡献随机数。运营方自己可能在承诺时就已知道结果，因此本文件不能排除其挑选结果。',
    'operator: no independent party contributed. The operator alone could have known, and chosen, the outcome when it committed.',
  ],
  witnessed: [
    '见证级：至少一个独立方贡献了随机数。运营方须与所列的全部独立方串通，才可能在承诺之前知道结果。',
    'witnessed: at least one independent party contributed. Only the operator together with every independent party named could have known the outcome beforehand.',
  ],
  beacon: [
    '信标级：其他一切固定之后才产生的公共随机数参与了抽取，无人可能预知结果。',
    'beacon: public randomness that came into being after all else was fixed took part. Nobody could have known the outcome beforehand.',
  ],
};

export const ENDINGS = {
  open: ['尚未结束', 'open, no ending yet'],
  drawn: ['已抽取', 'drawn'],
  stopped: ['抽取后终止', 'stopped after it was drawn'],
  voided: ['抽取前作废', 'voided before a result'],
  voided_before_drawn: ['抽取前作废', 'voided before a result'],
  voided_after_drawn: ['抽取后作废', 'voided after it was drawn'],
};

export const KINDS = {
  operator: ['运营方', 'operator'],
  nonce: ['监督员随机数', "supervisor's nonce"],
  witness: ['见证方', 'witness'],
  beacon: ['公共随机信标', 'public beacon'],
};

export const INPUTS = {
  evidence: ['证据文件', 'evidence file'],
  policy: ['信任策略', 'trust policy'],
  parties: ['独立方文件', 'file of parties'],
  predecessor: ['前次抽取的证据文件', 'evidence of the attempt before'],
};

export const VERDICTS = {
  verified: ['核验通过', 'VERIFIED'],
  refused: ['核验不通过', 'REFUSED'],
  unusable: ['输入无法使用', 'UNUSABLE INPUT'],
};

/** Why a draw of sites was ended. */
export const ENDED = {
  site_failure: ['场所无法使用', 'a venue cannot be used'],
  plan_changed: ['评审时间或场所数变更', 'time or number of the review changed'],
  cancelled: ['取消', 'cancelled'],
};

/** Rules by which somebody is excluded (profile-v2 §4). */
export const RULES = {
  status_active: ['不在聘', 'not active'],
  not_banned_not_suspended: ['被禁止或暂停参加评审', 'banned or suspended'],
  age_limit: ['超过年龄上限', 'age limit'],
  title_or_equal: ['职称条件不符', 'title'],
  years_in_field: ['从业年限不足', 'years in the field'],
  e_skill: ['电子评审能力不符', 'electronic review'],
  specialty_match: ['专业不符', 'speciality'],
  region_match: ['地区不符', 'region'],
  conflict_employment_3y: ['与供应商有劳动关系（须回避）', 'employment with a supplier'],
  conflict_director_3y: ['曾任供应商董事、监事（须回避）', 'director or supervisor of a supplier'],
  conflict_control_3y: ['为供应商控股股东或实际控制人（须回避）', 'controls a supplier'],
  conflict_kinship: ['与供应商关键人员有亲属关系（须回避）', 'kinship with a supplier'],
  conflict_other: ['与供应商有其他利害关系（须回避）', 'another interest in a supplier'],
  own_unit_only_as_rep: ['本单位的采购项目', "a purchase of the person's own unit"],
  no_agent_staff: ['采购代理机构人员', 'staff of the agency'],
  no_supervision_staff: ['监督部门人员', 'staff of a supervising body'],
  no_prior_involvement: ['曾参与本项目', 'involved in the project before'],
  conflict_declared: ['已申报利害关系', 'declared a conflict'],
  availability: ['评审时间不能参加', 'not available at the time'],
  no_repeat_in_draw: ['本包已抽取过', 'drawn for the package before'],
  load_cap: ['评审次数已达上限', 'cap on the number of reviews'],
};

/** What a file of a kind does not show. */
export const NOT_SHOWN = {
  evidence: [
    '本文件不能证明：没有其他抽取或其后的作废；候选池完整且人员真实。这须核对整个日志与专家库。',
    'Not shown by this file: that there was no other attempt or later void; that the pool was complete and its people real. That takes the whole log, and the registry.',
  ],
  sites: [
    '本文件不能证明：没有其他抽取或其后的终止；符合条件的场所全部列入，所用记录是最新记录，工位确实空闲。这须核对整个日志与场所库。',
    'Not shown by this file: other attempts or a later end; that every venue was listed, by its newest record, with its workstations free. That takes the whole log, and the registry.',
  ],
  membership: [
    '本文件不能证明：所引条目之后、公告之前没有新的递补结果（请与本次抽取的证据文件对照）；也不说明种子如何产生。',
    "Not shown by this file: that no later settlement stands in the log before the unsealing (hold it against the draw's evidence); nor how the seed came about.",
  ],
};

/** The words of a table for one that comes from a file; an unknown one stands for itself. */
export const told = (table, word) => (Object.hasOwn(table, word) ? table[word] : [String(word), String(word)]);

/** In one sentence what a verified file says. */
export function sentence(result) {
  const size = result.tree_size;
  if (result.kind === 'sites') {
    const ended = result.ended === undefined ? ['。', '.'] : [`；其后已终止：${ENDED[result.ended][0]}。`, `; they were ended afterwards: ${ENDED[result.ended][1]}.`];
    return [`副场由其承诺唯一确定（截至日志第 ${size} 条）${ended[0]}`, `The sub-venues follow from their commitment, as of tree size ${size}${ended[1]}`];
  }
  if (result.kind === 'membership') return personSentence(result);
  if (result.rounds !== undefined) {
    return [`席位由其承诺和日志中的答复唯一确定（截至日志第 ${size} 条）。`, `The panel follows from its commitment and from the answers in the log, as of tree size ${size}.`];
  }
  return [`抽取结果由其承诺唯一确定（截至日志第 ${size} 条）。`, `The result follows from its commitment, as of tree size ${size}.`];
}

function personSentence({ number, name, position, group, rules }) {
  const who = `${name}（${number}）`;
  if (rules) {
    const why = rules.map((rule) => told(RULES, rule));
    return [`${who}未进入候选池，依下列规则被排除：${why.map(([zh]) => zh).join('；')}。`, `${name} (${number}) was excluded from the pool by: ${why.map(([, en]) => en).join('; ')}.`];
  }
  const seat = group === undefined ? ['未入选', 'not seated'] : [`入选第 ${group} 组`, `seated in group ${group}`];
  return [`${who}在候选池第 ${position} 位（从 0 起），${seat[0]}。`, `${name} (${number}) stands at position ${position} of the pool (counted from 0), ${seat[1]}.`];
}

/** `zh（en）` of a pair of a table; an unknown word stands for itself. */
export const both = (table, word) => (table[word] ? `${table[word][0]}（${table[word][1]}）` : String(word));
