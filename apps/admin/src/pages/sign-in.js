import { ApiError, call } from '../api.js';
import { h } from '../dom.js';
import { failure } from '../parts/states.js';
import { input } from '../parts/input.js';
import { session } from '../session.js';

/**
 * Asks who somebody is: by password, at the identity provider where there is one, or by an API key.
 * @param {{ reason?: unknown, done: () => void }} options why the person is here again; what comes next
 */
export function signIn({ reason, done }) {
  const answer = h('div', { 'aria-live': 'polite' }, explained(reason));
  const provider = h('div', {});
  const byPassword = form(passwordFields(), 'Sign in', answer, async (given) => {
    const { tenant, email, password } = given;
    session.member = await call('v1/admin/session', {
      method: 'POST',
      body: { ...(tenant && { tenant }), email, password },
      key: null,
    });
    done();
  });
  const byKey = form(keyField(), 'Open the console', answer, async ({ key = '' }) => {
    if (!/^ck_[\w-]+$/.test(key))
      throw new ApiError({ status: 0, title: 'This is no API key', detail: 'An API key begins with ck_.' });
    // Any admin route would do; this one needs no other service.
    await call('v1/admin/dead-letters', { query: { limit: '1' }, key }).catch(ofKey);
    session.open(key);
    done();
  });
  void offerProvider(provider, byPassword);

  return h(
    'main',
    { class: 'sign-in' },
    h('img', { src: 'admin/icon.svg', alt: '', width: 48, height: 48 }),
    h('h1', {}, 'Carillon console'),
    answer,
    byPassword,
    provider,
    h('details', {}, h('summary', {}, 'With an API key'), byKey),
  );
}

function passwordFields() {
  return [
    input('email', 'Email', { type: 'email', autocomplete: 'username', required: true }),
    input('password', 'Password', { type: 'password', autocomplete: 'current-password', required: true }),
    h(
      'details',
      {},
      h('summary', {}, 'Another tenant'),
      input('tenant', 'Tenant', { autocomplete: 'organization', spellcheck: 'false', placeholder: 'default' }),
    ),
  ];
}

function keyField() {
  return [
    input('key', 'API key', {
      type: 'password',
      autocomplete: 'off',
      spellcheck: 'false',
      required: true,
      placeholder: 'ck_…',
      'aria-describedby': 'key-help',
    }),
    h(
      'p',
      { id: 'key-help', class: 'quiet' },
      'With the scope ',
      h('code', {}, 'admin'),
      '. It stays in this tab and is forgotten when you close it.',
    ),
  ];
}

/**
 * A form that says beside itself what went wrong.
 * @param {import('../dom.js').Child[]} fields
 * @param {string} title of its button
 * @param {HTMLElement} answer
 * @param {(given: Record<string, string>) => Promise<void>} work
 * @returns {HTMLFormElement}
 */
function form(fields, title, answer, work) {
  const button = h('button', { class: 'primary' }, title);
  /** @param {SubmitEvent} event */
  async function submit(event) {
    event.preventDefault();
    button.disabled = true;
    answer.replaceChildren();
    const entries = [...new FormData(/** @type {HTMLFormElement} */ (event.target))];
    try {
      await work(
        Object.fromEntries(
          entries.map(([name, value]) => [name, name === 'password' ? String(value) : String(value).trim()]),
        ),
      );
    } catch (error) {
      answer.replaceChildren(failure(error));
    } finally {
      button.disabled = false;
    }
  }
  return h('form', { onsubmit: submit }, fields, button);
}

/**
 * Shows the button of the identity provider, where there is one.
 * @param {HTMLElement} place
 * @param {HTMLFormElement} passwords where the tenant is typed in
 */
async function offerProvider(place, passwords) {
  const ways = await call('v1/admin/session/ways', { key: null }).catch(() => undefined);
  if (!ways?.openid) return;
  const follow = () => {
    const tenant = String(new FormData(passwords).get('tenant') ?? '').trim();
    const query = tenant ? `?tenant=${encodeURIComponent(tenant)}` : '';
    location.assign(new URL(`v1/admin/session/openid${query}`, new URL('.', document.baseURI)));
  };
  place.append(h('button', { type: 'button', onclick: follow }, `Sign in with ${ways.openid.name}`));
}

/**
 * @param {unknown} reason
 * @returns {import('../dom.js').Child}
 */
function explained(reason) {
  if (!reason) return undefined;
  return typeof reason === 'string' ? h('p', { class: 'notice warn' }, reason) : failure(reason);
}

/**
 * @param {unknown} error
 * @returns {never}
 */
function ofKey(error) {
  if (error instanceof ApiError && error.status === 401)
    throw new ApiError({
      status: 401,
      title: 'The gateway does not know this key',
      detail: 'It may be mistyped, expired or of another installation.',
    });
  if (error instanceof ApiError && error.status === 403)
    throw new ApiError({
      status: 403,
      title: 'This key may not do this',
      detail: 'The console needs the scope admin.',
    });
  throw error;
}
