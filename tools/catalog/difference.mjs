/** The difference that a document makes, for people. Pure. */

/** @typedef {import('../bootstrap/terminal.mjs').Painter} Painter */
/** @typedef {{ change: 'added' | 'changed' | 'removed', path: string, before?: unknown, after?: unknown }} Change */

/** Longer values are cut: the difference shows where to look, the file shows the rest. */
const widest = 100;

/** @type {Record<Change['change'], { sign: string, style: import('../bootstrap/terminal.mjs').Style }>} */
const looks = {
  added: { sign: '+', style: 'green' },
  changed: { sign: '~', style: 'yellow' },
  removed: { sign: '-', style: 'red' },
};

/**
 * One line per change below the part of the document that it belongs to, such as `types.lesson_scheduled`.
 * @param {Change[]} changes in the order of the document
 * @param {Painter} paint
 * @returns {string[]}
 */
export function differenceLines(changes, paint) {
  let part = '';
  return changes.flatMap((change) => {
    const of = /^[^.[]+(\.[^.[]+)?/.exec(change.path)?.[0] ?? '';
    const heading = of === part ? [] : [paint('bold', of)];
    part = of;
    const { sign, style } = looks[change.change];
    const member = change.path.slice(of.length).replace(/^\./, '');
    return [...heading, paint(style, `  ${sign} ${member ? `${member}: ` : ''}${valuesOf(change)}`)];
  });
}

/** @param {Change} change */
function valuesOf({ change, before, after }) {
  if (change === 'added') return brief(after);
  return change === 'removed' ? brief(before) : `${brief(before)} → ${brief(after)}`;
}

/** @param {unknown} value */
function brief(value) {
  const text = JSON.stringify(value) ?? '';
  return text.length > widest ? `${text.slice(0, widest - 1)}…` : text;
}

/** @param {number} count @returns {string} `1 change`, `3 changes` */
export function countOf(count) {
  return count === 1 ? '1 change' : `${count} changes`;
}
