import { batched } from '@carillon/persistence';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';

/** Takes what has been read in the inbox out of the digests that are to leave it out. */
@Injectable()
export class Reading {
  readonly read: (notification: { tenant: string; notification_id: string }) => Promise<void>;

  constructor(database: DataSource) {
    this.read = batched(async (all) => {
      await database.query(
        `UPDATE digest_items SET state = 'read', item = NULL
          WHERE state = 'waiting' AND unless_read
            AND (tenant, notification_id) IN (SELECT * FROM unnest($1::text[], $2::uuid[]))`,
        [all.map(({ tenant }) => tenant), all.map(({ notification_id }) => notification_id)],
      );
      return all.map(() => undefined);
    });
  }
}
