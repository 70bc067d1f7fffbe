/** Who is signed in, which page the address names, and what shows while it loads or when it cannot. */
import { ApiError, call } from './api.js';
import { h } from './dom.js';
import { accountPage } from './pages/account.js';
import { apiKeysPage } from './pages/api-keys.js';
import { deadLetterPage } from './pages/dead-letter.js';
import { deadLettersPage } from './pages/dead-letters.js';
import { deliveriesPage } from './pages/deliveries.js';
import { deliveryPage } from './pages/delivery.js';
import { acceptInvitation } from './pages/invitation.js';
import { membersPage } from './pages/members.js';
import { sendEventPage } from './pages/send-event.js';
import { signIn } from './pages/sign-in.js';
import { systemPage } from './pages/system.js';
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
  if (name === 'account') return accountPage;
  if (name === 'system') return systemPage;
  if (name === 'members') return membersPage;
  if (name === 'api-keys') return apiKeysPage;
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
  const route = parseHash(location.hash);
  if (route.path[0] === 'invitation') return showInvitation(route.path[1] ?? '');
  try {
    if (session.key === null) session.member ??= await call('v1/admin/session', { signal });
  } catch (error) {
    if (signal.aborted) return;
    return showSignIn(error instanceof ApiError && error.status === 401 ? troubles[route.query.trouble ?? ''] : error);
  }
  // Where signing in has led to, or where it was begun: there is nothing more to do.
  if (route.path[0] === 'sign-in') return go('#/deliveries/email');
  const main = shell(app, route.path[0] ?? 'deliveries', () => void signOut());
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
      return leaveSession('You are not signed in any more: the session has ended, or the API key is not valid.');
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

/** What the gateway says after the way to the identity provider and back. @type {Record<string, string>} */
const troubles = {
  failed: 'The identity provider did not let you in, or it took too long. Try again.',
  no_member: 'The identity provider knows you, but you are no member here. Ask an owner to invite you with that email.',
};

/** @param {unknown} [reason] a sentence, or what went wrong */
function showSignIn(reason) {
  shown = '';
  document.title = 'Carillon console';
  app.replaceChildren(signIn({ reason, done: () => void draw() }));
  /** @type {HTMLElement | null} */ (app.querySelector('input'))?.focus();
}

/** @param {string} token */
function showInvitation(token) {
  shown = '';
  document.title = 'Invitation · Carillon console';
  // The token goes out of the address, and with it out of the browser's history.
  const done = () => {
    history.replaceState(null, '', '#/deliveries/email');
    void draw();
  };
  app.replaceChildren(acceptInvitation({ token, done }));
  /** @type {HTMLElement | null} */ (app.querySelector('input'))?.focus();
}

async function signOut() {
  // Whatever it answers: whoever wants to go shall not be kept.
  if (session.member) await call('v1/admin/session', { method: 'DELETE' }).catch(() => undefined);
  leaveSession();
}

/** @param {string} [reason] */
function leaveSession(reason) {
  leave.abort();
  session.close();
  showSignIn(reason);
}

applyTheme();
addEventListener('hashchange', () => void draw());
void draw();
