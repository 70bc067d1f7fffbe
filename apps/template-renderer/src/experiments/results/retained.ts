import type { RetentionPart } from '@carillon/service';
import { Observations } from './observations.ts';

/** For so many days after the end of an experiment what recipients do still counts: nearly all who open a message do so before. */
export const countedForDays = 30;

/** Experiments are counted for good when nothing more is to come; their deliveries are kept no longer. */
export const retained: readonly RetentionPart[] = [
  { kind: 'leftovers', task: (modules) => modules.get(Observations, { strict: false }).countForGood(countedForDays) },
  {
    kind: 'leftovers',
    table: 'experiment_deliveries',
    where: `EXISTS (SELECT FROM experiments e WHERE e.tenant = experiment_deliveries.tenant
      AND e.id = experiment_deliveries.experiment_id AND e.counted IS NOT NULL)`,
  },
];
