import { describe, expect, it } from '@jest/globals';
import { undeclared, type DeclaredData } from './declared-data.ts';

const data: DeclaredData = {
  type: 'lesson',
  schema: null,
  known: [],
  given: { recipient: ['id', 'name'], now: [] },
};
const check = (path: string, changes: Partial<DeclaredData> = {}) => {
  const variable = { field: 'text', path: path.split('.').map((part) => (/^\d+$/.test(part) ? Number(part) : part)) };
  const { mistakes, warnings } = undeclared([{ ...variable, line: 1, column: 1 }], { ...data, ...changes });
  return mistakes.length > 0 ? 'refused' : warnings.length > 0 ? 'told' : 'fine';
};
const object = (properties: object, more: object = {}) => ({ type: 'object', properties, ...more });

describe('a variable', () => {
  it.each([
    ['day', object({ day: {} }), 'fine'],
    ['day', object({}), 'refused'],
    ['day', object({ day: false }), 'refused'],
    ['day', object({}, { additionalProperties: true }), 'fine'],
    ['day', object({}, { additionalProperties: { type: 'string' } }), 'fine'],
    ['day', object({}, { patternProperties: { '^d': {} } }), 'fine'],
    ['day', object({}, { allOf: [object({ day: {} })] }), 'fine'],
    ['day', { type: 'object', required: ['day'] }, 'fine'],
    ['course.title', object({ course: object({ title: {} }) }), 'fine'],
    ['course.titel', object({ course: object({ title: {} }) }), 'refused'],
    ['course.titel', object({ course: {} }), 'fine'],
    ['course.titel', object({ course: true }), 'fine'],
    ['students.0.name', object({ students: { type: 'array', items: object({}) } }), 'fine'],
    ['students.size', object({ students: { type: 'array' } }), 'fine'],
  ])('%s is checked against the schema %j: %s', (path, schema, expected) => {
    expect(check(path, { schema })).toBe(expected);
  });

  it('that the words in use or the sample know is fine, whatever the schema says', () => {
    expect(check('day', { schema: object({}), known: ['day'] })).toBe('fine');
  });

  it('that nobody knows is only told of, where there is no schema', () => {
    expect(check('day', { known: ['teacher'] })).toBe('told');
    expect(check('day')).toBe('fine');
  });

  it('of Carillon’s own must be one that there is', () => {
    expect(check('recipient.name')).toBe('fine');
    expect(check('recipient.email')).toBe('refused');
    expect(check('recipient')).toBe('fine');
    expect(check('now')).toBe('fine');
  });

  it('is fine in the generic words, which serve every type, and the event’s link always is', () => {
    expect(check('anything', { type: 'generic', known: ['title'], schema: object({}) })).toBe('fine');
    expect(check('link', { schema: object({}), known: ['day'] })).toBe('fine');
  });
});
