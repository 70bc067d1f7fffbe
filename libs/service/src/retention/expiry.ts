import type { RetentionPeriod } from '@carillon/contracts';
import type { RetentionRows } from './retention-parts.ts';

/** For how long rows are kept, and whose are looked at. */
export interface Scope extends RetentionPeriod {
  /** Null: everybody's. */
  readonly tenant: string | null;
}

/** A condition on rows with its parameters, the first ones of a statement. */
export interface Expiry {
  readonly sql: string;
  readonly parameters: readonly unknown[];
}

/** The most and the fewest days that anybody keeps it. */
export function extremes({ days, by_tenant, tenant }: Scope): { most: number; least: number } {
  if (tenant !== null) return { most: by_tenant[tenant] ?? days, least: by_tenant[tenant] ?? days };
  const all = [days, ...Object.values(by_tenant)];
  return { most: Math.max(...all), least: Math.min(...all) };
}

/**
 * SQL: that a row's days are over. The fewest days stand in it by themselves, so that an index by time can be used.
 *
 * @param fewerOnly only rows of tenants that keep them for fewer days than others: those of the others go with their week
 */
export function expiryOf({ since, id, where }: RetentionRows, scope: Scope, fewerOnly = false): Expiry {
  const { most, least } = extremes(scope);
  const own = `coalesce(($2::jsonb ->> tenant)::int, $1::int)`;
  const before = (days: string): string => {
    const moment = `now() - make_interval(days => ${days})`;
    return id === undefined ? `${since} < ${moment}` : `${id} < first_id_at(${moment})`;
  };
  const conditions = [
    // Each parameter is named, also where nothing depends on it.
    '($3::int IS NOT NULL AND $1::int IS NOT NULL AND $2::jsonb IS NOT NULL)',
    '($4::text IS NULL OR tenant = $4)',
    ...((since ?? id) ? [before('$3::int'), before(own)] : []),
    ...(fewerOnly ? [`${own} < ${most}`] : []),
    ...(where === undefined ? [] : [`(${where})`]),
  ];
  return { sql: conditions.join(' AND '), parameters: [scope.days, scope.by_tenant, least, scope.tenant] };
}
