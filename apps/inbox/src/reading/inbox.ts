import { Problem, uuidSchema, type InboxFilter } from '@carillon/contracts';
import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import type { FindManyOptions, FindOptionsWhere } from 'typeorm';
import { Repository } from 'typeorm';
import { NotificationRow } from '../notification-row.ts';
import { page, visible, type Owner } from './visible.ts';

/** Reads inboxes. */
@Injectable()
export class Inbox {
  constructor(@InjectRepository(NotificationRow) private readonly rows: Repository<NotificationRow>) {}

  /**
   * A page, newest first.
   * @param after id of the last row of the page before
   * @throws Problem 400 `invalid_cursor` when `after` is no id
   */
  async list(owner: Owner, filter: InboxFilter, limit: number, after: string | null) {
    if (after !== null && !isId(after)) {
      throw new Problem({
        status: 400,
        code: 'invalid_cursor',
        title: 'The cursor is not valid',
        errors: [{ path: 'cursor', message: 'must be the next_cursor of the page before' }],
      });
    }
    return page(await this.rows.find(listing(owner, filter, limit, after)), limit);
  }

  countUnread(owner: Owner): Promise<number> {
    return this.rows.countBy(visible(owner, { status: 'unread' }));
  }

  /** @throws Problem 404, also for another recipient's or another tenant's id */
  get({ tenant, recipient }: Owner, id: string): Promise<NotificationRow> {
    return this.one({ tenant, recipient, id }, id);
  }

  /** Whosever it is in the tenant. @throws Problem 404 */
  getForTenant(tenant: string, id: string): Promise<NotificationRow> {
    return this.one({ tenant, id }, id);
  }

  private async one(where: FindOptionsWhere<NotificationRow>, id: string): Promise<NotificationRow> {
    const row = isId(id) ? await this.rows.findOneBy(where) : null;
    if (!row) throw Problem.notFound('notification', id);
    return row;
  }
}

/** The query of a page; it asks for one row more than the page holds. */
export function listing(
  owner: Owner,
  filter: InboxFilter,
  limit: number,
  after: string | null,
): FindManyOptions<NotificationRow> {
  return { where: visible(owner, filter, after), order: { id: 'DESC' }, take: limit + 1 };
}

function isId(text: string): boolean {
  return uuidSchema.safeParse(text).success;
}
