import { call } from '../api.js';
import { h } from '../dom.js';
import { input, newPassword } from '../parts/input.js';
import { failure } from '../parts/states.js';
import { session } from '../session.js';

/**
 * Where the link of an invitation leads: somebody chooses a password, and is in.
 * @param {{ token: string, done: () => void }} options what the link ends with; what comes next
 */
export function acceptInvitation({ token, done }) {
  const button = h('button', { class: 'primary' }, 'Open the console');
  const answer = h('div', { 'aria-live': 'polite' });

  /** @param {SubmitEvent} event */
  async function submit(event) {
    event.preventDefault();
    const given = new FormData(/** @type {HTMLFormElement} */ (event.target));
    const name = String(given.get('name')).trim();
    button.disabled = true;
    answer.replaceChildren();
    try {
      session.close();
      session.member = await call('v1/admin/session/invitation', {
        method: 'POST',
        body: { token, password: String(given.get('password')), ...(name && { name }) },
      });
      done();
    } catch (error) {
      answer.replaceChildren(failure(error));
    } finally {
      button.disabled = false;
    }
  }

  return h(
    'main',
    { class: 'sign-in' },
    h('img', { src: 'admin/icon.svg', alt: '', width: 48, height: 48 }),
    h('h1', {}, 'Welcome to Carillon'),
    h(
      'form',
      { onsubmit: submit },
      input(
        'name',
        'Your name',
        { autocomplete: 'name', maxlength: 100 },
        'As others see it. Empty: as it was put by who invited you.',
      ),
      input('password', 'A new password', newPassword, 'At least 12 characters; several words are good.'),
      answer,
      button,
    ),
  );
}
