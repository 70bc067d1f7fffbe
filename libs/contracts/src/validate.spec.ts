import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { Problem } from './problem.ts';
import { fieldErrors, parseInput, pathOf } from './validate.ts';

describe('the path of a field', () => {
  it.each([
    [[], '(root)'],
    [['type'], 'type'],
    [['data', 'amount'], 'data.amount'],
    [['recipients', 0], 'recipients[0]'],
    [['recipients', 0, 'id'], 'recipients[0].id'],
    [[3, 'type'], '[3].type'],
    [['rows', 1, 2], 'rows[1][2]'],
    [['types', '0'], 'types.0'],
  ])('%j is written %s', (path, text) => {
    expect(pathOf(path)).toBe(text);
  });
});

describe('input from outside', () => {
  const schema = z.strictObject({
    recipients: z.array(z.strictObject({ id: z.string('must be text') })).min(1, 'name at least one recipient'),
    limit: z.coerce.number().default(20),
  });
  const mistakesOf = (input: unknown) => {
    const result = schema.safeParse(input);
    return result.success ? [] : fieldErrors(result.error.issues);
  };

  it('comes back parsed, with its defaults', () => {
    expect(parseInput(schema, { recipients: [{ id: 'a' }] })).toEqual({ recipients: [{ id: 'a' }], limit: 20 });
  });

  it('is refused with every field that is wrong', () => {
    expect(mistakesOf({ recipients: [{ id: 'a' }, { id: 1 }], limit: 'many' })).toMatchObject([
      { path: 'recipients[1].id', message: 'must be text' },
      { path: 'limit' },
    ]);
  });

  it('is refused with each unknown field by its own name', () => {
    expect(mistakesOf({ recipients: [{ id: 'a', nmae: 'x' }], colour: 1, size: 2 })).toEqual([
      { path: 'recipients[0].nmae', message: 'is not a known field; remove it' },
      { path: 'colour', message: 'is not a known field; remove it' },
      { path: 'size', message: 'is not a known field; remove it' },
    ]);
  });

  it('that is no object at all is refused at the root', () => {
    expect(mistakesOf('hello')).toMatchObject([{ path: '(root)' }]);
  });

  it('is refused with a Problem that says what it was', () => {
    const parse = () => parseInput(schema, { recipients: [] }, 'query');
    expect(parse).toThrow(Problem);
    try {
      parse();
    } catch (problem) {
      expect((problem as Problem).toJSON()).toEqual({
        status: 400,
        code: 'invalid_query',
        title: 'The query is not valid',
        errors: [{ path: 'recipients', message: 'name at least one recipient' }],
      });
    }
  });
});
