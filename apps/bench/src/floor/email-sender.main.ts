/** Email → SMTP: the attempt is committed before the send, its outcome after it. */
import { createTransport } from 'nodemailer';
import type { Email } from './messages.ts';
import { run, runStage, type Item } from './stage.ts';

const smtp = createTransport({ url: process.env.SMTP_URL!, pool: true, maxConnections: 5, maxMessages: Infinity });

await runStage<Email>({
  queue: 'rendered.email',
  prefetch: 10,
  consumers: 2,
  most: 200,
  async handle(items) {
    const toSend = await begin(items);
    const sent = await Promise.all(items.filter(({ data }) => toSend.has(data.delivery_id)).map(send));
    await settle(sent);
    return [];
  },
});

/** Commits deliveries and attempts as `sending`. Returns those that are new: a redelivered one is not sent again. */
async function begin(items: Item<Email>[]): Promise<Set<string>> {
  const { rows } = await run<{ id: string }>(
    'begin',
    `WITH begun AS (
       INSERT INTO floor.deliveries (tenant, id, notification, recipient, address, content, state, created_at, updated_at)
       SELECT tenant, id, notification, recipient, address, content, 'sending', now(), now()
         FROM json_populate_recordset(null::floor.deliveries, $1) ON CONFLICT DO NOTHING RETURNING tenant, id
     ), attempted AS (
       INSERT INTO floor.attempts (tenant, delivery, number, provider, started_at)
       SELECT tenant, id, 1, 'smtp', now() FROM begun
     )
     SELECT id FROM begun`,
    JSON.stringify(
      items.map(({ tenant, data: { delivery_id, notification_id, recipient, to, subject, html, text } }) => ({
        tenant,
        id: delivery_id,
        notification: notification_id,
        recipient,
        address: to.address,
        content: { subject, html, text },
      })),
    ),
  );
  return new Set(rows.map(({ id }) => id));
}

interface Sent {
  tenant: string;
  delivery: string;
  state: 'sent' | 'failed';
  provider_message_id: string | null;
  error: string | null;
}

async function send({ tenant, data: { delivery_id, to, subject, html, text } }: Item<Email>): Promise<Sent> {
  try {
    const { messageId } = await smtp.sendMail({
      from: { name: 'Carillon', address: 'notifications@carillon.test' },
      to: { name: to.name ?? '', address: to.address },
      subject,
      html,
      text,
      messageId: `<${delivery_id}@carillon.test>`,
    });
    return { tenant, delivery: delivery_id, state: 'sent', provider_message_id: messageId, error: null };
  } catch (error) {
    return {
      tenant,
      delivery: delivery_id,
      state: 'failed',
      provider_message_id: null,
      error: (error as Error).message,
    };
  }
}

async function settle(sent: Sent[]): Promise<void> {
  await run(
    'settle',
    `WITH given AS MATERIALIZED (
       SELECT * FROM json_to_recordset($1) AS x (tenant text, delivery uuid, state text, provider_message_id text, error text)
     ), settled AS (
       UPDATE floor.attempts a SET outcome = g.state, ended_at = now() FROM given g
        WHERE a.tenant = g.tenant AND a.delivery = g.delivery AND a.number = 1
     )
     UPDATE floor.deliveries d
        SET state = g.state, provider_message_id = g.provider_message_id, error = g.error, updated_at = now()
       FROM given g WHERE d.tenant = g.tenant AND d.id = g.delivery`,
    JSON.stringify(sent),
  );
}
