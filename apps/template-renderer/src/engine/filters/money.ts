import { formatter, plainSpaces, type Formatting } from '../formatting.ts';
import { decimal } from './number.ts';

/**
 * `{{ amount | money: currency }}` → `KES 12,500.00`, with the currency's own number of decimals.
 *
 * @param amount in major units (12500.5 is twelve thousand five hundred and a half); a number or a decimal string
 * @param currency ISO 4217 code
 * @throws Error naming the argument that is wrong; never its value
 */
export function money(amount: unknown, currency: unknown, { locale }: Formatting): string {
  if (typeof currency !== 'string' || !/^[A-Za-z]{3}$/.test(currency)) {
    throw new Error('money needs a currency of three letters, such as {{ amount | money: "KES" }}');
  }
  const format = formatter(
    `money ${locale} ${currency}`,
    () => new Intl.NumberFormat(locale, { style: 'currency', currency: currency.toUpperCase() }),
  );
  return plainSpaces(format.format(decimal(amount, 'money')));
}
