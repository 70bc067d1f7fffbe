import { experimentObserved, notificationRead, observationOf, timeOfId, uuidv8 } from '@carillon/contracts';
import { Messages } from '@carillon/messaging';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { NotificationRow } from '../notification-row.ts';
import type { Owner } from '../reading/visible.ts';

type FirstReading = Pick<NotificationRow, 'id' | 'delivery_id' | 'type' | 'category' | 'template'> & {
  first_read_at: Date;
};

/** Publishes at a time at most: enough to keep the broker busy, few enough to hold in memory. */
const batch = 500;

/**
 * Publishes `notification.read` for what was read for the first time. The row itself remembers until the broker has
 * confirmed: a crash or a lost connection in between is made good when the question is redelivered or asked again, and
 * the repeated outcome carries the same id.
 */
@Injectable()
export class ReadOutcomes {
  constructor(
    private readonly database: DataSource,
    private readonly messages: Messages,
  ) {}

  /** Publishes what of this inbox has been read and is not confirmed yet. */
  async announce({ tenant, recipient }: Owner): Promise<void> {
    for (let readings: FirstReading[] | undefined; readings === undefined || readings.length === batch;) {
      readings = (await this.database.query(
        `SELECT id, delivery_id, type, category, template, first_read_at FROM notifications
          WHERE tenant = $1 AND recipient = $2 AND first_read_at IS NOT NULL AND NOT read_announced
          LIMIT ${batch}`,
        [tenant, recipient],
      )) as FirstReading[];
      if (readings.length === 0) return;
      await Promise.all(readings.map((reading) => this.publish({ tenant, recipient }, reading)));
      await this.database.query(
        `UPDATE notifications SET read_announced = true WHERE tenant = $1 AND recipient = $2 AND id = ANY($3)`,
        [tenant, recipient, readings.map(({ id }) => id)],
      );
    }
  }

  private async publish({ tenant, recipient }: Owner, reading: FirstReading): Promise<void> {
    const { id, delivery_id, type, category, template, first_read_at } = reading;
    const at = first_read_at.toISOString();
    const told = observationOf('opened', { delivery_id, channel: 'in_app', template, at });
    await Promise.all([
      this.messages.publish(
        notificationRead,
        { notification_id: id, recipient, type, category, template, at },
        { tenant, id: uuidv8(timeOfId(id), 'outcome', 'read', id), subject: recipient },
      ),
      told && this.messages.publish(experimentObserved, told.observed, { tenant, id: told.id }),
    ]);
  }
}
