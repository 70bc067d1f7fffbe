import { table } from '../report/tables.ts';
import { mediansOf, type HostileResult } from './hostile.ts';

/** How long a good tenant's rendering takes alone and beside hostile templates, and how many times as long. */
export function hostileTable({ perSecond, alone, beside, hostile, held }: HostileResult): string {
  const [before, after] = [mediansOf(alone), mediansOf(beside)];
  const lines = (['p50', 'p99', 'max'] as const).map((which) => [
    `${which} ms`,
    before[which].toFixed(1),
    after[which].toFixed(1),
    (after[which] / before[which]).toFixed(2),
  ]);
  const busy = [...alone, ...beside].flatMap(({ others }) => (others === undefined ? [] : [others]));
  return [
    table([[`routed → rendered, ${perSecond}/s`, 'alone', 'beside 50 hostile templates', 'ratio'], ...lines]),
    `ratio: times as long beside them; medians of ${alone.length} rounds. ${hostile} hostile messages were parked, ${held} of them untried${
      busy.length > 0 ? `; others used up to ${(100 * Math.max(...busy)).toFixed(0)} % of the machine` : ''
    }`,
  ].join('\n\n');
}
