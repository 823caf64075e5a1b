// Building elements without markup in strings: text is always text, whatever a file holds.

/** `el('p', {id: 'x'}, 'text', child)`; undefined and null children are left out. */
export function el(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== null) made.setAttribute(key, String(value));
  }
  made.append(...children.flat().filter((child) => child !== undefined && child !== null));
  return made;
}

/** A Chinese text with its English beside it. */
export const pair = ([zh, en], tag = 'span') => el(tag, {}, zh, ' ', el('span', { lang: 'en' }, en));

/** A table with a caption; `head` are pairs, each row an array of cells or `{attributes, cells}`; the first cell heads its row. */
export function table(caption, head, rows, attributes = {}) {
  const cells = (row) => row.map((cell, at) => {
    if (at > 0) return cell instanceof HTMLTableCellElement ? cell : el('td', {}, cell);
    return el('th', { scope: 'row' }, cell);
  });
  const body = rows.map((row) => (Array.isArray(row) ? el('tr', {}, cells(row)) : el('tr', row.attributes, cells(row.cells))));
  const made = el(
    'table',
    attributes,
    el('caption', {}, pair(caption)),
    el('thead', {}, el('tr', {}, head.map((title) => el('th', { scope: 'col' }, pair(title))))),
    el('tbody', {}, body),
  );
  return el('div', { class: 'wide' }, made);
}

/** Unix seconds as Beijing time, which has no summer time. */
export function beijing(seconds) {
  const moved = new Date((seconds + 8 * 3600) * 1000);
  return Number.isNaN(moved.getTime()) ? String(seconds) : `${moved.toISOString().slice(0, 19).replace('T', ' ')} 北京时间 (UTC+8)`;
}
