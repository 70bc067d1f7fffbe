import { isMissing, Problem, type FieldError, type RequiredField, type UsedWords } from '@carillon/contracts';

/** How many templates one message names. */
const namedAtMost = 5;

/**
 * What an event's data lack for the words that it would use; undefined when nothing is missing. Names fields and templates, never
 * the data.
 *
 * @param required for each of the words, in their order; undefined where nobody could be asked
 */
export function missingData(
  data: Readonly<Record<string, unknown>>,
  words: readonly UsedWords[],
  required: readonly (readonly RequiredField[] | undefined)[],
): Problem | undefined {
  const missing = words.flatMap(({ channels }, index) =>
    (required[index] ?? []).filter(({ channel, field }) => channels.includes(channel) && isMissing(data, field)),
  );
  if (missing.length === 0) return undefined;
  const errors = [...Map.groupBy(missing, ({ field }) => field)].map(([field, needed]): FieldError => ({
    path: `data.${field}`,
    message: `is missing or empty; needed by ${templatesOf(needed)}`,
  }));
  return Problem.unprocessable('missing_data', 'Data are missing', errors);
}

/** `the template invoice_issued (email en v3, sms en v3)` */
function templatesOf(needed: readonly RequiredField[]): string {
  return [...Map.groupBy(needed, ({ template }) => template.key)]
    .map(([key, fields]) => {
      const names = [
        ...new Set(fields.map(({ channel, template: { locale, version } }) => `${channel} ${locale} v${version}`)),
      ];
      const more = names.length > namedAtMost ? ` and ${names.length - namedAtMost} more` : '';
      return `the template ${key} (${names.slice(0, namedAtMost).join(', ')}${more})`;
    })
    .join(' and ');
}
