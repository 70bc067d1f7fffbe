import { isMissing, Problem, type FieldError, type RequiredField, type UsedWords } from '@carillon/contracts';

/** How many templates, or recipients, one message names. */
const namedAtMost = 5;
/** The one thing that templates need and no event brings. */
const recipientName = 'recipient.name';

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
  const unnamed = new Set<string>();
  const missing = words.flatMap(({ channels, unnamed: nameless = [] }, index) =>
    (required[index] ?? []).filter(({ channel, field }) => {
      if (!channels.includes(channel)) return false;
      if (field !== recipientName) return isMissing(data, field);
      for (const id of nameless) unnamed.add(id);
      return nameless.length > 0;
    }),
  );
  if (missing.length === 0) return undefined;
  const errors = [...Map.groupBy(missing, ({ field }) => field)].map(([field, needed]): FieldError =>
    field === recipientName
      ? {
          path: 'recipients',
          message: `${idsOf(unnamed)} without a name, which is needed by ${templatesOf(needed)}; give one with PUT /v1/recipients/{id}, or write {{ recipient.name | default: '…' }}`,
        }
      : { path: `data.${field}`, message: `is missing or empty; needed by ${templatesOf(needed)}` },
  );
  return Problem.unprocessable('missing_data', 'Data are missing', errors);
}

/** `"bo", "cleo" and 3 more are` */
function idsOf(ids: ReadonlySet<string>): string {
  const named = [...ids].slice(0, namedAtMost).map((id) => `"${id}"`);
  const more = ids.size > namedAtMost ? ` and ${ids.size - namedAtMost} more` : '';
  return `${named.join(', ')}${more} ${ids.size === 1 ? 'is' : 'are'}`;
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
