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

  it.each<[z.ZodType, unknown, string]>([
    [z.string(), undefined, 'is required: a text'],
    [z.string(), 7, 'must be a text'],
    [z.boolean(), 'yes', 'must be true or false'],
    [z.number(), Number.NaN, 'must be a number'],
    [z.int(), 1.5, 'must be a whole number'],
    [z.array(z.string()), {}, 'must be a list'],
    [z.object({}), [], 'must be an object'],
    [z.record(z.string(), z.string()), 'x', 'must be an object'],
    [z.enum(['email', 'sms']), 'fax', 'must be one of email, sms'],
    [z.enum(['email', 'sms']), undefined, 'is required: one of email, sms'],
    [z.literal(true), false, 'must be true'],
    [z.string().min(1), '', 'must not be empty'],
    [z.string().min(8), 'short', 'must have at least 8 characters'],
    [z.string().max(2), 'long', 'must have at most 2 characters'],
    [z.array(z.string()).length(2), [], 'must have exactly 2 entries'],
    [z.number().min(1), 0, 'must be at least 1'],
    [z.number().gt(1), 1, 'must be more than 1'],
    [z.number().lt(1), 1, 'must be less than 1'],
    [z.number().multipleOf(5), 7, 'must be a multiple of 5'],
    [z.email(), 'amina', 'must be an email address such as amina@example.org'],
    [z.iso.datetime(), 'tomorrow', 'must be a time such as 2026-11-21T09:30:00Z'],
    [z.string().startsWith('ck_'), 'x', 'must begin with "ck_"'],
    [z.string().regex(/^[a-z]+$/), 'X', 'must match /^[a-z]+$/'],
    [z.union([z.string(), z.array(z.string())]), 7, 'has none of the shapes that are allowed here'],
  ])('says what to write instead (%#)', (of, input, message) => {
    expect(fieldErrors(of.safeParse(input).error!.issues)).toEqual([{ path: '(root)', message }]);
  });

  it('names the mistake inside the shape that was meant', () => {
    const to = z.object({ to: z.union([z.string(), z.object({ role: z.string() })]) });
    expect(fieldErrors(to.safeParse({ to: { role: 7 } }).error!.issues)).toEqual([
      { path: 'to.role', message: 'must be a text' },
    ]);
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
