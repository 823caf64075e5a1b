// Canonical JSON of draw-v1 §1.2: RFC 8785 with integers only, keys of [a-z0-9_], no null and no booleans.
// Objects have no prototype, so that a key like `__proto__` is a key like any other. Numbers are safe integers.

import { fromUtf8, utf8 } from './bytes.js';

const DEPTH = 16;
const KEY = /^[a-z0-9_]{1,64}$/;

/** Reads JSON under the restrictions, in whatever spelling; throws with the reason. */
export function parse(bytes) {
  const reader = new Reader(fromUtf8(bytes));
  const value = reader.value(1);
  reader.blank();
  if (reader.at !== reader.text.length) throw new Error('something follows the JSON value');
  return value;
}

/** Reads canonical JSON: what it reads writes back to the same bytes. */
export function parseCanonical(bytes) {
  const value = parse(bytes);
  const again = utf8(write(value));
  if (again.length !== bytes.length || again.some((byte, n) => byte !== bytes[n])) throw new Error('not canonical JSON');
  return value;
}

/** The canonical text of a value. */
export function write(value) {
  if (typeof value === 'number') return String(value);
  if (typeof value === 'string') return quoted(value);
  if (Array.isArray(value)) return `[${value.map(write).join(',')}]`;
  const keys = Object.keys(value).sort();
  return `{${keys.map((key) => `${quoted(key)}:${write(value[key])}`).join(',')}}`;
}

/** The canonical bytes of a value. */
export const canonical = (value) => utf8(write(value));

const SHORT = { '\b': '\\b', '\t': '\\t', '\n': '\\n', '\f': '\\f', '\r': '\\r', '"': '\\"', '\\': '\\\\' };

function quoted(text) {
  // eslint-disable-next-line no-control-regex
  const escaped = text.replace(/[\u0000-\u001f"\\]/g, (one) => SHORT[one] ?? `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`);
  return `"${escaped}"`;
}

const ESCAPES = { b: '\b', t: '\t', n: '\n', f: '\f', r: '\r', '"': '"', '\\': '\\', '/': '/' };

class Reader {
  constructor(text) {
    this.text = text;
    this.at = 0;
  }

  blank() {
    while (' \t\n\r'.includes(this.text[this.at] ?? 'x')) this.at += 1;
  }

  expect(letter) {
    if (this.text[this.at] !== letter) throw new Error(`expected ${letter} at character ${this.at}`);
    this.at += 1;
  }

  value(depth) {
    this.blank();
    const letter = this.text[this.at];
    if (letter === '"') return this.string();
    if (letter === '{' || letter === '[') {
      if (depth > DEPTH) throw new Error(`deeper than ${DEPTH}`);
      return letter === '{' ? this.object(depth) : this.list(depth);
    }
    return this.number();
  }

  object(depth) {
    const out = Object.create(null);
    this.items('{', '}', () => {
      this.blank();
      const key = this.string();
      if (!KEY.test(key)) throw new Error(`key ${JSON.stringify(key)} is not allowed`);
      if (key in out) throw new Error(`key ${key} twice`);
      this.blank();
      this.expect(':');
      out[key] = this.value(depth + 1);
    });
    return out;
  }

  list(depth) {
    const out = [];
    this.items('[', ']', () => out.push(this.value(depth + 1)));
    return out;
  }

  items(open, close, one) {
    this.expect(open);
    this.blank();
    if (this.text[this.at] === close) {
      this.at += 1;
      return;
    }
    for (;;) {
      one();
      this.blank();
      if (this.text[this.at] === close) {
        this.at += 1;
        return;
      }
      this.expect(',');
    }
  }

  number() {
    const match = /^-?(?:0|[1-9][0-9]*)/.exec(this.text.slice(this.at, this.at + 32));
    if (!match) throw new Error(`no value allowed here stands at character ${this.at}`);
    const [text] = match;
    const next = this.text[this.at + text.length];
    if (text === '-0' || (next !== undefined && /[.eE0-9]/.test(next))) throw new Error('only integers without -0');
    const number = Number(text);
    if (!Number.isSafeInteger(number)) throw new Error('an integer beyond 2^53 - 1');
    this.at += text.length;
    return number;
  }

  string() {
    this.expect('"');
    let out = '';
    for (;;) {
      const letter = this.text[this.at];
      if (letter === undefined) throw new Error('a text without end');
      this.at += 1;
      if (letter === '"') break;
      if (letter < ' ') throw new Error('a control character within a text');
      out += letter === '\\' ? this.escape() : letter;
    }
    // A pair of surrogates is one character; one alone is none.
    if (/[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/.test(out)) throw new Error('a lone surrogate');
    return out;
  }

  escape() {
    const letter = this.text[this.at];
    this.at += 1;
    if (letter === 'u') {
      const digits = this.text.slice(this.at, this.at + 4);
      if (!/^[0-9a-fA-F]{4}$/.test(digits)) throw new Error('a bad escape');
      this.at += 4;
      return String.fromCharCode(parseInt(digits, 16));
    }
    const plain = ESCAPES[letter];
    if (plain === undefined) throw new Error('a bad escape');
    return plain;
  }
}
