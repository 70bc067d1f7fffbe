import { randomUUID } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { Logger } from '@nestjs/common';
import { beatEveryMs, serviceBeat, type ServiceBeat } from '@carillon/contracts';
import type { Messages } from '@carillon/messaging';
import type { Trouble } from './health.ts';
import { Repeating } from './repeating.ts';

/** Of this package, which is released with all others; it runs from `src` or compiled from `dist/src`. */
const { version } = JSON.parse(
  readFileSync(
    ['../package.json', '../../package.json'].map((path) => new URL(path, import.meta.url)).find(existsSync)!,
    'utf8',
  ),
) as { version: string };

/**
 * Tells the gateways every two seconds that this replica is there and how it is doing. Nothing is told while RabbitMQ is away: beats
 * are of the moment.
 *
 * @param trouble why this replica cannot work right now
 * @param oldest which of its queues have a message that has waited for long, and when that was published
 */
export function beating(
  messages: Messages,
  service: string,
  trouble: Trouble,
  oldest: () => ServiceBeat['oldest'],
): Repeating {
  const replica = randomUUID();
  const started_at = new Date().toISOString();
  const logger = new Logger('beats');
  return new Repeating(async () => {
    try {
      if (messages.trouble()) return;
      const beat = { service, replica, version, started_at, trouble: (await trouble()) ?? null, oldest: oldest() };
      await messages.publish(serviceBeat, beat, { id: randomUUID() });
    } catch (error) {
      logger.debug({ msg: 'a beat was not heard', error: (error as Error).message });
    }
  }, beatEveryMs);
}
