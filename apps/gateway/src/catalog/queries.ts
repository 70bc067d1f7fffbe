import { z } from 'zod';

/** Yes or no in a query; no when left out. */
export const flag = z
  .enum(['true', 'false'])
  .default('false')
  .transform((text) => text === 'true');

/** `?dry_run=true`: say what would change, and change nothing. */
export const dryRunQuery = z.strictObject({ dry_run: flag });
export type DryRunQuery = z.infer<typeof dryRunQuery>;
