// Bytes, hexadecimal, base64 and text: one spelling each, and everything else refused.

const encoder = new TextEncoder();
// The mark of UTF-8 is a character like any other here, so that it is not lost unseen.
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Text as UTF-8. */
export const utf8 = (text) => encoder.encode(text);

/** UTF-8 as text; throws on anything else. */
export const fromUtf8 = (bytes) => decoder.decode(bytes);

/** Bytes one after the other. */
export function concat(...parts) {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

const DIGITS = Array.from({ length: 256 }, (_, n) => n.toString(16).padStart(2, '0'));

/** Lower-case hexadecimal. */
export function hex(bytes) {
  let out = '';
  for (const byte of bytes) out += DIGITS[byte];
  return out;
}

/** Whether a text is lower-case hexadecimal of so many bytes (any number if none is given). */
export function isHex(text, length) {
  if (typeof text !== 'string' || text.length % 2 !== 0 || !/^[0-9a-f]*$/.test(text)) return false;
  return length === undefined || text.length === 2 * length;
}

/** Bytes of lower-case hexadecimal; throws on anything else. */
export function unhex(text, length) {
  if (!isHex(text, length)) throw new Error(`not lower-case hexadecimal${length === undefined ? '' : ` of ${length} bytes`}`);
  const out = new Uint8Array(text.length / 2);
  for (let n = 0; n < out.length; n += 1) out[n] = parseInt(text.slice(2 * n, 2 * n + 2), 16);
  return out;
}

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

/** Standard base64 with padding. */
export function base64(bytes) {
  let out = '';
  for (let n = 0; n < bytes.length; n += 3) {
    const word = (bytes[n] << 16) | ((bytes[n + 1] ?? 0) << 8) | (bytes[n + 2] ?? 0);
    out += ALPHABET[word >> 18] + ALPHABET[(word >> 12) & 63];
    out += n + 1 < bytes.length ? ALPHABET[(word >> 6) & 63] : '=';
    out += n + 2 < bytes.length ? ALPHABET[word & 63] : '=';
  }
  return out;
}

/** Bytes of standard, padded base64 with zero trailing bits; throws on anything else. */
export function unbase64(text) {
  if (typeof text !== 'string' || text.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(text)) throw new Error('not base64');
  const out = [];
  for (let n = 0; n < text.length; n += 4) {
    const four = text.slice(n, n + 4);
    const word = [...four].reduce((sum, letter) => sum * 64 + Math.max(0, ALPHABET.indexOf(letter)), 0);
    out.push(word >> 16, (word >> 8) & 255, word & 255);
    if (four.endsWith('==')) out.length -= 2;
    else if (four.endsWith('=')) out.length -= 1;
  }
  const bytes = Uint8Array.from(out);
  if (base64(bytes) !== text) throw new Error('base64 with other trailing bits');
  return bytes;
}

/** Whether two byte strings are equal. */
export function equal(a, b) {
  return a.length === b.length && a.every((byte, n) => byte === b[n]);
}

/** Order of two byte strings: negative, 0 or positive. */
export function compare(a, b) {
  for (let n = 0; n < Math.min(a.length, b.length); n += 1) {
    if (a[n] !== b[n]) return a[n] - b[n];
  }
  return a.length - b.length;
}

/** Order of two texts by their UTF-8 bytes. */
export const compareText = (a, b) => compare(utf8(a), utf8(b));

/** Big-endian integers (draw-v1 §1.1). */
export const u8 = (n) => Uint8Array.of(n);
export const u32 = (n) => Uint8Array.of((n >>> 24) & 255, (n >>> 16) & 255, (n >>> 8) & 255, n & 255);
export function u64(n) {
  return concat(u32(Math.floor(n / 2 ** 32)), u32(n % 2 ** 32));
}
