import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { valueOf } from './catalog-text.ts';
import { read, type CatalogText } from './reading.ts';
import { withPart, type Section } from './with-part.ts';

const asJson = <T>(value: T) => JSON.parse(JSON.stringify(value)) as T;
const hasNoPrototype = (value: unknown) => !JSON.stringify(value).includes('__proto__');
const yaml = (text: string): CatalogText => ({ format: 'yaml', text });
const readCatalog = (text: CatalogText) => ({ value: valueOf(read(text)) });

const document = `# The rules of the school
types:
  # Everyone hears of it.
  lesson_scheduled:
    category: activity # as the parents know it
    channels: [in_app, email]
    to: 'data.students | map: "guardian_id"'

  lesson_cancelled:
    category: activity
    channels: [in_app]
`;

describe('one part of a catalog document', () => {
  it('is put without touching the comments and the writing of the others', () => {
    const part = { category: 'security', channels: ['in_app', 'email'], priority: 'high' };
    expect(withPart(yaml(document), 'types', 'lesson_scheduled', part).text).toBe(`# The rules of the school
types:
  # Everyone hears of it.
  lesson_scheduled:
    category: security # as the parents know it
    channels: [in_app, email]
    priority: high

  lesson_cancelled:
    category: activity
    channels: [in_app]
`);
  });

  it('is added where there was none, also in an empty document', () => {
    const { text } = withPart(yaml('{}'), 'sources', 'finance', { exchange: 'finance', routing_keys: ['invoice.*'] });
    expect(text).toBe('sources:\n  finance:\n    exchange: finance\n    routing_keys:\n      - invoice.*\n');
    expect(withPart(yaml(`# Ours\n${text}`), 'categories', 'fees', {}).text).toContain('# Ours\nsources:');
  });

  it('is removed, and its section with the last one', () => {
    const once = withPart(yaml(document), 'types', 'lesson_scheduled', undefined);
    expect(once.text).toContain('lesson_cancelled:');
    expect(once.text).not.toContain('lesson_scheduled');
    const twice = withPart(once, 'types', 'lesson_cancelled', undefined);
    expect(readCatalog(twice).value).toEqual({});
  });

  it('changes nobody else who repeats it by an alias', () => {
    const shared = yaml('types:\n  a: &a\n    channels: &c [sms]\n    category: x\n  b: *a\n  c: { channels: *c }\n');
    expect(() => readCatalog(withPart(shared, 'types', 'a', { category: 'y' }))).toThrow('*a must come after the &a');
    const { text } = withPart(shared, 'types', 'b', { category: 'y' });
    expect(readCatalog({ format: 'yaml', text }).value).toEqual({
      types: { a: { channels: ['sms'], category: 'x' }, b: { category: 'y' }, c: { channels: ['sms'] } },
    });
  });

  it('says afterwards what was put, and everything else what it said before', () => {
    const name = fc.constantFrom('a', 'b', 'c', 'true', '1', 'zh-Hant');
    const part = fc
      .dictionary(name, fc.jsonValue({ maxDepth: 3 }))
      .filter(hasNoPrototype)
      .map(asJson);
    const section = fc.constantFrom<Section>('types', 'categories', 'sources');
    const parts = fc.dictionary(
      fc.constantFrom('types', 'categories', 'sources'),
      fc.dictionary(name, part, { minKeys: 1 }),
    );
    fc.assert(
      fc.property(
        parts,
        section,
        name,
        fc.option(part, { nil: undefined }),
        fc.constantFrom('yaml', 'json'),
        (before, where, key, put, format) => {
          const text = JSON.stringify(before);
          const said: CatalogText = { format: format as 'yaml', text };
          const { value } = readCatalog(withPart(said, where, key, put)) as {
            value: Record<string, Record<string, unknown>>;
          };
          expect(value[where]?.[key]).toEqual(put);
          const without = ({ [where]: { [key]: _, ...rest } = {}, ...others }: typeof value) => ({
            [where]: rest,
            ...others,
          });
          expect(without(value)).toEqual(without(JSON.parse(text) as typeof value));
        },
      ),
    );
  });
});
