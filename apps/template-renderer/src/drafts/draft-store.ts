import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import type { TemplateKey } from '../templates/template.ts';

/** Words that are not published yet. */
export interface Draft {
  source: object;
  /** Changes whenever the draft does, and never comes again. */
  revision: string;
  /** The version that it was made from; 0 for none. */
  based_on: number;
  updated_at: Date;
  updated_by: string;
}

/** The table `template_drafts`. */
@Injectable()
export class DraftStore {
  constructor(private readonly db: DataSource) {}

  /** @param lock until the transaction ends nobody else changes it */
  async get(key: TemplateKey, manager: EntityManager | DataSource = this.db, lock = false): Promise<Draft | null> {
    const [draft]: Draft[] = await manager.query(
      `SELECT source, revision, based_on, updated_at, updated_by FROM template_drafts WHERE ${isOne} ${lock ? 'FOR UPDATE' : ''}`,
      valuesOf(key),
    );
    return draft ?? null;
  }

  /** @param replace whether one that is there gives way @returns null where one is there and does not */
  async put(
    key: TemplateKey,
    draft: Pick<Draft, 'source' | 'based_on' | 'updated_by'>,
    replace: boolean,
    manager: EntityManager | DataSource = this.db,
  ): Promise<Draft | null> {
    const onConflict = replace
      ? `UPDATE SET source = excluded.source, revision = excluded.revision, based_on = excluded.based_on,
           updated_at = now(), updated_by = excluded.updated_by`
      : 'NOTHING';
    const [put]: Draft[] = await manager.query(
      `INSERT INTO template_drafts (tenant, type, channel, locale, source, revision, based_on, updated_by)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
       ON CONFLICT (tenant, type, channel, locale) DO ${onConflict}
       RETURNING source, revision, based_on, updated_at, updated_by`,
      [...valuesOf(key), JSON.stringify(draft.source), randomUUID(), draft.based_on, draft.updated_by],
    );
    return put ?? null;
  }

  async delete(key: TemplateKey, manager: EntityManager | DataSource = this.db): Promise<void> {
    await manager.query(`DELETE FROM template_drafts WHERE ${isOne}`, valuesOf(key));
  }
}

const isOne = '(tenant, type, channel, locale) = ($1, $2, $3, $4)';

function valuesOf({ tenant, type, channel, locale }: TemplateKey): string[] {
  return [tenant, type, channel, locale];
}
