import { batched } from '@carillon/persistence';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { namedItems } from './named.ts';

/** Takes what has been read in the inbox out of the digests that are to leave it out. */
@Injectable()
export class Reading {
  readonly read: (notification: { tenant: string; notification_id: string }) => Promise<void>;

  constructor(database: DataSource) {
    this.read = batched(async (all) => {
      await database.query(
        `WITH named AS (SELECT * FROM unnest($1::text[], $2::uuid[]) AS named(tenant, notification_id))
         UPDATE digest_items i SET state = 'read', item = NULL FROM named
          WHERE i.state = 'waiting' AND i.unless_read AND ${namedItems('notification_id')}`,
        [all.map(({ tenant }) => tenant), all.map(({ notification_id }) => notification_id)],
      );
      return all.map(() => undefined);
    });
  }
}
