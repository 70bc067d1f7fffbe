import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { VersionInUse } from '../templates/template-store.ts';
import { exported } from './exporting.ts';
import { translated } from './importing.ts';
import { missing } from './missing.ts';
import { textsOf } from './texts.ts';
import { groupsOf, speaks } from './word-groups.ts';

const tenant = 'school';
const locales = ['en', 'sw', 'fr', 'pt-BR'];
const word = fc.constantFrom('Lesson', 'Somo', 'Tomorrow', '{{ day }}');
const source = fc.record(
  {
    title: word,
    message: word,
    link: fc.constantFrom('/a', '/b'),
    actions: fc.array(fc.record({ label: word, url: fc.constant('/x') }, { noNullPrototype: true }), {
      minLength: 1,
      maxLength: 2,
    }),
  },
  { requiredKeys: ['title', 'message'], noNullPrototype: true },
);
const words = fc.record({
  type: fc.constantFrom('lesson', 'exam'),
  channel: fc.constantFrom('in_app', 'push'),
  locale: fc.constantFrom(...locales),
  source,
});
const library = fc
  .uniqueArray(words, { selector: ({ type, channel, locale }) => `${type} ${channel} ${locale}`, minLength: 1 })
  .map((all) => groupsOf(all.map((one) => ({ ...one, tenant }) as unknown as VersionInUse)));
const wanted = fc.uniqueArray(fc.constantFrom(...locales), { minLength: 1 });

describe('a file for translators', () => {
  it('changes nothing and has no mistakes when it comes back as it was', () => {
    fc.assert(
      fc.property(library, fc.constantFrom(...locales), wanted, (groups, reference, into) => {
        const file = translated(tenant, exported(groups, reference, into), groups);
        const partly = file.errors.every(({ message }) => message === 'is not translated yet');
        // Words that lack a text which the reference has are no translation of it; all others are as they were.
        expect([partly, file.warnings]).toEqual([true, []]);
        expect(file.words.filter(({ unchanged }) => !unchanged)).toEqual([]);
      }),
    );
  });

  it('filled in, gives every template exactly the texts of the file', () => {
    fc.assert(
      fc.property(library, fc.constantFrom(...locales), wanted, (groups, reference, into) => {
        const file = exported(groups, reference, into);
        // A text that the reference lacks belongs to the words of another language; it has no place in a new translation.
        for (const [name, fields] of Object.entries(file.templates)) {
          for (const [field, texts] of Object.entries(fields)) {
            const [[, from]] = Object.entries(texts) as [[string, string | null]];
            if (from === null) delete file.templates[name]![field];
            else for (const locale of into) texts[locale] = `${locale} ${field}`;
          }
        }
        const { words, errors } = translated(tenant, file, groups);
        expect(errors).toEqual([]);
        expect(words).toHaveLength(groups.size * into.length);
        for (const { name, key, source } of words) {
          const texts = textsOf(source);
          for (const field of Object.keys(file.templates[name]!)) {
            expect(texts.get(field)).toBe(`${key.locale} ${field}`);
          }
        }
      }),
    );
  });
});

describe('what is missing', () => {
  it('is what nobody with a wanted locale can read', () => {
    fc.assert(
      fc.property(
        library,
        fc.uniqueArray(fc.constantFrom('en-GB', 'sw', 'fr', 'pt', 'de'), { minLength: 1 }),
        (groups, into) => {
          const keys = [...groups.values()].flatMap(({ byLocale }) => [...byLocale.values()]);
          const found = missing(keys, into, new Set());
          for (const [name, { byLocale }] of groups) {
            for (const locale of into) {
              const listed = found.some(({ key }) => key === `${name}.${locale}`);
              expect(listed).toBe(!speaks(byLocale.keys(), locale));
            }
          }
          expect(found.map(({ key }) => key)).toEqual(found.map(({ key }) => key).sort());
        },
      ),
    );
  });
});
