/** The difference that a document makes, for people. Pure. */

/** @typedef {import('../bootstrap/terminal.mjs').Painter} Painter */
/** @typedef {{ change: 'added' | 'changed' | 'removed', path: string, before?: unknown, after?: unknown }} Change */

/** Longer values are cut: the difference shows where to look, the file shows the rest. */
const widest = 100;

/** Of what is the same before a change within a long value. */
const shownBefore = 20;

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
  if (change === 'removed') return brief(before);
  const [old, fresh] = [textOf(before), textOf(after)];
  const from = Math.max(0, sameStart(old, fresh) - shownBefore);
  return old.length <= widest && fresh.length <= widest
    ? `${old} → ${fresh}`
    : `${cut(old, from)} → ${cut(fresh, from)}`;
}

/** @param {unknown} value */
function brief(value) {
  return cut(textOf(value), 0);
}

/** @param {unknown} value */
function textOf(value) {
  return JSON.stringify(value) ?? '';
}

/** @param {string} text @param {number} from */
function cut(text, from) {
  const rest = text.slice(from);
  return (from > 0 ? '…' : '') + (rest.length > widest ? `${rest.slice(0, widest - 1)}…` : rest);
}

/** @param {string} one @param {string} other @returns {number} how many characters they begin with alike */
function sameStart(one, other) {
  let count = 0;
  while (count < one.length && one[count] === other[count]) count++;
  return count;
}

/** @param {number} count @returns {string} `1 change`, `3 changes` */
export function countOf(count) {
  return count === 1 ? '1 change' : `${count} changes`;
}
