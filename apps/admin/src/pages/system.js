import { ApiError, call } from '../api.js';
import { h } from '../dom.js';
import { channelName } from '../format.js';
import { badge } from '../parts/badge.js';
import { renew } from '../parts/renew.js';
import { empty, failure } from '../parts/states.js';
import { table } from '../parts/table.js';
import { ago, clock, lastingSince } from '../parts/time.js';
import { whileLooking } from '../parts/while-looking.js';
import { hrefTo } from '../routes.js';
import { troublesOf } from './system-troubles.js';

/** @typedef {import('./system-troubles.js').Health} Health */

const everyMs = 5_000;
/** Replicas beat every two seconds; so long after the last beat, the next may be on its way. */
const justMs = 4_000;

/** How the system is doing, looked at again and again. @type {import('../app.js').Page} */
export async function systemPage({ signal, again }) {
  /** @returns {Promise<Health>} */
  const ask = () => call('v1/admin/health', { signal });
  let health = await ask();
  const parts = h('div', {});
  renew(parts, draw(health));
  whileLooking(everyMs, signal, async () => {
    try {
      health = await ask();
      renew(parts, draw(health));
    } catch (error) {
      if (signal.aborted) return;
      // Who is not signed in any more is told so by drawing the page anew.
      if (error instanceof ApiError && error.status === 401) return again();
      renew(parts, draw(health, error));
    }
  });
  return { title: 'System', content: [parts] };
}

/**
 * @param {Health} health
 * @param {unknown} [error] why there is nothing newer
 */
function draw(health, error) {
  const now = Date.parse(health.at);
  return [
    overall(health),
    h(
      'div',
      {},
      error && failure(error),
      h(
        'p',
        { class: 'quiet' },
        'As of ',
        clock(health.at),
        error ? '; tried again every 5 seconds.' : ', looked at again every 5 seconds.',
      ),
    ),
    section('Services', services(health, now)),
    section('Queues', queues(health, now)),
    section('Outbox and dead letters', waiting(health, now)),
    section('Providers', providers(health, now)),
  ];
}

/** @param {Health} health */
function overall(health) {
  const troubles = troublesOf(health);
  const tone = troubles[0]?.tone ?? 'good';
  const words = {
    good: 'Everything works',
    warn: 'Everything works, but somebody should know:',
    bad: 'Not everything works:',
  };
  return h(
    'div',
    { class: `notice ${tone}`, role: 'status' },
    h('p', { class: 'strong' }, words[tone]),
    troubles.length > 0 &&
      h(
        'ul',
        {},
        troubles.map(({ text }) => h('li', {}, text)),
      ),
  );
}

/**
 * @param {string} title
 * @param {...import('../dom.js').Child} content
 */
function section(title, ...content) {
  return h('section', {}, h('h2', {}, title), ...content);
}

/** @param {Health} health @param {number} now */
function services({ services }, now) {
  return h(
    'ul',
    { class: 'cards' },
    services.map(({ service, status, replicas }) =>
      h(
        'li',
        {},
        h('div', { class: 'row' }, h('span', { class: 'strong' }, service), badge(status)),
        replicas.length === 0 && h('p', { class: 'quiet' }, 'No replica has been heard of lately.'),
        replicas.map((replica) => replicaLine(replica, now)),
      ),
    ),
  );
}

/** @param {Health['services'][number]['replicas'][number]} replica @param {number} now */
function replicaLine({ version, started_at, heard_at, trouble }, now) {
  const heard = now - Date.parse(heard_at) < justMs ? 'just now' : ago(heard_at, now);
  return h(
    'p',
    { class: 'quiet' },
    `${version}, up for `,
    lastingSince(started_at, now),
    ', heard of ',
    heard,
    trouble && h('span', { class: 'error-text below' }, trouble),
  );
}

