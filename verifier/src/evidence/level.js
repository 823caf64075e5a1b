// What a draw is worth by the auditor's own files: who contributed, voids, dates, doubt (draw-v3 §§5.3, 6,
// evidence-v3 §5).

import { hex } from '../bytes.js';
import { chainHash, roundTime } from '../crypto/drand.js';
import { supervisorOf, witnessOf } from '../log/parties.js';

const yes = (truth) => (truth ? 'yes' : 'no');

/** The pinned party behind a contributor, or null. */
function partyOf({ parties, book }, { kind, key }) {
  if (!parties || (kind !== 'nonce' && kind !== 'witness')) return null;
  const known = book.find(key);
  if (kind === 'nonce') return supervisorOf(parties, known.hex);
  const signer = book.find(known.witness);
  return signer ? witnessOf(parties, known.hex, signer.hex) : null;
}

// Smallest first, as the log has grown.
const covering = (ctx, index) => ctx.dated.filter(({ size }) => index < size).sort((a, b) => a.size - b.size)[0];

function beaconCounts(ctx, wanted) {
  const { parties, commit, given, missing, commitment: said, file } = ctx;
  const pinned = parties?.beacon;
  // Nothing is missing: neither the beacon nor anything that had to be fixed before it.
  if (!pinned || hex(chainHash(file.chain)) !== pinned.chain || missing.length > 0) return false;
  const time = roundTime(file.chain, wanted.round);
  if (time > commit.time + pinned.max_ahead) return false;
  const fixed = said.contributions.filter((one) => one !== wanted).map((one) => given.get(one).index);
  const newest = Math.max(commit.index, ...fixed);
  return ctx.dated.some(({ size, date }) => newest < size && date <= time - pinned.margin);
}

function isBlind(ctx) {
  const { commitment: said, voided, released, parties, file } = ctx;
  const independent = said.contributions.filter((one) => partyOf(ctx, one)?.independent);
  const declared = ctx.own.filter(({ type, index }) => type === 'draw.not_released' && index < voided.index).map(({ fields }) => fields.key);
  if (independent.some(({ key }) => released.has(key) && declared.includes(key))) return true;
  const beacon = said.contributions.find(({ kind }) => kind === 'beacon');
  const pinned = parties?.beacon;
  if (independent.length > 0 || !beacon || !pinned || beacon.chain !== pinned.chain) return false;
  const before = roundTime(file.chain, beacon.round) - pinned.margin;
  return ctx.dated.some(({ size, date }) => voided.index < size && date <= before);
}

/** The fields of the machine form that follow from contributions. */
export function standing(ctx) {
  const { commitment: said, missing, voided, drawn, stopped } = ctx;
  const there = (one) => !missing.includes(one);
  const contributors = said.contributions.map((one) => {
    const party = partyOf(ctx, one);
    const counts = one.kind === 'beacon' ? beaconCounts(ctx, one) : Boolean(party?.independent);
    return { ...(party ? { name: party.name } : {}), independent: yes(counts), kind: one.kind, there: yes(there(one)) };
  });
  const worth = (kinds) => contributors.some(({ kind, independent, there: is }) => kinds.includes(kind) && independent === 'yes' && is === 'yes');
  const level = worth(['beacon']) ? 'beacon' : worth(['nonce', 'witness']) ? 'witnessed' : 'operator';
  const blind = voided && !drawn && isBlind(ctx) ? 1 : 0;
  const seen = (voided ? 1 : 0) + (stopped && stopped.fields.reason !== 'shortfall' ? 1 : 0) - blind;
  const committed = covering(ctx, ctx.commit.index);
  const last = Math.max(...said.contributions.map((one) => ctx.given.get(one)?.index ?? -1));
  const decided = missing.length === 0 ? covering(ctx, last) : undefined;
  return {
    level,
    contributors,
    missing: missing.length,
    blind_voids: blind,
    seen_voids: seen,
    doubtful: doubtful(ctx),
    ...(committed ? { committed_by: committed.date } : {}),
    ...(decided ? { decided_by: decided.date } : {}),
  };
}

// Entries whose note, proof or signature is of a key that was found out, from the index on where it is doubtful.
function doubtful({ entries, book }) {
  const makers = ({ type, fields }) => {
    if (!['draw.contributed', 'nonce.committed', 'draw.not_released'].includes(type) || fields.key === undefined) return [];
    const key = book.find(fields.key);
    return key?.use === 'witness_vrf' ? [key, book.find(key.witness)] : [key];
  };
  const of = (entry) => [book.inForce('statements', entry.index), ...makers(entry)].filter(Boolean);
  return entries.filter((entry) => of(entry).some((key) => book.isDoubtful(key, entry.index))).map(({ index }) => index);
}

