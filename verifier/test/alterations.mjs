// Alterations of evidence files, made from a number: what somebody could change in a file and hope that it passes.
// The digest is computed anew, so that only what is recomputed can tell.

import { canonical } from '../src/canonical.js';
import { hex } from '../src/bytes.js';
import { sha256 } from '../src/hash.js';

/** A generator of whole numbers below n, the same for the same seed everywhere (mulberry32). */
export function chance(seed) {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
}

function places(value, path = [], found = []) {
  if (Array.isArray(value)) value.forEach((one, n) => places(one, [...path, n], found));
  else if (typeof value === 'object') Object.keys(value).forEach((key) => places(value[key], [...path, key], found));
  found.push(path);
  return found;
}

const parentOf = (file, path) => path.slice(0, -1).reduce((value, key) => value[key], file);

function changed(value, of) {
  if (typeof value === 'number') return [value + 1, Math.max(0, value - 1), 0, value * 2 + 3][of(4)];
  if (typeof value !== 'string') return undefined;
  if (/^[0-9a-f]{2,}$/.test(value)) {
    const at = of(value.length);
    const digit = ((parseInt(value[at], 16) + 1 + of(15)) % 16).toString(16);
    return value.slice(0, at) + digit + value.slice(at + 1);
  }
  if (value === '') return 'x';
  const at = of(value.length);
  return [value.slice(0, at) + value.slice(at + 1), `${value.slice(0, at)}1${value.slice(at + 1)}`, `${value}1`][of(3)];
}

/** One alteration of a parsed file; answers what was done. */
export function alter(file, of) {
  const all = places(file).filter((path) => path.length > 0 && path[0] !== 'digest');
  for (;;) {
    const path = all[of(all.length)];
    const parent = parentOf(file, path);
    const key = path.at(-1);
    const value = parent[key];
    const way = of(10);
    const name = path.join('.');
    if (Array.isArray(parent) && way === 0) {
      parent.splice(key, 1);
      return `${name} left out`;
    }
    if (Array.isArray(parent) && way === 1 && parent.length > 1) {
      const other = (key + 1) % parent.length;
      [parent[key], parent[other]] = [parent[other], parent[key]];
      return `${name} exchanged`;
    }
    if (Array.isArray(parent) && way === 2) {
      parent.splice(key, 0, structuredClone(value));
      return `${name} doubled`;
    }
    if (!Array.isArray(parent) && way === 3) {
      delete parent[key];
      return `${name} taken away`;
    }
    const next = changed(value, of);
    if (next !== undefined && next !== value) {
      parent[key] = next;
      return `${name} changed`;
    }
  }
}

/** The bytes of a file with its digest computed anew. */
export function sealed(file) {
  const { digest, ...rest } = file;
  void digest;
  return canonical({ ...rest, digest: hex(sha256(canonical(rest))) });
}

/** An altered copy of a file's bytes, and what was done. */
export function altered(bytes, seed) {
  const file = JSON.parse(new TextDecoder().decode(bytes));
  const what = alter(file, chance(seed));
  return { what, bytes: sealed(file) };
}

// The same value in another kind: what a reader that coerces would take for it.
function coerced(value, of) {
  if (Array.isArray(value)) return [String(value), value.length, { ...value }, [value]][of(4)];
  if (typeof value === 'object') return [[value], Object.values(value), 'x'][of(3)];
  return typeof value === 'number' ? [String(value), [value], { value }][of(3)] : [[value], { value }, value.length, [value, value]][of(4)];
}

const NAMES = ['constructor', 'x', 'v', 'note', 'length', 'value', 'index', 'toString'].filter((name) => /^[a-z0-9_]+$/.test(name));

/** A file's bytes with something of another kind, or with a field that no page knows; and what was done. */
export function misshapen(bytes, seed) {
  const of = chance(seed);
  const file = JSON.parse(new TextDecoder().decode(bytes));
  const all = places(file).filter((path) => path[0] !== 'digest');
  const path = all[of(all.length)];
  const value = path.length === 0 ? file : parentOf(file, path)[path.at(-1)];
  const isObject = typeof value === 'object' && !Array.isArray(value);
  const name = NAMES[of(NAMES.length)];
  if (isObject && !(Object.hasOwn(value, name)) && (path.length === 0 || of(2) === 0)) {
    value[name] = [1, 'x', [], {}][of(4)];
    return { what: `${path.join('.')} with ${name}`, bytes: sealed(file) };
  }
  if (path.length === 0) return misshapen(bytes, seed + 1000003);
  parentOf(file, path)[path.at(-1)] = coerced(value, of);
  return { what: `${path.join('.')} of another kind`, bytes: sealed(file) };
}
