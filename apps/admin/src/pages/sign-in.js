import { ApiError, call } from '../api.js';
import { h } from '../dom.js';
import { failure } from '../parts/states.js';
import { session } from '../session.js';

/**
 * Asks for an API key and keeps it for this tab once the gateway has accepted it.
 * @param {{ reason?: string, done: () => void }} options why the person is here again; what comes next
 */
export function signIn({ reason, done }) {
  const field = h('input', {
    id: 'key',
    name: 'key',
    type: 'password',
    autocomplete: 'off',
    spellcheck: 'false',
    required: true,
    placeholder: 'ck_…',
    'aria-describedby': 'key-help',
  });
  const button = h('button', { class: 'primary' }, 'Open the console');
  const answer = h('div', { 'aria-live': 'polite' }, reason && h('p', { class: 'notice warn' }, reason));

  /** @param {SubmitEvent} event */
  async function submit(event) {
    event.preventDefault();
    const key = field.value.trim();
    button.disabled = true;
    answer.replaceChildren();
    try {
      if (!/^ck_[\w-]+$/.test(key))
        throw new ApiError({ status: 0, title: 'This is no API key', detail: 'An API key begins with ck_.' });
      // Any admin route would do; this one needs no other service.
      await call('v1/admin/dead-letters', { query: { limit: '1' }, key });
      session.open(key);
      done();
    } catch (error) {
      answer.replaceChildren(failure(explained(error)));
      field.select();
    } finally {
      button.disabled = false;
    }
  }

  return h(
    'main',
    { class: 'sign-in' },
    h('img', { src: 'admin/icon.svg', alt: '', width: 48, height: 48 }),
    h('h1', {}, 'Carillon console'),
    h(
      'form',
      { onsubmit: submit },
      h('label', { for: 'key' }, 'API key'),
      field,
      h(
        'p',
        { id: 'key-help', class: 'quiet' },
        'With the scope ',
        h('code', {}, 'admin'),
        '. It stays in this tab and is forgotten when you close it.',
      ),
      answer,
      button,
    ),
  );
}

/** @param {unknown} error */
function explained(error) {
  if (!(error instanceof ApiError)) return error;
  if (error.status === 401)
    return new ApiError({
      status: 401,
      title: 'The gateway does not know this key',
      detail: 'It may be mistyped, expired or of another installation.',
    });
  if (error.status === 403)
    return new ApiError({
      status: 403,
      title: 'This key may not do this',
      detail: 'The console needs the scope admin.',
    });
  return error;
}
