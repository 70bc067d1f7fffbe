import { Injectable } from '@nestjs/common';
import {
  defaultTenant,
  digestDue,
  heldForSuspension,
  notificationDeferred,
  reminderDue,
  type CloudEvent,
} from '@carillon/contracts';
import { Messages, Poison, type Origin } from '@carillon/messaging';
import { TenantStandings } from '@carillon/service';
import { Catalogs } from '../catalog/catalogs.ts';
import { RecipientEvents } from '../recipients/recipient-events.ts';
import type { Resolved } from '../sources/source-index.ts';
import { Sources } from '../sources/sources.ts';
import { eventsIgnored } from './metrics.ts';
import { Intake } from './intake.ts';

/** Brings whatever arrives in the intake queue to those who understand it. */
@Injectable()
export class FrontDoor {
  private readonly ownExchanges: readonly string[];
  /** What is being learnt about recipients right now. */
  private readonly learning = new Set<Promise<void>>();

  constructor(
    private readonly sources: Sources,
    private readonly catalogs: Catalogs,
    private readonly recipientEvents: RecipientEvents,
    private readonly intake: Intake,
    private readonly messages: Messages,
    private readonly standings: TenantStandings,
  ) {
    this.ownExchanges = [messages.names.exchange('events'), messages.names.exchange('due')];
  }

  /** @throws Problem 4xx for what no further try can mend; the event then carries the tenant that it failed for */
  async enter(event: CloudEvent, origin: Origin): Promise<void> {
    // Dead letters that are replayed and messages sent straight to the queue come through no exchange.
    if (this.ownExchanges.includes(origin.exchange) || origin.exchange === '')
      return this.take(event, origin.routingKey);
    const resolved = await this.sources.resolve(event, origin);
    const { meant, problems } = await this.sorted(resolved);
    if (meant.length === 0 && problems.length === 0) eventsIgnored.inc({ exchange: origin.exchange });
    if (meant.length === 1 && problems.length === 0) {
      event.tenant = meant[0]!.tenant;
      return this.take(meant[0]!, origin.routingKey);
    }
    // Several tenants': each gets a message of its own, so that one that cannot work with it does not hold up the others.
    await Promise.all(meant.map((own) => this.messages.publishEvent('events', own.type, own)));
    if (problems.length === 0) return;
    // Whose letter it is where several catalogs are wrong cannot be told in one; the operator's then.
    if (problems.length === 1) event.tenant = problems[0]!.tenant;
    throw problems[0]!.problem;
  }

  /** What a message means to each of its tenants. A domain exchange carries much that nobody wants to hear of. */
  private async sorted(resolved: Resolved[]) {
    const problems = resolved.flatMap((one) => ('problem' in one ? [one] : []));
    const events = resolved.flatMap((one) => ('event' in one ? [{ ...one.event, tenant: one.tenant }] : []));
    const wanted = await Promise.all(events.map((own) => this.isMeant(own.tenant, own)));
    return { problems, meant: events.filter((_, index) => wanted[index]) };
  }

  private async take(event: CloudEvent, routingKey: string): Promise<void> {
    this.refuseSuspended(event.tenant ?? defaultTenant);
    if (event.type === notificationDeferred.type) return this.intake.resume(event);
    if (event.type === digestDue.type) return this.intake.gather(event, routingKey);
    if (event.type === reminderDue.type) return this.intake.remind(event, routingKey);
    if (this.recipientEvents.handles(event.type)) {
      await this.learn(event);
      // A catalog may greet whoever is told of.
      if (!(await this.catalogs.of(event.tenant ?? defaultTenant)).means(event.type)) return;
      return this.intake.take({ ...event, subject: event.subject ?? idOf(event) }, routingKey);
    }
    // A domain service that tells of somebody new and then of what happened to them is to find them known.
    if (this.learning.size > 0) await Promise.all(this.learning);
    return this.intake.take(event, routingKey);
  }

  /** Kept with the dead letters, where it can be seen, until the tenant is resumed. */
  private refuseSuspended(tenant: string): void {
    if (this.standings.of(tenant) === 'suspended') throw new Poison(heldForSuspension);
  }

  private async learn(event: CloudEvent): Promise<void> {
    const learnt = this.recipientEvents.take(event);
    const ended = learnt.catch(() => undefined).finally(() => this.learning.delete(ended));
    this.learning.add(ended);
    return learnt;
  }

  private async isMeant(tenant: string, { type }: CloudEvent): Promise<boolean> {
    return this.recipientEvents.handles(type) || (await this.catalogs.of(tenant)).means(type);
  }
}

/** A recipient event that was taken names its recipient in its data or as its subject. */
function idOf({ data }: CloudEvent): string | undefined {
  return (data as { id?: string }).id;
}
