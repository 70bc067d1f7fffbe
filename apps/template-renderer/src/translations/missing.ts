import type { MissingTranslation } from '@carillon/contracts';
import { nameOf } from '../templates/template-name.ts';
import type { TemplateKey } from '../templates/template.ts';
import { speaks } from './word-groups.ts';

/**
 * Words that there are in some language, but not in one of the wanted ones. Whoever wants `sw-KE` is served by `sw` too.
 *
 * @param inUse the words there are, whoever's they are
 * @param drafts names of what is being written
 * @returns sorted by key
 */
export function missing(
  inUse: readonly TemplateKey[],
  wanted: readonly string[],
  drafts: ReadonlySet<string>,
): MissingTranslation[] {
  const groups = Map.groupBy(inUse, ({ type, channel }) => `${type}.${channel}`);
  const found = [...groups.values()].flatMap((words) => {
    const { tenant, type, channel } = words[0]!;
    const has = [...new Set(words.map(({ locale }) => locale))].sort();
    return wanted
      .filter((locale) => !speaks(has, locale))
      .map((locale) => {
        const key = nameOf({ tenant, type, channel, locale });
        return { key, type, channel, locale, has, draft: drafts.has(key) };
      });
  });
  return found.sort((one, other) => (one.key < other.key ? -1 : 1));
}
