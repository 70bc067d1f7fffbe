import { call } from '../api.js';
import { h } from '../dom.js';
import { channelName } from '../format.js';
import { badge } from '../parts/badge.js';
import { pager } from '../parts/pager.js';
import { empty } from '../parts/states.js';
import { table } from '../parts/table.js';
import { ago } from '../parts/time.js';
import { hrefTo } from '../routes.js';

const channels = ['email', 'sms'];
const states = [
  'queued',
  'sending',
  'sent',
  'delivered',
  'retrying',
  'failed',
  'suppressed',
  'expired',
  'cancelled',
  'uncertain',
];

/** The log of a channel, filtered and in pages. @type {import('../app.js').Page} */
export async function deliveriesPage({ route, signal, go }) {
  const [, channel = 'email'] = route.path;
  const { status, recipient, type, cursor } = route.query;
  const { data, next_cursor } = await call(`v1/admin/deliveries/${encodeURIComponent(channel)}`, {
    query: { status, recipient, type, cursor },
    signal,
  });
  const filtered = Boolean(status || recipient || type);

  return {
    title: `${channelName(channel)} deliveries`,
    content: [
      h(
        'nav',
        { class: 'tabs', 'aria-label': 'Channel' },
        channels.map((name) =>
          h('a', { href: hrefTo(['deliveries', name]), 'aria-current': name === channel && 'page' }, channelName(name)),
        ),
      ),
      filters(route, channel, go),
      data.length === 0
        ? filtered || cursor
          ? empty('Nothing matches', 'Change or clear the filter to see other deliveries.')
          : empty(
              `No ${channelName(channel)} has been asked for yet`,
              'Deliveries appear here as soon as an event leads to one. ',
              h('a', { href: hrefTo(['send']) }, 'Send a test event'),
              '.',
            )
        : table(
            `${channelName(channel)} deliveries, newest first`,
            [
              { title: 'Status', cell: ({ status }) => badge(status) },
              {
                title: 'To',
                class: 'short',
                cell: ({ id, destination }) => h('a', { href: hrefTo(['deliveries', channel, id]) }, destination),
              },
              { title: 'Recipient', class: 'short', cell: ({ recipient }) => recipient },
              { title: 'Type', class: 'short', cell: ({ type }) => type },
              { title: 'Retries', class: 'number', cell: ({ retries }) => retries > 0 && retries },
              { title: 'Created', cell: ({ created_at }) => ago(created_at) },
              {
                title: 'Error',
                class: 'wide',
                cell: ({ error }) => error && h('span', { class: 'clip', title: error }, error),
              },
            ],
            data,
          ),
      pager(route, next_cursor),
    ],
  };
}

/**
 * @param {import('../routes.js').Route} route
 * @param {string} channel
 * @param {(hash: string) => void} go
 */
function filters({ query }, channel, go) {
  const form = h(
    'form',
    {
      class: 'filters',
      role: 'search',
      'aria-label': 'Filter deliveries',
      /** @param {SubmitEvent} event */
      onsubmit(event) {
        event.preventDefault();
        const given = /** @type {Record<string, string>} */ (Object.fromEntries(new FormData(form)));
        const trimmed = Object.fromEntries(Object.entries(given).map(([name, value]) => [name, value.trim()]));
        go(hrefTo(['deliveries', channel], trimmed));
      },
    },
    h(
      'label',
      {},
      'Status',
      h(
        'select',
        { name: 'status', onchange: () => form.requestSubmit() },
        h('option', { value: '' }, 'Any'),
        states.map((state) => h('option', { value: state, selected: state === query.status }, state)),
      ),
    ),
    h('label', {}, 'Recipient', h('input', { name: 'recipient', value: query.recipient, placeholder: 'parent-17' })),
    h('label', {}, 'Type', h('input', { name: 'type', value: query.type, placeholder: 'invoice_issued' })),
    h('button', {}, 'Filter'),
    (query.status || query.recipient || query.type) &&
      h('a', { class: 'button plain', href: hrefTo(['deliveries', channel]) }, 'Clear'),
  );
  return form;
}
