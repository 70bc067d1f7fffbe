import type { Experiment, ExperimentState, VariantWords } from '@carillon/contracts';
import { batched, insertRows } from '@carillon/persistence';
import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import type { VariantCounts } from './results/counts.ts';
import type { CompiledTemplate } from '../templates/template.ts';

/**
 * What a variant says in one language: words as they were written, compiled when the experiment was made. So all variants have the
 * same frame, and nothing that changes later changes what they are compared by.
 */
export interface KeptWords extends VariantWords {
  source: Record<string, unknown>;
  compiled: CompiledTemplate;
}

/** A variant as the table has it. */
export interface KeptVariant {
  key: string;
  weight: number;
  /** By language. */
  words: Record<string, KeptWords>;
}

/** The row of an experiment. */
export interface ExperimentRow extends Omit<Experiment, 'variants' | 'created_at' | 'started_at' | 'ended_at'> {
  tenant: string;
  variants: KeptVariant[];
  created_at: Date;
  started_at: Date | null;
  ended_at: Date | null;
  /** What came of it by variant, once its deliveries are kept no more. */
  counted: Record<string, VariantCounts> | null;
}

/** An experiment that is to be kept. */
export type NewExperiment = Pick<
  ExperimentRow,
  'tenant' | 'id' | 'name' | 'type' | 'channel' | 'locale' | 'goal' | 'variants' | 'created_by'
>;

/** Which experiments a list is of. */
export interface ExperimentFilter {
  status?: ExperimentState;
  type?: string;
  channel?: string;
}

/** The table `experiments`. */
@Injectable()
export class ExperimentStore {
  constructor(private readonly dataSource: DataSource) {}

  /** The running experiments of a tenant; those of tenants that are asked for together with one statement. */
  readonly running: (tenant: string) => Promise<ExperimentRow[]> = batched(async (tenants: readonly string[]) => {
    const rows: ExperimentRow[] = await this.dataSource.query(
      `SELECT * FROM experiments WHERE tenant = ANY ($1) AND status = 'running'`,
      [tenants],
    );
    return tenants.map((tenant) => rows.filter((row) => row.tenant === tenant));
  });

  /** Of one that was created before: what it is by now. */
  async create(experiment: NewExperiment): Promise<ExperimentRow> {
    const kept = { ...experiment, status: 'draft', created_at: new Date().toISOString() };
    const [row] = await insertRows<ExperimentRow>(this.dataSource, 'experiments', [kept], {
      onConflict: 'DO NOTHING',
      returning: '*',
    });
    return row ?? (await this.find(kept.tenant, kept.id))!;
  }

  async find(tenant: string, id: string): Promise<ExperimentRow | undefined> {
    const [row] = await this.dataSource.query('SELECT * FROM experiments WHERE tenant = $1 AND id = $2', [tenant, id]);
    return row;
  }

  /** Newest first, up to one more than `limit`. @param after go on below this id */
  list(tenant: string, filter: ExperimentFilter, limit: number, after: string | null): Promise<ExperimentRow[]> {
    const { status = null, type = null, channel = null } = filter;
    return this.dataSource.query(
      `SELECT * FROM experiments
       WHERE tenant = $1 AND ($2::text IS NULL OR status = $2) AND ($3::text IS NULL OR type = $3)
         AND ($4::text IS NULL OR channel = $4) AND ($5::uuid IS NULL OR id < $5)
       ORDER BY id DESC LIMIT $6`,
      [tenant, status, type, channel, after, limit + 1],
    );
  }

  /**
   * @returns the experiment; undefined when it was not a draft
   * @throws what {@link isTaken} recognises when the template has a running one already
   */
  start(tenant: string, id: string): Promise<ExperimentRow | undefined> {
    return this.change(
      `UPDATE experiments SET status = 'running', started_at = now()
       WHERE tenant = $1 AND id = $2 AND status = 'draft' RETURNING *`,
      [tenant, id],
    );
  }

  /** @returns the experiment; undefined when it was not running */
  stop(tenant: string, id: string): Promise<ExperimentRow | undefined> {
    return this.change(
      `UPDATE experiments SET status = 'stopped', ended_at = now()
       WHERE tenant = $1 AND id = $2 AND status = 'running' RETURNING *`,
      [tenant, id],
    );
  }

  /** @returns the experiment; undefined when it was neither running nor stopped */
  promote(manager: EntityManager, tenant: string, id: string, winner: string): Promise<ExperimentRow | undefined> {
    return this.change(
      `UPDATE experiments SET status = 'promoted', winner = $3, ended_at = coalesce(ended_at, now())
       WHERE tenant = $1 AND id = $2 AND status IN ('running', 'stopped') RETURNING *`,
      [tenant, id, winner],
      manager,
    );
  }

  /** With all that was counted. @returns the experiment; undefined when it is running or was not there */
  delete(tenant: string, id: string): Promise<ExperimentRow | undefined> {
    return this.change(`DELETE FROM experiments WHERE tenant = $1 AND id = $2 AND status <> 'running' RETURNING *`, [
      tenant,
      id,
    ]);
  }

  private async change(
    sql: string,
    parameters: unknown[],
    db: Pick<DataSource, 'query'> | EntityManager = this.dataSource,
  ): Promise<ExperimentRow | undefined> {
    const [rows]: [ExperimentRow[], number] = await db.query(sql, parameters);
    return rows[0];
  }
}

/** An experiment as the API shows it. */
export function shown({
  tenant: _,
  counted: __,
  variants,
  created_at,
  started_at,
  ended_at,
  ...row
}: ExperimentRow): Experiment {
  return {
    ...row,
    variants: variants.map(({ words, ...variant }) => ({
      ...variant,
      words: Object.fromEntries(Object.entries(words).map(([locale, kept]) => [locale, shownWords(kept)])),
    })),
    created_at: created_at.toISOString(),
    started_at: started_at?.toISOString() ?? null,
    ended_at: ended_at?.toISOString() ?? null,
  };
}

/** What was published can be read there. */
function shownWords({ owner, version, source }: KeptWords): VariantWords {
  return owner === 'variant' ? { owner, version, source } : { owner, version };
}
