import { Problem, type DeliveryFilter, type DeliveryStats as Stats } from '@carillon/contracts';
import type { SqlRunner } from '@carillon/persistence';
import { filtered } from './filtering.ts';

const dayMs = 86_400_000;
/** The longest period for each interval, and the one that is meant when none is said. */
const periods = { hour: { most: 8 * dayMs, usual: dayMs }, day: { most: 400 * dayMs, usual: 7 * dayMs } } as const;

const groupColumns: Readonly<Record<Stats['group_by'], string>> = {
  status: 'status',
  type: 'type',
  category: 'category',
  provider: 'provider',
  template: `template ->> 'key' || '@' || (template ->> 'version')`,
  error_code: 'error_code',
};

/** What is counted. */
export interface StatsQuestion {
  readonly filter: DeliveryFilter;
  readonly group_by: Stats['group_by'];
  readonly interval: Stats['interval'];
}

/** Counts of one group, interval and status, as SQL gives them. */
export interface Count {
  readonly at: string;
  readonly group: string | null;
  readonly status: string;
  readonly count: number;
  /** How many of them a person opened, and clicked in. */
  readonly opened: number;
  readonly clicked: number;
}

/**
 * How many deliveries there were, by group and over time: one pass over the tenant's deliveries of the period.
 * @param now milliseconds
 * @throws Problem 422 `invalid_period`
 */
export async function deliveryStatsOf(
  db: SqlRunner,
  tenant: string,
  { filter, group_by, interval }: StatsQuestion,
  now: number,
): Promise<Stats> {
  const { from, to } = periodOf(filter, interval, now);
  const { created_from: _, created_to: __, since: ___, ...rest } = filter;
  const { where, parameters } = filtered(tenant, { ...rest, created_from: from, created_to: to });
  const counts: Count[] = await db.query(
    `SELECT to_char(date_trunc('${interval}', created_at AT TIME ZONE 'UTC'), 'YYYY-MM-DD"T"HH24:MI:SS".000Z"') AS at,
       ${groupColumns[group_by]} AS group, status, count(*)::int AS count,
       count(opened_at)::int AS opened, count(clicked_at)::int AS clicked
     FROM deliveries WHERE ${where} GROUP BY 1, 2, 3 ORDER BY 1`,
    parameters,
  );
  return { from, to, interval, group_by, ...summed(counts) };
}

/** @throws Problem 422 */
function periodOf(
  { created_from, created_to, since }: DeliveryFilter,
  interval: Stats['interval'],
  now: number,
): { from: string; to: string } {
  const { most, usual } = periods[interval];
  // What is written in this millisecond counts too.
  const to = created_to === undefined ? now + 1 : Date.parse(created_to);
  const begin = created_from ?? since;
  const from = begin === undefined ? to - usual : Date.parse(begin);
  const wrong = (path: string, message: string): Problem =>
    Problem.unprocessable('invalid_period', 'The period is not valid', [{ path, message }]);
  if (from >= to) throw wrong('created_from', 'must be before created_to');
  if (to - from > most) {
    const cure = interval === 'hour' ? ', or ask for days with interval=day' : '';
    throw wrong('created_from', `must be at most ${most / dayMs} days before created_to${cure}`);
  }
  return { from: new Date(from).toISOString(), to: new Date(to).toISOString() };
}

/** Totals and series from the counts, which are in the order of time. */
export function summed(
  counts: readonly Count[],
): Pick<Stats, 'total' | 'by_status' | 'opened' | 'clicked' | 'groups' | 'series'> {
  const by_status: Record<string, number> = {};
  const groups = new Map<string | null, Stats['groups'][number]>();
  const series = new Map<string, Stats['series'][number]>();
  const all = { total: 0, opened: 0, clicked: 0 };
  for (const { at, group, status, count, opened, clicked } of counts) {
    all.total += count;
    all.opened += opened;
    all.clicked += clicked;
    add(by_status, status, count);
    const ofGroup = entry(groups, group, () => ({ group, total: 0, by_status: {}, opened: 0, clicked: 0 }));
    ofGroup.total += count;
    ofGroup.opened += opened;
    ofGroup.clicked += clicked;
    add(ofGroup.by_status, status, count);
    const ofInterval = entry(series, at, () => ({ at, total: 0, groups: {} }));
    ofInterval.total += count;
    add(ofInterval.groups, group ?? 'none', count);
  }
  return {
    ...all,
    by_status,
    groups: [...groups.values()].sort((one, other) => other.total - one.total),
    series: [...series.values()],
  };
}

function entry<Key, Value>(map: Map<Key, Value>, key: Key, make: () => Value): Value {
  const known = map.get(key) ?? make();
  map.set(key, known);
  return known;
}

function add(counts: Record<string, number>, name: string, count: number): void {
  counts[name] = (Object.hasOwn(counts, name) ? counts[name]! : 0) + count;
}
