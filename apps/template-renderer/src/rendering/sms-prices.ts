import { z } from 'zod';

/** What a segment costs by the beginning of the number (`+254`), `*` for all others. */
export type SmsPrices = Readonly<Record<string, number>>;

const price = z.number().nonnegative();
const prices = z.union([
  price.transform((all): SmsPrices => ({ '*': all })),
  z.record(z.string().regex(/^(\+[1-9]\d{0,6}|\*)$/), price),
]);

/** `0.8`, or `{"+254":0.8,"*":2}`. */
export const smsPricesSchema = z.string().transform((text, context): SmsPrices => {
  try {
    const result = prices.safeParse(JSON.parse(text));
    if (result.success) return result.data;
  } catch {
    // Falls through to the issue, which shows what it should look like.
  }
  context.addIssue({ code: 'custom', message: 'must be a price such as 0.8, or prices such as {"+254":0.8,"*":2}' });
  return z.NEVER;
});

/** The price of the longest beginning of a number that has one. @param to E.164 */
export function smsPriceFor(to: string, of: SmsPrices): number | undefined {
  const beginnings = Object.keys(of).filter((beginning) => beginning !== '*' && to.startsWith(beginning));
  const [longest = '*'] = beginnings.sort((one, other) => other.length - one.length);
  return Object.hasOwn(of, longest) ? of[longest] : undefined;
}
