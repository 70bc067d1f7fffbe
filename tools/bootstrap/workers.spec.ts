import { describe, expect, it } from '@jest/globals';
import { nameWorkers, workersFor } from './workers.mjs';

describe('the number of workers of a test run', () => {
  it.each([
    [2, 100, 2],
    [2, 200, 3],
    [1, 200, 2],
    [16, 200, 5],
    [16, 1_000, 24],
    [4, 20, 1],
  ])('of %d cores and %d database connections is %d', (cores, maxConnections, workers) => {
    expect(workersFor({ cores, maxConnections })).toBe(workers);
  });

  it.each([
    ['-w 3', true],
    ['-w=50%', true],
    ['--maxWorkers=1', true],
    ['-i', true],
    ['--runInBand apps/inbox', true],
    ['apps/inbox -t -item', false],
    ['', false],
  ])('is left to whoever says it: %s', (args, named) => {
    expect(nameWorkers(args.split(' '))).toBe(named);
  });
});
