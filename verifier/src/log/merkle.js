// The tree of RFC 6962 and the proofs of RFC 9162 §2.1.3 and §2.1.4.

import { equal } from '../bytes.js';
import { sha256 } from '../hash.js';

const LEAF = Uint8Array.of(0);
const NODE = Uint8Array.of(1);

export const leafHash = (leaf) => sha256(LEAF, leaf);
export const nodeHash = (left, right) => sha256(NODE, left, right);

/** Root over leaves. */
export function root(leaves) {
  if (leaves.length === 0) return sha256();
  let row = leaves.map(leafHash);
  // Pairs from the left, an odd one moves up: the same as splitting at the largest power of two.
  while (row.length > 1) {
    const next = [];
    for (let n = 0; n + 1 < row.length; n += 2) next.push(nodeHash(row[n], row[n + 1]));
    if (row.length % 2 === 1) next.push(row[row.length - 1]);
    row = next;
  }
  return row[0];
}

const half = (n) => Math.floor(n / 2);

/** Whether a path shows a leaf hash at an index of a tree. */
export function includes(hash, index, size, path, treeRoot) {
  if (index >= size) return false;
  let [fn, sn, r] = [index, size - 1, hash];
  for (const p of path) {
    if (sn === 0) return false;
    if (fn % 2 === 1 || fn === sn) {
      r = nodeHash(p, r);
      while (fn % 2 === 0 && fn !== 0) [fn, sn] = [half(fn), half(sn)];
    } else {
      r = nodeHash(r, p);
    }
    [fn, sn] = [half(fn), half(sn)];
  }
  return sn === 0 && equal(r, treeRoot);
}

/** Whether a path shows that the tree of `first` is the beginning of that of `second`. */
export function consistent(first, firstRoot, second, secondRoot, path) {
  if (first > second) return false;
  if (first === second) return path.length === 0 && equal(firstRoot, secondRoot);
  // Of the empty tree everything is a continuation, and there is nothing to show.
  if (first === 0) return path.length === 0 && equal(firstRoot, sha256());
  let steps = [...path];
  const isPower = (n) => {
    let m = n;
    while (m > 1 && m % 2 === 0) m = half(m);
    return m === 1;
  };
  if (isPower(first)) steps = [firstRoot, ...steps];
  if (steps.length === 0) return false;
  let [fn, sn] = [first - 1, second - 1];
  while (fn % 2 === 1) [fn, sn] = [half(fn), half(sn)];
  let [fr, sr] = [steps[0], steps[0]];
  for (const c of steps.slice(1)) {
    if (sn === 0) return false;
    if (fn % 2 === 1 || fn === sn) {
      [fr, sr] = [nodeHash(c, fr), nodeHash(c, sr)];
      while (fn % 2 === 0 && fn !== 0) [fn, sn] = [half(fn), half(sn)];
    } else {
      sr = nodeHash(sr, c);
    }
    [fn, sn] = [half(fn), half(sn)];
  }
  return sn === 0 && equal(fr, firstRoot) && equal(sr, secondRoot);
}
