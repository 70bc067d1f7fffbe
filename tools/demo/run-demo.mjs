/** The whole of `npm run demo`. */
import { randomBytes } from 'node:crypto';
import { readDevelopment, readServers } from '../bootstrap/development.mjs';
import { StartError } from '../bootstrap/errors.mjs';
import { Display, table } from '../bootstrap/terminal.mjs';
import { Api } from './api.mjs';
import { demoScript } from './script.mjs';
import { isOver, outcomeOn } from './whereabouts.mjs';

/** @typedef {import('./script.mjs').DemoEvent} DemoEvent */
/** @typedef {import('./script.mjs').Person} Person */

/**
 * @typedef {object} Followed one event for one person
 * @property {DemoEvent} event
 * @property {Person} person
 * @property {string} [id] of the notification; for events through RabbitMQ it is found in the inbox
 * @property {import('./whereabouts.mjs').Trace} [trace]
 */

/** How long everything may take to arrive. */
const arriveWithinMs = 40_000;

/** Ends with exit code 1 when something did not arrive or Carillon does not run. */
export async function runDemo() {
  const display = new Display();
  try {
    await demonstrate(display);
  } catch (error) {
    display.stop();
    const { message, stack } = /** @type {Error} */ (error);
    display.print(`\n${display.paint('red', error instanceof StartError ? message : (stack ?? message))}`);
    process.exitCode = 1;
  }
}

/** @param {Display} display */
async function demonstrate(display) {
  const { url, api_key: key, mailbox_url: mailboxUrl } = await runningCarillon();
  const api = new Api(url, key);
  const { people, events } = demoScript(randomBytes(3).toString('hex'), Date.now());

  await display.step(
    'people',
    async () => {
      for (const { id, ...details } of people) await api.call('PUT', `/recipients/${id}`, details);
    },
    () => people.map(({ name, phone }) => `${name} (email${phone ? ', phone' : ''})`).join(', '),
  );
  const followed = await display.step(
    'events',
    () => send(events, people, api),
    () =>
      `${events.filter(({ by }) => by === 'API').length} by the API, ${events.filter(({ by }) => by === 'RabbitMQ').length} by RabbitMQ`,
  );
  const complete = await display.step(
    'deliveries',
    (report) => follow(followed, api, report),
    (arrived) => (arrived ? 'all have an outcome' : display.paint('yellow', 'not all have an outcome yet')),
  );

  display.print();
  display.print(table(rows(followed), { heading: (text) => display.paint('bold', text) }));
  display.print();
  display.print(`  What they received: ${mailboxUrl} (${await mailboxCounts(mailboxUrl, people)})`);
  const told = followed.findLast(({ id }) => id);
  if (told) display.print(`  A whole story:      ${url}/v1/notifications/${told.id}/trace (with the API key)`);
  display.print();
  if (!complete) process.exitCode = 1;
}

/**
 * @returns {Promise<import('../bootstrap/development.mjs').Development>}
 * @throws {StartError} when Carillon does not run
 */
async function runningCarillon() {
  const development = readDevelopment();
  const { url, api_key: key, mailbox_url: mailbox } = development;
  const startFirst = 'Start Carillon first, in another terminal: npm start';
  if (!url || !key || !mailbox) throw new StartError(`${startFirst}\n(there is no .carillon/dev.json yet)`);
  try {
    const { ok, status } = await fetch(`${url}/health/ready`, { signal: AbortSignal.timeout(5_000) });
    if (!ok) throw new Error(`it answers ${status}`);
  } catch (error) {
    const { message, cause } = /** @type {Error & { cause?: { code?: string } }} */ (error);
    throw new StartError(`${startFirst}\n(nothing is ready at ${url}: ${cause?.code ?? message})`);
  }
  return /** @type {import('../bootstrap/development.mjs').Development} */ (development);
}

/**
 * @param {DemoEvent[]} events
 * @param {Person[]} people
 * @param {Api} api
 * @returns {Promise<Followed[]>}
 */
