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
  leaves: ['候选场所', 'Venues that could be picked'],
  limits: ['限制条件', 'Limits on cities'],
  picks: ['选出的副场重算', 'Sites computed anew'],
  unsealed: ['结果已公告并公开', 'The result was announced'],
  person: ['本人的在库记录', "The person's record in the registry"],
  place: ['候选池或排除表中的位置', 'Place in the pool, or among those excluded'],
  seat: ['是否入选', 'Whether seated'],
  'openings.venues': ['公开：场所', 'Opened: venues'],
  'openings.package': ['公开：包号标签', 'Opened: package'],
  'openings.names': ['公开：席位组要求', 'Opened: groups of seats'],
  'openings.seated': ['公开：入选专家', 'Opened: members of the panel'],
  'openings.request': ['公开：抽取申请', 'Opened: request'],
  'openings.candidates': ['公开：候选人承诺', 'Opened: candidates'],
  'openings.excluded': ['公开：回避与排除表', 'Opened: those excluded'],
  predecessor: ['与前次抽取的衔接', 'Follows the attempt before'],
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

const SHOWN_NOT = {
  evidence: [
    '本文件不能证明：没有其他抽取或其后的作废；候选池完整且人员真实。这须核对整个日志与专家库。',
    'Not shown by this file: that there was no other attempt or later void; that the pool was complete and its people real. That takes the whole log, and the registry.',
  ],
  sites: [
    '本文件不能证明：没有其他副场抽取或其后的终止；候选场所齐全、其工位当时空闲。这须核对整个日志与场所记录。',
    'Not shown by this file: that there was no other draw of sites or later end; that every venue was listed and its workstations free. That takes the whole log, and the registry.',
  ],
  membership: [
    '本文件不能证明：所引条目之后、公开之前没有新的结算；也不说明种子如何产生。请与该次抽取的证据文件对照。',
    "Not shown by this file: that no later settlement stands before the unsealing, and how the seed came about. Hold it against the draw's evidence.",
  ],
};

/** What a file of this kind does not show. */
export const notShown = (result) => SHOWN_NOT[result.about] ?? SHOWN_NOT.evidence;

/** What a verified file comes to, in one sentence. */
export function conclusion(result) {
  const size = result.tree_size;
  if (result.about === 'sites') {
    const ended = result.ended ? [`其后已终止（${result.ended}）。`, ` They were given up later (${result.ended}).`] : ['', ''];
    return [`副场由其承诺唯一确定（截至日志第 ${size} 条）。${ended[0]}`, `The sites follow from their commitment, as of tree size ${size}.${ended[1]}`];
  }
  if (result.about === 'membership') return ownPlace(result);
  return result.rounds !== undefined
    ? [`席位由其承诺和日志中的答复唯一确定（截至日志第 ${size} 条）。`, `The panel follows from its commitment and from the answers in the log, as of tree size ${size}.`]
    : [`抽取结果由其承诺唯一确定（截至日志第 ${size} 条）。`, `The result follows from its commitment, as of tree size ${size}.`];
}

function ownPlace({ name, number, position, group, rules }) {
  const who = `${name}（${number}）`;
  if (rules) return [`${who}因以下规则被排除：${rules.join('、')}。`, `${name} (${number}) was excluded by: ${rules.join(', ')}.`];
  const seated = group === undefined ? ['，未入选。', ', and was not seated.'] : [`，入选第 ${group} 席位组。`, `, and was seated in group ${group}.`];
  return [`${who}在候选池的第 ${position} 号位置${seated[0]}`, `${name} (${number}) stood in the pool at position ${position}${seated[1]}`];
}

/** `zh（en）` of a pair of a table; an unknown word stands for itself. */
export const both = (table, word) => (table[word] ? `${table[word][0]}（${table[word][1]}）` : String(word));
