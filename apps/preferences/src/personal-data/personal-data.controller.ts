import { Controller } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import { parseInput, personalData, Problem, uuidSchema, type PersonalData } from '@carillon/contracts';
import type { RequestOf, ResponseOf } from '@carillon/messaging';
import { DataSource } from 'typeorm';
import { z } from 'zod';
import { RecipientStore } from '../recipients/recipient-store.ts';

/** First the profile, then pages of decisions, each beginning below an id. */
const firstDecisions = 'ffffffff-ffff-ffff-ffff-ffffffffffff';
const cursors = z.object({ cursor: uuidSchema.nullable() });

/** What this service holds about a recipient, for an export. */
@Controller()
export class PersonalDataController {
  constructor(
    private readonly recipients: RecipientStore,
    private readonly db: DataSource,
  ) {}

  @MessagePattern(personalData.name)
  async page(@Payload() request: RequestOf<typeof personalData>): Promise<ResponseOf<typeof personalData>> {
    const { tenant, recipient, limit } = request;
    const { cursor } = parseInput(cursors, request, 'request');
    if (cursor === null)
      return { section: 'profile', rows: await this.profile(tenant, recipient), next: firstDecisions };
    const rows: (Omit<PersonalData['decisions'][number], 'created_at'> & { created_at: Date })[] = await this.db.query(
      `SELECT id AS notification_id, event_id, event_type, event_source, recipient, type, category, priority, created_at, channels,
              deliveries
       FROM notifications WHERE tenant = $1 AND recipient = $2 AND id < $3 ORDER BY id DESC LIMIT $4`,
      [tenant, recipient, cursor, limit],
    );
    return {
      section: 'decisions',
      rows: rows.map((row) => ({ ...row, created_at: row.created_at.toISOString() })),
      next: rows.length === limit ? rows.at(-1)!.notification_id : null,
    };
  }

  private async profile(tenant: string, id: string): Promise<PersonalData['profile']> {
    try {
      const recipient = await this.recipients.get(tenant, id);
      return [{ ...recipient, preferences: await this.recipients.preferences(tenant, id) }];
    } catch (error) {
      if (error instanceof Problem && error.status === 404) return [];
      throw error;
    }
  }
}
