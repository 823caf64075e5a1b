// Shapes of values: a shape is a function that says whether a value has it.

import { isHex, utf8 } from '../bytes.js';

export const int = (least = 0, most = Number.MAX_SAFE_INTEGER) => (value) => Number.isSafeInteger(value) && value >= least && value <= most;
export const hexOf = (length) => (value) => isHex(value, length);
/** Text of draw-v1 §1.8: not empty, no control characters, at most so many bytes. */
export const text = (most) => (value) => typeof value === 'string' && value !== '' && utf8(value).length <= most && !/\p{Cc}/u.test(value);
export const anyText = (value) => typeof value === 'string';
export const word = (...words) => (value) => words.includes(value);
export const list = (item, least = 0, most = Infinity) => (value) => Array.isArray(value) && value.length >= least && value.length <= most && value.every(item);
export const both = (...shapes) => (value) => shapes.every((shape) => shape(value));
export const either = (...shapes) => (value) => shapes.some((shape) => shape(value));

/** An object with exactly these fields; those of `optional` may be absent. */
export const object = (fields, optional = {}) => (value) => {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const known = { ...fields, ...optional };
  return Object.keys(value).every((key) => Object.hasOwn(known, key) && known[key](value[key]))
    && Object.keys(fields).every((key) => key in value);
};

/** A list whose items ascend strictly by a key. */
export const ascending = (keyOf, before = (a, b) => a < b) => (value) => value.every((one, n) => n === 0 || before(keyOf(value[n - 1]), keyOf(one)));

/** Texts that ascend strictly by their bytes. */
export const textBefore = (a, b) => {
  const [x, y] = [utf8(a), utf8(b)];
  for (let n = 0; n < Math.min(x.length, y.length); n += 1) if (x[n] !== y[n]) return x[n] < y[n];
  return x.length < y.length;
};
