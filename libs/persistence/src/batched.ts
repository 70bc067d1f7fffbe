import DataLoader from 'dataloader';
import { isDatabaseAway } from './availability.ts';
import { asRequestOf, requestUnderWay } from './tenancy/request-scope.ts';

export interface BatchOptions {
  /** Calls that share one run of the work at most. */
  max?: number;
  /** Runs at the same time at most; default 1, which makes the fewest and largest statements. */
  concurrency?: number;
  /**
   * Says when those that are together need not wait for more, in a later turn; unless given, at the end of the turn: the other items
   * of the same message have reached the call by then.
   */
  gather?: (done: () => void) => void;
}

/**
 * Lets handlers that run side by side share one statement: calls made in the same turn of the event loop become one call
 * of `work`, and while `concurrency` runs are under way further calls gather for the next. So batches grow with the load
 * and a lone call waits for nothing. Calls of requests share one with calls of the same tenant only, those of the pipeline
 * with any.
 *
 * A statement for many fails as a whole, whichever input is at fault. Then each input is tried alone, so that only the one at
 * fault fails. Once the database is away the rest fails without being tried.
 *
 * @param work gets the inputs in order of arrival and answers with as many outputs (or Errors) in the same order. It is all
 *   or nothing, for example one statement, so that a run that failed can be repeated
 */
export function batched<Input, Output>(
  work: (inputs: readonly Input[]) => Promise<ArrayLike<Output | Error>>,
  options: BatchOptions = {},
): (input: Input) => Promise<Output> {
  const pipeline = gathering(work, options);
  /** By tenant, while calls of its requests are under way. */
  const requests = new Map<string | undefined, { load: (input: Input) => Promise<Output>; calls: number }>();
  return async (input) => {
    const request = requestUnderWay();
    if (!request) return pipeline(input);
    const { tenant } = request;
    const known = requests.get(tenant);
    // A scope of the batch's own: the request that began it may end before those that share it.
    const own = known ?? { load: gathering((inputs) => asRequestOf(tenant, () => work(inputs)), options), calls: 0 };
    if (!known) requests.set(tenant, own);
    own.calls += 1;
    try {
      return await own.load(input);
    } finally {
      own.calls -= 1;
      if (own.calls === 0) requests.delete(tenant);
    }
  };
}

function gathering<Input, Output>(
  work: (inputs: readonly Input[]) => Promise<ArrayLike<Output | Error>>,
  { max = 500, concurrency = 1, gather = setImmediate }: BatchOptions,
): (input: Input) => Promise<Output> {
  let running = 0;
  const waiting: (() => void)[] = [];
  const start = (): void => {
    while (running < concurrency && waiting.length > 0) {
      running += 1;
      waiting.shift()!();
    }
  };
  const loader = new DataLoader<Input, Output>(
    async (inputs) => {
      try {
        return await oneByOneOnFailure(work, inputs);
      } finally {
        running -= 1;
        start();
      }
    },
    {
      cache: false,
      maxBatchSize: max,
      batchScheduleFn: (dispatch) =>
        void gather(() => {
          waiting.push(dispatch);
          start();
        }),
    },
  );
  return (input) => loader.load(input);
}

async function oneByOneOnFailure<Input, Output>(
  work: (inputs: readonly Input[]) => Promise<ArrayLike<Output | Error>>,
  inputs: readonly Input[],
): Promise<ArrayLike<Output | Error>> {
  try {
    return await work(inputs);
  } catch (error) {
    if (inputs.length === 1 || isDatabaseAway(error)) throw error;
  }
  const outputs: (Output | Error)[] = [];
  let away: Error | undefined;
  for (const input of inputs) {
    if (away) {
      outputs.push(away);
      continue;
    }
    try {
      outputs.push((await work([input]))[0]!);
    } catch (error) {
      outputs.push(error as Error);
      if (isDatabaseAway(error)) away = error as Error;
    }
  }
  return outputs;
}
