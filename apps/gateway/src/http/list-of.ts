import { z } from 'zod';

/** Several values of one parameter of a query: `?locales=sw,fr`. */
export const listOf = <T>(one: z.ZodType<T, string>, most: number) =>
  z
    .string()
    .transform((text) => text.split(',').map((part) => part.trim()))
    .pipe(z.array(one).max(most, `at most ${most} at a time`));
