import type { Sample } from '@carillon/contracts';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { loadBuiltIns } from '../built-in/load.ts';

/** The table `samples`: what templates are previewed with, over what Carillon brings along. */
@Injectable()
export class Samples {
  /** Those in English: samples are data, and data have no language. */
  private readonly builtIn = new Map(
    loadBuiltIns().flatMap(({ type, locale, sample }) => (locale === 'en' ? [[type, sample] as const] : [])),
  );

  constructor(private readonly db: DataSource) {}

  async of(tenant: string, type: string): Promise<Sample> {
    const [row]: { data: Record<string, unknown> }[] = await this.db.query(
      'SELECT data FROM samples WHERE tenant = $1 AND type = $2',
      [tenant, type],
    );
    return row ? { type, data: row.data, origin: 'tenant' } : this.system(type);
  }

  async put(tenant: string, type: string, data: Record<string, unknown>): Promise<Sample> {
    await this.db.query(
      `INSERT INTO samples (tenant, type, data) VALUES ($1, $2, $3)
       ON CONFLICT (tenant, type) DO UPDATE SET data = excluded.data, updated_at = now()`,
      [tenant, type, JSON.stringify(data)],
    );
    return { type, data, origin: 'tenant' };
  }

  /** @returns what is used from now on */
  async delete(tenant: string, type: string): Promise<Sample> {
    await this.db.query('DELETE FROM samples WHERE tenant = $1 AND type = $2', [tenant, type]);
    return this.system(type);
  }

  private system(type: string): Sample {
    const data = this.builtIn.get(type);
    return data ? { type, data, origin: 'system' } : { type, data: {}, origin: 'none' };
  }
}
