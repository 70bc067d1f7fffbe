import { isDatabaseAway } from '@carillon/persistence';

/**
 * One statement for many rows fails as a whole, whichever row is at fault. Then every row is tried alone, so that only
 * the one at fault fails, and is parked alone. Nothing else than a bad row makes this slow path run: while the database
 * is away the error goes straight up.
 *
 * @param work runs one statement for all its inputs; must be idempotent
 * @returns work for `batched`: an Error in the place of each input that fails
 */
export function oneByOneOnFailure<Input>(
  work: (inputs: readonly Input[]) => Promise<unknown>,
): (inputs: readonly Input[]) => Promise<(true | Error)[]> {
  return async (inputs) => {
    try {
      await work(inputs);
      return inputs.map(() => true);
    } catch (error) {
      if (inputs.length === 1 || isDatabaseAway(error)) throw error;
    }
    const results: (true | Error)[] = [];
    for (const input of inputs) {
      results.push(await work([input]).then(() => true as const, (error: Error) => error));
    }
    return results;
  };
}
