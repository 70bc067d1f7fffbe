import {
  defaultTenant,
  eventRequested,
  reminderDue,
  reminderDueSchema,
  timersCancelled,
  timersWoken,
  timerSet,
  uuidv8,
  type Audience,
  type CloudEvent,
  type ReminderDue,
} from '@carillon/contracts';
import { Messages, Poison } from '@carillon/messaging';
import { Injectable } from '@nestjs/common';
import { Catalogs } from '../catalog/catalogs.ts';
import { EventStore } from '../intake/event-store.ts';
import type { DecidedEvent } from '../notifications/planning.ts';
import type { KnownRecipient } from '../recipients/recipient.ts';
import { RecipientStore } from '../recipients/recipient-store.ts';
import { requestOf, timerOf, type Planned } from './planned.ts';

/** A reminder that an event ends or moves. */
export interface Ended {
  key: string;
  /** The new reference time, where it is moved. */
  at?: string;
}

/** For an audience, whose members live in many zones. */
const zoneOfMany = 'UTC';

/** Sets the timers of reminders, has them cancelled and moved, and lets them come. */
@Injectable()
export class Reminders {
  constructor(
    private readonly catalogs: Catalogs,
    private readonly recipients: RecipientStore,
    private readonly events: EventStore,
    private readonly messages: Messages,
  ) {}

  /**
   * Sets the timers for what an event is to be followed by.
   *
   * @param since when the event was, Unix milliseconds
   * @param now Unix milliseconds
   */
  async set(
    { tenant, id, request }: DecidedEvent,
    planned: readonly Planned[],
    to: readonly KnownRecipient[] | Audience,
    since: number,
    now: number,
  ): Promise<void> {
    const people = 'map' in to ? to : [undefined];
    await Promise.all(
      planned.flatMap(({ of, reminder: { index, type, rule }, at, key }) =>
        people.map((recipient) => {
          const whom = recipient ? { recipient: recipient.id } : { audience: to as Audience };
          const due = {
            event_id: id,
            of,
            index,
            rule,
            at,
            since,
            key,
            revision: '',
            ...whom,
            request: requestOf(type, request),
          };
          return this.plan(tenant, due, recipient?.time_zone ?? zoneOfMany, now);
        }),
      ),
    );
  }

  /** What an event says of reminders that wait. @param at when it was, Unix milliseconds */
  async end({ tenant, id, request }: DecidedEvent, ended: readonly Ended[], at: number): Promise<void> {
    await Promise.all(
      ended.map((one) =>
        one.at === undefined
          ? this.messages.publish(
              timersCancelled,
              { key: one.key, at },
              { tenant, id: uuidv8(at, 'cancel', id, one.key) },
            )
          : this.messages.publish(
              timersWoken,
              { key: one.key, at, woken: { by: id, since: at, at: one.at, data: request.data } },
              { tenant, id: uuidv8(at, 'move', id, one.key) },
            ),
      ),
    );
  }

  /**
   * A reminder's time has come: answers with the event that it becomes, after its next time is planned. Woken before its time it is
   * only planned anew.
   */
  async come(event: CloudEvent): Promise<CloudEvent | undefined> {
    const { success, data: due, error } = reminderDueSchema.safeParse(event.data);
    if (!success) throw new Poison(`not a valid ${reminderDue.type}: ${error.message}`);
    const tenant = event.tenant ?? defaultTenant;
    if (await this.events.isCancelled({ tenant, id: due.event_id })) return undefined;
    const recipient =
      due.recipient === undefined ? undefined : await this.recipients.find({ tenant, id: due.recipient });
    // Erased or never known: there is nobody to remind.
    if (due.recipient !== undefined && !recipient) return undefined;
    const zone = recipient?.time_zone ?? zoneOfMany;
    const now = Date.now();
    const { woken, due_at, ...rest } = due;
    if (woken) {
      const { by, since = due.since, at = due.at, data = {} } = woken;
      const request = { ...due.request, data: { ...due.request.data, ...data } };
      const planned = await this.plan(tenant, { ...rest, at, revision: by, since, request }, zone, now);
      // Of a move that comes too late for a reminder, the event itself has told. New clocks must not swallow one.
      return planned || woken.at !== undefined ? undefined : this.eventOf(event, tenant, due);
    }
    await this.plan(tenant, rest, zone, Math.max(now, Date.parse(due_at)));
    // The type may have been removed or switched off since.
    const { type } = due.request;
    return type !== undefined && (await this.catalogs.of(tenant)).has(type)
      ? this.eventOf(event, tenant, due)
      : undefined;
  }

  /** @returns whether there is a next time */
  private async plan(
    tenant: string,
    due: Omit<ReminderDue, 'due_at' | 'woken'>,
    zone: string,
    after: number,
  ): Promise<boolean> {
    const timer = timerOf(this.messages.source, tenant, due, zone, after);
    if (timer) await this.messages.publish(timerSet, timer, { id: timer.timer_id, tenant });
    return timer !== undefined;
  }

  private eventOf({ id, timer }: CloudEvent, tenant: string, due: ReminderDue): CloudEvent {
    const { request, recipient, audience, due_at } = due;
    return {
      specversion: '1.0',
      id,
      source: `${this.messages.source}/reminders`,
      type: eventRequested.type,
      time: due_at,
      tenant,
      timer,
      data: { ...request, ...(recipient === undefined ? { audience } : { recipients: [recipient] }) },
    };
  }
}
