import { Injectable } from '@nestjs/common';
import { notificationDeferred, type CloudEvent } from '@carillon/contracts';
import type { Origin } from '@carillon/messaging';
import { Intake } from './intake.ts';

/** Brings whatever arrives in the intake queue to those who understand it. */
@Injectable()
export class FrontDoor {
  constructor(private readonly intake: Intake) {}

  /** @throws Problem 4xx for what no further try can mend; the event then carries the tenant that it failed for */
  async enter(event: CloudEvent, origin: Origin): Promise<void> {
    return this.take(event, origin.routingKey);
  }

  private take(event: CloudEvent, routingKey: string): Promise<void> {
    if (event.type === notificationDeferred.type) return this.intake.resume(event);
    return this.intake.take(event, routingKey);
  }
}
