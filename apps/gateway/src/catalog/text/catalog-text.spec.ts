import { describe, expect, it } from '@jest/globals';
import { Problem } from '@carillon/contracts';
import fc from 'fast-check';
import { valueOf } from './catalog-text.ts';
import { placesOf, read, type CatalogText } from './reading.ts';

const readCatalog = (text: CatalogText) => ({
  value: valueOf(read(text)),
  placeOf: (path: string) => placesOf(text, [path])[0],
});
const yaml = (text: string): CatalogText => ({ format: 'yaml', text });
const json = (text: string): CatalogText => ({ format: 'json', text });

function refusal(text: CatalogText): Problem {
  try {
    readCatalog(text);
  } catch (error) {
    if (error instanceof Problem) return error;
    throw error;
  }
  throw new Error('it was taken');
}

const document = `# Ours
types:
  lesson_scheduled: # the first
    channels: [in_app, email]
    reminders:
      - type: lesson_reminder
        at: data.starts_at
    templates:
      zh-Hant.x:
        sms: { text: 'Hi' }
      zh-Hant: &words
        sms: { text: 'Hi' }
      zh: *words
`;

describe('a catalog document', () => {
  it('says the same in YAML and in JSON', () => {
    const { value } = readCatalog(yaml(document));
    expect(value).toMatchObject({ types: { lesson_scheduled: { templates: { zh: { sms: { text: 'Hi' } } } } } });
    expect(readCatalog(json(JSON.stringify(value, null, '\t'))).value).toEqual(value);
  });

  it('says in JSON exactly what JSON says', () => {
    fc.assert(
      fc.property(
        fc
          .dictionary(fc.string(), fc.jsonValue({ maxDepth: 4 }))
          .filter((value) => !JSON.stringify(value).includes('__proto__')),
        (value) => {
          const text = JSON.stringify(value, null, 2);
          expect(readCatalog(json(text)).value).toEqual(JSON.parse(text));
        },
      ),
    );
  });

  it.each([
    ['types.lesson_scheduled', 3, 3],
    ['types.lesson_scheduled.channels', 4, 5],
    ['types.lesson_scheduled.channels[1]', 4, 24],
    ['types.lesson_scheduled.reminders[0].at', 7, 9],
    ['types.lesson_scheduled.templates.zh-Hant.x.sms', 10, 9],
    ['types.lesson_scheduled.templates.zh-Hant.sms.text', 12, 16],
    // What is missing is missing from the nearest part that is there; what an alias repeats stands where it is repeated.
    ['types.lesson_scheduled.category', 3, 3],
    ['types.lesson_scheduled.reminders[7]', 5, 5],
    ['types.lesson_scheduled.templates.zh.sms.text', 13, 7],
    ['(root)', 2, 1],
  ])('has %s in line %i, column %i', (path, line, column) => {
    expect(readCatalog(yaml(document)).placeOf(path)).toEqual({ line, column });
  });

  it('has places in JSON too', () => {
    const { placeOf } = readCatalog(json('{\n\t"types": {\n\t\t"a": { "on": 1 }\n\t}\n}'));
    expect(placeOf('types.a.on')).toEqual({ line: 3, column: 10 });
  });

  it.each([
    ['a key that is there twice', 'types:\n  a: 1\n  a: 2', 'types.a', 3, 'is there twice'],
    ['a value in braces', 'types:\n  a: {{ x }}', '(root)', 2, 'in quotes'],
    ['a value with a colon', 'types:\n  a: b: c', '(root)', 2, 'must be in quotes'],
    ['a tab', 'types:\n\ta: b', '(root)', 2, 'replace the tab'],
    ['a reserved character', 'types:\n  a: @b', '(root)', 2, 'must be in quotes'],
    ['an open quote', 'types:\n  a: "b', '(root)', 2, 'closing "quote'],
    ['a second document', 'a: 1\n---\nb: 2', '(root)', 2, 'one document'],
    ['a tag', 'a: !secret b', '(root)', 1, 'must not have a tag'],
    ['a tag of YAML 1.1', 'types:\n  a: !!binary aGk=', 'types.a', 2, 'must not have a tag'],
    ['YAML 1.1, where yes is true', '%YAML 1.1\n---\na: yes', '(root)', 1, 'must be YAML 1.2'],
    ['a number that is none', 'types:\n  a: .nan', 'types.a', 2, 'is no number'],
    ['an alias of nothing', 'types:\n  a: *b', 'types.a', 2, 'must come after the &b'],
    ['an alias of itself', 'types: &a\n  a: *a', 'types.a', 2, 'must not be a part of what it repeats'],
    ['a prototype', '__proto__: { admin: true }', '__proto__', 1, 'is not a known field'],
    ['a list as a key', '? [a]\n: b', '(root)', 1, 'a key must be plain text'],
    ['nesting without end', '['.repeat(100_000), '(root)', 1, 'nested too deeply'],
    ['nothing', '# only a comment\n', '(root)', 1, 'is empty'],
  ])('is refused with %s, naming the line and the cure', (_, text, path, line, message) => {
    const { status, code, errors } = refusal(yaml(text));
    expect({ status, code }).toEqual({ status: 422, code: 'invalid_catalog' });
    expect(errors![0]).toMatchObject({ path, line, message: expect.stringContaining(message) });
  });

  it.each([
    ['{\n  "a": 1,\n}', 3, 1],
    ['{\n  "a": 1', 2, 9],
    ['{ "a": }', 1, 8],
    ['[1 2]', 1, 4],
    ['{"a":[1,]}', 1, 9],
    ['{"a" 1}', 1, 6],
    ['{"a": {b: 1}}', 1, 8],
    ['{"a": tru}', 1, 7],
    ['{"a": "\n"}', 1, 7],
    ['{} {}', 1, 4],
    ['{]', 1, 2],
    ['', 1, 1],
  ])('is refused in JSON that is none: %j', (text, line, column) => {
    expect(refusal(json(text)).errors).toEqual([
      { path: '(root)', message: expect.stringMatching(/is not valid JSON: .+ is unexpected here/), line, column },
    ]);
  });

  it('names every mistake at once, in their order', () => {
    const { errors } = refusal(yaml('a: *x\nb: .inf\nb: 1\nc: !!set {y}'));
    expect(errors!.map(({ path, line }) => `${path} ${line}`)).toEqual(['a 1', 'b 2', 'b 3', 'c 4']);
  });

  it('is refused when it is too large, also when aliases make it so, without spending much time on it', () => {
    const bomb = Array.from({ length: 20 }, (_, i) => `k${i}: &k${i} [${Array(10).fill(i ? `*k${i - 1}` : 'lol')}]`);
    const manyKeys = Array.from({ length: 60_000 }, (_, i) => `k${i}: ${i}`);
    const started = performance.now();
    expect(refusal(yaml(`a: ${'x'.repeat(1024 * 1024)}`))).toMatchObject({ status: 413, code: 'catalog_too_large' });
    expect(refusal(yaml(bomb.join('\n')))).toMatchObject({ status: 413, code: 'catalog_too_large' });
    expect(Object.keys(readCatalog(yaml(manyKeys.join('\n'))).value as object)).toHaveLength(60_000);
    expect(performance.now() - started).toBeLessThan(15_000);
  });
});
