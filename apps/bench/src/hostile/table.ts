import { table } from '../report/tables.ts';
import { figuresOf, type HostileResult } from './hostile.ts';

/** How long a good tenant's rendering takes alone and beside hostile templates, and how many times as long. */
export function hostileTable({ perSecond, alone, beside, hostile, held }: HostileResult): string {
  const all = [alone, beside].map((rounds) => rounds.flatMap(({ times }) => times)) as [number[], number[]];
  const lines = [
    ...linesOf(['p50', 'p99', 'max'], '', ...all),
    ...alone.flatMap(({ times }, n) => linesOf(['p99'], `, round ${n + 1}`, times, beside[n]!.times)),
  ];
  const busy = [...alone, ...beside].flatMap(({ others }) => (others === undefined ? [] : [others]));
  return [
    table([[`routed → rendered, ${perSecond}/s`, 'alone', 'beside 50 hostile templates', 'ratio'], ...lines]),
    `ratio: times as long beside them; of all ${all[0].length} notifications each way. ${hostile} hostile messages were parked, ${held} of them untried${
      busy.length > 0 ? `; others used up to ${(100 * Math.max(...busy)).toFixed(0)} % of the machine` : ''
    }`,
  ].join('\n\n');
}

function linesOf(which: ('p50' | 'p99' | 'max')[], when: string, alone: number[], beside: number[]): string[][] {
  const [before, after] = [figuresOf(alone), figuresOf(beside)];
  return which.map((name) => [
    `${name} ms${when}`,
    before[name].toFixed(1),
    after[name].toFixed(1),
    (after[name] / before[name]).toFixed(2),
  ]);
}
