import { table } from '../report/tables.ts';
import type { TimersResult } from './timers.ts';

/** How punctual timers are, how fast many drain, and how long something urgent takes meanwhile. */
export function timersTable({ punctuality, pipeline, drain, drainBesideUrgent, urgent }: TimersResult): string {
  const seconds = (ms: number): string => (ms / 1000).toFixed(1);
  const rows = (['p50', 'p99', 'max'] as const).map((which) => [
    `${which} ms`,
    urgent.alone[which].toFixed(1),
    urgent.beside[which].toFixed(1),
    (urgent.beside[which] / urgent.alone[which]).toFixed(2),
  ]);
  const pace = ({ firedPerSecond, arrivedPerSecond, late }: TimersResult['drain']): string =>
    `fired ${firedPerSecond.toFixed(0)}/s, in the inbox ${arrivedPerSecond.toFixed(0)}/s, which is ${(arrivedPerSecond / pipeline.perSecond).toFixed(2)} of what the pipeline takes without timers (${pipeline.perSecond.toFixed(0)}/s); late p50 ${seconds(late.p50)} s, p99 ${seconds(late.p99)} s`;
  return [
    `${punctuality.timers} timers one after the other: late p50 ${punctuality.late.p50.toFixed(0)} ms, p99 ${punctuality.late.p99.toFixed(0)} ms, at most ${punctuality.late.max.toFixed(0)} ms`,
    `${drain.timers} timers due at once: ${pace(drain)}`,
    `beside ${urgent.perSecond} urgent events a second: ${pace(drainBesideUrgent)}`,
    table([
      ['CPU ms per 1000 events', 'published at once', 'as timers'],
      ...Object.keys(drain.cpu).map((name) => [
        name.replace(/^Carillon /, ''),
        (pipeline.cpu[name] ?? 0).toFixed(0),
        drain.cpu[name]!.toFixed(0),
      ]),
    ]),
    table([[`urgent, ${urgent.perSecond}/s`, 'alone', `beside ${drain.timers} timers`, 'ratio'], ...rows]),
  ].join('\n\n');
}
