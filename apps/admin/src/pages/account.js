import { call } from '../api.js';
import { h } from '../dom.js';
import { act } from '../parts/act.js';
import { facts } from '../parts/facts.js';
import { input, newPassword } from '../parts/input.js';
import { empty, failure } from '../parts/states.js';
import { session } from '../session.js';

/** Somebody's own password and sessions. @type {import('../app.js').Page} */
export async function accountPage({ again }) {
  if (!session.member)
    return { title: 'Your account', content: [empty('You are here with an API key', 'It has no account.')] };
  const { tenant, member } = session.member;
  return {
    title: 'Your account',
    content: [
      facts([
        ['Name', member.name],
        ['Email', member.email],
        ['Role', member.role],
        ['Tenant', tenant],
      ]),
      h('h2', {}, 'Password'),
      passwordForm(member.email),
      h('h2', {}, 'Sessions'),
      h('p', { class: 'quiet' }, 'A lost or borrowed device is signed out as well, and so is this one.'),
      h('div', { class: 'actions' }, signOutButton(again)),
    ],
  };
}

/** @param {string} email for the browser's memory of passwords */
function passwordForm(email) {
  const button = h('button', { class: 'primary' }, 'Change the password');
  const answer = h('div', { 'aria-live': 'polite' });

  /** @param {SubmitEvent} event */
  async function submit(event) {
    event.preventDefault();
    const form = /** @type {HTMLFormElement} */ (event.target);
    button.disabled = true;
    answer.replaceChildren();
    try {
      const body = Object.fromEntries(new FormData(form));
      session.member = await call('v1/admin/session/password', { method: 'PUT', body });
      form.reset();
      answer.replaceChildren(
        h('p', { class: 'notice good' }, 'It is changed, and you are signed out everywhere else.'),
      );
    } catch (error) {
      answer.replaceChildren(failure(error));
    } finally {
      button.disabled = false;
    }
  }

  return h(
    'form',
    { class: 'stack', onsubmit: submit },
    h('input', { type: 'text', name: '', autocomplete: 'username', value: email, readonly: true, hidden: true }),
    input('current_password', 'Current password', {
      type: 'password',
      autocomplete: 'current-password',
      required: true,
    }),
    input('new_password', 'New password', newPassword, 'At least 12 characters; several words are good.'),
    answer,
    h('div', { class: 'actions' }, button),
  );
}

/** @param {() => void} again */
function signOutButton(again) {
  const button = h('button', { type: 'button', class: 'danger' }, 'Sign out everywhere');
  button.addEventListener('click', () =>
    act(button, async () => {
      await call('v1/admin/session/all', { method: 'DELETE' });
      session.close();
      again();
    }),
  );
  return button;
}