async function send(events, people, api) {
  /** @type {Followed[]} */
  const followed = [];
  const person = (/** @type {string} */ id) => /** @type {Person} */ (people.find((one) => one.id === id));
  for (const event of events) {
    if (event.by !== 'API') continue;
    const { notifications } = await api.call('POST', '/events', event.request);
    for (const { id, recipient } of notifications) followed.push({ event, person: person(recipient), id });
  }
  const domainEvents = events.filter((event) => event.by === 'RabbitMQ');
  await publish(domainEvents.map(({ event }) => event));
  for (const event of domainEvents) for (const id of event.recipients) followed.push({ event, person: person(id) });
  return followed;
}

/**
 * As a domain service would: a CloudEvent, its type as routing key, confirmed by the broker.
 * @param {Record<string, unknown>[]} events
 */
async function publish(events) {
  const { amqp_url: amqpUrl, amqp_prefix: prefix } = readServers();
  if (!amqpUrl)
    throw new StartError('.carillon/servers.json does not name the broker. Start Carillon again: npm start');
  const { connect } = await import('amqplib');
  const connection = await connect(amqpUrl, { timeout: 5_000 }).catch((error) => {
    throw new StartError(`RabbitMQ cannot be reached: ${error.message}`);
  });
  connection.on('error', () => {});
  const channel = await connection.createConfirmChannel();
  for (const event of events) {
    const content = Buffer.from(JSON.stringify(event));
    const options = { contentType: 'application/cloudevents+json', persistent: true, mandatory: true };
    channel.publish(`${prefix}.events`, String(event.type), content, options);
  }
  await channel.waitForConfirms();
  await connection.close();
}

/**
 * Asks for each notification's trace until all have an outcome on every channel, or the time is over.
 * @param {Followed[]} followed
 * @param {Api} api
 * @param {import('../bootstrap/terminal.mjs').Report} report
 * @returns {Promise<boolean>} whether all have
 */
async function follow(followed, api, report) {
  const deadline = Date.now() + arriveWithinMs;
  for (;;) {
    const open = followed.filter(({ trace }) => !isOver(trace));
    report({ done: followed.length - open.length, total: followed.length });
    if (open.length === 0) return true;
    if (Date.now() > deadline) return false;
    for (const one of open) {
      one.id ??= await inboxId(one, api);
      if (one.id) one.trace = await api.find(`/notifications/${one.id}/trace`);
    }
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
}

/**
 * What came of a domain event has no id that its publisher knows; its recipient finds it in the inbox.
 * @param {Followed} followed
 * @param {Api} api
 * @returns {Promise<string | undefined>}
 */
async function inboxId({ event, person }, api) {
  if (event.by !== 'RabbitMQ') return undefined;
  const { token } = await api.call('POST', `/recipients/${person.id}/tokens`, {});
  const { data } = await new Api(api.url, token).call('GET', `/notifications?type=${event.type}`);
  return data[0]?.id;
}

/** @param {Followed[]} followed @returns {string[][]} */
function rows(followed) {
  return [
    ['through', 'event', 'for', 'in the app', 'email', 'SMS'],
    ...followed.map(({ event, person, trace }) => [
      event.by,
      event.title,
      person.name,
      ...['in_app', 'email', 'sms'].map((channel) => outcomeOn(trace, channel)),
    ]),
  ];
}

/** @param {string} mailboxUrl @param {Person[]} people */
async function mailboxCounts(mailboxUrl, people) {
  const counts = await Promise.all(
    people
      .flatMap(({ email, phone }) => [email, ...(phone ? [phone] : [])])
      .map(async (to) => {
        const answer = await fetch(`${mailboxUrl}/api/messages?to=${encodeURIComponent(to)}`);
        const messages = /** @type {any} */ (await answer.json());
        return { channel: to.includes('@') ? 'email' : 'sms', count: (messages.data ?? messages).length };
      }),
  );
  const sum = (/** @type {string} */ channel) =>
    counts.filter((entry) => entry.channel === channel).reduce((total, { count }) => total + count, 0);
  return `${sum('email')} emails, ${sum('sms')} SMS`;
}
