import { call } from '../api.js';
import { h } from '../dom.js';
import { channelName, inFlight } from '../format.js';
import { attemptList } from '../parts/attempts.js';
import { badge } from '../parts/badge.js';
import { facts } from '../parts/facts.js';
import { failure } from '../parts/states.js';
import { exactly } from '../parts/time.js';
import { hrefTo } from '../routes.js';

/** A notification is young for this long: what is still missing in its story is on its way. */
const youngMs = 60_000;
/** How often the story of a young one is looked at again. */
const everyMs = 2_000;

/** Why and how one notification was delivered, or not. @type {import('../app.js').Page} */
export async function tracePage({ route, signal, go, again }) {
  const [, id] = route.path;
  return {
    title: 'Trace',
    content: [
      h(
        'p',
        { class: 'lead' },
        'Why did, or did not, a person hear of something? The whole story of one notification.',
      ),
      search(id, go),
      ...(id === undefined ? [] : await story(id, signal, again)),
    ],
  };
}

/**
 * @param {string | undefined} id
 * @param {(hash: string) => void} go
 */
function search(id, go) {
  const field = h('input', {
    name: 'id',
    required: true,
    value: id,
    spellcheck: 'false',
    autocomplete: 'off',
    placeholder: '019aa5e5-8f00-8b1c-9d2e-3f4a5b6c7d8e',
  });
  return h(
    'form',
    {
      class: 'filters',
      role: 'search',
      /** @param {SubmitEvent} event */
      onsubmit(event) {
        event.preventDefault();
        go(hrefTo(['trace', field.value.trim()]));
      },
    },
    h('label', { class: 'grow' }, 'Notification id', field),
    h('button', { class: 'primary' }, 'Trace'),
  );
}

/**
 * @param {string} id
 * @param {AbortSignal} signal
 * @param {() => void} again
 * @returns {Promise<Node[]>}
 */
async function story(id, signal, again) {
  let trace;
  try {
    trace = await call(`v1/notifications/${encodeURIComponent(id)}/trace`, { signal });
  } catch (error) {
    if (signal.aborted || /** @type {{ status?: number }} */ (error).status === 401) throw error;
    return [failure(error, again)]; // the field above stays, to correct the id
  }
  const { notification, decision, in_app: inApp, deliveries } = trace;
  if (Date.now() - Date.parse(notification.created_at) < youngMs && unfinished(trace)) lookAgain(signal, again);
  return [
    section(
      'What happened',
      facts([
        ['Recipient', notification.recipient],
        ['Type', notification.type],
        ['Category', notification.category],
        ['Priority', notification.priority],
        ['Event', `${notification.event_type} from ${notification.event_source}`],
        ['Event id', h('code', {}, notification.event_id)],
        ['Decided', exactly(notification.created_at)],
      ]),
    ),
    section('What was decided', decisions(decision)),
    ...(inApp ? [section('In-app', inAppCard(inApp))] : missingInApp(decision)),
    ...deliveries.map(deliverySection),
  ];
}

/**
 * Whether a chosen channel has nothing to show yet or is still at work.
 * @param {{ decision: { channel: string, outcome: string }[], in_app: object | null, deliveries: { channel: string, status: string }[] }} trace
 */
function unfinished({ decision, in_app: inApp, deliveries }) {
  return decision
    .filter(({ outcome }) => outcome === 'send')
    .some(({ channel }) => {
      if (channel === 'in_app') return inApp === null;
      const its = deliveries.filter((delivery) => delivery.channel === channel);
      return its.length === 0 || its.some(({ status }) => inFlight.includes(status));
    });
}

/**
 * Draws the page once more in a moment, unless the person has left it or is about to ask for another notification.
 * @param {AbortSignal} signal
 * @param {() => void} again
 */
function lookAgain(signal, again) {
  const timer = setTimeout(() => {
    if (document.activeElement?.tagName !== 'INPUT') again();
  }, everyMs);
  signal.addEventListener('abort', () => clearTimeout(timer));
}

/**
 * @param {string} title
 * @param {...import('../dom.js').Child} content
 */
function section(title, ...content) {
  return h('section', {}, h('h2', {}, title), ...content);
}

/** @param {{ channel: string, outcome: string, rule: string, reason: string, until?: string }[]} channels */
function decisions(channels) {
  return h(
    'ul',
    { class: 'cards' },
    channels.map(({ channel, outcome, rule, reason, until }) =>
      h(
        'li',
        {},
        h('div', { class: 'row' }, h('span', { class: 'strong' }, channelName(channel)), badge(outcome)),
        h('p', {}, reason),
        until && h('p', {}, 'Decided again ', exactly(until)),
        h('p', { class: 'quiet' }, 'Rule ', h('code', {}, rule)),
      ),
    ),
  );
}

/** @param {{ title: string, message: string, status: string, read_at: string | null, created_at: string }} notification */
function inAppCard({ title, message, status, read_at, created_at }) {
  return h(
    'div',
    { class: 'card' },
    h(
      'div',
      { class: 'row' },
      badge(status),
      h('span', { class: 'quiet' }, 'stored '),
      exactly(created_at),
      read_at && h('span', { class: 'quiet' }, 'read '),
      read_at && exactly(read_at),
    ),
    h('p', { class: 'strong' }, title),
    h('p', { class: 'message' }, message),
  );
}

/** @param {{ channel: string, outcome: string }[]} decision */
function missingInApp(decision) {
  const chosen = decision.some(({ channel, outcome }) => channel === 'in_app' && outcome === 'send');
  if (!chosen) return [];
  return [section('In-app', h('p', { class: 'quiet' }, 'Not in the inbox yet. Look again in a moment.'))];
}

/** @param {any} delivery */
function deliverySection(delivery) {
  const { channel, id, status, destination, provider, error, attempts } = delivery;
  return section(
    channelName(channel),
    h(
      'div',
      { class: 'card' },
      h(
        'div',
        { class: 'row' },
        badge(status),
        h('a', { href: hrefTo(['deliveries', channel, id]) }, destination),
        provider && h('span', { class: 'quiet' }, `by ${provider}`),
      ),
      error && h('p', { class: 'error-text' }, error),
      attemptList(attempts),
    ),
  );
}
