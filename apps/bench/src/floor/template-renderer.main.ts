/** Notification → words: fills template strings, once per delivery. */
import { html, text } from './email-template.ts';
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
  const { notification_id, type, category, priority, created_at, recipient, data } = routed;
  return routed.deliveries.map(({ delivery_id, channel, address }): Outgoing => {
    const rendered = { delivery_id, notification_id, recipient: recipient.id, type, category, priority, created_at };
    const item = { specversion: '1.0', id: delivery_id, source: '/floor/renderer', time, tenant } as const;
    if (channel === 'in_app') {
      const words: InApp = { ...rendered, title: data.title, message: data.message, link: null, metadata: {} };
      return { key: 'rendered.in_app', item: { ...item, type: 'floor.in_app', data: words } };
    }
    const email: Email = {
      ...rendered,
      to: { address, name: recipient.name },
      subject: data.title,
      html: html(data, recipient.name),
      text: text(data, recipient.name),
    };
    return { key: 'rendered.email', item: { ...item, type: 'floor.email', data: email } };
  });
}
