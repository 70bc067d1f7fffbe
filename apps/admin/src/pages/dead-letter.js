import { call } from '../api.js';
import { h } from '../dom.js';
import { prettyJson } from '../format.js';
import { act } from '../parts/act.js';
import { badge } from '../parts/badge.js';
import { confirmed } from '../parts/confirm.js';
import { facts } from '../parts/facts.js';
import { exactly } from '../parts/time.js';
import { hrefTo } from '../routes.js';

const questions = {
  replay: {
    title: 'Replay this message?',
    text: 'It is published again where it was first published. If the cause is still there, it comes back here.',
    yes: 'Replay',
  },
  discard: {
    title: 'Discard this message?',
    text: 'Nothing will come of it any more. It stays listed as discarded.',
    yes: 'Discard',
    danger: true,
  },
};

/** One dead letter with its reason and body, and what can be done. @type {import('../app.js').Page} */
export async function deadLetterPage({ route, signal, again }) {
  const [, id = ''] = route.path;
  const path = `v1/admin/dead-letters/${encodeURIComponent(id)}`;
  const letter = await call(path, { signal });
  const headers = /** @type {Record<string, unknown>} */ (letter.properties);

  /** @param {keyof typeof questions} verb */
  const button = (verb) =>
    h(
      'button',
      {
        type: 'button',
        class: verb === 'replay' ? 'primary' : 'danger',
        /** @param {MouseEvent} event */
        onclick: async (event) => {
          const pressed = /** @type {HTMLButtonElement} */ (event.currentTarget);
          if (!(await confirmed(questions[verb]))) return;
          await act(pressed, async () => {
            await call(`${path}/${verb}`, { method: 'POST' });
            again();
          });
        },
      },
      questions[verb].yes,
    );

  return {
    title: 'Dead letter',
    back: { href: hrefTo(['dead-letters']), text: 'Dead letters' },
    content: [
      h('div', { class: 'notice bad' }, h('p', { class: 'strong' }, 'Why it was parked'), h('p', {}, letter.error)),
      h(
        'div',
        { class: 'actions' },
        badge(letter.status),
        letter.status === 'parked' && [button('replay'), button('discard')],
        letter.settled_at && h('span', { class: 'quiet' }, exactly(letter.settled_at)),
      ),
      facts([
        ['Queue', h('code', {}, letter.stage)],
        ['Exchange', h('code', {}, letter.exchange)],
        ['Routing key', h('code', {}, letter.routing_key)],
        ['Attempts', letter.attempts],
        ['Parked', exactly(letter.parked_at)],
        ['Id', h('code', {}, letter.id)],
      ]),
      h(
        'section',
        {},
        h('h2', {}, 'Message'),
        letter.body_encoding === 'base64' && h('p', { class: 'quiet' }, 'It is not text; this is its Base64 form.'),
        h('pre', { tabindex: 0 }, prettyJson(letter.body)),
      ),
      Object.keys(headers).length > 0 &&
        h(
          'details',
          {},
          h('summary', {}, 'AMQP properties'),
          h('pre', { tabindex: 0 }, JSON.stringify(headers, null, 2)),
        ),
    ],
  };
}
