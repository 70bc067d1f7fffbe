import { describe, expect, it } from '@jest/globals';
import type { CatalogSource, CloudEvent } from '@carillon/contracts';
import { givenIdPrefix, type Origin } from '@carillon/messaging';
import { SourceIndex, type Resolved } from './source-index.ts';

const plain = (data: unknown, more: Partial<CloudEvent> = {}): CloudEvent =>
  ({
    specversion: '1.0',
    id: 'm-1',
    source: '/studio',
    type: 'lesson.moved',
    data,
    plain: true,
    ...more,
  }) as CloudEvent;

const cloudEvent = (data: unknown, more: Partial<CloudEvent> = {}): CloudEvent => ({
  specversion: '1.0',
  id: 'c-1',
  source: '/timetable',
  type: 'lesson.moved',
  data,
  ...more,
});

const through = (routingKey: string, exchange = 'studio', headers = {}): Origin => ({
  queue: 'carillon.preferences.events',
  exchange,
  routingKey,
  redelivered: false,
  headers,
});

/** Sources by `tenant.key`. */
function index(sources: Record<string, Omit<CatalogSource, 'exchange'> & { exchange?: string }>): SourceIndex {
  return new SourceIndex(
    Object.entries(sources).map(([name, source]) => {
      const [tenant, key] = name.split('.') as [string, string];
      return { tenant, key, source: { exchange: 'studio', ...source } };
    }),
  );
}

const tenants = (resolved: Resolved[]) => resolved.map(({ tenant }) => tenant);
const events = (resolved: Resolved[]) => resolved.map((one) => ('event' in one ? one.event : one.problem));
const problems = (resolved: Resolved[]) =>
  resolved.map((one) => ('problem' in one ? [one.problem.code, one.problem.message] : []));

describe('whose a message is', () => {
  it('is told by exchange and routing key', () => {
    const sources = index({
      'north.lessons': { routing_keys: ['lesson.*', 'room.#'] },
      'south.all': {},
      'west.rooms': { routing_keys: ['room.*'] },
      'east.other': { exchange: 'other' },
    });
    const of = (key: string, exchange?: string) => tenants(sources.resolve(plain({}), through(key, exchange)));
    expect(of('lesson.moved')).toEqual(['north', 'south']);
    expect(of('room.booked')).toEqual(['north', 'south', 'west']);
    expect(of('member.joined')).toEqual(['south']);
    expect(of('lesson.moved', 'other')).toEqual(['east']);
    expect(of('lesson.moved', 'nobody')).toEqual([]);
  });

  it('is nobody’s whose routing keys it does not have, also through an exchange that ignores them', () => {
    const sources = index({ 'north.a': { routing_keys: ['a'] }, 'south.b': { routing_keys: ['b'] }, 'west.all': {} });
    expect(tenants(sources.resolve(plain({}), through('')))).toEqual(['west']);
    expect(tenants(sources.resolve(plain({}), through('a')))).toEqual(['north', 'west']);
  });

  it('is told by the condition of each tenant that shares the exchange: body, routing key and headers', () => {
    const sources = index({
      'north.s': { when: 'body.school == "north"' },
      'south.s': { when: 'routing_key == "south.moved"' },
      'west.s': { when: 'headers.school == "west"' },
    });
    const of = (body: unknown, origin: Origin) => tenants(sources.resolve(plain(body), origin));
    expect(of({ school: 'north' }, through('x', 'studio', { school: 'x' }))).toEqual(['north']);
    expect(of({ school: 'x' }, through('south.moved', 'studio', { school: 'west' }))).toEqual(['south', 'west']);
  });

  it('is told of a CloudEvent by its data', () => {
    const sources = index({ 'north.s': { when: 'body.school == "north"' } });
    expect(tenants(sources.resolve(cloudEvent({ school: 'north' }), through('x')))).toEqual(['north']);
    expect(tenants(sources.resolve(cloudEvent({ school: 'south' }), through('x')))).toEqual([]);
  });

  it('is the tenant that the event names, if that has such a source and its condition holds', () => {
    const sources = index({ 'north.s': {}, 'south.s': { when: 'body.public' } });
    const of = (tenant: string, body: unknown = {}) =>
      tenants(sources.resolve(cloudEvent(body, { tenant }), through('x')));
    expect(of('north')).toEqual(['north']);
    expect(of('south')).toEqual([]);
    expect(of('south', { public: true })).toEqual(['south']);
    expect(of('east')).toEqual([]);
  });

  it('is told once per tenant: the first of its sources that takes the message counts', () => {
    const sources = index({
      'north.a': { when: 'body.kind == "a"', map: { type: '"first"' } },
      'north.b': { map: { type: '"second"' } },
      'north.c': { map: { type: '"third"' } },
    });
    const types = (kind: string) =>
      events(sources.resolve(plain({ kind }), through('x'))).map((event: any) => event.type);
    expect(types('a')).toEqual(['first']);
    expect(types('b')).toEqual(['second']);
  });
});

