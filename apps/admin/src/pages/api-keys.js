import { call } from '../api.js';
import { h } from '../dom.js';
import { badge } from '../parts/badge.js';
import { deed } from '../parts/deed.js';
import { input } from '../parts/input.js';
import { pager } from '../parts/pager.js';
import { failure } from '../parts/states.js';
import { table } from '../parts/table.js';
import { ago, exactly } from '../parts/time.js';
import { toldOnce } from '../parts/told-once.js';

const path = 'v1/admin/api-keys';
const scopes = {
  'events:write': 'Events and traces',
  'recipients:write': 'Recipients, their export, erasure and tokens',
  admin: 'Everything',
};

/** The credentials of the tenant's servers. @type {import('../app.js').Page} */
export async function apiKeysPage({ route, signal, again }) {
  const { data, next_cursor } = await call(path, { query: { cursor: route.query.cursor }, signal });
  const told = h('div', {});
  /** @param {any} made */
  const tell = ({ name, key }) =>
    told.replaceChildren(
      toldOnce(`The key of ${name}`, 'Put it where the server keeps its secrets. It cannot be shown again.', key),
    );

  return {
    title: 'API keys',
    content: [
      h('p', { class: 'lead' }, 'Each of your servers gets one of its own, with what it needs and no more.'),
      told,
      table(
        'API keys, newest first',
        [
          { title: 'Name', cell: ({ name }) => name },
          { title: 'Begins with', class: 'key', cell: ({ prefix }) => prefix && h('code', {}, prefix) },
          { title: 'Scopes', class: 'wide', cell: (key) => key.scopes.join(', ') },
          { title: 'State', cell: ({ state }) => badge(state) },
          { title: 'Expires', cell: ({ expires_at }) => (expires_at ? exactly(expires_at) : 'never') },
          { title: 'Last used', cell: ({ last_used_at }) => (last_used_at ? ago(last_used_at) : 'never') },
          { title: 'Actions', cell: (key) => key.state === 'active' && deeds(key, { tell, again }) },
        ],
        data,
      ),
      pager(route, next_cursor),
      h('h2', {}, 'Create a key'),
      createForm(tell),
    ],
  };
}

/**
 * @param {any} key
 * @param {{ tell: (made: any) => void, again: () => void }} options
 */
function deeds({ id, name, successor, scopes }, { tell, again }) {
  return h(
    'div',
    { class: 'actions' },
    !successor &&
      !scopes.includes('platform') &&
      deed(
        {
          title: `Replace the key of ${name}?`,
          text: 'You get a new one that may do the same. The old one goes on for a day, in which the server changes over.',
          yes: 'Rotate',
        },
        async () =>
          tell(await call(`${path}/${id}/rotate`, { method: 'POST', body: { overlap_seconds: 24 * 60 * 60 } })),
      ),
    deed(
      {
        title: `Revoke the key of ${name}?`,
        text: 'Whoever uses it is refused, everywhere within five seconds. This cannot be taken back.',
        yes: 'Revoke',
        danger: true,
      },
      async () => {
        await call(`${path}/${id}`, { method: 'DELETE' });
        again();
      },
    ),
  );
}

/** @param {(made: any) => void} tell */
function createForm(tell) {
  const button = h('button', { class: 'primary' }, 'Create');
  const answer = h('div', { 'aria-live': 'polite' });

  /** @param {SubmitEvent} event */
  async function submit(event) {
    event.preventDefault();
    const form = /** @type {HTMLFormElement} */ (event.target);
    const given = new FormData(form);
    const until = String(given.get('expires_at'));
    const body = {
      name: given.get('name'),
      scopes: given.getAll('scopes'),
      ...(until && { expires_at: new Date(until).toISOString() }),
    };
    button.disabled = true;
    answer.replaceChildren();
    try {
      tell(await call(path, { method: 'POST', body }));
      form.reset();
      scrollTo(0, 0);
    } catch (error) {
      answer.replaceChildren(failure(error));
    } finally {
      button.disabled = false;
    }
  }

  return h(
    'form',
    { class: 'stack', onsubmit: submit },
    input('name', 'Name', { autocomplete: 'off', required: true, maxlength: 100 }, 'What it is for.'),
    h(
      'fieldset',
      {},
      h('legend', {}, 'Scopes'),
      Object.entries(scopes).map(([scope, meaning]) =>
        h('label', { class: 'check' }, h('input', { type: 'checkbox', name: 'scopes', value: scope }), meaning),
      ),
    ),
    input('expires_at', 'Expires', { type: 'datetime-local' }, 'In your time zone. Empty: never.'),
    answer,
    h('div', { class: 'actions' }, button),
  );
}
