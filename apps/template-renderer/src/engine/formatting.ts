import { LRUCache } from 'lru-cache';

/** How values are written out for one recipient. Handed to the filters with every rendering. */
export interface Formatting {
  /** BCP 47, known to Intl. */
  readonly locale: string;
  /** IANA name, known to Intl. */
  readonly timeZone: string;
  /** What a path such as `/invoices/7` is completed with in emails and SMS; without a slash at the end. */
  readonly siteUrl: string;
  /** The time of rendering; without it what the clock says. */
  readonly now?: Date;
}

/**
 * The locale in which numbers and dates are written. Where the words are in the recipient's language it is the
 * recipient's own (`en-KE`); otherwise that of the words, so that a sentence never mixes two languages.
 * Plain `en` means world English (`en-001`): "1 December 2026" reads the same everywhere, "12/1/2026" does not.
 *
 * @param recipientLocale BCP 47; `sw_KE` is understood; anything else that Intl does not know counts as the template's
 * @param templateLocale BCP 47
 */
export function formattingLocale(recipientLocale: string, templateLocale: string): string {
  const key = `${recipientLocale} ${templateLocale}`;
  let locale = locales.get(key);
  if (locale === undefined) locales.set(key, (locale = chooseLocale(recipientLocale, templateLocale)));
  return locale;
}

function chooseLocale(recipientLocale: string, templateLocale: string): string {
  const words = canonicalLocale(templateLocale) ?? 'en';
  const own = canonicalLocale(recipientLocale);
  const chosen = own !== undefined && languageOf(own) === languageOf(words) ? own : words;
  return chosen === 'en' ? 'en-001' : chosen;
}

/** The zone itself, or UTC for a name that does not exist: a message with UTC times is better than no message. */
export function knownTimeZone(timeZone: string): string {
  let known = zones.get(timeZone);
  if (known === undefined) {
    try {
      known = new Intl.DateTimeFormat('en', { timeZone }).resolvedOptions().timeZone;
    } catch {
      known = 'UTC';
    }
    zones.set(timeZone, known);
  }
  return known;
}

/** The canonical form of a locale (`sw_ke` → `sw-KE`), or undefined when it is none. */
export function canonicalLocale(locale: string): string | undefined {
  try {
    return Intl.getCanonicalLocales(locale.replaceAll('_', '-'))[0];
  } catch {
    return undefined;
  }
}

function languageOf(locale: string): string {
  return locale.split('-', 1)[0]!;
}

// Building an Intl formatter takes some 30 µs, using one about 1: they are kept, bounded because locales and zones come
// from outside.
const formatters = new LRUCache<string, IntlFormat>({ max: 1_000 });
const zones = new LRUCache<string, string>({ max: 1_000 });
const locales = new LRUCache<string, string>({ max: 1_000 });

type IntlFormat = Intl.NumberFormat | Intl.DateTimeFormat | Intl.RelativeTimeFormat;

/** The Intl formatter of this name; `make` is called when it is not there yet. */
export function formatter<Format extends IntlFormat>(name: string, make: () => Format): Format {
  let format = formatters.get(name);
  if (!format) formatters.set(name, (format = make()));
  return format as Format;
}

/**
 * Intl separates with no-break spaces. They push an SMS from 160 to 70 characters a segment and surprise anyone who
 * searches for "KES 12,500.00", so plain spaces are written.
 */
export function plainSpaces(text: string): string {
  return text.replace(/[\u00A0\u202F\u2009]/g, ' ');
}
