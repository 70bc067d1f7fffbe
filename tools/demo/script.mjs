/** Who takes part in the demo and what happens to them. Pure: the run's id and the time come in. */

/**
 * @typedef {object} Person
 * @property {string} id
 * @property {string} name
 * @property {string} email
 * @property {string} [phone]
 * @property {string} time_zone
 *
 * @typedef {object} ApiEvent
 * @property {'API'} by
 * @property {string} title what happened, for the table
 * @property {Record<string, unknown>} request body of POST /v1/events
 *
 * @typedef {object} AmqpEvent
 * @property {'RabbitMQ'} by
 * @property {string} title
 * @property {string} type the catalog type that listens to it
 * @property {string[]} recipients
 * @property {Record<string, unknown>} event the CloudEvent
 *
 * @typedef {ApiEvent | AmqpEvent} DemoEvent
 */

/**
 * @param {string} run part of every id and address, so that demos do not meet
 * @param {number} now milliseconds
 * @returns {{ people: Person[], events: DemoEvent[] }}
 */
export function demoScript(run, now) {
  const amina = {
    id: `demo-${run}-amina`,
    name: 'Amina Otieno',
    email: `amina+${run}@example.org`,
    phone: '+254711000111',
    time_zone: 'Africa/Nairobi',
  };
  const ben = {
    id: `demo-${run}-ben`,
    name: 'Ben Ruiz',
    email: `ben+${run}@example.org`,
    time_zone: 'Europe/Madrid',
  };
  const carol = {
    id: `demo-${run}-carol`,
    name: 'Carol Lee',
    // The mailbox refuses it as a provider refuses an address that does not exist (docs/mailbox.md).
    email: `permanent-failure+${run}@example.org`,
    time_zone: 'America/New_York',
  };
  const cloudEvent = (/** @type {string} */ type, /** @type {string} */ source, /** @type {object} */ data) => ({
    specversion: '1.0',
    id: `${run}-${type}`,
    source,
    type,
    time: new Date(now).toISOString(),
    data,
  });
  return {
    people: [amina, ben, carol],
    events: [
      { by: 'API', title: 'welcome', request: { type: 'welcome', recipients: [amina.id, carol.id] } },
      {
        by: 'API',
        title: 'password reset, urgent',
        request: { type: 'password_reset', recipients: [amina.id], data: { code: '482913', expires_in_minutes: 10 } },
      },
      {
        by: 'API',
        title: 'a message of its own',
        request: {
          recipients: [amina.id, ben.id],
          content: { title: 'The library opens on Saturday', message: 'From 9:00 to 13:00, with a reading at 11:00.' },
        },
      },
      {
        by: 'API',
        title: 'the same, in five seconds',
        request: {
          recipients: [ben.id],
          content: { title: 'The reading begins', message: 'First floor, next to the stairs.' },
          send_at: new Date(now + 5_000).toISOString(),
        },
      },
      {
        by: 'RabbitMQ',
        title: 'invoice.issued',
        type: 'invoice_issued',
        recipients: [amina.id, ben.id],
        event: cloudEvent('invoice.issued', '/finance', {
          recipients: [amina.id, ben.id],
          invoice_number: `INV-${run}`,
          amount: 12_500,
          currency: 'KES',
          due_date: new Date(now + 14 * 24 * 3_600_000).toISOString().slice(0, 10),
        }),
      },
      {
        by: 'RabbitMQ',
        title: 'payment.received',
        type: 'payment_received',
        recipients: [amina.id],
        event: cloudEvent('payment.received', '/finance', {
          recipient_id: amina.id,
          amount: 12_500,
          currency: 'KES',
          reference: `PAY-${run}`,
        }),
      },
    ],
  };
}
