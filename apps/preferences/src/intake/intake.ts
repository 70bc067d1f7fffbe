import { Injectable } from '@nestjs/common';
import {
  defaultTenant,
  isNothing,
  laneOf,
  Problem,
  notificationDeferred,
  notificationDeferredSchema,
  timeOfId,
  timerSet,
  uuidv8,
  type CloudEvent,
  type EventRequest,
  type UsedWords,
} from '@carillon/contracts';
import { Messages, Poison } from '@carillon/messaging';
import type { Catalog } from '../catalog/catalog.ts';
import { Catalogs } from '../catalog/catalogs.ts';
import { Digests } from '../digests/digests.ts';
import { Erasures } from '../erasure/erasures.ts';
import { FanOut } from '../fan-out/fan-out.ts';
import { Notifying } from '../notifications/notifying.ts';
import { eventTypeOf, type DecidedEvent } from '../notifications/planning.ts';
import type { KnownRecipient } from '../recipients/recipient.ts';
import { RecipientStore } from '../recipients/recipient-store.ts';
import { Reminders } from '../reminders/reminders.ts';
import { knownRecipients, refuseContradictoryTimes, refuseUnreachable } from './check.ts';
import { EventStore } from './event-store.ts';
import { readEvent, type IncomingEvent } from './read-event.ts';
import { isAudience, targetsOf, wordsOf, type Target } from './targets.ts';

/** The first stage of the street: event in, one decided notification per recipient out. */
@Injectable()
export class Intake {
  constructor(
    private readonly catalogs: Catalogs,
    private readonly recipients: RecipientStore,
    private readonly erasures: Erasures,
    private readonly events: EventStore,
    private readonly fanOut: FanOut,
    private readonly notifying: Notifying,
    private readonly reminders: Reminders,
    private readonly digests: Digests,
    private readonly messages: Messages,
  ) {}

  /**
   * Would this request be accepted? Answers with the catalog's keys of its types, and whose words they use.
   * @throws Problem 422 naming the field and the cure
   */
  async check(tenant: string, request: EventRequest): Promise<{ types: string[]; words: UsedWords[] }> {
    refuseContradictoryTimes(request);
    const asked = { requested: true, request, source: this.messages.source, cloudEventId: '' };
    const catalog = await this.catalogs.of(tenant);
    const { targets } = targetsOf(asked, catalog);
    const unnamed = new Set<string>();
    for (const { type, to } of targets) {
      if (isAudience(to)) continue;
      const recipients = knownRecipients(to, await this.find(tenant, to));
      refuseUnreachable(request, type, catalog.defaults, recipients);
      for (const { id, name } of recipients) if (isNothing(name)) unnamed.add(id);
    }
    const words = wordsOf(request, targets, catalog).map((one) => ({
      ...one,
      ...(unnamed.size > 0 && { unnamed: [...unnamed] }),
    }));
    return { types: targets.map(({ type }) => type.key), words };
  }

  /**
   * Takes an event to its notifications, to a fan-out where it goes to an audience, or to a timer when its `send_at` is still to come.
   * @throws Problem 4xx for what no further try can mend
   */
  async take(message: CloudEvent, routingKey: string): Promise<void> {
    const now = Date.now();
    const event = readEvent(message, now);
    const { request, tenant } = event;
    refuseContradictoryTimes(request);
    const catalog = await this.catalogs.of(tenant);
    const { targets, skipped, ended } = targetsOf(event, catalog);
    const types = targets.map(({ type }) => type.key);
    const known = await Promise.all(targets.map(({ to }) => (isAudience(to) ? [] : this.remaining(event, to)))).catch(
      againForUnknown,
    );

    if (!event.due && request.send_at !== undefined && Date.parse(request.send_at) > now) {
      const urgent = targets.some(
        ({ type, to }) => !isAudience(to) && laneOf(request.priority ?? type.priority) === 'urgent',
      );
      return this.schedule(event, message, routingKey, types, request.send_at, urgent);
    }
    const record = await this.events.record({ event, types, skipped, status: 'decided' });
    if (record.status === 'cancelled') return;
    if (event.due && record.status === 'scheduled') await this.events.markDecided({ tenant, id: record.id });
    const reminded = decidedEvent(event, message, record.id);
    await Promise.all([
      ...targets.map((target, index) =>
        this.send(decidedEvent(event, message, record.id, target), target, catalog, known[index]!, now),
      ),
      ...targets.map(({ to, reminders }, index) =>
        this.reminders.set(reminded, reminders, isAudience(to) ? to : known[index]!, timeOfId(record.id), now),
      ),
      this.reminders.end(reminded, ended, timeOfId(record.id)),
    ]);
  }

