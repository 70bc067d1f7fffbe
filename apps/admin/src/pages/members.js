import { call } from '../api.js';
import { h } from '../dom.js';
import { act } from '../parts/act.js';
import { badge } from '../parts/badge.js';
import { deed } from '../parts/deed.js';
import { input } from '../parts/input.js';
import { pager } from '../parts/pager.js';
import { failure } from '../parts/states.js';
import { table } from '../parts/table.js';
import { ago } from '../parts/time.js';
import { toldOnce } from '../parts/told-once.js';
import { session } from '../session.js';

const roles = ['viewer', 'support', 'editor', 'owner'];
const path = 'v1/admin/members';

/** Who looks after the tenant. @type {import('../app.js').Page} */
export async function membersPage({ route, signal, again }) {
  const { data, next_cursor } = await call(path, { query: { cursor: route.query.cursor }, signal });
  const mayChange = !session.member || session.member.member.role === 'owner';
  const told = h('div', {});
  /** @param {any} invited */
  const tell = ({ email, invitation }) =>
    told.replaceChildren(
      toldOnce(
        `The invitation of ${email}`,
        'Give them this link by a way that others do not read: whoever follows it chooses the password. It is worth one time and a week.',
        invitation.url,
      ),
    );

  return {
    title: 'Members',
    content: [
      h(
        'p',
        { class: 'lead' },
        'Viewers look, support looks after people, editors say what is sent, owners say who gets in. Each may do what those before may.',
      ),
      told,
      table(
        'Members',
        [
          { title: 'Name', cell: ({ name }) => name },
          { title: 'Email', class: 'wide', cell: ({ email }) => email },
          { title: 'Role', cell: (member) => (mayChange ? roleOf(member, again) : member.role) },
          { title: 'State', cell: ({ state }) => badge(state) },
          {
            title: 'Last signed in',
            cell: ({ last_signed_in_at }) => (last_signed_in_at ? ago(last_signed_in_at) : 'never'),
          },
          ...(mayChange
            ? [{ title: 'Actions', cell: (/** @type {any} */ member) => deeds(member, { tell, again }) }]
            : []),
        ],
        data,
      ),
      pager(route, next_cursor),
      mayChange && h('h2', {}, 'Invite somebody'),
      mayChange && inviteForm(tell),
    ],
  };
}

/**
 * @param {any} member
 * @param {() => void} again
 */
function roleOf({ id, email, role }, again) {
  const select = h(
    'select',
    { 'aria-label': `Role of ${email}` },
    roles.map((each) => h('option', { value: each, selected: each === role }, each)),
  );
  select.addEventListener('change', () =>
    act(select, async () => {
      try {
        await call(`${path}/${id}`, { method: 'PATCH', body: { role: select.value } });
        again();
      } catch (error) {
        select.value = role;
        throw error;
      }
    }),
  );
  return select;
}

/**
 * @param {any} member
 * @param {{ tell: (invited: any) => void, again: () => void }} options
 */
function deeds({ id, email, state }, { tell, again }) {
  return h(
    'div',
    { class: 'actions' },
    deed(
      {
        title: `Invite ${email} again?`,
        text: 'The link with which they choose a password. Earlier ones are worth nothing any more.',
        yes: 'New link',
      },
      async () => tell(await call(`${path}/${id}/invitation`, { method: 'POST' })),
    ),
    state === 'active' &&
      deed(
        { title: `Sign ${email} out everywhere?`, text: 'They may sign in again.', yes: 'Sign out' },
        async () => void (await call(`${path}/${id}/sessions`, { method: 'DELETE' })),
      ),
    deed(
      {
        title: `Remove ${email}?`,
        text: 'They are signed out everywhere at once. What they did stays.',
        yes: 'Remove',
        danger: true,
      },
      async () => {
        await call(`${path}/${id}`, { method: 'DELETE' });
        again();
      },
    ),
  );
}

/** @param {(invited: any) => void} tell */
function inviteForm(tell) {
  const button = h('button', { class: 'primary' }, 'Invite');
  const answer = h('div', { 'aria-live': 'polite' });
  const role = h(
    'select',
    { id: 'role', name: 'role' },
    roles.map((each) => h('option', { value: each }, each)),
  );

  /** @param {SubmitEvent} event */
  async function submit(event) {
    event.preventDefault();
    const form = /** @type {HTMLFormElement} */ (event.target);
    const { email, name, role } = Object.fromEntries(new FormData(form));
    button.disabled = true;
    answer.replaceChildren();
    try {
      tell(await call(path, { method: 'POST', body: { email, role, ...(name && { name }) } }));
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
    input('email', 'Email', { type: 'email', autocomplete: 'off', required: true }),
    input('name', 'Name', { autocomplete: 'off', maxlength: 100 }, 'Empty: they say it themselves.'),
    h('div', { class: 'field' }, h('label', { for: 'role' }, 'Role'), role),
    answer,
    h('div', { class: 'actions' }, button),
  );
}
