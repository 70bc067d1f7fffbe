import {
  defaultTenant,
  digestItem,
  digestsWoken,
  digestsWokenSchema,
  notificationRead,
  uuidSchema,
  type CloudEvent,
} from '@carillon/contracts';
import { Poison } from '@carillon/messaging';
import { Controller } from '@nestjs/common';
import { EventPattern, Payload } from '@nestjs/microservices';
import { z } from 'zod';
import { Arriving, readItem } from './arriving.ts';
import { Reading } from './reading.ts';
import { Waking } from './waking.ts';

const readSchema = z.object({ notification_id: uuidSchema });

/** What is to wait for others, and what changes that. */
@Controller()
export class DigestsController {
  constructor(
    private readonly arriving: Arriving,
    private readonly waking: Waking,
    private readonly reading: Reading,
  ) {}

  @EventPattern<string>(digestItem.type)
  async onItem(@Payload() event: CloudEvent): Promise<void> {
    await this.arriving.add(readItem(event));
  }

  @EventPattern<string>(digestsWoken.type)
  async onWoken(@Payload() event: CloudEvent): Promise<void> {
    await this.waking.wake(read(digestsWokenSchema, event));
  }

  @EventPattern<string>(notificationRead.type)
  async onRead(@Payload() event: CloudEvent): Promise<void> {
    await this.reading.read(read(readSchema, event));
  }
}

function read<T>(schema: z.ZodType<T>, { type, tenant = defaultTenant, data }: CloudEvent): T & { tenant: string } {
  const parsed = schema.safeParse(data);
  if (!parsed.success) throw new Poison(`not a valid ${type}: ${parsed.error.message}`);
  return { ...parsed.data, tenant };
}
