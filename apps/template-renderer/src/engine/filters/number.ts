import { formatter, plainSpaces, type Formatting } from '../formatting.ts';

/**
 * `{{ count | number }}` → `12,500`; `{{ rate | number: 2 }}` → `0.50`.
 *
 * @param value a number or a decimal string
 * @param decimals exact number of decimals, 0 to 20; without it at most three, as many as there are
 * @throws Error naming the argument that is wrong; never its value
 */
export function number(value: unknown, decimals: unknown, { locale }: Formatting): string {
  if (decimals !== undefined && !(Number.isInteger(decimals) && Number(decimals) >= 0 && Number(decimals) <= 20)) {
    throw new Error('number needs a whole number of decimals from 0 to 20, such as {{ rate | number: 2 }}');
  }
  const digits = decimals as number | undefined;
  const format = formatter(
    `number ${locale} ${digits}`,
    () => new Intl.NumberFormat(locale, { minimumFractionDigits: digits, maximumFractionDigits: digits }),
  );
  return plainSpaces(format.format(decimal(value, 'number')));
}

/**
 * A number as Intl takes it. Decimal strings stay strings, because JSON numbers lose the last digits of large amounts.
 *
 * @throws Error naming the filter
 */
export function decimal(value: unknown, filter: string): Intl.StringNumericLiteral | number {
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  if (typeof value === 'string' && /^-?\d{1,30}(\.\d{1,20})?$/.test(value)) return value as Intl.StringNumericLiteral;
  throw new Error(`${filter} needs a number, such as 12500 or "12500.00"`);
}
