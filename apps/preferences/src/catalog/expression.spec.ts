import { describe, expect, it } from '@jest/globals';
import { Problem } from '@carillon/contracts';
import fc from 'fast-check';
import { addresseesOf } from './addressees.ts';
import { conditionOf } from './condition.ts';
import { eventVocabulary, Expression, InvalidExpression } from './expression.ts';
import type { EventScope } from './notification-type.ts';

const scope: EventScope = {
  event: { id: 'e1', source: '/school', type: 'lesson.scheduled' },
  subject: 'amina',
  data: {
    amount: 1500,
    trial: false,
    nothing: null,
    empty: '',
    tags: ['piano', 'new'],
    guardian: { id: 'g9' },
    students: [
      { id: 1, age: 9, guardian_id: 'g1' },
      { id: 2, age: 20, guardian_id: 'g2' },
      { id: 3, age: 8, guardian_id: 'g1', second_id: 'g3' },
    ],
  },
};

const failing = (evaluate: () => unknown): string => {
  try {
    evaluate();
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    expect(error).toMatchObject({ status: 422, code: 'expression_failed' });
    expect(error.errors).toHaveLength(1);
    expect(error.errors![0]!.path).toBe('types.lesson.when');
    return error.errors![0]!.message;
  }
  return 'nothing failed';
};

describe('a condition', () => {
  const holds = (text: string) => conditionOf('types.lesson.when', text).holds(scope);

  it.each([
    ['data.amount > 1000', true],
    ['data.amount > 1000 and event.type == "lesson.scheduled"', true],
    ['data.amount < 1000 or subject == "amina"', true],
    ['not data.trial', true],
    ['data.tags contains "piano"', true],
    ['data.tags.size > 2', false],
    ['(data.discount | default: 0) > 10', false],
    ['(data.amount > 1000 or data.trial) and data.tags contains "old"', false],
    ['data.students | where_exp: "student", "student.age < 9" | size', true],
    ['data.nothing', false],
    ['data.empty', false],
    ['(event.source | slice: 1, 3) == "sch"', true],
    ['data.trial', false],
    ['data.amount | default: ""', true],
    ['data.missing | default: ""', false],
  ])('%s is %s', (text, expected) => {
    expect(holds(text)).toBe(expected);
  });

  it.each(['data.vip', 'data.vip.since', 'data.vip and data.amount', 'not data.amount or (data.vip and subject)'])(
    '%s asks whether something is there, and takes what is missing as false',
    (text) => {
      expect(holds(text)).toBe(false);
    },
  );

  it.each([
    ['data.price > 10', 'data.price'],
    ['data.vip and data.amount > 1000', 'data.vip'],
    ['data.guardian.name == "x"', 'data.guardian.name'],
    ['event.time > "2026"', 'event.time'],
    ['data.constructor == 1', 'data.constructor'],
    ['data.guardian["__proto__"] == 1', 'data.guardian.__proto__'],
  ])('%s fails, naming what is missing and what to write instead', (text, name) => {
    expect(failing(() => holds(text))).toBe(
      `${text}: there is no ${name}; where it may be missing, write (${name} | default: "")`,
    );
  });

  it('fails where an item lacks what is asked of it', () => {
    expect(failing(() => holds('data.students | where_exp: "s", "s.name == 1" | size'))).toContain(
      'one of the items has no "s.name"',
    );
  });

  it('fails before it makes more than memory can hold', () => {
    expect(failing(() => holds('(1..999999999) | size'))).toContain('memory alloc limit exceeded');
  });

  it('fails before it holds up everybody else', () => {
    const list = Array.from({ length: 20_000 }, (_, index) => index);
    const slow = conditionOf('types.lesson.when', 'data.list | sort: data.list | size');
    const began = performance.now();
    expect(failing(() => slow.holds({ ...scope, data: { list } }))).toContain('takes too long');
    expect(performance.now() - began).toBeLessThan(10_000);
  });

  it('neither changes nor reaches anything outside its event', () => {
    const before = structuredClone(scope);
    for (const text of ['data.students | push: 1 | size', 'data.tags | sort | reverse | first', 'data | json'])
      holds(text);
    expect(scope).toEqual(before);
    for (const text of ['process', 'globalThis.process', 'data | raw_file', '{% include "x" %}'])
      expect(() => holds(text)).toThrow(InvalidExpression);
  });
});

