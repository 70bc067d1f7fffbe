import { digestsWoken, timersWoken } from '@carillon/contracts';
import { Messages } from '@carillon/messaging';
import { Repeating } from '@carillon/service';
import { Injectable, Logger, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import { DataSource } from 'typeorm';

const tickMs = 1_000;
/** Told together. */
const batch = 500;

/**
 * Has whatever waits for the local time of a recipient planned anew once the recipient's time zone has changed, and what waits for a
 * digest once the preferences have. The line in
 * `zone_changes` stays until the broker has confirmed; telling twice, as two replicas may, plans the same anew.
 */
@Injectable()
export class ZoneChanges implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger(ZoneChanges.name);
  private readonly telling = new Repeating(() => this.tellAll(), tickMs);
  private stopping = false;

  constructor(
    private readonly database: DataSource,
    private readonly messages: Messages,
  ) {}

  onApplicationBootstrap(): void {
    this.telling.start();
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.stopping = true;
    await this.telling.stop();
  }

  /** Never rejects. */
  private async tellAll(): Promise<void> {
    try {
      while (!this.stopping && this.messages.trouble() === undefined && (await this.tellSome()) === batch);
    } catch (error) {
      this.logger.warn({ msg: 'cannot tell of changed time zones', error: (error as Error).message });
    }
  }

  private async tellSome(): Promise<number> {
    const changes: { tenant: string; id: string; change: string; zone: boolean }[] = await this.database.query(
      'SELECT tenant, id, change, zone FROM zone_changes ORDER BY tenant, id LIMIT $1',
      [batch],
    );
    await Promise.all(
      changes.flatMap(({ tenant, id: recipient, change: by, zone }) => [
        this.messages.publish(digestsWoken, { recipient, by }, { tenant, id: by }),
        zone && this.messages.publish(timersWoken, { recipient, at: Date.now(), woken: { by } }, { tenant, id: by }),
      ]),
    );
    // One that changed again meanwhile is told again.
    await this.database.query(
      `DELETE FROM zone_changes USING json_to_recordset($1) AS told(tenant text, id text, change uuid)
        WHERE zone_changes.tenant = told.tenant AND zone_changes.id = told.id AND zone_changes.change = told.change`,
      [JSON.stringify(changes)],
    );
    return changes.length;
  }
}
