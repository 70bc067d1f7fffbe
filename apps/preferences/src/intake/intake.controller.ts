import { Controller } from '@nestjs/common';
import { Ctx, EventPattern, MessagePattern, Payload } from '@nestjs/microservices';
import {
  checkEvent,
  checkEvents,
  domainEvent,
  dueEvent,
  dryRunEvent,
  getEvent,
  Problem,
  type CloudEvent,
} from '@carillon/contracts';
import { AmqpContext, type RequestOf, type ResponseOf } from '@carillon/messaging';
import { DryRun } from '../dry-run/dry-run.ts';
import { EventStore } from './event-store.ts';
import { FrontDoor } from './front-door.ts';
import { Intake } from './intake.ts';

/** The front door, and the gateway's questions about what came through it. */
@Controller()
export class IntakeController {
  constructor(
    private readonly frontDoor: FrontDoor,
    private readonly intake: Intake,
    private readonly dryRun: DryRun,
    private readonly events: EventStore,
  ) {}

  @EventPattern<string>(domainEvent.type)
  onEvent(@Payload() event: CloudEvent, @Ctx() { origin }: AmqpContext): Promise<void> {
    return this.frontDoor.enter(event, origin);
  }

  /** By a door of its own, with few in hand, so that what happens now does not wait behind it. */
  @EventPattern<string>(dueEvent.type)
  onDue(@Payload() event: CloudEvent, @Ctx() { origin }: AmqpContext): Promise<void> {
    return this.frontDoor.enter(event, origin);
  }

  @MessagePattern(checkEvent.name)
  async check(@Payload() { tenant, event }: RequestOf<typeof checkEvent>): Promise<ResponseOf<typeof checkEvent>> {
    const { types, words } = await this.intake.check(tenant, event);
    // One that only ends reminders has none.
    return { type: types[0] ?? event.type!, types, words };
  }

  @MessagePattern(checkEvents.name)
  async checkMany(
    @Payload() { tenant, events }: RequestOf<typeof checkEvents>,
  ): Promise<ResponseOf<typeof checkEvents>> {
    const results = await Promise.all(
      events.map((event) =>
        this.check({ tenant, event }).catch((error: unknown) => {
          if (error instanceof Problem && error.status < 500) return error.toJSON();
          throw error;
        }),
      ),
    );
    return { results };
  }

  @MessagePattern(dryRunEvent.name)
  try(@Payload() { tenant, event }: RequestOf<typeof dryRunEvent>): Promise<ResponseOf<typeof dryRunEvent>> {
    return this.dryRun.of(tenant, event);
  }

  @MessagePattern(getEvent.name)
  progress(@Payload() { tenant, id }: RequestOf<typeof getEvent>): Promise<ResponseOf<typeof getEvent>> {
    return this.events.progress(tenant, id);
  }
}
