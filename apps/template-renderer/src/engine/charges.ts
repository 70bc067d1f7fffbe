import { defaultOperators, type Context, type Liquid } from 'liquidjs';

type Handler = Extract<Liquid['filters'][string], (...args: never[]) => unknown>;

/** Deeply nested HTML takes the square of its length to sanitise. */
export const sanitizingCharge = 10;

/**
 * How many units one element or character costs, where it is more than one: what is done with it takes longer than to copy it.
 * Measured so that 100,000 units are never more than some 10 ms.
 */
const perElement: Readonly<Record<string, number>> = {
  ...{ sort: 10, sort_natural: 30, sample: 10, uniq: 3, sum: 5, map: 5 },
  ...{ where: 15, reject: 15, group_by: 15, has: 15, find: 15, find_index: 15 },
  ...{ where_exp: 15, reject_exp: 15, group_by_exp: 15, has_exp: 15, find_exp: 15, find_index_exp: 15 },
  ...{ slugify: 5, url_encode: 3, cgi_escape: 4, uri_escape: 3, url_decode: 2, truncatewords: 3, number_of_words: 3 },
  sanitize: sanitizingCharge,
};

/** Those that look at nothing but the value's kind and length. */
const free = new Set(['size', 'first', 'last', 'default']);

/** Those that search the value for a text, in the worst case anew at every character of it. */
const searching = new Set([
  'replace',
  'replace_first',
  'replace_last',
  'remove',
  'remove_first',
  'remove_last',
  'split',
]);
/** How many comparisons of characters cost one unit. */
const comparisonsPerUnit = 64;

/**
 * Makes every filter pay for what it is about to do before it does it: a single call can take seconds, during which no limit of
 * time is looked at. LiquidJS itself counts what most of its filters allocate, not what they cost.
 */
export function chargeFilters(liquid: Liquid): void {
  for (const [name, filter] of Object.entries(liquid.filters)) {
    if (free.has(name)) continue;
    const handler = (typeof filter === 'function' ? filter : filter.handler)!;
    const charged = chargedHandler(name, handler);
    liquid.registerFilter(name, typeof filter === 'function' ? charged : { ...filter, handler: charged });
  }
}

function chargedHandler(name: string, handler: Handler): Handler {
  const units = perElement[name] ?? 1;
  return function (value, ...args) {
    const { memoryLimit, renderLimit } = this.context;
    const use = (count: number) => memoryLimit.use(count);
    const size = weigh(value, use, units);
    // What is searched for is checked character by character too.
    if (searching.has(name)) use((size * sizeOf(args[0])) / comparisonsPerUnit);
    for (const arg of args) weigh(arg, use, 1);
    renderLimit.check(performance.now());
    const result: unknown = handler.apply(this, [value, ...args]);
    // Many small objects may have the same long list in them.
    return name === 'map' ? weighed(result as Generator<unknown, unknown>, use) : result;
  };
}

function* weighed(result: Generator<unknown, unknown>, use: (count: number) => void): Generator<unknown, unknown> {
  const list = yield* result;
  weigh(list, use, 1);
  return list;
}

/** `{% if text contains part %}` pays like a filter that searches. */
export function* containsCharged(text: unknown, part: unknown, context: Context): Generator<unknown, boolean> {
  context.memoryLimit.use((sizeOf(text) * sizeOf(part)) / comparisonsPerUnit);
  return (yield defaultOperators.contains!(text, part, context)) as boolean;
}

/**
 * Charges for every element of a list, and for those of the lists in it: filters that write a list out write those too. A list that
 * stands in another one twice counts twice.
 *
 * @returns how long the value itself is
 */
function weigh(value: unknown, use: (count: number) => void, units: number): number {
  const size = sizeOf(value);
  use(size * units);
  if (Array.isArray(value)) {
    for (const element of value) if (typeof element !== 'number') weigh(element, use, units);
  }
  return size;
}

function sizeOf(value: unknown): number {
  return typeof value === 'string' || Array.isArray(value) ? value.length : 1;
}
