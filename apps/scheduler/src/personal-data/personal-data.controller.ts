import {
  namedRecipients,
  onlyRecipient,
  parseInput,
  personalData,
  uuidSchema,
  type CloudEvent,
  type KeptTimer,
} from '@carillon/contracts';
import type { RequestOf, ResponseOf } from '@carillon/messaging';
import { Controller } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import { DataSource } from 'typeorm';
import { z } from 'zod';

const cursors = z.object({ cursor: uuidSchema.nullable() });

interface PendingTimer {
  timer_id: string;
  due_at: Date;
  expires_at: Date | null;
  created_at: Date;
  message: CloudEvent;
}

/** The pending timers that are about a person, for an export of what is held about them. */
@Controller()
export class PersonalDataController {
  constructor(private readonly database: DataSource) {}

  @MessagePattern(personalData.name)
  async page(@Payload() request: RequestOf<typeof personalData>): Promise<ResponseOf<typeof personalData>> {
    const { tenant, recipient, limit } = request;
    const { cursor } = parseInput(cursors, request, 'request');
    const timers: PendingTimer[] = await this.database.query(
      `SELECT timer_id, due_at, expires_at, created_at, message FROM timers
        WHERE state = 'pending' AND tenant = $1 AND (recipients @> ARRAY[$2] OR recipients IS NULL)
          AND ($3::uuid IS NULL OR timer_id < $3)
        ORDER BY timer_id DESC LIMIT $4`,
      [tenant, recipient, cursor, limit],
    );
    return {
      section: 'timers',
      rows: timers
        .filter(({ message }) => namedRecipients(message).includes(recipient))
        .map((row) => shown(row, recipient)),
      next: timers.length === limit ? timers.at(-1)!.timer_id : null,
    };
  }
}

function shown({ timer_id, due_at, expires_at, created_at, message }: PendingTimer, recipient: string): KeptTimer {
  return {
    timer_id,
    due_at: due_at.toISOString(),
    expires_at: expires_at?.toISOString() ?? null,
    created_at: created_at.toISOString(),
    message: onlyRecipient(message, recipient),
  };
}
