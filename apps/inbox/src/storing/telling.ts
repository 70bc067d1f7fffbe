import {
  experimentObserved,
  notificationCreated,
  observationOf,
  timeOfId,
  uuidv8,
  type TemplateRef,
} from '@carillon/contracts';
import { Messages } from '@carillon/messaging';
import { Injectable } from '@nestjs/common';
import { Signals } from '../signals/signals.ts';
import type { Stored } from './stored.ts';

/** What is told of a notification that was stored. */
export interface ToTell {
  tenant: string;
  notification_id: string;
  delivery_id: string;
  recipient: string;
  type: string;
  category: string;
  template: TemplateRef;
}

/**
 * Tells everyone whom it concerns that a notification is in the inbox. Repeated, it tells the same under the same id, so whoever
 * listens can tell.
 */
@Injectable()
export class Telling {
  constructor(
    private readonly signals: Signals,
    private readonly messages: Messages,
  ) {}

  /** Of one, which may have become one with an earlier notification. */
  async tell(fact: ToTell, { id, joined }: Stored): Promise<void> {
    const { tenant, recipient } = fact;
    await Promise.all([
      this.publish(fact),
      // What became one with an earlier notification is read with it, as one.
      !joined && this.observe(fact),
      this.signals.send(joined ? { tenant, recipient, updated: id } : { tenant, recipient, created: id }),
    ]);
  }

  /** Of many that stand for themselves. */
  async tellMany(facts: readonly ToTell[]): Promise<void> {
    const changes = facts.map(({ tenant, recipient, notification_id }) => ({
      tenant,
      recipient,
      created: notification_id,
    }));
    await Promise.all([
      this.signals.sendMany(changes),
      ...facts.flatMap((fact) => [this.publish(fact), this.observe(fact)]),
    ]);
  }

  private publish({ tenant, delivery_id: _, ...fact }: ToTell): Promise<void> {
    const { notification_id, recipient } = fact;
    return this.messages.publish(
      notificationCreated,
      { ...fact, at: new Date().toISOString() },
      { tenant, id: uuidv8(timeOfId(notification_id), 'outcome', 'created', notification_id), subject: recipient },
    );
  }

  /** In the inbox is delivered. */
  private async observe({ tenant, delivery_id, template }: ToTell): Promise<void> {
    const at = new Date().toISOString();
    const told = observationOf('delivered', { delivery_id, channel: 'in_app', template, at });
    if (told) await this.messages.publish(experimentObserved, told.observed, { tenant, id: told.id });
  }
}
