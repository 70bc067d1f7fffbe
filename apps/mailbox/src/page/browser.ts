/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
import type { Message, Refusal } from '../messages/message.ts';
import type { MessageSummary, StreamEvent } from '../http/stream.ts';

/**
 * What runs in the browser. Its source is sent as it stands, so it uses nothing from outside itself but types.
 * Messages are hostile: they reach the page as text nodes only, and HTML only inside a sandboxed frame.
 */
export function runPage(): void {
  /** So many messages are listed; a page that grows for days would slow down. */
  const LISTED = 500;
  const providerNames: Record<string, string> = {
    smtp: 'SMTP',
    africastalking: "Africa's Talking",
    twilio: 'Twilio',
    custom: 'custom HTTP',
  };

  let messages: MessageSummary[] = [];
  let refusals: Refusal[] = [];
  let channel = '';
  let selected: string | undefined;
  let loaded = false;

  const byId = (id: string): HTMLElement => {
    const element = document.getElementById(id);
    if (!element) throw new Error(`The page has no ${id}`);
    return element;
  };
  const search = byId('search') as HTMLInputElement;

  /** An element with properties and children; strings become text nodes. */
  function el(
    tag: string,
    attributes: Record<string, string> = {},
    ...children: (Node | string | null | undefined | false)[]
  ): HTMLElement {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    for (const child of children) if (child) element.append(child);
    return element;
  }

  function timeOf(iso: string): string {
    const date = new Date(iso);
    const today = date.toDateString() === new Date().toDateString();
    const time = date.toLocaleTimeString([], { hour: '2-digit', minute: '2-digit', second: '2-digit' });
    return today ? time : `${date.toLocaleDateString([], { day: 'numeric', month: 'short' })} ${time}`;
  }

  const isBad = (status: string): boolean => status === 'bounced' || status === 'undelivered';

  // ── the list ──

  function matches(message: MessageSummary): boolean {
    if (channel && message.channel !== channel) return false;
    const wanted = search.value.trim().toLowerCase();
    if (!wanted) return true;
    return [message.to, message.from, message.from_name, message.subject, message.text].some((field) =>
      field?.toLowerCase().includes(wanted),
    );
  }

  function listItem(message: MessageSummary): HTMLElement {
    const excerpt = (message.text ?? '').replace(/\s+/g, ' ').trim();
    const title = message.channel === 'sms' ? excerpt || '(no text)' : message.subject || '(no subject)';
    const button = el(
      'button',
      { class: 'item', 'aria-current': String(message.id === selected) },
      el(
        'div',
        { class: 'item-top' },
        el('span', { class: `chip ${message.channel}` }, message.channel === 'sms' ? 'SMS' : 'Email'),
        el('span', { class: 'item-to' }, message.to),
        el('time', { class: 'item-time', datetime: message.received_at }, timeOf(message.received_at)),
      ),
      el(
        'div',
        { class: 'item-mid' },
        el('span', { class: 'item-title' }, title),
        isBad(message.status) && el('span', { class: 'chip bad' }, message.status),
      ),
      message.channel === 'email' && excerpt !== '' && el('div', { class: 'item-text' }, excerpt),
    );
    button.addEventListener('click', () => {
      location.hash = `/messages/${message.id}`;
    });
    return el('li', {}, button);
  }

  function showList(): void {
    const shown = messages.filter(matches);
    byId('list').replaceChildren(...shown.map(listItem));
    byId('list').hidden = shown.length === 0;
    const empty = byId('list-empty');
    empty.hidden = shown.length > 0 || !loaded;
    const title = empty.querySelector('.empty-title');
    if (title) title.textContent = messages.length ? 'No message matches the filter' : 'Nothing here yet';
    byId('message-count').textContent = messages.length >= LISTED ? `${LISTED}+` : String(messages.length);
  }

  function showRefusals(): void {
    byId('refusal-rows').replaceChildren(
      ...refusals.map((refusal) =>
        el(
          'tr',
          {},
          el('td', { class: 'name' }, timeOf(refusal.refused_at)),
          el('td', {}, el('code', {}, refusal.to)),
          el('td', {}, providerNames[refusal.provider] ?? refusal.provider),
          el('td', {}, refusal.answer),
          el('td', {}, el('span', { class: 'chip simulated' }, refusal.simulated)),
        ),
      ),
    );
    const wrap = byId('refusal-rows').closest('.table-wrap') as HTMLElement;
    wrap.hidden = refusals.length === 0;
    byId('refusals-empty').hidden = refusals.length > 0;
    byId('refusal-count').textContent = String(refusals.length);
  }

  // ── one message ──

  function fact(name: string, value: string | null | undefined): Node[] {
    return value ? [el('dt', {}, name), el('dd', {}, value)] : [];
  }

  function chips(message: MessageSummary): HTMLElement {
    return el(
      'div',
      { class: 'chips' },
      el('span', { class: `chip ${message.channel}` }, providerNames[message.provider] ?? message.provider),
      el('span', { class: isBad(message.status) ? 'chip bad' : 'chip', id: 'detail-status' }, message.status),
      message.simulated !== null && el('span', { class: 'chip simulated' }, `simulated: ${message.simulated}`),
    );
  }

  function headersTable(headers: Record<string, string>): HTMLElement {
    const rows = Object.entries(headers).map(([name, value]) =>
      el('tr', {}, el('td', { class: 'name' }, el('code', {}, name)), el('td', { class: 'value mono' }, value)),
    );
    return el('div', { class: 'table-wrap' }, el('table', {}, el('tbody', {}, ...rows)));
  }

  function htmlFrame(message: Message, images: boolean): HTMLElement {
    return el('iframe', {
      title: 'The email as HTML',
      sandbox: 'allow-popups allow-popups-to-escape-sandbox',
      referrerpolicy: 'no-referrer',
      src: `/api/messages/${message.id}/html${images ? '?images=true' : ''}`,
    });
  }

  function phone(message: Message): HTMLElement {
    return el(
      'div',
      { class: 'phone' },
      el('p', { class: 'phone-sender' }, message.from || 'unknown sender'),
      el('p', { class: 'phone-time' }, timeOf(message.received_at)),
      el('p', { class: 'bubble' }, message.text ?? ''),
      el('p', { class: 'phone-note' }, `${[...(message.text ?? '')].length} characters`),
    );
  }

  function parts(message: Message): HTMLElement[] {
    const choices: [string, () => HTMLElement][] = [];
    let images = false;
    if (message.channel === 'sms') choices.push(['Phone', () => phone(message)]);
    if (message.html !== null) choices.push(['HTML', () => htmlFrame(message, images)]);
    if (message.text !== null) choices.push(['Text', () => el('pre', {}, message.text)]);
    choices.push([message.channel === 'sms' ? 'Request' : 'Headers', () => headersTable(message.headers)]);

    const body = el('div', { class: 'part' });
    const toolbar = el('div', { class: 'parts', role: 'tablist', 'aria-label': 'Parts of the message' });
    const toggle = el('input', { type: 'checkbox' }) as HTMLInputElement;
    const imagesLabel = el('label', { title: 'Loading them can count as an open' }, toggle, 'remote images');
    const buttons = choices.map(([name]) => el('button', { role: 'tab' }, name));
    const show = (index: number): void => {
      const choice = choices[index];
      if (!choice) return;
      buttons.forEach((button, at) => button.setAttribute('aria-selected', String(at === index)));
      imagesLabel.hidden = choice[0] !== 'HTML';
      body.replaceChildren(choice[1]());
    };
    buttons.forEach((button, index) => button.addEventListener('click', () => show(index)));
    toggle.addEventListener('change', () => {
      images = toggle.checked;
      show(choices.findIndex(([name]) => name === 'HTML'));
    });
    toolbar.append(...buttons, imagesLabel);
    show(0);
    return [toolbar, body];
  }

  function placeholder(title: string, text: string): HTMLElement {
    return el('div', { class: 'empty' }, el('p', { class: 'empty-title' }, title), el('p', {}, text));
  }

  async function showDetail(): Promise<void> {
    const wanted = selected;
    byId('messages').classList.toggle('open', wanted !== undefined);
    const detail = byId('detail');
    if (wanted === undefined) {
      detail.replaceChildren(placeholder('No message open', 'Choose one from the list.'));
      return;
    }
    const back = el('button', { class: 'quiet back' }, '← All messages');
    back.addEventListener('click', () => {
      location.hash = '';
    });
    const response = await fetch(`/api/messages/${encodeURIComponent(wanted)}`);
    // Another message may have been opened while this one was fetched.
    if (wanted !== selected) return;
    if (!response.ok) {
      const gone = placeholder(
        'This message is gone',
        'The mailbox was cleared, or the message was dropped for newer ones.',
      );
      detail.replaceChildren(el('header', { class: 'detail-head' }, back), gone);
      return;
    }
    const message = (await response.json()) as Message;
    const sender = message.from_name ? `${message.from_name} <${message.from}>` : message.from;
    const attachments = message.attachments
      .map(({ filename, content_type, size }) => `${filename ?? 'unnamed'} (${content_type}, ${size} bytes)`)
      .join(', ');
    const title = message.channel === 'sms' ? `SMS to ${message.to}` : message.subject || '(no subject)';
    detail.replaceChildren(
      el(
        'header',
        { class: 'detail-head' },
        back,
        el('h2', {}, title),
        el(
          'dl',
          { class: 'facts' },
          ...fact('From', sender),
          ...fact('To', message.to),
          ...fact('Received', new Date(message.received_at).toLocaleString()),
          ...fact('Attached', attachments),
          ...fact('Id', message.provider_message_id),
        ),
        chips(message),
      ),
      ...parts(message),
    );
    detail.scrollTop = 0;
  }

  // ── what the reader does ──

  function followHash(): void {
    const [, view = 'messages', id] = location.hash.split('/');
    const known = ['messages', 'refusals', 'simulated'].includes(view) ? view : 'messages';
    for (const name of ['messages', 'refusals', 'simulated']) byId(name).hidden = name !== known;
    document
      .querySelectorAll<HTMLElement>('[data-view]')
      .forEach((tab) => tab.setAttribute('aria-selected', String(tab.dataset['view'] === known)));
    selected = known === 'messages' && id ? id : undefined;
    showList();
    void showDetail();
  }

  document.querySelectorAll<HTMLElement>('[data-view]').forEach((tab) =>
    tab.addEventListener('click', () => {
      location.hash = `/${tab.dataset['view'] ?? 'messages'}`;
    }),
  );
  document.querySelectorAll<HTMLElement>('[data-channel]').forEach((button) =>
    button.addEventListener('click', () => {
      channel = button.dataset['channel'] ?? '';
      document
        .querySelectorAll('[data-channel]')
        .forEach((other) => other.setAttribute('aria-pressed', String(other === button)));
      showList();
    }),
  );
  search.addEventListener('input', showList);
  byId('clear').addEventListener('click', () => void fetch('/api/messages', { method: 'DELETE' }));
  window.addEventListener('hashchange', followHash);

  // ── what the mailbox tells ──

  async function load(): Promise<void> {
    const [listed, refused] = await Promise.all([fetch(`/api/messages?limit=${LISTED}`), fetch('/api/refusals')]);
    messages = (await listed.json()) as MessageSummary[];
    refusals = (await refused.json()) as Refusal[];
    loaded = true;
    showList();
    showRefusals();
  }

  function receive(event: StreamEvent): void {
    if (event.reload) {
      void load().then(() => (selected === undefined ? undefined : showDetail()));
      return;
    }
    for (const message of event.messages) {
      const at = messages.findIndex(({ id }) => id === message.id);
      if (at >= 0) messages[at] = message;
      else messages.unshift(message);
      const status = document.getElementById('detail-status');
      if (message.id === selected && status) {
        status.textContent = message.status;
        status.className = isBad(message.status) ? 'chip bad' : 'chip';
      }
    }
    messages.length = Math.min(messages.length, LISTED);
    refusals.unshift(...event.refusals.toReversed());
    refusals.length = Math.min(refusals.length, 200);
    showList();
    showRefusals();
  }

  const connection = byId('connection');
  let stream: EventSource | undefined;

  function showConnection(state: string, text: string): void {
    connection.className = `connection ${state}`;
    connection.textContent = text;
  }

  function connect(): void {
    stream = new EventSource('/api/stream');
    stream.onopen = () => {
      showConnection('live', 'live');
      // Whatever happened before the stream was open, or while it was lost.
      void load();
    };
    stream.onerror = () => showConnection('lost', 'not connected');
    stream.onmessage = ({ data }) => receive(JSON.parse(String(data)) as StreamEvent);
  }

  // A browser opens six connections to a server, for all its tabs together: a hidden tab must not hold one.
  function connectWhileVisible(): void {
    if (document.visibilityState === 'visible') {
      if (!stream) connect();
      return;
    }
    stream?.close();
    stream = undefined;
    showConnection('', 'paused');
  }

  document.addEventListener('visibilitychange', connectWhileVisible);
  connectWhileVisible();
  followHash();
}
