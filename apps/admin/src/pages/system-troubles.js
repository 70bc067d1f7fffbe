/** What of the system's health somebody should look at. Pure, apart from the reader's language. */
import { channelName, lasting } from '../format.js';

/**
 * As `GET /v1/admin/health` tells it.
 *
 * @typedef {object} Replica
 * @property {string} replica
 * @property {string} version
 * @property {string} started_at
 * @property {string} heard_at
 * @property {boolean} ready
 * @property {string | null} trouble
 *
 * @typedef {{ service: string, status: 'ok' | 'degraded' | 'not_ready' | 'missing', replicas: Replica[] }} Service
 *
 * @typedef {object} Queue
 * @property {string} queue
 * @property {number | null} messages
 * @property {number | null} consumers
 * @property {string | null} oldest_at
 * @property {boolean} at_least
 *
 * @typedef {{ count: number, oldest_at: string | null }} Waiting
 *
 * @typedef {object} Provider
 * @property {string} name
 * @property {'tenant' | 'installation'} origin
 * @property {boolean} in_use
 * @property {string | null} problem
 * @property {{ state: 'closed' | 'half_open' | 'open', reason: string | null, since: string | null, retry_at: string | null, replicas: number }} breaker
 *
 * @typedef {{ channel: string, trouble: string | null, providers: Provider[] }} Providers
 *
 * @typedef {object} Health
 * @property {string} at
 * @property {Service[]} services
 * @property {{ trouble: string | null, data: Queue[] }} queues
 * @property {Waiting} outbox
 * @property {Waiting} dead_letters
 * @property {Providers[]} providers
 *
 * @typedef {object} Trouble
 * @property {'bad' | 'warn'} tone bad: something does not work; warn: it works, but somebody should know
 * @property {string} text
 */

/** Messages that have waited for so long are worth a look, though somebody consumes them. */
const longMs = 60_000;

/**
 * The worst first.
 * @param {Health} health
 * @param {string} [locale] default: the browser's
 * @returns {Trouble[]}
 */
export function troublesOf({ at, services, queues, outbox, dead_letters, providers }, locale) {
  const now = Date.parse(at);
  /** @param {string} since */
  const waited = (since) => lasting(since, now, locale);
  /** @param {number} count @param {string} noun */
  const some = (count, noun) => `${count.toLocaleString(locale)} ${noun}${count === 1 ? '' : 's'}`;
  /** @type {Trouble[]} */
  const troubles = [];
  /** @param {Trouble['tone']} tone @param {string} text */
  const tell = (tone, text) => troubles.push({ tone, text });

  // Nothing is heard of anybody then, which says nothing of them.
  if (queues.trouble)
    tell('bad', `RabbitMQ cannot be asked: ${queues.trouble}. Until it is back, no service is heard of.`);
  else for (const service of services) tellOfService(service, tell);

  for (const { queue, messages, oldest_at, at_least } of queues.data) {
    if (messages === null) tell('bad', `${queue} is gone. It is made anew when the service that consumes it connects.`);
    else if (at_least)
      tell('bad', `Nobody consumes ${queue}: ${some(messages, 'message')} ${messages === 1 ? 'waits' : 'wait'}.`);
    else if (oldest_at && now - Date.parse(oldest_at) >= longMs)
      tell('warn', `${queue} is behind: its oldest message has waited for ${waited(oldest_at)}.`);
  }

  for (const { channel, trouble, providers: all } of providers) {
    const name = channelName(channel);
    if (trouble && !isSilent(services, channel))
      tell('warn', `The sender of ${name} does not tell about its providers: ${trouble}`);
    for (const { name: provider, problem, breaker } of all.filter(({ in_use }) => in_use)) {
      if (problem) tell('bad', `${name} cannot use the provider ${provider}: ${problem}`);
      else if (breaker.state === 'open')
        tell('bad', `${name} does without the provider ${provider}: ${breaker.reason}.`);
      else if (breaker.state === 'half_open')
        tell('warn', `${name} tries the provider ${provider} again: ${breaker.reason}.`);
    }
  }

  if (outbox.count > 0)
    tell(
      'warn',
      `${some(outbox.count, 'accepted event')} ${outbox.count === 1 ? 'has' : 'have'} not reached RabbitMQ yet.`,
    );
  if (dead_letters.count > 0)
    tell(
      'warn',
      `${some(dead_letters.count, 'dead letter')} ${dead_letters.count === 1 ? 'waits' : 'wait'} for somebody to decide.`,
    );
  return [...troubles.filter(({ tone }) => tone === 'bad'), ...troubles.filter(({ tone }) => tone === 'warn')];
}

/**
 * @param {Service} service
 * @param {(tone: Trouble['tone'], text: string) => void} tell
 */
function tellOfService({ service, status, replicas }, tell) {
  if (status === 'missing') return tell('bad', `Nothing is heard of ${service}.`);
  const reasons = new Set(replicas.filter(({ ready }) => !ready).map(({ trouble }) => trouble));
  const why = [...reasons].join('; ');
  if (status === 'not_ready') tell('bad', `${service} cannot work: ${why}`);
  if (status === 'degraded') tell('warn', `Some replicas of ${service} cannot work: ${why}`);
}

/**
 * Whether that its sender tells nothing goes without saying.
 * @param {Service[]} services
 * @param {string} channel
 */
function isSilent(services, channel) {
  return services.some(({ service, status }) => service === `${channel}-sender` && status === 'missing');
}
