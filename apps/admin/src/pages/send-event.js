import { ApiError, call } from '../api.js';
import { h } from '../dom.js';
import { channelName } from '../format.js';
import { failure } from '../parts/states.js';
import { hrefTo } from '../routes.js';
import { byField, eventOf } from './event-form.js';

const channels = ['in_app', 'email', 'sms'];

/** Sends an event as a server would, to see what becomes of it. @type {import('../app.js').Page} */
export async function sendEventPage() {
  const answer = h('div', { 'aria-live': 'polite' });
  const button = h('button', { class: 'primary' }, 'Send');
  const form = h(
    'form',
    { class: 'stack', onsubmit: submit, novalidate: true },
    field('type', 'Type', 'A type of the catalog, or the event type of your domain.', {
      value: 'welcome',
      spellcheck: 'false',
    }),
    field('recipients', 'Recipients', 'Their ids, separated by commas or spaces. They must exist.', {
      placeholder: 'parent-17',
      spellcheck: 'false',
    }),
    field(
      'data',
      'Data',
      'A JSON object with what the templates fill in.',
      { rows: 7, spellcheck: 'false' },
      'textarea',
    ),
    h(
      'fieldset',
      { 'aria-describedby': 'channels-errors' },
      h('legend', {}, 'Channels'),
      channels.map((channel) =>
        h(
          'label',
          { class: 'check' },
          h('input', { type: 'checkbox', name: 'channels', value: channel }),
          channelName(channel),
        ),
      ),
      h('p', { class: 'quiet' }, 'None chosen: as the catalog says.'),
      errorsOf('channels'),
    ),
    h(
      'details',
      {},
      h('summary', {}, 'Words of its own instead of a template'),
      field('title', 'Title', 'The type may then be left out.', {}),
      field('message', 'Message', '', { rows: 3 }, 'textarea'),
    ),
    h('div', { class: 'actions' }, button),
    answer,
  );

  /** @param {SubmitEvent} event */
  async function submit(event) {
    event.preventDefault();
    showErrors(form, []);
    answer.replaceChildren();
    const filled = new FormData(form);
    const text = (/** @type {string} */ name) => String(filled.get(name) ?? '');
    const event_ = eventOf({
      type: text('type'),
      recipients: text('recipients'),
      data: text('data'),
      channels: filled.getAll('channels').map(String),
      title: text('title'),
      message: text('message'),
    });
    if ('errors' in event_) return showErrors(form, event_.errors);
    button.disabled = true;
    try {
      answer.replaceChildren(accepted(await call('v1/events', { method: 'POST', body: event_.body })));
    } catch (error) {
      const errors = error instanceof ApiError ? error.errors : [];
      const { other } = byField(errors);
      // What stands beside its field already is not said twice.
      const shown =
        error instanceof ApiError
          ? new ApiError({
              ...error,
              errors: errors.filter(({ path, message }) => other.includes(`${path} ${message}`)),
            })
          : error;
      answer.replaceChildren(failure(shown));
      showErrors(form, errors);
    } finally {
      button.disabled = false;
    }
  }

  return {
    title: 'Send a test event',
    content: [
      h(
        'p',
        { class: 'lead' },
        'It is sent like any other event: the recipients really get it, on every channel that is chosen for them.',
      ),
      form,
    ],
  };
}

/**
 * @param {string} name
 * @param {string} label
 * @param {string} help
 * @param {Record<string, unknown>} attributes
 * @param {'input' | 'textarea'} [tag]
 */
function field(name, label, help, attributes, tag = 'input') {
  return h(
    'div',
    { class: 'field' },
    h('label', { for: name }, label),
    h(tag, { id: name, name, 'aria-describedby': `${name}-help ${name}-errors`, autocomplete: 'off', ...attributes }),
    help && h('p', { id: `${name}-help`, class: 'quiet' }, help),
    errorsOf(name),
  );
}

/** @param {string} name */
function errorsOf(name) {
  return h('p', { id: `${name}-errors`, class: 'error-text', 'data-errors': name });
}

/**
 * Puts each error beside its field and goes to the first.
 * @param {HTMLFormElement} form
 * @param {import('./event-form.js').FieldError[]} errors
 */
function showErrors(form, errors) {
  const sorted = byField(errors);
  let first;
  for (const place of form.querySelectorAll('[data-errors]')) {
    const name = /** @type {keyof typeof sorted} */ (/** @type {HTMLElement} */ (place).dataset.errors);
    const messages = sorted[name] ?? [];
    place.textContent = messages.join('. ');
    const input = form.querySelector(`#${name}`);
    input?.toggleAttribute('aria-invalid', messages.length > 0);
    if (messages.length > 0) {
      place.closest('details')?.setAttribute('open', '');
      first ??= /** @type {HTMLElement | null} */ (input);
    }
  }
  first?.focus();
}

/** @param {{ id: string, notifications: { id: string, recipient: string }[] }} answer */
function accepted({ id, notifications }) {
  return h(
    'div',
    { class: 'notice good', role: 'status' },
    h('p', { class: 'strong' }, 'Accepted'),
    h('p', {}, 'Event ', h('code', {}, id)),
    h(
      'ul',
      {},
      notifications.map((notification) =>
        h(
          'li',
          {},
          `${notification.recipient}: `,
          h('a', { href: hrefTo(['trace', notification.id]) }, 'see what becomes of it'),
          ' ',
          h('code', {}, notification.id),
        ),
      ),
    ),
  );
}
