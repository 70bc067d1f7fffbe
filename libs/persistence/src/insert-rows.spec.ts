import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { testDatabase, type TestDatabase } from '@carillon/testing';
import fc from 'fast-check';
import { insertRows, type SqlRunner } from './insert-rows.ts';

describe('insertRows', () => {
  let database: TestDatabase;
  let db: SqlRunner;

  beforeAll(async () => {
    database = await testDatabase();
    db = database;
    await database.query(`
      CREATE TABLE everything (
        id uuid PRIMARY KEY, words text, number int, large bigint, money numeric(20, 4), ratio double precision,
        yes boolean, at timestamptz, day date, document jsonb, tags text[], matrix int[][], documents jsonb[],
        bytes bytea, "Quoted Name" text
      )`);
    await database.query(`CREATE TABLE counters (key text PRIMARY KEY, hits int NOT NULL, note text DEFAULT 'none')`);
  });

  afterEach(() => database.query('TRUNCATE everything, counters'));
  afterAll(() => database.drop());

  const id = '019aa5e5-8f00-8c00-8000-000000000001';

  it('inserts only the rows that a condition holds for', async () => {
    const rows = [
      { key: 'a', hits: 1 },
      { key: 'b', hits: 2 },
    ];
    expect(await insertRows(db, 'counters', rows, { where: 'item.hits > 1', returning: 'key' })).toEqual([
      { key: 'b' },
    ]);
    expect(await database.query('SELECT key FROM counters')).toEqual([{ key: 'b' }]);
  });

  it('writes what all rows share into each, and lets the condition see it', async () => {
    const rows = [
      { id: id.replace(/1$/, '2'), number: 1 },
      { id: id.replace(/1$/, '3'), number: 2 },
    ];
    const shared = { words: 'same', document: { a: [1, null] }, tags: ['x'], at: '2026-11-21T09:30:00.000Z' };
    expect(
      await insertRows(db, 'everything', rows, {
        shared,
        where: `item.words = 'same' AND item.number > 1`,
        returning: 'number',
      }),
    ).toEqual([{ number: 2 }]);
    const [row] = await database.query('SELECT words, document, tags, at, yes FROM everything');
    expect(row).toEqual({ ...shared, at: new Date(shared.at), yes: null });
  });

  it('writes every type of column', async () => {
    await insertRows(db, 'everything', [
      {
        id,
        words: `it's "quoted", \\ back, null, ünïcödé 🔔`,
        number: -7,
        large: '9007199254740993',
        money: '12500.0001',
        ratio: 0.1,
        yes: false,
        at: '2026-11-21T09:30:00.123+03:00',
        day: '2026-11-21',
        document: { nested: [1, 'two', { three: null }], text: 'x' },
        tags: ['a', 'with "quotes"', 'comma, brace}', ''],
        matrix: [
          [1, 2],
          [3, 4],
        ],
        documents: [{ a: 1 }, 'text', 5],
        bytes: '\\x00ff10',
        'Quoted Name': 'yes',
      },
    ]);
    const [row] = await database.query('SELECT * FROM everything');
    expect(row).toEqual({
      id,
      words: `it's "quoted", \\ back, null, ünïcödé 🔔`,
      number: -7,
      large: '9007199254740993',
      money: '12500.0001',
      ratio: 0.1,
      yes: false,
      at: new Date('2026-11-21T06:30:00.123Z'),
      day: new Date(2026, 10, 21),
      document: { nested: [1, 'two', { three: null }], text: 'x' },
      tags: ['a', 'with "quotes"', 'comma, brace}', ''],
      matrix: [
        [1, 2],
        [3, 4],
      ],
      documents: [{ a: 1 }, 'text', 5],
      bytes: Buffer.from([0x00, 0xff, 0x10]),
      'Quoted Name': 'yes',
    });
  });

  it('keeps jsonb as it was given: objects, lists, text, numbers and truth', async () => {
    const storable = fc.jsonValue().filter((value) => value !== null && !/\\u0000/.test(JSON.stringify(value)));
    await fc.assert(
      fc.asyncProperty(fc.array(storable, { minLength: 1, maxLength: 10 }), async (documents) => {
        await database.query('TRUNCATE everything');
        const rows = documents.map((document, index) => ({ id: uuid(index), document }));
        await insertRows(db, 'everything', rows);
        const stored = await database.query('SELECT document FROM everything ORDER BY id');
        // PostgreSQL keeps numbers as decimals and so knows no negative zero.
        expect(stored.map(({ document }) => plain(document))).toEqual(documents.map(plain));
      }),
      { numRuns: 30 },
    );
  });

  it('takes null and undefined as NULL, and a column that only later rows have is not lost', async () => {
    await insertRows(db, 'everything', [
      { id: uuid(1), words: undefined },
      { id: uuid(2), words: null, number: 5 },
      { id: uuid(3), words: 'c', tags: [] },
    ]);
    const rows = await database.query('SELECT words, number, tags FROM everything ORDER BY id');
    expect(rows).toEqual([
      { words: null, number: null, tags: null },
      { words: null, number: 5, tags: null },
      { words: 'c', number: null, tags: [] },
    ]);
  });

  it('leaves to the table what no row names', async () => {
    await insertRows(db, 'counters', [{ key: 'a', hits: 1 }]);
    expect(await database.query('SELECT note FROM counters')).toEqual([{ note: 'none' }]);
  });

  it('returns the rows that were really written', async () => {
    const returning = { onConflict: 'DO NOTHING', returning: 'key, hits' };
    await insertRows(db, 'counters', [{ key: 'a', hits: 1 }]);
    const written = await insertRows(
      db,
      'counters',
      [
        { key: 'a', hits: 9 },
        { key: 'b', hits: 2 },
      ],
      returning,
    );
    expect(written).toEqual([{ key: 'b', hits: 2 }]);
    expect(await insertRows(db, 'counters', [{ key: 'a', hits: 9 }], { onConflict: 'DO NOTHING' })).toEqual([]);
  });

  it('does what the conflict clause says', async () => {
    await insertRows(db, 'counters', [{ key: 'a', hits: 1 }]);
    await insertRows(
      db,
      'counters',
      [
        { key: 'a', hits: 2 },
        { key: 'b', hits: 5 },
      ],
      {
        onConflict: '(key) DO UPDATE SET hits = counters.hits + excluded.hits',
      },
    );
    expect(await database.query('SELECT key, hits FROM counters ORDER BY key')).toEqual([
      { key: 'a', hits: 3 },
      { key: 'b', hits: 5 },
    ]);
  });

  it('fails as a whole on a conflict without a clause', async () => {
    await insertRows(db, 'counters', [{ key: 'a', hits: 1 }]);
    await expect(
      insertRows(db, 'counters', [
        { key: 'b', hits: 1 },
        { key: 'a', hits: 1 },
      ]),
    ).rejects.toMatchObject({
      code: '23505',
    });
    expect(await database.query('SELECT key FROM counters')).toEqual([{ key: 'a' }]);
  });

  it('asks the database nothing for an empty list', async () => {
    const nobody = { query: () => Promise.reject(new Error('must not be asked')) };
    expect(await insertRows(nobody, 'counters', [], { returning: 'key' })).toEqual([]);
  });

  it('writes ten thousand rows in one statement', async () => {
    const rows = Array.from({ length: 10_000 }, (_, hits) => ({ key: `k${hits}`, hits }));
    await insertRows(db, 'counters', rows);
    expect(await database.query('SELECT count(*)::int AS n, sum(hits)::int AS s FROM counters')).toEqual([
      { n: 10_000, s: 49_995_000 },
    ]);
  });
});

function uuid(index: number): string {
  return `019aa5e5-8f00-8c00-8000-${String(index).padStart(12, '0')}`;
}

function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}
