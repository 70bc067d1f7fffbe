import {
  defaultTenant,
  namedRecipients,
  notificationDeferred,
  reminderDue,
  parseInput,
  tenantSchema,
  timerSetSchema,
  timestampSchema,
  type CloudEvent,
  type TimerKind,
  type TimerSet,
} from '@carillon/contracts';
import { z } from 'zod';

/** Whatever its zone, as a UTC time in milliseconds, which is what PostgreSQL and JavaScript both hold exactly. */
const moment = timestampSchema
  .refine((time) => Date.parse(time) >= 0, 'must not be before 1970')
  .transform((time) => new Date(time).toISOString());

/** An AMQP short string: https://www.rabbitmq.com/resources/specs/amqp0-9-1.pdf, section 4.2.5.3. */
const routingKey = z
  .string()
  .refine((key) => Buffer.byteLength(key) <= 255, 'must be at most 255 bytes')
  .regex(/^[^\p{Cc}]*$/u, 'must not contain control characters');

const newTimerSchema = timerSetSchema.extend({
  tenant: tenantSchema,
  due_at: moment,
  expires_at: moment.optional(),
  routing_key: routingKey,
});

/** A row of `timers` that is to be written. */
export interface NewTimer {
  timer_id: string;
  tenant: string;
  kind: TimerKind;
  /** Of the event that waits. */
  event_id: string | undefined;
  /** By which it is cancelled or woken together with others. */
  key?: string;
  /** When the event was that it goes back to, Unix milliseconds. */
  since?: number;
  follows_zone?: boolean;
  urgent?: boolean;
  schedule_id?: string;
  /** Of a domain service, instead of the front door. */
  exchange?: string;
  due_at: string;
  expires_at: string | undefined;
  routing_key: string;
  message: CloudEvent;
  /** Whom the message names. */
  recipients: string[];
  state: 'pending';
  created_at: string;
}

/**
 * The timer that an event sets. Checked in full now, while whoever set it can still be told: at the due time there is
 * nobody left who could mend it.
 *
 * @throws Problem 400 `invalid_timer` naming every field that is wrong
 */
export function newTimer({ tenant, data }: CloudEvent<TimerSet>, now: Date): NewTimer {
  const timer = parseInput(
    newTimerSchema as unknown as z.ZodType<TimerSet & { tenant: string }>,
    { ...data, tenant: tenant ?? data?.message?.tenant ?? defaultTenant },
    'timer',
  );
  return {
    timer_id: timer.timer_id,
    tenant: timer.tenant,
    kind: kindOf(timer.message),
    event_id: timer.event_id,
    key: timer.key,
    since: timer.since,
    follows_zone: timer.follows_zone ?? false,
    urgent: timer.urgent ?? false,
    due_at: timer.due_at,
    expires_at: timer.expires_at,
    routing_key: timer.routing_key,
    message: timer.message,
    recipients: namedRecipients(timer.message),
    state: 'pending',
    created_at: now.toISOString(),
  };
}

function kindOf({ type }: CloudEvent): TimerKind {
  if (type === notificationDeferred.type) return 'notification';
  return type === reminderDue.type ? 'reminder' : 'event';
}
