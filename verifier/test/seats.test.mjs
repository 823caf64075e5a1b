// Seats and lots against tests/vectors/seats.json and draw.json.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { Hall, NoPanel, forcedSeats, marginInvitees, walk } from '../src/draw/seats.js';

const vectors = (name) => JSON.parse(readFileSync(new URL(`../../tests/vectors/${name}`, import.meta.url)));
const pool = (list) => list.map(({ groups, unit, relations }) => ({ mask: groups, unit, relations }));
const fixed = (list) => new Map((list ?? []).map(({ position, groups }) => [position, groups]));

test('every walk gives the panel, the branches or the refusal', () => {
  const { cases } = vectors('seats.json');
  assert.ok(cases.length > 50);
  for (const one of cases) {
    let said;
    try {
      if (new Set((one.fixed ?? []).map((f) => f.position)).size !== (one.fixed ?? []).length) throw new NoPanel('input');
      const hall = new Hall(one.seats, one.unit_cap, pool(one.pool));
      said = walk(hall, one.order, fixed(one.fixed), new Set(one.out), one.limit);
    } catch (error) {
      if (!(error instanceof NoPanel)) throw error;
      said = { cause: error.cause, branches: error.branches };
    }
    if (one.refused) {
      assert.equal(said.cause, one.refused.cause, one.name);
      if (one.refused.branches !== undefined) assert.equal(said.branches, one.refused.branches, one.name);
    } else {
      assert.deepEqual(said, { panel: one.panel, branches: one.branches }, one.name);
    }
  }
});

test('forced seats and margins', () => {
  const { forced_cases: forced, margin_cases: margins } = vectors('seats.json');
  for (const one of forced) {
    let said;
    try {
      said = forcedSeats(new Hall(one.seats, one.unit_cap, pool(one.pool)), fixed(one.fixed), one.limit);
    } catch (error) {
      said = error.cause;
    }
    assert.deepEqual(said, one.refused ? one.refused.cause : one.forced, one.name);
  }
  for (const one of margins) {
    const invited = marginInvitees(pool(one.pool), one.order, one.panel, new Set(one.accepted), new Set(one.out), one.margin);
    assert.deepEqual(invited, one.invited, one.name);
  }
});
