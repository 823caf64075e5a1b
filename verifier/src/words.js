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

export const NOT_SHOWN = [
  '本文件不能证明：没有其他抽取或其后的作废；候选池完整且人员真实。这须核对整个日志与专家库。',
  'Not shown by this file: that there was no other attempt or later void; that the pool was complete and its people real. That takes the whole log, and the registry.',
];

/** `zh（en）` of a pair of a table; an unknown word stands for itself. */
export const both = (table, word) => (table[word] ? `${table[word][0]}（${table[word][1]}）` : String(word));
