import { table } from '../report/tables.ts';
import type { Answered } from './asking.ts';
import type { AtSize } from './inbox-size.ts';

/** How long each question took at both sizes, and how many times as long with many rows as with few. */
export function inboxSizeTable(sizes: readonly AtSize[]): string {
  const [few, many] = sizes as [AtSize, AtSize];
  const part = (title: string, of: (size: AtSize) => Record<string, Answered>): string => {
    const heads = [few, many].map(({ rows }) => rows.toLocaleString('en'));
    const lines = Object.entries(of(few)).map(([question, before]) => {
      const after = of(many)[question]!;
      return [
        question,
        ...(['p50', 'p99'] as const).flatMap((which) => [
          before[which].toFixed(1),
          after[which].toFixed(1),
          (after[which] / before[which]).toFixed(2),
        ]),
        ...[before, after].map(({ perSecond }) => perSecond.toFixed(0)),
      ];
    });
    const ofBoth = (unit: string) => heads.map((rows) => `${rows} ${unit}`);
    return table([[title, ...ofBoth('p50 ms'), 'ratio', ...ofBoth('p99 ms'), 'ratio', ...ofBoth('/s')], ...lines]);
  };
  const gigabytes = [few, many].map(({ bytes }) => `${(bytes / 1e9).toFixed(2)} GB`).join(' and ');
  const busy = [few, many].flatMap(({ others }) => (others === undefined ? [] : `${(100 * others).toFixed(0)} %`));
  return [
    part('one after the other', ({ alone }) => alone),
    part('20 at a time', ({ together }) => together),
    `ratio: times as long with many rows; tables of ${gigabytes}${busy.length > 0 ? `; others used ${busy.join(' and ')} of the machine` : ''}`,
  ].join('\n\n');
}
