import { call } from '../api.js';
import { h } from '../dom.js';
import { channelName, inFlight, retryable } from '../format.js';
import { act } from '../parts/act.js';
import { attemptList } from '../parts/attempts.js';
import { badge } from '../parts/badge.js';
import { facts } from '../parts/facts.js';
import { messagePreview } from '../parts/message-preview.js';
import { exactly } from '../parts/time.js';
import { hrefTo } from '../routes.js';

/** How often a delivery that is still under way is looked at again. */
const everyMs = 2_000;

/** One delivery: its state, every attempt, and what was sent. @type {import('../app.js').Page} */
export async function deliveryPage({ route, signal, again }) {
  const [, channel = '', id = ''] = route.path;
  const path = `v1/admin/deliveries/${encodeURIComponent(channel)}/${encodeURIComponent(id)}`;
  const delivery = await call(path, { signal });
  if (inFlight.includes(delivery.status)) watch(path, delivery.updated_at, signal, again);

  return {
    title: `${channelName(channel)} to ${delivery.destination}`,
    back: { href: hrefTo(['deliveries', channel]), text: `${channelName(channel)} deliveries` },
    content: [
      h(
        'div',
        { class: 'row' },
        badge(delivery.status),
        delivery.error && h('span', { class: 'error-text' }, delivery.error),
      ),
      h(
        'div',
        { class: 'actions' },
        h('a', { class: 'button', href: hrefTo(['trace', delivery.notification_id]) }, 'See its trace'),
        retryable.includes(delivery.status) &&
          h(
            'button',
            {
              class: 'primary',
              type: 'button',
              /** @param {MouseEvent} event */
              onclick: (event) =>
                act(/** @type {HTMLButtonElement} */ (event.currentTarget), async () => {
                  await call(`${path}/retry`, { method: 'POST' });
                  again();
                }),
            },
            'Try again now',
          ),
      ),
      facts([
        ['Recipient', delivery.recipient],
        ['Type', delivery.type],
        ['Category', delivery.category],
        ['Template', `${delivery.template.key}, version ${delivery.template.version}, ${delivery.template.locale}`],
        ['Provider', delivery.provider],
        ['Provider’s id', delivery.provider_message_id && h('code', {}, delivery.provider_message_id)],
        ['Retries', delivery.retries],
        ['Created', exactly(delivery.created_at)],
        ['Sent', delivery.sent_at && exactly(delivery.sent_at)],
        ['Next attempt', delivery.next_attempt_at && exactly(delivery.next_attempt_at)],
        ['Delivery', h('code', {}, delivery.id)],
        [
          'Notification',
          h('a', { href: hrefTo(['trace', delivery.notification_id]) }, h('code', {}, delivery.notification_id)),
        ],
      ]),
      h('section', {}, h('h2', {}, 'Attempts'), attemptList(delivery.attempts)),
      h('section', {}, h('h2', {}, 'Message'), messagePreview(delivery.content)),
    ],
  };
}

/**
 * Draws the page again once the delivery has changed; looking at it costs nothing else.
 * @param {string} path
 * @param {string} updatedAt
 * @param {AbortSignal} signal of leaving the page
 * @param {() => void} again
 */
function watch(path, updatedAt, signal, again) {
  const timer = setInterval(async () => {
    const fresh = await call(path, { signal }).catch(() => undefined);
    if (!signal.aborted && fresh && fresh.updated_at !== updatedAt) again();
  }, everyMs);
  signal.addEventListener('abort', () => clearInterval(timer));
}
