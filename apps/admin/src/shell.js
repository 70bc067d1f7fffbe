/** The frame around every page: the menu, and the place where the page goes. */
import { h } from './dom.js';
import { hrefTo } from './routes.js';
import { session } from './session.js';
import { themeChoice } from './theme.js';

const menu = [
  { path: ['deliveries', 'email'], title: 'Deliveries' },
  { path: ['dead-letters'], title: 'Dead letters' },
  { path: ['trace'], title: 'Trace' },
  { path: ['send'], title: 'Test event' },
  { path: ['system'], title: 'System' },
  { path: ['members'], title: 'Members' },
  { path: ['api-keys'], title: 'API keys', forOwners: true },
];

/** Whoever comes with an API key may do everything as well. */
const isOwner = () => !session.member || session.member.member.role === 'owner';

/**
 * Made once, then only told where the person is.
 * @param {HTMLElement} app
 * @param {string} current first part of the address
 * @param {() => void} signOut
 * @returns {HTMLElement} where the page goes
 */
export function shell(app, current, signOut) {
  const main = /** @type {HTMLElement} */ (app.querySelector('main.page') ?? made(app, signOut));
  for (const link of /** @type {NodeListOf<HTMLElement>} */ (app.querySelectorAll('.menu a'))) {
    if (link.dataset.page === current) link.setAttribute('aria-current', 'page');
    else link.removeAttribute('aria-current');
  }
  return main;
}

/**
 * @param {HTMLElement} app
 * @param {() => void} signOut
 */
function made(app, signOut) {
  const main = h('main', { class: 'page', id: 'page' });
  /** The address belongs to the pages, so the link moves the focus only. @param {Event} event */
  const skip = (event) => {
    event.preventDefault();
    main.querySelector('h1')?.focus();
  };
  app.replaceChildren(
    h('a', { class: 'skip', href: '#page', onclick: skip }, 'Skip to the page'),
    h(
      'header',
      { class: 'side' },
      h(
        'a',
        { class: 'brand', href: hrefTo(['deliveries', 'email']) },
        h('img', { src: 'admin/icon.svg', alt: '', width: 28, height: 28 }),
        'Carillon',
      ),
      h(
        'nav',
        { class: 'menu', 'aria-label': 'Pages' },
        menu
          .filter(({ forOwners }) => !forOwners || isOwner())
          .map(({ path, title }) => h('a', { href: hrefTo(path), 'data-page': path[0] }, title)),
      ),
      h(
        'div',
        { class: 'foot' },
        session.member && h('a', { href: hrefTo(['account']), 'data-page': 'account' }, session.member.member.name),
        h('a', { href: 'docs' }, 'API documentation'),
        themeChoice(),
        h('button', { type: 'button', class: 'plain', onclick: () => signOut() }, 'Sign out'),
      ),
    ),
    main,
  );
  return main;
}
