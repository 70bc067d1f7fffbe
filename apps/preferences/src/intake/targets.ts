import { Problem, type Audience, type Batch, type EventRequest, type UsedWords } from '@carillon/contracts';
import type { Catalog } from '../catalog/catalog.ts';
import type { EventScope, NotificationType } from '../catalog/notification-type.ts';
import { keyOf, plannedBy, timeOf, type Planned } from '../reminders/planned.ts';
import type { Ended } from '../reminders/reminders.ts';
import { namedRecipients, type IncomingEvent } from './read-event.ts';

/** One notification type that an event means, and who is to get it. */
export interface Target {
  type: NotificationType;
  /** Recipient ids, each once, or an audience. */
  to: string[] | Audience;
  /** With what its notifications become one in the inbox. */
  batch?: Batch;
  /** What it is to be followed by. */
  reminders: Planned[];
}

export interface Targets {
  targets: Target[];
  /** Keys of types that the event could have triggered, but whose `when` did not hold. */
  skipped: string[];
  /** Reminders of earlier events that it cancels or moves. */
  ended: Ended[];
}

type Asked = Pick<IncomingEvent, 'requested' | 'request' | 'source' | 'cloudEventId' | 'subject' | 'time'>;

/**
 * What an event means under a catalog. A request says itself who is to get it, so that `when` and `to` are asked only of events of
 * domain services.
 *
 * @throws Problem 422 `unknown_type`, `unknown_category`, `invalid_data`, `no_recipient`, or `expression_failed` with the
 *   expression and the event's id
 */
export function targetsOf(event: Asked, catalog: Catalog): Targets {
  const { request, requested } = event;
  const types = catalog.meant(request.type);
  refuseUnknownCategory(request, catalog);
  const scope = scopeOf(event);
  const targets: Target[] = [];
  const skipped: string[] = [];
  for (const type of types) {
    if (!requested && type.when && !evaluated(event, () => type.when!.holds(scope))) {
      skipped.push(type.key);
      continue;
    }
    refuseInvalidData(type, request);
    targets.push({
      type,
      to: requested ? askedFor(request) : addressed(event, type, scope),
      batch: type.batching && evaluated(event, () => type.batching!.of(scope)),
      reminders: evaluated(event, () => plannedBy(type.key, type.reminders, scope)),
    });
  }
  return { targets, skipped, ended: evaluated(event, () => endedBy(catalog, request.type, scope)) };
}

function endedBy(catalog: Catalog, eventType: string | undefined, scope: EventScope): Ended[] {
  return catalog.endedBy(eventType).flatMap(({ of, reminder, moves }) => {
    const key = keyOf(of, reminder, scope);
    return key === undefined ? [] : { key, at: moves ? timeOf(reminder, scope) : undefined };
  });
}

/**
 * Whose words the targets use, on the channels that the event or the type names. One that a recipient added for themselves is not
 * among them: what they chose must not decide whether others' events are accepted.
 */
export function wordsOf(
  { content, channels }: EventRequest,
  targets: readonly Target[],
  { version }: Pick<Catalog, 'version'>,
): UsedWords[] {
  if (content) return [];
  return targets.map(({ type }) => ({
    template: type.template,
    channels: [...(channels ?? type.channels)],
    ...(type.origin === 'tenant' && { catalog_version: version }),
  }));
}

export function isAudience(to: Target['to']): to is Audience {
  return !Array.isArray(to);
}

function askedFor({ recipients, audience }: EventRequest): Target['to'] {
  return audience ?? [...new Set(recipients)];
}

function addressed(event: Asked, type: NotificationType, scope: EventScope): Target['to'] {
  return type.to ? evaluated(event, () => type.to!.of(scope)) : namedRecipients(event);
}

function scopeOf({ source, cloudEventId, request, subject, time }: Asked): EventScope {
  return { event: { id: cloudEventId, source, type: request.type!, subject, time }, data: request.data ?? {}, subject };
}

/** Adds to a failed expression which event it failed for. */
function evaluated<T>({ cloudEventId, source }: Asked, evaluate: () => T): T {
  try {
    return evaluate();
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    throw new Problem({ ...error.toJSON(), detail: `The event is ${cloudEventId} of ${source}.` });
  }
}

function refuseInvalidData(type: NotificationType, { data = {}, content }: EventRequest): void {
  // The data are for the words of the type; an event that brings its own needs none.
  const errors = content ? [] : (type.check?.(data) ?? []);
  if (errors.length > 0) throw Problem.unprocessable('invalid_data', `The data do not fit ${type.key}`, errors);
}

function refuseUnknownCategory({ category }: EventRequest, { categories }: Catalog): void {
  if (category === undefined || categories.has(category)) return;
  throw Problem.unprocessable('unknown_category', 'Unknown category', [
    {
      path: 'category',
      message: `"${category}" is not in the catalog; use one of ${[...categories].sort().join(', ')}, or add the category`,
    },
  ]);
}
