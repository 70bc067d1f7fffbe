import { notificationCreated, timeOfId, uuidv8 } from '@carillon/contracts';
import { Messages } from '@carillon/messaging';
import { Injectable } from '@nestjs/common';
import { Signals } from '../signals/signals.ts';
import type { Stored } from './stored.ts';

/** What is told of a notification that was stored. */
export interface ToTell {
  tenant: string;
  notification_id: string;
  recipient: string;
  type: string;
  category: string;
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
    await Promise.all([this.signals.sendMany(changes), ...facts.map((fact) => this.publish(fact))]);
  }

  private publish({ tenant, ...fact }: ToTell): Promise<void> {
    const { notification_id, recipient } = fact;
    return this.messages.publish(
      notificationCreated,
      { ...fact, at: new Date().toISOString() },
      { tenant, id: uuidv8(timeOfId(notification_id), 'outcome', 'created', notification_id), subject: recipient },
    );
  }
}
