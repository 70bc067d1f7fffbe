const units: [unit: Intl.RelativeTimeFormatUnit, seconds: number][] = [
  ['year', 31_556_952],
  ['month', 2_629_746],
  ['week', 604_800],
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
];

const formats = new Map<string, Intl.RelativeTimeFormat>();

/**
 * How long ago a time was, in the largest unit that fits: "3 hours ago", "yesterday", "saa 3 zilizopita". Under a minute it is
 * "now".
 *
 * @param locale a language tag; one that ICU does not know is taken for English
 */
export function timeAgo(time: Date, now: Date, locale: string): string {
  const seconds = (time.getTime() - now.getTime()) / 1000;
  const unit = units.find(([, length]) => Math.abs(seconds) >= length);
  const format = formatOf(locale);
  return unit ? format.format(Math.trunc(seconds / unit[1]), unit[0]) : format.format(0, 'second');
}

function formatOf(locale: string): Intl.RelativeTimeFormat {
  let format = formats.get(locale);
  if (!format) {
    // Locales come with recipients, who are many.
    if (formats.size >= 500) formats.clear();
    formats.set(locale, (format = newFormat(locale)));
  }
  return format;
}

function newFormat(locale: string): Intl.RelativeTimeFormat {
  const known = (tag: string): boolean => {
    try {
      return Intl.RelativeTimeFormat.supportedLocalesOf(tag).length > 0;
    } catch {
      return false;
    }
  };
  return new Intl.RelativeTimeFormat(known(locale) ? locale : 'en', { numeric: 'auto' });
}