  /** A reminder's time has come. */
  async remind(message: CloudEvent, routingKey: string): Promise<void> {
    const event = await this.reminders.come(message);
    if (event) await this.take(event, routingKey);
  }

  /** The window of a digest or a batch has closed. */
  async gather(message: CloudEvent, routingKey: string): Promise<void> {
    const event = await this.digests.come(message);
    if (event) await this.take(event, routingKey);
  }

  /** What a channel waited for is over: its notification is decided again under today's catalog and preferences. */
  async resume({ data, tenant = defaultTenant }: CloudEvent): Promise<void> {
    const parsed = notificationDeferredSchema.safeParse(data);
    if (!parsed.success) throw new Poison(`not a valid ${notificationDeferred.type}: ${parsed.error.message}`);
    const { event, type: key, recipient: id, request, until, woken, grouped } = parsed.data;
    if (await this.events.isCancelled({ tenant, id: event.id })) return;
    const catalog = await this.catalogs.of(tenant);
    const [type] = catalog.meant(eventTypeOf(key));
    const [recipient] = await this.remaining({ tenant, at: timeOfId(event.id), due: true }, [id]);
    if (!recipient) return;
    // The scheduler's clock, the database's, says that the time has come; ours may be behind it.
    const due = woken ? Date.now() : Math.max(Date.now(), Date.parse(until));
    await this.notifying.resume(
      { tenant, ...event, request, ...(grouped && { grouped }) },
      parsed.data,
      type!,
      catalog,
      recipient,
      due,
    );
  }

  private async send(
    event: DecidedEvent,
    { type, to }: Target,
    catalog: Catalog,
    recipients: KnownRecipient[],
    now: number,
  ): Promise<void> {
    if (isAudience(to)) return this.fanOut.begin({ event, type: type.key, audience: to });
    await Promise.all(recipients.map((recipient) => this.notifying.notify(event, type, catalog, recipient, now)));
  }

  private find(tenant: string, ids: readonly string[]): Promise<(KnownRecipient | undefined)[]> {
    return Promise.all(ids.map((id) => this.recipients.find({ tenant, id })));
  }

  /**
   * The recipients of these ids, without those who were erased after the event happened.
   * @throws Problem 422 `unknown_recipient`
   */
  private async remaining(
    { tenant, at, due, time }: Pick<IncomingEvent, 'tenant' | 'at' | 'due' | 'time'>,
    ids: readonly string[],
  ): Promise<KnownRecipient[]> {
    const found = await this.find(tenant, ids);
    // What a timer kept may also be older than whoever has been created under the same id since.
    const doubtful = due ? ids : ids.filter((_, index) => !found[index]);
    // Of a domain event the first sight counts, but it may tell of what happened before.
    const happened = time === undefined ? at : Math.min(at, Date.parse(time));
    const erased =
      doubtful.length > 0 ? await this.erasures.areErased(doubtful.map((id) => ({ tenant, id, at: happened }))) : [];
    const gone = new Set(doubtful.filter((_, index) => erased[index]));
    const left = ids.map((id, index) => ({ id, recipient: found[index] })).filter(({ id }) => !gone.has(id));
    return knownRecipients(
      left.map(({ id }) => id),
      left.map(({ recipient }) => recipient),
    );
  }

  private async schedule(
    event: IncomingEvent,
    message: CloudEvent,
    routingKey: string,
    types: string[],
    sendAt: string,
    urgent: boolean,
  ): Promise<void> {
    const { id, status } = await this.events.record({ event, types, skipped: [], status: 'scheduled' });
    if (status === 'cancelled') return;
    const timerId = uuidv8(timeOfId(id), 'send_at', id);
    await this.messages.publish(
      timerSet,
      {
        timer_id: timerId,
        due_at: sendAt,
        expires_at: event.request.expires_at,
        message,
        routing_key: routingKey,
        event_id: id,
        ...(urgent && { urgent }),
      },
      { id: timerId, tenant: event.tenant },
    );
  }
}

/** Another replica may be learning of them at this very moment: worth the few tries that precede parking. */
function againForUnknown(error: unknown): never {
  if (!(error instanceof Problem) || error.code !== 'unknown_recipient') throw error;
  throw new Error(error.message, { cause: error });
}

function decidedEvent(
  { tenant, source, request }: IncomingEvent,
  message: CloudEvent,
  id: string,
  target?: Target,
): DecidedEvent {
  const { to = [], batch } = target ?? {};
  const addressed = isAudience(to) ? { audience: to } : { recipients: to };
  return {
    tenant,
    id,
    type: request.type ?? message.type,
    source,
    request: { ...request, recipients: undefined, audience: undefined, ...addressed },
    batch,
  };
}
