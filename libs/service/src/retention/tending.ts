import { timeOfId, type Removed, type RetentionPlan, type RetentionService, type Tended } from '@carillon/contracts';
import { isDatabaseAway, keepPartitions } from '@carillon/persistence';
import { Logger } from '@nestjs/common';
import type { ModuleRef } from '@nestjs/core';
import type { DataSource } from 'typeorm';
import { expiryOf, extremes, type Expiry, type Scope } from './expiry.ts';
import type { RetentionPart, RetentionRows } from './retention-parts.ts';

/** Rows removed with one statement, so that none holds its locks for long. */
const rowsAtOnce = 5_000;
/** Where counting what would be removed ends. */
const countedAtMost = 1_000_000;

export interface TendRequest {
  readonly service: RetentionService;
  readonly tenant: string | null;
  readonly plan: RetentionPlan;
  readonly dry_run: boolean;
  readonly seconds: number;
}

interface Counted {
  tenant: string | null;
  count: number;
  oldest?: Date | string | null;
}

/** A table that is one week of another, or holds what is outside of all weeks. */
interface Leaf {
  name: string;
  /** When its week begins, in UTC; null: outside of all weeks. */
  week: Date | null;
}

type Add = (part: RetentionRows, counts: readonly Counted[]) => void;

const weekMs = 7 * 86_400_000;
const dayMs = 86_400_000;

/**
 * Removes what a service has kept for long enough: weeks by dropping their partition where nobody keeps it longer, everything else in
 * small deletes. A row that somebody is working on is passed over; the next run finds it.
 */
export class Tending {
  private readonly logger = new Logger(Tending.name);
  private stopping = false;

  /** @param weeksAhead partitions are made so many weeks before they are needed */
  constructor(
    private readonly db: DataSource,
    private readonly parts: readonly RetentionPart[],
    private readonly weeksAhead: number,
    private readonly modules: ModuleRef,
  ) {}

  /** Ends what is under way between two statements. */
  stop(): void {
    this.stopping = true;
  }

  /** Makes the partitions that are missing, whatever the plan. */
  async makePartitions(): Promise<void> {
    const forEver = 36_500;
    const steps = await keepPartitions(this.db, this.weeksAhead, forEver);
    if (steps.length > 0) this.logger.log({ msg: 'kept partitions', steps });
  }

  /** Does as much as it can in the time it is given. What fails does not hold up the rest. */
  async tend({ tenant, plan, dry_run, seconds }: TendRequest): Promise<Tended> {
    const until = performance.now() + seconds * 1000;
    const ends = (): boolean => this.stopping || performance.now() > until;
    const sums = new Map<string, Removed>();
    const add: Add = (part, counts) => {
      if (part.uncounted) return;
      for (const { tenant: whose, count, oldest } of counts) {
        const key = `${part.kind} ${whose ?? ''}`;
        const sum = sums.get(key) ?? { kind: part.kind, tenant: whose ?? '', count: 0, oldest: null };
        const time = timeIn(oldest);
        const older = time !== null && (sum.oldest === null || time < sum.oldest);
        sums.set(key, { ...sum, count: sum.count + count, oldest: older ? time : sum.oldest });
      }
    };
    const errors: Tended['errors'] = [];
    let finished = true;
    for (const part of this.parts) {
      const period = plan[part.kind];
      if (!period) continue;
      try {
        if ('task' in part) {
          if (!dry_run) await part.task(this.modules);
          continue;
        }
        const scope = { tenant, ...(part.days === undefined ? period : { days: part.days, by_tenant: {} }) };
        const done = await (dry_run ? this.count(part, scope, add) : this.remove(part, scope, add, ends));
        finished &&= done;
      } catch (error) {
        if (isDatabaseAway(error)) throw error;
        this.logger.warn({ msg: 'could not remove', kind: part.kind, error: (error as Error).message });
        errors.push({ kind: part.kind, error: (error as Error).message });
      }
      if (ends()) {
        finished &&= part === this.parts.at(-1);
        break;
      }
    }
    if (!dry_run && tenant === null && finished) await this.dropWeeks(plan, add, errors);
    return { removed: [...sums.values()], finished, errors };
  }

  /** @returns whether all of it is done */
  private async remove(part: RetentionRows, scope: Scope, add: Add, ends: () => boolean): Promise<boolean> {
    for (const { name, expiry, whole } of await this.placesOf(part, scope)) {
      while (!whole) {
        const gone = await this.removeSome(name, expiry);
        add(part, gone);
        if (gone.reduce((sum, { count }) => sum + count, 0) < rowsAtOnce) break;
        if (ends()) return false;
      }
    }
    return true;
  }

