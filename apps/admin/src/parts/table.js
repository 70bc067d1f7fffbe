import { h } from '../dom.js';

/**
 * A table that becomes a list of cards on a narrow screen. The first link of a row is its link: a click anywhere in the
 * row follows it, and the keyboard reaches it.
 *
 * @template Row
 * @param {string} caption for screen readers
 * @param {{ title: string, cell: (row: Row) => import('../dom.js').Child, class?: string }[]} columns
 * @param {Row[]} rows
 */
export function table(caption, columns, rows) {
  return h(
    'div',
    { class: 'table' },
    h(
      'table',
      {},
      h('caption', { class: 'unseen' }, caption),
      h(
        'thead',
        {},
        h(
          'tr',
          {},
          columns.map(({ title }) => h('th', { scope: 'col' }, title)),
        ),
      ),
      h(
        'tbody',
        {},
        rows.map((row) =>
          h(
            'tr',
            { onclick: follow },
            columns.map(({ title, cell, class: kind }) => h('td', { 'data-title': title, class: kind }, cell(row))),
          ),
        ),
      ),
    ),
  );
}

/** @param {MouseEvent} event */
function follow(event) {
  const target = /** @type {Element} */ (event.target);
  if (target.closest('a, button') || String(getSelection())) return;
  /** @type {Element} */ (event.currentTarget).querySelector('a')?.click();
}
