// Calls, settlements, sign-in, outcome: one fold over what was said after the panel (evidence-v2 §4).

import { Broken, CallBook } from '../draw/calls.js';
import { CALLS } from './statements.js';

export const FOLD = ['calls', 'settlements', 'sign_in', 'outcome'];
const CHECK_OF = { 'draw.settled': 'settlements', 'draw.signed_in': 'sign_in', 'draw.stopped': 'outcome', 'draw.unsealed': 'outcome' };

/** Whether a file of version 3 tells of no calls: then there is nothing to fold, whatever else failed. */
export const hasNoCalls = (ctx) => ctx.file.version === 3 && !ctx.own.some(({ type }) => CALLS.includes(type));

/** Runs the fold; answers the check that failed with the reason, or null. */
export function fold(ctx) {
  const { commitment: said, drawn, own } = ctx;
  const entries = own.filter(({ type }) => CALLS.includes(type) || type === 'draw.unsealed');
  const book = new CallBook({
    groups: said.groups, unitCap: said.unit_cap, margin: said.margin, window: said.window_minutes, attempt: said.attempt, kept: said.kept,
    pool: ctx.pool, order: ctx.order, panel: drawn.fields.seats, hall: ctx.hall,
  });
  for (const { index, type, fields, time } of entries) {
    try {
      if (type !== 'draw.unsealed') book.apply(type, fields, time);
      else if (!book.mayBeUnsealed) throw new Broken('not_filled');
    } catch (error) {
      if (!(error instanceof Broken)) throw error;
      return { check: CHECK_OF[type] ?? 'calls', why: `entry ${index}: ${error.message}` };
    }
  }
  ctx.book2 = book;
  return null;
}

/** Final members, in drawn order. */
export function members(ctx) {
  if (!ctx.drawn) return [];
  return ctx.book2 ? ctx.book2.members() : ctx.drawn.fields.seats;
}
