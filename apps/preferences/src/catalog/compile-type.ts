import { durationMs, type CatalogType } from '@carillon/contracts';
import { addresseesOf } from './addressees.ts';
import { batchingOf } from './batching.ts';
import { conditionOf } from './condition.ts';
import type { DataSchemas } from './data-schema.ts';
import type { Mistakes, Path } from './mistakes.ts';
import type { NotificationType } from './notification-type.ts';
import { remindersOf } from './reminders.ts';

/**
 * A type of a document, ready for use.
 * @param mistakes hears of expressions and schemas that are none; what is returned then lacks them
 */
export function compileType(
  key: string,
  { when, to, schema, throttle, batch, digest, on = [], ...type }: CatalogType,
  origin: NotificationType['origin'],
  schemas: DataSchemas,
  mistakes: Mistakes,
): NotificationType {
  const at = (...more: PropertyKey[]): Path => ['types', key, ...more];
  return {
    key,
    category: type.category,
    priority: type.priority ?? 'normal',
    channels: [...new Set(type.channels)],
    mandatory: type.mandatory ?? false,
    on: [on].flat(),
    origin,
    when: when === undefined ? undefined : mistakes.expression(at('when'), (path) => conditionOf(path, when)),
    to: to === undefined ? undefined : mistakes.expression(at('to'), (path) => addresseesOf(path, to)),
    check: schema && schemas.compile(schema, (path, message) => mistakes.add(at('schema', ...path), message)),
    frequency: type.frequency,
    throttle: throttle && { max: throttle.max, windowMs: durationMs(throttle.per) },
    batching: batch && mistakes.expression(at('batch', 'key'), (path) => batchingOf(path, batch)),
    digest: digest && {
      scope: digest.scope ?? 'all',
      inApp: digest.in_app ?? false,
      unreadOnly: digest.unread_only ?? false,
    },
    reminders: remindersOf(key, type, mistakes),
    template: type.template ?? key,
  };
}
