import { Injectable } from '@nestjs/common';
import type { Audience } from '@carillon/contracts';
import { DataSource } from 'typeorm';
import type { KnownRecipient } from '../recipients/recipient.ts';

/** Who belongs to an audience. */
@Injectable()
export class AudienceMembers {
  constructor(private readonly db: DataSource) {}

  /** The next of them in the order of their ids, as the decision sees them. @param after a recipient's id; empty to begin */
  after(tenant: string, audience: Audience, after: string, limit: number): Promise<KnownRecipient[]> {
    const { condition, values } = belongs(audience, '$4');
    // Not prepared: how many have a role decides whether its index or the order of ids is the shorter way.
    return this.db.query(
      `SELECT id, name, locale, time_zone, preferences, contacts FROM recipients
       WHERE tenant = $1 AND id > $2 ${condition} ORDER BY id LIMIT $3`,
      [tenant, after, limit, ...values],
    );
  }

  async count(tenant: string, audience: Audience): Promise<number> {
    const { condition, values } = belongs(audience, '$2');
    const [{ count }] = await this.db.query(
      `SELECT count(*)::int AS count FROM recipients WHERE tenant = $1 ${condition}`,
      [tenant, ...values],
    );
    return count;
  }
}

function belongs(audience: Audience, parameter: string): { condition: string; values: string[][] } {
  if ('role' in audience) return { condition: `AND roles @> ${parameter}::text[]`, values: [[audience.role]] };
  if ('tag' in audience) return { condition: `AND tags @> ${parameter}::text[]`, values: [[audience.tag]] };
  return { condition: '', values: [] };
}
