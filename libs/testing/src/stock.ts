import { join } from 'node:path';

/**
 * The folder in which the workers of one run note what is kept for more than one test: `streets` that are free, `databases` to copy.
 * `tools/jest` makes it, and removes at the end what it names. Undefined outside such a run: then every test makes all anew.
 */
export function stock(of: 'streets' | 'databases'): string | undefined {
  const folder = process.env.CARILLON_TEST_STOCK;
  return folder && join(folder, of);
}
