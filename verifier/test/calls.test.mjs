// The fold of calls against tests/vectors/calls.json.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { Broken, CallBook } from '../src/draw/calls.js';

const { cases } = JSON.parse(readFileSync(new URL('../../tests/vectors/calls.json', import.meta.url)));
const yes = (truth) => (truth ? 'yes' : 'no');

test('every step is taken or refused by name, and the state is what is left', () => {
  assert.ok(cases.length > 20);
  for (const one of cases) {
    const book = new CallBook({
      groups: one.groups, unitCap: one.unit_cap, margin: one.margin, window: one.window_minutes, attempt: one.attempt, kept: one.kept,
      pool: one.pool.map(({ groups, unit, relations }) => ({ mask: groups, unit, relations })), order: one.order, panel: one.panel,
    });
    for (const [n, step] of one.steps.entries()) {
      let said;
      try {
        book.apply(step.type, step.fields, step.time);
      } catch (error) {
        if (!(error instanceof Broken)) throw error;
        said = error.message;
      }
      assert.equal(said, step.refused, `${one.name}, step ${n}`);
    }
    const ascending = (set) => [...set].sort((a, b) => a - b);
    const state = {
      panel: book.panel,
      accepted: ascending([...book.accepted].filter((p) => !book.out.has(p))),
      standby: ascending([...book.accepted].filter((p) => !book.out.has(p) && !book.seatOf(p))),
      out: book.outList(),
      told: [...book.told].map(([position, site]) => ({ position, site })).sort((a, b) => a.position - b.position),
      filled: yes(book.filled),
      may_be_unsealed: yes(book.mayBeUnsealed),
      next: book.next(),
    };
    if (book.open) state.open = { closes: book.open.closes, round: book.round, unanswered: [...book.open.invitees].filter((p) => !book.open.answered.has(p)).length };
    if (book.shortfall) state.shortfall = book.shortfall;
    if (book.stopped) state.stopped = book.stopped;
    if (one.state.remaining) state.remaining = book.remaining();
    const plain = (value) => JSON.parse(JSON.stringify(value));
    assert.deepEqual(plain(state), one.state, one.name);
  }
});
