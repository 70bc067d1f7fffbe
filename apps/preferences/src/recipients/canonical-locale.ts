const names = (type: 'language' | 'script' | 'region') => new Intl.DisplayNames('en', { type, fallback: 'none' });
const languages = names('language');
const scripts = names('script');
const regions = names('region');

/**
 * The canonical form (RFC 5646, section 4.5) of a language tag whose language, script and region are known (Unicode CLDR, as
 * this Node.js has it).
 * @returns what is wrong and how to mend it, for anything else
 */
export function canonicalLocale(tag: string): { locale: string } | { message: string } {
  let locale: Intl.Locale;
  try {
    locale = new Intl.Locale(tag);
  } catch {
    return { message: `"${tag}" is not a language tag such as en, sw or pt-BR` };
  }
  const { language, script, region } = locale;
  const unknown =
    ((!language || !languages.of(language)) && `language "${language ?? 'und'}"`) ||
    // Zzzz and ZZ are the codes of what is not known.
    (script && (script === 'Zzzz' || !scripts.of(script)) && `script "${script}"`) ||
    (region && (region === 'ZZ' || !regions.of(region)) && `region "${region}"`);
  return unknown
    ? { message: `"${tag}" names the unknown ${unknown}; use a language tag such as en, sw or pt-BR` }
    : { locale: locale.toString() };
}
