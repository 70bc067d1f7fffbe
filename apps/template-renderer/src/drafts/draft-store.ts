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

/** A draft about to be kept. */
export type NewDraft = Pick<Draft, 'source' | 'based_on' | 'updated_by'> & { key: TemplateKey };

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

  /** Names of all drafts that a tenant has. */
  keys(tenant: string): Promise<TemplateKey[]> {
    return this.db.query('SELECT tenant, type, channel, locale FROM template_drafts WHERE tenant = $1', [tenant]);
  }

  /**
   * Keeps drafts.
   *
   * @param replace whether those that are there give way
   * @returns those that were kept: fewer, where some are there and do not give way
   */
  putAll(
    drafts: readonly NewDraft[],
    replace: boolean,
    manager: EntityManager | DataSource = this.db,
  ): Promise<(Draft & TemplateKey)[]> {
    const rows = drafts.map(({ key, ...draft }) => ({ ...key, ...draft, revision: randomUUID() }));
    const onConflict = replace
      ? `UPDATE SET source = excluded.source, revision = excluded.revision, based_on = excluded.based_on,
           updated_at = now(), updated_by = excluded.updated_by`
      : 'NOTHING';
    return manager.query(
      `INSERT INTO template_drafts (tenant, type, channel, locale, source, revision, based_on, updated_by)
       SELECT tenant, type, channel, locale, source, revision, based_on, updated_by
       FROM json_populate_recordset(NULL::template_drafts, $1)
       ON CONFLICT (tenant, type, channel, locale) DO ${onConflict}
       RETURNING *`,
      [JSON.stringify(rows)],
    );
  }

  async delete(key: TemplateKey, manager: EntityManager | DataSource = this.db): Promise<void> {
    await manager.query(`DELETE FROM template_drafts WHERE ${isOne}`, valuesOf(key));
  }
}

const isOne = '(tenant, type, channel, locale) = ($1, $2, $3, $4)';

function valuesOf({ tenant, type, channel, locale }: TemplateKey): string[] {
  return [tenant, type, channel, locale];
}
