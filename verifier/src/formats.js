// Which page a file is of, as far as its own `format` says, also when the rest of it cannot be read.

import { fromUtf8 } from './bytes.js';
import { parse } from './canonical.js';

const NAMED = /^expert-draw\/(sites|membership)-v([12])$/;
const FIELD = /"format":"expert-draw\/(sites|membership)-v([12])"/;

/** `{about, version}` of a draw of sites or a proof of membership; `{about: 'evidence'}` of everything else. */
export function formatNamed(bytes) {
  if (bytes[0] !== 0x7b) return { about: 'evidence' };
  let found;
  try {
    const format = parse(bytes).format;
    found = typeof format === 'string' ? NAMED.exec(format) : null;
  } catch {
    found = FIELD.exec(lossy(bytes));
  }
  return found ? { about: found[1], version: Number(found[2]) } : { about: 'evidence' };
}

function lossy(bytes) {
  try {
    return fromUtf8(bytes);
  } catch {
    return '';
  }
}
