/** Notification → words: fills template strings, once per delivery. */
import { maintenanceHtml, maintenanceText } from './maintenance-email.ts';
import type { Email, InApp, Routed } from './messages.ts';
import { runStage, type Item, type Outgoing } from './stage.ts';

await runStage<Routed>({
  queue: 'routed',
  prefetch: 20,
  consumers: 2,
  most: 500,
  handle: async (items) => items.flatMap(render),
});

function render({ tenant, time, data: routed }: Item<Routed>): Outgoing[] {
  const { notification_id, type, category, priority, created_at, recipient } = routed;
  return routed.deliveries.map(({ delivery_id, channel, address }): Outgoing => {
    const rendered = { delivery_id, notification_id, recipient: recipient.id, type, category, priority, created_at };
    const item = { specversion: '1.0', id: delivery_id, source: '/floor/template-renderer', time, tenant } as const;
    if (channel === 'in_app') {
      const words: InApp = { ...rendered, ...inAppWords(routed), link: null, metadata: {} };
      return { key: 'rendered.in_app', item: { ...item, type: 'floor.in_app', data: words } };
    }
    const email: Email = { ...rendered, to: { address, name: recipient.name }, ...emailWords(routed) };
    return { key: 'rendered.email', item: { ...item, type: 'floor.email', data: email } };
  });
}

function inAppWords({ type, data, recipient }: Routed): Pick<InApp, 'title' | 'message'> {
  if (type !== 'bench.email') return { title: data.title, message: data.message };
  const { time } = formats(recipient.time_zone);
  const from = time.format(new Date(data.starts_at));
  const to = time.format(new Date(data.ends_at));
  return {
    title: 'Planned maintenance',
    message: `Carillon may be unavailable from ${from} to ${to}. ${data.message}`,
  };
}

function emailWords({ data, recipient }: Routed): Pick<Email, 'subject' | 'html' | 'text'> {
  const { day, time } = formats(recipient.time_zone);
  const startsAt = new Date(data.starts_at);
  const words = {
    name: recipient.name ?? '',
    message: data.message,
    day: day.format(startsAt),
    from: time.format(startsAt),
    to: time.format(new Date(data.ends_at)),
  };
  return {
    subject: `Planned maintenance on ${words.day}`,
    html: maintenanceHtml(words),
    text: maintenanceText(words),
  };
}

interface Formats {
  day: Intl.DateTimeFormat;
  time: Intl.DateTimeFormat;
}

const byZone = new Map<string, Formats>();

/** Building an Intl format costs far more than using it. */
function formats(timeZone: string): Formats {
  let found = byZone.get(timeZone);
  if (!found) {
    found = {
      day: new Intl.DateTimeFormat('en-001', { timeZone, dateStyle: 'long' }),
      time: new Intl.DateTimeFormat('en-001', { timeZone, dateStyle: 'long', timeStyle: 'short' }),
    };
    byZone.set(timeZone, found);
  }
  return found;
}
