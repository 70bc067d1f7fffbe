import {
  namedRecipients,
  onlyRecipient,
  parseInput,
  personalData,
  uuidSchema,
  type CloudEvent,
  type DigestItem,
  type KeptTimer,
} from '@carillon/contracts';
import type { RequestOf, ResponseOf } from '@carillon/messaging';
import { Controller } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import { DataSource } from 'typeorm';
import { z } from 'zod';

/** After the last timer come what waits in digests, from the newest or from the one after which its page ended. */
const digests = 'digests ';
const cursors = z.object({
  cursor: z
    .union([uuidSchema, z.string().regex(/^digests ([0-9a-f-]{36} (in_app|email|sms))?$/, 'must be a cursor')])
    .nullable(),
});

interface PendingTimer {
  timer_id: string;
  due_at: Date;
  expires_at: Date | null;
  created_at: Date;
  message: CloudEvent;
}

/** The pending timers that are about a person, and what waits for their digests, for an export of what is held about them. */
@Controller()
export class PersonalDataController {
  constructor(private readonly database: DataSource) {}

  @MessagePattern(personalData.name)
  async page(@Payload() request: RequestOf<typeof personalData>): Promise<ResponseOf<typeof personalData>> {
    const { tenant, recipient, limit } = request;
    const { cursor } = parseInput(cursors, request, 'request');
    if (cursor?.startsWith(digests)) return this.digestItems(tenant, recipient, limit, cursor.slice(digests.length));
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
      next: timers.length === limit ? timers.at(-1)!.timer_id : digests,
    };
  }

  private async digestItems(
    tenant: string,
    recipient: string,
    limit: number,
    after: string,
  ): Promise<ResponseOf<typeof personalData>> {
    const [id = null, channel = null] = after === '' ? [] : after.split(' ');
    const rows: { item: DigestItem }[] = await this.database.query(
      `SELECT item FROM digest_items
        WHERE state = 'waiting' AND tenant = $1 AND recipient = $2
          AND ($3::uuid IS NULL OR (notification_id, channel) < ($3, $4))
        ORDER BY notification_id DESC, channel DESC LIMIT $5`,
      [tenant, recipient, id, channel, limit],
    );
    const last = rows.at(-1)?.item;
    return {
      section: 'digest_items',
      rows: rows.map(({ item }) => item),
      next: rows.length === limit ? `${digests}${last!.notification_id} ${last!.channel}` : null,
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
