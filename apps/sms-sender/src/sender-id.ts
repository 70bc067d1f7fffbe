import { longestPrefix } from '@carillon/delivery';

/** Whom an SMS comes from: the sender id of the number's country, of the longest code that it begins with; otherwise the usual one. */
export function senderIdFor<Usual extends string | undefined>(
  phone: string,
  byCountry: Readonly<Record<string, string>>,
  usual: Usual,
): string | Usual {
  const code = longestPrefix(Object.keys(byCountry), phone);
  return code === undefined ? usual : byCountry[code]!;
}
