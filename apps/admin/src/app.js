/** Who is signed in, which page the address names, and what shows while it loads or when it cannot. */
import { ApiError } from './api.js';
import { h } from './dom.js';
import { deadLetterPage } from './pages/dead-letter.js';
import { deadLettersPage } from './pages/dead-letters.js';
import { deliveriesPage } from './pages/deliveries.js';
import { deliveryPage } from './pages/delivery.js';
import { sendEventPage } from './pages/send-event.js';
import { signIn } from './pages/sign-in.js';
import { tracePage } from './pages/trace.js';
import { empty, failure, loading } from './parts/states.js';
import { parseHash } from './routes.js';
import { session } from './session.js';
import { shell } from './shell.js';
import { applyTheme } from './theme.js';

/**
 * @typedef {object} PageContext
 * @property {import('./routes.js').Route} route
 * @property {AbortSignal} signal ends when the person leaves the page
 * @property {(hash: string) => void} go to another address
 * @property {() => void} again draws the page anew
 *
 * @typedef {object} Drawn
 * @property {string} title
 * @property {{ href: string, text: string }} [back] where the page was come from
 * @property {import('./dom.js').Child[]} content
 *
 * @typedef {(context: PageContext) => Promise<Drawn>} Page
 */

const app = /** @type {HTMLElement} */ (document.getElementById('app'));
let leave = new AbortController();
let shown = '';

/**
 * @param {string[]} path
 * @returns {Page | undefined}
 */
function pageOf([name, first, second]) {
  if (name === undefined) return deliveriesPage;
  if (name === 'deliveries') return second === undefined ? deliveriesPage : deliveryPage;
  if (name === 'dead-letters') return first === undefined ? deadLettersPage : deadLetterPage;
  if (name === 'trace') return tracePage;
  if (name === 'send') return sendEventPage;
  return undefined;
}

/** @param {string} hash */
function go(hash) {
  // Going where one is means to look again.
  if (location.hash === hash) void draw();
  else location.hash = hash;
}

/** Draws what the address names. */
async function draw() {
  leave.abort();
  leave = new AbortController();
  const { signal } = leave;
  if (session.key === null) return showSignIn();

  const route = parseHash(location.hash);
  const main = shell(app, route.path[0] ?? 'deliveries', signOut);
  const moved = shown !== route.path.join('/');
  shown = route.path.join('/');
  main.setAttribute('aria-busy', 'true');
  if (moved) main.replaceChildren(loading('the page'));

  const page = pageOf(route.path);
  const again = () => void draw();
  try {
    const drawn = page
      ? await page({ route, signal, go, again })
      : { title: 'No such page', content: [empty('No such page', 'Choose one from the menu.')] };
    if (signal.aborted) return;
    show(main, drawn, moved);
  } catch (error) {
    if (signal.aborted) return;
    if (error instanceof ApiError && error.status === 401)
      return signOut('The API key is not valid any more. Enter another one.');
    show(main, { title: 'That did not work', content: [failure(error, again)] }, moved);
  }
}

/**
 * @param {HTMLElement} main
 * @param {Drawn} drawn
 * @param {boolean} moved to another page: then its heading is where keyboard and screen reader go on
 */
function show(main, { title, back, content }, moved) {
  const heading = h('h1', { tabindex: -1 }, title);
  main.replaceChildren(
    ...(back ? [h('p', {}, h('a', { class: 'back', href: back.href }, `← ${back.text}`))] : []),
    heading,
    ...content.flat().filter((child) => child instanceof Node),
  );
  main.removeAttribute('aria-busy');
  document.title = `${title} · Carillon console`;
  if (!moved) return;
  heading.focus({ preventScroll: true });
  scrollTo(0, 0);
}

/** @param {string} [reason] */
function showSignIn(reason) {
  shown = '';
  document.title = 'Carillon console';
  app.replaceChildren(signIn({ reason, done: () => void draw() }));
  /** @type {HTMLElement | null} */ (app.querySelector('#key'))?.focus();
}

/** @param {string} [reason] */
function signOut(reason) {
  leave.abort();
  session.close();
  showSignIn(reason);
}

applyTheme();
addEventListener('hashchange', () => void draw());
void draw();
