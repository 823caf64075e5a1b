// The commitment and what it fixes: commitment, profile, pool, feasible (evidence-v1 §4, draw-v3 §1).

import { hex, unhex, utf8 } from '../bytes.js';
import { parse } from '../canonical.js';
import { H, variable } from '../hash.js';
import { chainHash, roundTime } from '../crypto/drand.js';
import { root } from '../log/merkle.js';
import { Hall, forcedSeats } from '../draw/seats.js';

const fail = (why) => { throw new Error(why); };

/** `commitment`: what it names lies below it and was in force. */
export function commitment(ctx) {
  const { commit, commitment: said, book, file } = ctx;
  const at = commit.index;
  const profile = ctx.entries.find(({ type, fields }) => type === 'profile.loaded' && fields.profile === said.profile);
  if (said.registry >= at || profile.index >= at) fail('registry position or profile lie above it');
  if (said.deadline < commit.time) fail('the deadline lies before it');
  const tagKey = file.version === 3 ? book.inForce('tag_vrf', at) : book.keys[3];
  if (said.tag_key !== tagKey.digest) fail('names another tag key');
  if (file.version === 3) contributors(ctx);
  return `log index ${at}, attempt ${said.attempt}`;
}

function contributors({ commit, commitment: said, book, file, nonces }) {
  const at = commit.index;
  const seen = new Set();
  const beacon = said.contributions.some(({ kind }) => kind === 'beacon');
  if (beacon !== (file.chain !== undefined)) fail('a chain without a beacon, or the reverse');
  for (const wanted of said.contributions) {
    const key = wanted.key && book.find(wanted.key);
    const used = { nonce: 'supervisor', operator: 'draw_vrf', witness: 'witness_vrf' }[wanted.kind];
    if (wanted.kind === 'beacon') {
      const time = roundTime(file.chain, wanted.round);
      if (hex(chainHash(file.chain)) !== wanted.chain) fail('the chain is another');
      if (time <= commit.time || time > said.deadline) fail('the round lies outside of its time');
      continue;
    }
    if (!key || key.use !== used || !book.mayBeNamed(key, at)) fail(`names a key that may not be named: ${wanted.kind}`);
    if (seen.has(wanted.key)) fail('names a key twice');
    seen.add(wanted.key);
    if (wanted.kind === 'witness') {
      const signer = book.find(key.witness);
      if (!signer || (signer.retired && signer.retired.at < at)) fail("a witness's key is retired");
    }
    if (wanted.kind === 'nonce' && !nonces.has(wanted)) fail('a nonce was not committed below it');
  }
}

/** `profile`: the text is the committed one, and the parameters are its. */
export function profile({ file, commitment: said }) {
  if (hex(H('profile', variable(file.profile))) !== said.profile) fail('another text than the committed one');
  const rules = parse(utf8(file.profile));
  for (const key of ['unit_cap', 'lots', 'margin', 'window_minutes']) {
    if (rules[key] !== said[key]) fail(`${key} of the commitment is not the profile's`);
  }
  return typeof rules.name === 'string' ? rules.name : '';
}

/** What a leaf of the pool holds (draw-v1 §4.1), under its commitment; throws when it is none. */
export function readLeaf(leaf, said) {
  const groups = said.groups.length;
  const tags = leaf.length / 2 - 53;
  if (tags < 0 || tags % 16 !== 0 || tags > 128) fail('has no length of a leaf');
  const [identity, mask, lots] = [leaf.slice(0, 64), parseInt(leaf.slice(64, 72), 16), parseInt(leaf.slice(72, 74), 16)];
  const relations = leaf.slice(106).match(/.{32}/g) ?? [];
  if (mask === 0 || (groups < 32 && mask >= 2 ** groups)) fail('groups that are none');
  if (lots < 1 || lots > said.lots) fail('lots');
  if (relations.some((tag, n) => n > 0 && relations[n - 1] >= tag)) fail('relation tags');
  return { identity, mask: mask | 0, lots, unit: leaf.slice(74, 106), relations };
}

/** `pool`: leaves of draw-v1 §4 with the committed number and root. */
export function pool(ctx) {
  const { file, commitment: said } = ctx;
  ctx.pool = file.pool.map((leaf, position) => {
    try {
      return readLeaf(leaf, said);
    } catch (error) {
      return fail(`leaf ${position}: ${error.message}`);
    }
  });
  const falls = ctx.pool.findIndex(({ identity }, n) => n > 0 && identity <= ctx.pool[n - 1].identity);
  if (falls > 0) fail(`leaf ${falls}: does not ascend`);
  if (ctx.pool.length !== said.pool.size) fail('another number of candidates');
  if (hex(root(file.pool.map((leaf) => unhex(leaf)))) !== said.pool.root) fail('another root');
  return `${ctx.pool.length} candidates`;
}

/** Masks of kept members (draw-v1 §8); a mask of 0 is refused. */
export function keptMasks({ commitment: said, pool: leaves }) {
  const masks = new Map();
  for (const kept of said.kept) {
    const leaf = leaves[kept.position];
    const allowed = kept.group === undefined
      ? said.groups.reduce((mask, { site }, g) => (site === kept.site ? mask | (1 << g) : mask), 0)
      : kept.group <= said.groups.length ? 1 << (kept.group - 1) : 0;
    if (!leaf || (leaf.mask & allowed) === 0) fail('input');
    masks.set(kept.position, leaf.mask & allowed);
  }
  return masks;
}

/** `feasible`: a full panel existed, and forced seats were accepted exactly when there were some. */
export function feasible(ctx) {
  const { commitment: said, pool: leaves } = ctx;
  ctx.hall = new Hall(said.groups.map(({ seats }) => seats), said.unit_cap, leaves);
  ctx.fixed = keptMasks(ctx);
  ctx.forced = forcedSeats(ctx.hall, ctx.fixed);
  if ((ctx.forced.length > 0) !== ('forced_accepted_by' in said)) fail('forced seats and their acceptance do not go together');
  return `${ctx.forced.length} forced seats`;
}

