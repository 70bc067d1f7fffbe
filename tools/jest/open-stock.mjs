/** Before the tests: a stock of what they hand on to one another or copy (libs/testing/src/stock.ts). */
import { mkdir, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export default async function openStock() {
  const folder = await mkdtemp(join(tmpdir(), 'carillon-test-'));
  await Promise.all(['streets', 'databases'].map((of) => mkdir(join(folder, of))));
  process.env.CARILLON_TEST_STOCK = folder;
}
