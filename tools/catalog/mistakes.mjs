/** What is wrong with a file, as compilers say it: editors and terminals make a link of `file:line:column`. Pure. */

/** @typedef {import('../bootstrap/terminal.mjs').Painter} Painter */
/** @typedef {import('./api.mjs').Mistake} Mistake */

/** Wider lines are cut around the place that is meant. */
const widest = 110;

/**
 * @param {string} file as it was named
 * @param {string} text what it says
 * @param {Mistake[]} mistakes
 * @param {Painter} paint
 * @returns {string[]} for each mistake a line that names it, and the line of the file that it is in
 */
export function mistakeLines(file, text, mistakes, paint) {
  const lines = text.split(/\r?\n/);
  return mistakes.flatMap(({ path, message, line, column = 1 }) => {
    if (line === undefined) return [`${paint('bold', file)}  ${paint('cyan', path)}  ${paint('red', message)}`];
    return [
      `${paint('bold', `${file}:${line}:${column}`)}  ${paint('cyan', path)}  ${paint('red', message)}`,
      ...excerpt(lines[line - 1] ?? '', line, column, paint),
    ];
  });
}

/** @param {string} source @param {number} line @param {number} column @param {Painter} paint */
function excerpt(source, line, column, paint) {
  const from = column > widest - 20 ? column - 40 : 0;
  const shown = source.slice(from, from + widest).replaceAll('\t', ' ');
  const margin = `${line} | `.padStart(8);
  return [
    paint('gray', margin) + shown,
    `${paint('gray', '| '.padStart(8))}${' '.repeat(Math.max(0, column - 1 - from))}${paint('red', '^')}`,
  ];
}
