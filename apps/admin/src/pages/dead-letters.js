import { call } from '../api.js';
import { h } from '../dom.js';
import { badge } from '../parts/badge.js';
import { pager } from '../parts/pager.js';
import { empty } from '../parts/states.js';
import { table } from '../parts/table.js';
import { ago } from '../parts/time.js';
import { hrefTo } from '../routes.js';

const states = ['parked', 'replayed', 'discarded'];

/** Messages that no service could work with. @type {import('../app.js').Page} */
export async function deadLettersPage({ route, signal }) {
  const { cursor, status = 'parked' } = route.query;
  const { data, next_cursor } = await call('v1/admin/dead-letters', {
    query: { status: status === 'all' ? undefined : status, cursor },
    signal,
  });

  return {
    title: 'Dead letters',
    content: [
      h(
        'p',
        { class: 'lead' },
        'Messages that no service could work with, each with the reason. Mend the cause, then replay; discard what is not worth it.',
      ),
      h(
        'nav',
        { class: 'tabs', 'aria-label': 'State' },
        [...states, 'all'].map((state) =>
          h(
            'a',
            { href: hrefTo(['dead-letters'], { status: state }), 'aria-current': state === status && 'page' },
            state[0]?.toUpperCase() + state.slice(1),
          ),
        ),
      ),
      data.length === 0
        ? status === 'parked'
          ? empty('Nothing is parked', 'Every message so far could be worked with.')
          : empty('Nothing here', `No dead letter is ${status}.`)
        : table(
            'Dead letters, newest first',
            [
              { title: 'State', cell: ({ status }) => badge(status) },
              {
                title: 'Reason',
                class: 'wide',
                cell: ({ id, error }) => h('a', { class: 'lines', href: hrefTo(['dead-letters', id]) }, error),
              },
              { title: 'Routing key', class: 'key', cell: ({ routing_key }) => h('code', {}, routing_key) },
              { title: 'Attempts', class: 'number', cell: ({ attempts }) => attempts },
              { title: 'Parked', cell: ({ parked_at }) => ago(parked_at) },
            ],
            data,
          ),
      pager(route, next_cursor),
    ],
  };
}
