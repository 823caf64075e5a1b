// Named checks in their order: what each said, and what they come to.

/** One check: what `work` answers is its detail; what it throws is why it failed. */
export function attempt(check, work) {
  try {
    return { check, detail: String(work() ?? ''), result: 'passed' };
  } catch (error) {
    return { check, detail: error.message, result: 'failed' };
  }
}

export const verdict = (checks) => (checks.every(({ result }) => result === 'passed') ? 'verified' : 'refused');

/**
 * Runs `names` in order. After a failed one of `gates` nothing later is looked at; `needs` names what else has
 * to have passed.
 */
export function inOrder(names, work, { gates = [], needs = {}, onProgress = () => {} } = {}) {
  const checks = [];
  const failed = new Set();
  let shut = false;
  for (const check of names) {
    onProgress(check);
    const lacks = (needs[check] ?? []).some((one) => failed.has(one));
    const why = shut ? 'an earlier check failed' : 'what it needs has failed';
    const said = shut || lacks ? { check, detail: why, result: 'failed' } : attempt(check, () => work[check]());
    if (said.result === 'failed') failed.add(check);
    shut ||= gates.includes(check) && failed.has(check);
    checks.push(said);
  }
  return { checks, failed, shut };
}
