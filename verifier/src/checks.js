// Named checks in their order: what one says, and which cannot be looked at because another failed.

/** The result of one check: what `work` says, or why it threw. */
export function attempt(check, work) {
  try {
    return { check, detail: String(work() ?? ''), result: 'passed' };
  } catch (error) {
    return { check, detail: error.message, result: 'failed' };
  }
}

export const verdictOf = (checks) => (checks.every(({ result }) => result === 'passed') ? 'verified' : 'refused');

/** Everything of a list as failed, for the same reason. */
export const allFailed = (list, detail) => list.map((check) => ({ check, detail, result: 'failed' }));

/**
 * Runs the checks of a list in order. After one of `gates` has failed nothing later is looked at (`shut`); a check is not
 * looked at either when one of its `needs` has failed, here or in a list before (`failed`). `work` does one by name.
 */
export function runList(list, { gates, needs = {}, work, onProgress, failed = new Set() }) {
  const checks = [];
  for (const [n, check] of list.entries()) {
    onProgress(check);
    const barred = (needs[check] ?? []).some((one) => failed.has(one));
    const said = barred ? allFailed([check], 'what it needs has failed')[0] : attempt(check, () => work(check));
    checks.push(said);
    if (said.result === 'passed') continue;
    failed.add(check);
    if (gates.includes(check)) {
      const rest = list.slice(n + 1);
      rest.forEach((one) => failed.add(one));
      return { checks: [...checks, ...allFailed(rest, 'an earlier check failed')], failed, shut: true };
    }
  }
  return { checks, failed, shut: false };
}
