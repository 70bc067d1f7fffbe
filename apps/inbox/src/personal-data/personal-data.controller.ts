import { parseInput, personalData, uuidSchema } from '@carillon/contracts';
import type { RequestOf, ResponseOf } from '@carillon/messaging';
import { Controller } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import { InjectRepository } from '@nestjs/typeorm';
import { IsNull, LessThan, Repository } from 'typeorm';
import { z } from 'zod';
import { notificationOf, NotificationRow } from '../notification-row.ts';

const cursors = z.object({ cursor: uuidSchema.nullable() });

/** A whole inbox, expired notifications too, for an export of what is held about its owner. */
@Controller()
export class PersonalDataController {
  constructor(@InjectRepository(NotificationRow) private readonly rows: Repository<NotificationRow>) {}

  @MessagePattern(personalData.name)
  async page(@Payload() request: RequestOf<typeof personalData>): Promise<ResponseOf<typeof personalData>> {
    const { tenant, recipient, limit } = request;
    const { cursor } = parseInput(cursors, request, 'request');
    const rows = await this.rows.find({
      where: { tenant, recipient, deleted_at: IsNull(), ...(cursor !== null && { id: LessThan(cursor) }) },
      order: { id: 'DESC' },
      take: limit,
    });
    const now = new Date();
    return {
      section: 'notifications',
      rows: rows.map((row) => notificationOf(row, now)),
      next: rows.length === limit ? rows.at(-1)!.id : null,
    };
  }
}
