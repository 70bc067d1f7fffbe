import { Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { Repeating } from '@carillon/service';
import { DataSource } from 'typeorm';

/** When API keys were used last, written for all of them together once a minute: a request waits for nothing. */
@Injectable()
export class KeyUses implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger(KeyUses.name);
  private readonly writing = new Repeating(() => this.write(), 60_000);
  private used = new Map<string, Date>();

  constructor(private readonly db: DataSource) {}

  onApplicationBootstrap(): void {
    this.writing.start();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.writing.stop();
    await this.write();
  }

  note(keyId: string): void {
    this.used.set(keyId, new Date());
  }

  /** Never rejects: what cannot be written is tried again with the next turn. */
  async write(): Promise<void> {
    if (this.used.size === 0) return;
    const { used } = this;
    this.used = new Map();
    try {
      await this.db.query(
        `UPDATE api_keys SET last_used_at = greatest(last_used_at, used.at)
         FROM unnest($1::uuid[], $2::timestamptz[]) AS used (id, at) WHERE api_keys.id = used.id`,
        [[...used.keys()], [...used.values()]],
      );
    } catch (error) {
      for (const [id, at] of used) if (!this.used.has(id)) this.used.set(id, at);
      this.logger.warn({ msg: 'when API keys were used could not be written', error: (error as Error).message });
    }
  }
}
