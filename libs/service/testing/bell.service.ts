import { setTimeout as sleep } from 'node:timers/promises';
import { Controller, Inject, Module } from '@nestjs/common';
import { EventPattern, Payload } from '@nestjs/microservices';
import {
  deliveryOutcomes,
  deliverySettingsChanged,
  eventCancelled,
  receipts,
  recipientErased,
  smsRendered,
  suppressionChanges,
  type CloudEvent,
  type SmsRendered,
} from '@carillon/contracts';
import { Messages } from '@carillon/messaging';
import { DataSource, type MigrationInterface, type QueryRunner } from 'typeorm';
import { z } from 'zod';
import { CONFIG } from '../src/config.ts';
import type { ServiceOptions } from '../src/run-service.ts';

/** The smallest service there can be: it takes the sms-sender's place, writes a row per item, publishes, acknowledges. */
const config = z.object({
  STROKE_MS: z.coerce.number().int().min(0).default(0).describe('How long one item takes'),
});

export class CreateStrokes0001 implements MigrationInterface {
  name = 'CreateStrokes0000000000001';
  async up(db: QueryRunner): Promise<void> {
    await db.query('CREATE TABLE strokes (id text PRIMARY KEY)');
    await db.query(`COMMENT ON TABLE strokes IS 'shared by all tenants: a bell is heard by everyone'`);
  }
  async down(db: QueryRunner): Promise<void> {
    await db.query('DROP TABLE strokes');
  }
}

@Controller()
class BellController {
  constructor(
    @Inject(CONFIG) private readonly config: { STROKE_MS: number },
    private readonly db: DataSource,
    private readonly messages: Messages,
  ) {}

  @EventPattern<string>(smsRendered.type)
  async strike(@Payload() { id }: CloudEvent<SmsRendered>): Promise<void> {
    await this.messages.publish(deliveryOutcomes.retrying, deliveryOutcomes.retrying.example, { id: `${id} begun` });
    await sleep(this.config.STROKE_MS);
    await this.db.query('INSERT INTO strokes (id) VALUES ($1) ON CONFLICT DO NOTHING', [id]);
    await this.messages.publish(deliveryOutcomes.sent, deliveryOutcomes.sent.example, { id });
  }

  /** Its strokes are about nobody. */
  @EventPattern<string>(recipientErased.type)
  forget(): void {}

  @EventPattern([deliverySettingsChanged.type, receipts.sms.type, suppressionChanges.sms.type, eventCancelled.type])
  ignore(): void {}
}

@Module({ controllers: [BellController] })
class BellModule {}

export const bell: ServiceOptions<typeof config.shape> = {
  name: 'sms-sender',
  config,
  module: () => BellModule,
  migrations: [CreateStrokes0001],
};
