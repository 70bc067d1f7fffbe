import { h } from '../dom.js';
import { hrefTo } from '../routes.js';

/**
 * Ways to older entries and back to the newest; the browser's own "back" goes one page back.
 * @param {import('../routes.js').Route} route of the list
 * @param {string | null} nextCursor
 */
export function pager({ path, query }, nextCursor) {
  if (!query.cursor && !nextCursor) return null;
  return h(
    'nav',
    { class: 'pager', 'aria-label': 'Pages' },
    query.cursor ? h('a', { class: 'button', href: hrefTo(path, { ...query, cursor: null }) }, '← Newest') : h('span'),
    nextCursor && h('a', { class: 'button', href: hrefTo(path, { ...query, cursor: nextCursor }) }, 'Older →'),
  );
}
