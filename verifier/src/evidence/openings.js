// What is opened, held against what was committed (evidence-v1 §3).

import { compareText, equal, hex, u32, u64, unhex, utf8 } from '../bytes.js';
import { canonical } from '../canonical.js';
import { H, mac, variable } from '../hash.js';
import * as vrf from '../crypto/vrf.js';
import { root } from '../log/merkle.js';
import { members } from './fold.js';

const fail = (why) => { throw new Error(why); };
const same = (a, b) => equal(canonical(a), canonical(b));

export const PUBLIC = ['openings.package', 'openings.names', 'openings.seated'];
export const AUDITOR = ['openings.request', 'openings.candidates', 'openings.excluded'];

/** Which openings are due, and whether a public file has what it should have. */
export function due(ctx) {
  const { audience, openings } = ctx.file;
  if (audience === 'auditor') return [...PUBLIC, ...AUDITOR];
  return openings !== undefined || ctx.unsealed ? PUBLIC : [];
}

const salt = (ctx, purpose, about = '') => mac(unhex(ctx.file.openings.draw_key), utf8(`${purpose}\n`), typeof about === 'string' ? utf8(about) : about);
const identity = (draw, image, registry) => H('candidate', draw, image, u64(registry));
const unitTag = (salted, id) => hex(H('unit', salted, variable(id)).subarray(0, 16));

/** Whether proofs lead from the numbers of a plan and a package to the two tags of a commitment (draw-v1 §3.2). */
export function givesTags(key, { plan, package: number, planProof, packageProof }, said) {
  const gives = (about, proof, tag) => {
    const beta = vrf.verify(key, canonical(about), unhex(proof));
    return beta !== null && hex(beta) === tag;
  };
  return gives({ plan }, planProof, said.plan_tag) && gives({ package: number, plan }, packageProof, said.package_tag);
}

export const openings = {
  'openings.package': ({ file, commitment: said, book }) => {
    const { plan, package: number, plan_proof: planProof, package_proof: packageProof } = file.openings.package;
    const key = book.find(said.tag_key).key;
    if (!givesTags(key, { plan, package: number, planProof, packageProof }, said)) fail('the numbers do not give the tags');
  },
  'openings.names': ({ file, commitment: said }) => {
    const { groups, salt: salted } = file.openings.names;
    if (hex(H('names', unhex(salted), variable(canonical(groups)))) !== said.names) fail('another digest than the committed one');
    const sites = groups.map(({ seats, site }, n) => ({ group: n + 1, seats, site }));
    if (!same(sites, said.groups)) fail('other seats or sites');
  },
  'openings.seated': (ctx) => {
    const { file, pool, entries, commit } = ctx;
    const { seated } = file.openings;
    const final = members(ctx);
    if (seated.length !== final.length) fail('another number of members');
    const numbers = new Set(seated.map(({ number }) => number));
    if (numbers.size !== seated.length) fail('an expert number twice');
    seated.forEach((one, n) => {
      const wrong = (why) => fail(`member ${n + 1}: ${why}`);
      const card = H('card', unhex(one.card_salt), variable(canonical({ name: one.name, number: one.number })));
      const image = H('image', card, unhex(one.rest));
      const entry = entries.find(({ index }) => index === one.registry);
      if (one.registry < 1 || one.registry > ctx.commitment.registry || one.registry >= commit.index) wrong('registry position');
      if (entry?.type !== 'registry.expert' || entry.fields.image !== hex(image)) wrong('the registry entry holds another record');
      if (hex(identity(unhex(one.draw_salt), image, one.registry)) !== pool[final[n].position].identity) wrong('is not the candidate at that position');
    });
  },
  'openings.request': ({ file, commitment: said }) => {
    const { request, package: opened, names, draw_key: key } = file.openings;
    const of = (purpose) => mac(unhex(key), utf8(`${purpose}\n`));
    if (hex(H('request', of('request'), variable(canonical(request)))) !== said.request) fail('another digest than the committed one');
    if (request.plan !== opened.plan || request.package !== opened.package || !same(request.groups, names.groups)) fail('other numbers or groups than those opened');
    if (hex(of('names')) !== names.salt) fail('the salt of the names is not the draw key\'s');
  },
  'openings.candidates': (ctx) => candidates(ctx),
  'openings.excluded': (ctx) => {
    const { file, commitment: said } = ctx;
    const inside = new Set(file.openings.candidates.map(({ number }) => number));
    const numbers = file.openings.excluded.map(({ number }) => number);
    if (numbers.some((number, n) => n > 0 && compareText(numbers[n - 1], number) >= 0)) fail('not ascending by number');
    const leaves = file.openings.excluded.map((one) => {
      if (one.registry < 1 || one.registry > said.registry) fail(`${one.number}: registry position`);
      if (inside.has(one.number)) fail(`${one.number} is a candidate too`);
      const who = identity(salt(ctx, 'candidate', one.number), unhex(one.image), one.registry);
      return [hex(who), hex(H('reasons', salt(ctx, 'reasons', one.number), variable(canonical(one.rules))))];
    });
    leaves.sort((a, b) => (a[0] < b[0] ? -1 : 1));
    const tree = root(leaves.map((pair) => unhex(pair.join(''))));
    if (hex(H('excluded', salt(ctx, 'excluded'), u32(leaves.length), tree)) !== said.excluded) fail('another digest than the committed one');
  },
};

function candidates(ctx) {
  const { file, pool, commitment: said } = ctx;
  const { candidates: all, seated } = file.openings;
  if (all.length !== pool.length) fail('another number than in the pool');
  const byNumber = new Map(all.map((one) => [one.number, one]));
  if (byNumber.size !== all.length) fail('an expert number twice');
  all.forEach((one, position) => {
    const wrong = (why) => fail(`position ${position}: ${why}`);
    const leaf = pool[position];
    if (one.registry < 1 || one.registry > said.registry) wrong('registry position');
    const own = salt(ctx, 'candidate', one.number);
    if (hex(identity(own, unhex(one.image), one.registry)) !== leaf.identity) wrong('another identity');
    const unit = one.unit ?? `expert:${one.number}`;
    if (unitTag(salt(ctx, 'unit', unit), unit) !== leaf.unit) wrong('another unit');
    const tags = one.further_units.map((id) => unitTag(salt(ctx, 'unit', id), id));
    for (const other of one.relations) {
      if (other === one.number || !byNumber.get(other)?.relations.includes(one.number)) wrong('a relation that is not mutual, or with nobody of the pool');
      const [small, great] = [one.number, other].sort(compareText);
      const [a, b] = [utf8(small), utf8(great)];
      const about = new Uint8Array([...u32(a.length), ...a, ...u32(b.length), ...b]);
      tags.push(hex(H('relation', salt(ctx, 'relation', about), variable(small), variable(great)).subarray(0, 16)));
    }
    if (tags.sort().join() !== leaf.relations.join()) wrong('other relation tags');
  });
  // With this salt a card that `openings.seated` finds at a place is that of the candidate there.
  for (const one of seated) {
    if (hex(salt(ctx, 'candidate', one.number)) !== one.draw_salt) fail("a member's salt is not the draw key's");
  }
}
