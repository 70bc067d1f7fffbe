import {
  defaultTenant,
  timersCancelled,
  timersCancelledSchema,
  timersWoken,
  timersWokenSchema,
  type CloudEvent,
} from '@carillon/contracts';
import { Poison } from '@carillon/messaging';
import { Controller } from '@nestjs/common';
import { EventPattern, Payload } from '@nestjs/microservices';
import type { z } from 'zod';
import { Changing } from './changing.ts';

/** Timers that another event makes pointless, or calls back to be planned anew. */
@Controller()
export class ChangingController {
  constructor(private readonly changing: Changing) {}

  @EventPattern<string>(timersCancelled.type)
  async onCancelled(@Payload() event: CloudEvent): Promise<void> {
    await this.changing.cancel(read(timersCancelledSchema, event));
  }

  @EventPattern<string>(timersWoken.type)
  async onWoken(@Payload() event: CloudEvent): Promise<void> {
    await this.changing.wake(read(timersWokenSchema, event));
  }
}

function read<T>(schema: z.ZodType<T>, { type, tenant = defaultTenant, data }: CloudEvent): T & { tenant: string } {
  const parsed = schema.safeParse(data);
  if (!parsed.success) throw new Poison(`not a valid ${type}: ${parsed.error.message}`);
  return { ...parsed.data, tenant };
}