  private async count(part: RetentionRows, scope: Scope, add: Add): Promise<boolean> {
    if (part.uncounted) return true;
    for (const { name, expiry } of await this.placesOf(part, scope)) add(part, await this.countIn(name, part, expiry));
    return true;
  }

  /** The tables in which rows may have to go, with the condition for each. */
  private async placesOf(
    part: RetentionRows,
    scope: Scope,
  ): Promise<{ name: string; expiry: Expiry; whole?: boolean }[]> {
    if (part.id === undefined) return [{ name: part.table, expiry: expiryOf(part, scope) }];
    const { most, least } = extremes(scope);
    const today = Math.floor(Date.now() / dayMs) * dayMs;
    const leaves = await this.leavesOf(part.table);
    return leaves.flatMap(({ name, week }) => {
      if (week === null) return { name, expiry: expiryOf(part, scope) };
      const begins = week.getTime();
      if (begins > Date.now() - least * dayMs) return [];
      if (scope.tenant !== null) return { name, expiry: expiryOf(part, scope) };
      // The same words as those of tend_partitions.
      if (begins + weekMs < today - most * dayMs) return { name, expiry: { sql: 'true', parameters: [] }, whole: true };
      return least < most ? { name, expiry: expiryOf(part, scope, true) } : [];
    });
  }

  private async leavesOf(table: string): Promise<Leaf[]> {
    const rows: { name: string }[] = await this.db.query(
      `SELECT c.relname AS name FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
        WHERE i.inhparent = to_regclass($1) ORDER BY c.relname`,
      [table],
    );
    return rows.map(({ name }) => {
      const [, year, month, day] = /_(\d{4})(\d\d)(\d\d)$/.exec(name) ?? [];
      return { name, week: year ? new Date(`${year}-${month}-${day}T00:00:00Z`) : null };
    });
  }

  private countIn(name: string, { since, id }: RetentionRows, { sql, parameters }: Expiry): Promise<Counted[]> {
    const age = since ?? id ?? 'NULL::text';
    return this.db.query(
      `SELECT tenant, count(*)::int AS count, min(age::text) AS oldest
         FROM (SELECT tenant, ${since ? `to_char(${age} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')` : age} AS age
                 FROM ${name} WHERE ${sql} LIMIT ${countedAtMost}) AS expired
        GROUP BY tenant`,
      [...parameters],
    );
  }

  private removeSome(name: string, { sql, parameters }: Expiry): Promise<Counted[]> {
    // Whoever changes a row meanwhile gives it another ctid, and keeps it.
    return this.db.query(
      `WITH gone AS (
         DELETE FROM ${name} WHERE ctid = ANY (ARRAY(
           SELECT ctid FROM ${name} WHERE ${sql} LIMIT ${rowsAtOnce} FOR UPDATE SKIP LOCKED))
         RETURNING tenant
       )
       SELECT tenant, count(*)::int AS count FROM gone GROUP BY tenant`,
      [...parameters],
    );
  }

  /** Whole weeks that nobody keeps any longer, of all tables in partitions: they are of one kind. */
  private async dropWeeks(plan: RetentionPlan, add: Add, errors: Tended['errors']): Promise<void> {
    const weekly = this.parts.filter((part): part is RetentionRows => 'id' in part && part.id !== undefined);
    const [part] = weekly.filter(({ uncounted }) => !uncounted);
    const period = part && plan[part.kind];
    if (!period) return;
    const scope = { ...period, tenant: null };
    const counts = new Map<string, Counted[]>();
    for (const { name, expiry, whole } of await this.placesOf(part, scope))
      if (whole) counts.set(name, await this.countIn(name, part, expiry));
    try {
      const steps = await keepPartitions(this.db, this.weeksAhead, extremes(scope).most);
      if (steps.length > 0) this.logger.log({ msg: 'kept partitions', steps });
    } catch (error) {
      if (isDatabaseAway(error)) throw error;
      errors.push({ kind: part.kind, error: (error as Error).message });
    }
    for (const { name } of await this.leavesOf(part.table)) counts.delete(name);
    for (const dropped of counts.values())
      add(
        part,
        dropped.map(({ tenant, count }) => ({ tenant, count })),
      );
  }
}

/** A time, or the id that begins with it, as RFC 3339. */
function timeIn(age: Counted['oldest']): string | null {
  if (age === null || age === undefined) return null;
  if (age instanceof Date) return age.toISOString();
  return age.includes('T') ? age : new Date(timeOfId(age)).toISOString();
}
