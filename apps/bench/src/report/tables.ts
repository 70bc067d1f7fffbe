import type { Scenario } from '../options.ts';
import type { RealtimeResult } from '../realtime/realtime.ts';
import { median } from './statistics.ts';
import type { Results, Round } from './results.ts';

/** One line of the table: what is compared, and by which number. */
interface Measure {
  title: string;
  /** How good one side was in one round; undefined when the round is about something else. */
  value(round: Round): number | undefined;
  /** What Carillon is compared with. */
  beside: 'floor' | 'loop';
  /** Whether more is better. */
  more: boolean;
  digits: number;
}

const measures: Measure[] = [
  throughput('in-app, events/s', 'in-app'),
  cpuPerEvent('in-app, CPU ms/event', 'in-app'),
  throughput('in-app + email, events/s', 'email'),
  cpuPerEvent('in-app + email, CPU ms/event', 'email'),
  throughput('email sender, emails/s', 'email-sender'),
  cpuPerEvent('email sender, CPU ms/email', 'email-sender'),
  latency('publish → visible, p50 ms', 'p50'),
  latency('publish → visible, p99 ms', 'p99'),
  throughput('fan-out, recipients/s', 'fan-out'),
  cpuPerEvent('fan-out, CPU ms/recipient', 'fan-out'),
  throughput('fan-out, recipients/s beside a bare loop', 'fan-out', 'loop'),
  cpuPerEvent('fan-out, CPU ms/recipient beside a bare loop', 'fan-out', 'loop'),
];

type Throughputs = Exclude<Scenario, 'latency'>;

function throughput(title: string, scenario: Throughputs, beside: Measure['beside'] = 'floor'): Measure {
  const value = (round: Round) => (round.scenario === scenario ? round.perSecond : undefined);
  return { title, value, beside, more: true, digits: 0 };
}

/** Of all processes and servers together: what a busy machine disturbs least. */
function cpuPerEvent(title: string, scenario: Throughputs, beside: Measure['beside'] = 'floor'): Measure {
  const value = (round: Round) => {
    if (round.scenario !== scenario || Object.keys(round.cpu).length === 0) return undefined;
    const { others: _others, bench: _bench, ...used } = round.cpu;
    return Object.values(used).reduce((sum, ms) => sum + ms, 0) / 1000;
  };
  return { title, value, beside, more: false, digits: 2 };
}

function latency(title: string, which: 'p50' | 'p99'): Measure {
  const value = (round: Round) => (round.scenario === 'latency' ? round[which] : undefined);
  return { title, value, beside: 'floor', more: false, digits: 1 };
}

/** How fast Carillon was beside the floor or the loop: 1 = as fast, 0.5 = half as fast. */
export interface Ratio {
  title: string;
  median: number;
  least: number;
  most: number;
  /** Whether it compares throughput, which `--hold` is about. */
  throughput: boolean;
}

/** Ratios of the rounds that both sides ran, each round's Carillon to what it is compared with in the same round. */
export function ratios({ rounds }: Results): Ratio[] {
  return measures.flatMap(({ title, value, beside, more }) => {
    const found = [...new Set(rounds.map(({ round }) => round))].flatMap((number) => {
      const of = (side: Round['side']) =>
        rounds
          .filter((round) => round.round === number && round.side === side)
          .map(value)
          .find((v) => v !== undefined);
      const floor = of(beside);
      const carillon = of('Carillon');
      return floor === undefined || carillon === undefined ? [] : [more ? carillon / floor : floor / carillon];
    });
    if (found.length === 0) return [];
    return [{ title, median: median(found), least: Math.min(...found), most: Math.max(...found), throughput: more }];
  });
}

/** The table at the end: medians over the rounds, and how far the rounds lay apart. */
export function resultTable(results: Results): string {
  const ratio = new Map(ratios(results).map((one) => [one.title, one]));
  const lines = measures.flatMap(({ title, value, beside, digits }) => {
    const cell = (side: Round['side']) =>
      spread(
        results.rounds.filter((round) => round.side === side).flatMap((round) => value(round) ?? []),
        digits,
      );
    const floor = cell(beside);
    const carillon = cell('Carillon');
    if (floor === '' && carillon === '') return [];
    const one = ratio.get(title);
    return [
      [title, floor, carillon, one ? `${one.median.toFixed(2)} (${one.least.toFixed(2)}–${one.most.toFixed(2)})` : ''],
    ];
  });
  return table([['scenario', 'floor', 'Carillon', 'ratio'], ...lines]);
}

/** What sockets weigh, and how soon their clients are told. */
export function realtimeTable({ sockets, connected, perSocket, p50, p99, max }: RealtimeResult): string {
  return table([
    ['real time', ''],
    ['idle sockets on one gateway', sockets.toLocaleString('en')],
    ['connected and caught up within, s', (connected / 1000).toFixed(1)],
    ['memory per socket, KiB', (perSocket / 1024).toFixed(1)],
    ['publish → socket, p50 ms', p50.toFixed(1)],
    ['publish → socket, p99 ms', p99.toFixed(1)],
    ['publish → socket, most ms', max.toFixed(1)],
  ]);
}

/** Rounds in which something else used more than a tenth of the machine; their numbers say less. */
export function disturbed({ rounds }: Results): number {
  return rounds.filter((round) => round.scenario !== 'latency' && (round.others ?? 0) > 0.1).length;
}

/** CPU milliseconds per thousand events by process, a column per side and throughput scenario. */
export function cpuTable({ rounds }: Results): string {
  const columns = [
    ...new Set(
      rounds.filter((round) => round.scenario !== 'latency').map(({ side, scenario }) => `${side} ${scenario}`),
    ),
  ];
  const of = (column: string) =>
    rounds.flatMap((round) =>
      round.scenario !== 'latency' && `${round.side} ${round.scenario}` === column ? [round.cpu] : [],
    );
  // A stage is one line, whichever side's process it is.
  const stage = (name: string) => name.replace(/^(floor|Carillon) /, '');
  const names = [...new Set(columns.flatMap((column) => of(column).flatMap((cpu) => Object.keys(cpu).map(stage))))];
  const cell = (column: string, name: string) => {
    const values = of(column).flatMap((cpu) =>
      Object.entries(cpu)
        .filter(([key]) => stage(key) === name)
        .map(([, ms]) => ms),
    );
    return values.length > 0 ? median(values).toFixed(0) : '';
  };
  return table([
    ['CPU ms per 1000 events', ...columns],
    ...names.map((name) => [name, ...columns.map((column) => cell(column, name))]),
  ]);
}

function spread(values: number[], digits: number): string {
  if (values.length === 0) return '';
  const text = (value: number) =>
    value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits });
  const range = values.length > 1 ? ` (${text(Math.min(...values))}–${text(Math.max(...values))})` : '';
  return text(median(values)) + range;
}

/** Columns as wide as their widest cell, numbers to the right. */
export function table(rows: string[][]): string {
  const widths = rows[0]!.map((_cell, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows
    .map((row) =>
      row
        .map((cell, column) => (column === 0 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!)))
        .join('   ')
        .trimEnd(),
    )
    .join('\n');
}