/** Those first in which something waits. @param {Health} health @param {number} now */
function queues({ queues: { trouble, data } }, now) {
  if (trouble) return empty('RabbitMQ does not tell', trouble);
  const busy = data.filter(({ messages, oldest_at }) => messages !== 0 || oldest_at);
  const idle = data.filter((queue) => !busy.includes(queue));
  return h(
    'div',
    {},
    busy.length > 0
      ? queueTable('Queues in which something waits', busy, now)
      : h('p', {}, 'Nothing waits in any queue.'),
    idle.length > 0 &&
      h('details', {}, h('summary', {}, `${idle.length} queues are empty`), queueTable('Empty queues', idle, now)),
  );
}

/** @param {string} caption @param {Health['queues']['data']} rows @param {number} now */
function queueTable(caption, rows, now) {
  return table(
    caption,
    [
      { title: 'Queue', class: 'wide', cell: ({ queue }) => h('code', {}, queue) },
      { title: 'Messages', class: 'number', cell: ({ messages }) => messages?.toLocaleString() ?? 'the queue is gone' },
      {
        title: 'Consumers',
        class: 'number',
        cell: ({ consumers }) => (consumers === 0 ? h('span', { class: 'badge bad' }, 'none') : consumers),
      },
      {
        title: 'Oldest message',
        cell: ({ oldest_at, at_least }) =>
          oldest_at && h('span', {}, at_least && 'at least ', lastingSince(oldest_at, now)),
      },
    ],
    rows,
  );
}

/** @param {Health} health @param {number} now */
function waiting({ outbox, dead_letters }, now) {
  /** @param {string} title @param {{ count: number, oldest_at: string | null }} what @param {string} text @param {import('../dom.js').Child} [link] */
  const card = (title, { count, oldest_at }, text, link) =>
    h(
      'li',
      {},
      h(
        'div',
        { class: 'row' },
        h('span', { class: 'strong' }, title),
        h('span', { class: `badge ${count > 0 ? 'warn' : 'good'}` }, count.toLocaleString()),
      ),
      h('p', { class: 'quiet' }, text),
      oldest_at && h('p', {}, 'The oldest for ', lastingSince(oldest_at, now)),
      link && h('p', {}, link),
    );
  return h(
    'ul',
    { class: 'cards' },
    card('Outbox', outbox, 'Accepted events that have not reached RabbitMQ yet'),
    card(
      'Dead letters',
      dead_letters,
      'Messages that no service could work with',
      h('a', { href: hrefTo(['dead-letters']) }, 'See them'),
    ),
  );
}

/** @param {Health} health @param {number} now */
function providers({ providers }, now) {
  const silent = providers.filter(({ trouble }) => trouble);
  const rows = providers.flatMap(({ channel, providers }) => providers.map((provider) => ({ channel, ...provider })));
  return h(
    'div',
    {},
    silent.map(({ channel, trouble }) =>
      h('p', { class: 'error-text' }, `The sender of ${channelName(channel)} does not tell: ${trouble}`),
    ),
    rows.length > 0 &&
      table(
        'Providers and their breakers',
        [
          { title: 'Channel', cell: ({ channel }) => channelName(channel) },
          { title: 'Provider', cell: ({ name }) => h('span', { class: 'strong' }, name) },
          { title: 'Whose', cell: ({ origin }) => (origin === 'tenant' ? 'yours' : 'the installation’s') },
          { title: 'In use', cell: ({ in_use }) => (in_use ? 'yes' : 'no') },
          { title: 'Breaker', cell: ({ breaker }) => badge(breaker.state) },
          { title: 'Since', cell: ({ breaker }) => breaker.since && ago(breaker.since, now) },
          {
            title: 'Why',
            class: 'wide',
            cell: ({ problem, breaker: { reason, retry_at } }) =>
              (problem || reason) &&
              h(
                'span',
                {},
                h('span', { class: 'error-text' }, problem ?? reason),
                retry_at && h('span', { class: 'quiet' }, ' · tried again ', ago(retry_at, now)),
              ),
          },
        ],
        rows,
      ),
  );
}
