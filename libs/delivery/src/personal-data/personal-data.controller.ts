import { Controller } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import { parseInput, personalData, uuidSchema } from '@carillon/contracts';
import type { RequestOf, ResponseOf } from '@carillon/messaging';
import { z } from 'zod';
import { DeliveryLog } from '../log/delivery-log.ts';

const cursors = z.object({ cursor: uuidSchema.nullable() });

/** The deliveries to a person in full, for an export of what is held about them; the same in every sender. */
@Controller()
export class PersonalDataController {
  constructor(private readonly log: DeliveryLog) {}

  @MessagePattern(personalData.name)
  async page(@Payload() request: RequestOf<typeof personalData>): Promise<ResponseOf<typeof personalData>> {
    const { tenant, recipient, limit } = request;
    const { cursor } = parseInput(cursors, request, 'request');
    const rows = await this.log.ofRecipient(tenant, recipient, limit, cursor);
    return {
      section: `${this.log.channel}_deliveries`,
      rows,
      next: rows.length === limit ? rows.at(-1)!.id : null,
    };
  }
}
