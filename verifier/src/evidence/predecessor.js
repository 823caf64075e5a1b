// A draw beside the file of the attempt before it (evidence-v2 §7).

import { canonical } from '../canonical.js';
import { equal } from '../bytes.js';

const fail = (why) => { throw new Error(why); };
const same = (a, b) => equal(canonical(a), canonical(b));

/** Whether the later of two runs follows the earlier one; throws with the reason. */
export function predecessor(later, before) {
  for (const one of [later, before]) {
    if (one.result.verdict !== 'verified') fail('one of the two files is refused');
    if (one.ctx.file.audience !== 'auditor') fail("both have to be auditor's files");
  }
  const [a, b] = [before.ctx, later.ctx];
  if (a.head.origin !== b.head.origin) fail('of another log');
  const said = b.commitment;
  if (said.predecessor !== a.file.alpha || said.attempt !== a.commitment.attempt + 1 || said.package_tag !== a.commitment.package_tag) {
    fail('does not name this draw as the attempt before');
  }
  if (!a.voided && !a.stopped) fail('the attempt before has not ended');
  if (a.own.at(-1).index >= b.commit.index) fail('the attempt before ended after the commitment');
  const numberOf = (ctx, position) => ctx.file.openings.candidates[position].number;
  const inside = new Set(b.file.openings.candidates.map(({ number }) => number));
  const out = a.book2 ? a.book2.outList() : [];
  if (out.some(({ position }) => inside.has(numberOf(a, position)))) fail('somebody who was out is in the pool again');
  if (said.kept.length === 0) return;
  if (!a.stopped || !a.book2) fail('keeps members of a draw that was not stopped');
  if (!same(a.commitment.groups, said.groups)) fail('keeps members for other groups');
  const place = (ctx) => ({ position, ...where }) => [numberOf(ctx, position), where];
  const kept = new Map(said.kept.map(place(b)));
  const remaining = new Map(a.book2.remaining().map(place(a)));
  const equalPlaces = kept.size === remaining.size && [...kept].every(([number, where]) => remaining.has(number) && same(where, remaining.get(number)));
  if (!equalPlaces) fail('keeps others than those who remained');
}