describe('addressees', () => {
  const of = (to: Parameters<typeof addresseesOf>[1], data: Record<string, unknown> = scope.data) =>
    addresseesOf('types.lesson.when', to).of({ ...scope, data });

  it.each([
    ['subject', ['amina']],
    ['data.guardian.id', ['g9']],
    ['data.students | map: "guardian_id"', ['g1', 'g2']],
    ['data.students | map: "id"', ['1', '2', '3']],
    ['data.students | where_exp: "s", "s.age > 18" | map: "guardian_id"', ['g2']],
    ['data.tags', ['piano', 'new']],
    ['data.missing | default: subject', ['amina']],
    ['"office"', ['office']],
  ])('%s are %j', (to, expected) => {
    expect(of(to)).toEqual(expected);
  });

  it('may be an audience', () => {
    expect(of({ role: 'teacher' })).toEqual({ role: 'teacher' });
  });

  it.each([
    ['data.nothing', 'it names no recipient'],
    ['data.empty', 'it names no recipient'],
    ['data.students | where: "age", 99 | map: "id"', 'it names no recipient'],
    ['data.missing | default: ""', 'it names no recipient'],
    ['data.missing', 'there is no data.missing'],
    ['data.students', 'take the id of each with | map: "id"'],
    ['data.guardian', 'take the id of each with | map: "id"'],
    ['data.trial', 'value 1 is not a recipient id'],
    ['data.amount | divided_by: 7', 'value 1 is not a recipient id'],
    ['data.tags | push: data.tags', 'a list within a list'],
    ['data.students | map: "second_id"', 'value 1 is missing; leave such out with | compact'],
    ['(1..1001)', 'it names 1001 recipients, at most 1000 can be named; write to: {role: …} or {tag: …}'],
  ])('%s fail: %s', (to, reason) => {
    expect(failing(() => of(to))).toContain(`${to}: `);
    expect(failing(() => of(to))).toContain(reason);
  });

  it('are named 1,000 at most, each once', () => {
    const ids = Array.from({ length: 3_000 }, (_, index) => `r${index % 1_000}`);
    expect(of('data.ids', { ids })).toHaveLength(1_000);
  });

  it('are never shown in what is said of a failure', () => {
    fc.assert(
      fc.property(fc.oneof(fc.object(), fc.array(fc.anything()), fc.double(), fc.boolean()), (value) => {
        const why = failing(() => {
          of('data.who', { who: { secret: 'amina@example.org', value } });
        });
        expect(why).not.toContain('amina@example.org');
      }),
    );
  });
});

describe('an expression is refused', () => {
  it.each([
    ['data.amount = 3', '"= 3" is not understood; compare with ==', 13],
    ['data.a && data.b', '"&& data.b" is not understood', 8],
    ['!data.a', '"!data.a" is not understood', 1],
    ['data.a == ', '"==" lacks a value', 8],
    ['== 3', '"==" lacks a value', 1],
    ['data.a data.b', 'two values follow each other', 8],
    ['data.a and (data.b ==)', '"==" lacks a value', 20],
    ['| map: "x"', 'must begin with a value', 1],
    ['data.a |', 'lacks a filter after "|"', 8],
    ['data.a | mapp: "x"', 'there is no filter "mapp"', 10],
    ['(data.a | mapp) == 1', 'there is no filter "mapp"', 11],
    ['data.a | map "x"', 'expected ":" after filter name', 14],
    ['data.', 'lacks a name after "."', 5],
    ['"abc', 'a quote is not closed', 1],
    ['data["x', '[ not closed', 8],
    ['(data.a', 'unbalanced parentheses', 9],
    ['data.a)', '")" is not understood', 7],
    ['amount > 3', 'there is no amount here; there are event, data, subject', 1],
    ['data.a == amount', 'there is no amount here', 11],
    ['data[amount]', 'there is no amount here', 6],
    ['data.a | default: amount', 'there is no amount here', 19],
    ['event.tenant', 'event has no tenant, only id, source, type, subject, time', 7],
    ['data.a | where_exp: "s", "t.age > 1"', 'in "t.age > 1": there is no t here', 26],
    ['data.a | where_exp: "s"', 'needs the name of an item and an expression', 10],
    ['data.a | sample', 'there is no filter "sample"', 10],
  ])('%s: %s (at character %d)', (text, reason, character) => {
    const parse = () => Expression.parse('types.lesson.when', text, eventVocabulary);
    expect(parse).toThrow(InvalidExpression);
    expect(parse).toThrow(reason);
    expect(parse).toThrow(`(at character ${character})`);
  });

  it('{{ data.a }}: without its braces', () => {
    expect(() => conditionOf('when', ' {{ data.a }}')).toThrow('must stand without {{ and }}');
  });

  it('or it parses, and then evaluates to something or fails as an expression, whatever it is', () => {
    const words = [
      'data',
      'data.amount',
      'event.id',
      'subject',
      '==',
      '>',
      'and',
      'not',
      '|',
      'map: "id"',
      'size',
      '(',
      ')',
    ];
    const more = [
      '"x"',
      '1',
      '..',
      '[',
      ']',
      ',',
      ':',
      '.',
      '{{',
      '%}',
      'default: 0',
      'nil',
      'empty',
      'where_exp: "s", "s"',
    ];
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...words, ...more), { maxLength: 8 }), fc.string(), (parts, tail) => {
        for (const text of [parts.join(' '), parts.join(''), parts.join(' ') + tail]) {
          let expression: Expression;
          try {
            expression = Expression.parse('when', text, eventVocabulary);
          } catch (error) {
            expect(error).toBeInstanceOf(InvalidExpression);
            continue;
          }
          try {
            expression.holds(scope);
          } catch (error) {
            expect(error).toMatchObject({ code: 'expression_failed' });
          }
        }
      }),
      { numRuns: 2_000 },
    );
  });
});