describe('what a message means', () => {
  it('is what the map says of it', () => {
    const sources = index({
      'north.lessons': {
        map: {
          type: '"lesson." | append: body.what',
          id: 'body.lesson.no | append: "-" | append: headers.revision',
          subject: 'body.teacher',
          time: 'body.at',
          data: 'body.lesson',
        },
      },
    });
    const body = { what: 'moved', teacher: 17, at: '2026-11-21T09:30:00Z', lesson: { no: 5, room: 'B' } };
    expect(
      events(sources.resolve(plain(body, { id: `${givenIdPrefix}1` }), through('x', 'studio', { revision: 2 }))),
    ).toEqual([
      {
        specversion: '1.0',
        source: '/studio',
        type: 'lesson.moved',
        id: '5-2',
        subject: '17',
        time: '2026-11-21T09:30:00Z',
        data: { no: 5, room: 'B' },
      },
    ]);
  });

  it('is what it says itself where there is no map or an expression yields nothing', () => {
    const sources = index({ 'north.a': {}, 'south.b': { map: { id: '""', subject: 'body.who | default: ""' } } });
    const { plain: _, ...bare } = plain({ a: 1 }) as CloudEvent & { plain: true };
    expect(events(sources.resolve(plain({ a: 1 }), through('x')))).toEqual([bare, bare]);
  });

  it('of a CloudEvent is what that says, whatever the map', () => {
    const sources = index({ 'north.a': { map: { type: '"other"', data: 'body.inner' } } });
    const event = cloudEvent({ inner: 1 });
    expect(events(sources.resolve(event, through('x')))).toEqual([event]);
  });

  it('leaves the message as it came, for a replay to be mapped anew', () => {
    const event = plain({ a: 1 });
    index({ 'north.a': { map: { type: '"other"' } } }).resolve(event, through('x'));
    expect(event).toEqual(plain({ a: 1 }));
  });

  it('cannot be told where an expression fails: source, expression and event are named, others’ sources go on', () => {
    const resolved = index({
      'north.a': { when: 'body.school.name == "north"' },
      'south.b': { map: { type: 'body.kind' } },
      'west.c': {},
    }).resolve(plain({ kind: { a: 1 } }), through('x'));
    expect(tenants(resolved)).toEqual(['north', 'south', 'west']);
    const [north, south, west] = problems(resolved) as [string[], string[], string[]];
    expect(north[0]).toBe('expression_failed');
    expect(north[1]).toContain('event "m-1" from exchange "studio": sources.a.when: body.school.name == "north"');
    expect(south[1]).toContain('sources.b.map.type: body.kind: must yield a text');
    expect(west).toEqual([]);
  });

  it.each([
    ['time', 'body.at', 'must be an RFC 3339 time'],
    ['id', 'body.long', '1024'],
    ['type', 'body.long', 'at most 1024 characters'],
    ['data', 'body.missing', 'there is no body.missing'],
  ])('cannot be told when what the map says of its %s is none', (attribute, expression, reason) => {
    const sources = index({ 'north.a': { map: { [attribute]: expression } } });
    const [[code, message]] = problems(
      sources.resolve(plain({ at: 'noon', long: 'x'.repeat(2_000) }), through('x')),
    ) as [string[]];
    expect(code).toBe('expression_failed');
    expect(message).toContain(`sources.a.map.${attribute}`);
    expect(message).toContain(reason);
  });
});
