// The machine form of a result: plain data, and its canonical text (sorted keys, no spaces), as draw-v1 §1.2 writes it.
// Here only because results cross a worker's border and a terminal; evidence files are read by canonical.js.

/** The same value with Maps as objects and BigInts as numbers, so that every reader takes it. */
export function plain(value) {
  if (typeof value === 'bigint') return Number(value);
  if (Array.isArray(value)) return value.map(plain);
  if (value instanceof Map) return plain(Object.fromEntries(value));
  if (value !== null && typeof value === 'object') {
    const held = Object.entries(value).filter(([, item]) => item !== undefined && item !== null);
    return Object.fromEntries(held.map(([key, item]) => [key, plain(item)]));
  }
  return value;
}

/** One line of JSON with the keys of every object in order of their code units. */
export function machineText(value) {
  if (Array.isArray(value)) return `[${value.map(machineText).join(',')}]`;
  if (value !== null && typeof value === 'object') {
    const items = Object.keys(value).sort().map((key) => `${JSON.stringify(key)}:${machineText(value[key])}`);
    return `{${items.join(',')}}`;
  }
  return JSON.stringify(value);
}
