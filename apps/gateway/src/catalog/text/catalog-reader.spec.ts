import { afterEach, describe, expect, it } from '@jest/globals';
import { CatalogReader } from './catalog-reader.ts';

class HastyReader extends CatalogReader {
  protected override readonly mostMs = 100;
}

describe('the thread that reads documents', () => {
  let reader: CatalogReader;

  afterEach(() => reader.onApplicationShutdown());

  it('answers one question after the other', async () => {
    reader = new CatalogReader();
    const text = { format: 'yaml', text: 'types:\n  sale: {}\n' } as const;
    const answers = await Promise.all([
      reader.ask('read', text),
      reader.ask('placesOf', text, ['types.sale']),
      reader.ask('withPart', text, 'types', 'sale', undefined),
    ]);
    expect(answers).toEqual([
      { value: { types: { sale: {} } } },
      [{ line: 2, column: 3 }],
      { format: 'yaml', text: '{}\n' },
    ]);
  });

  it('gives up a text that takes too long, and is there for the next', async () => {
    reader = new HastyReader();
    const slow = reader.ask('read', { format: 'yaml', text: `[${','.repeat(1024 * 1024 - 1)}` });
    await expect(slow).rejects.toMatchObject({
      status: 422,
      errors: [{ message: expect.stringContaining('too long') }],
    });
    Object.assign(reader, { mostMs: 20_000 });
    await expect(reader.ask('read', { format: 'json', text: '{}' })).resolves.toEqual({ value: {} });
  });
});
