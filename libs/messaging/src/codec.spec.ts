import { describe, expect, it } from '@jest/globals';
import { cloudEventsBatchJson, cloudEventsJson, type CloudEvent } from '@carillon/contracts';
import type { ConsumeMessage } from 'amqplib';
import fc from 'fast-check';
import { decode, encodeBatch, givenIdPrefix, type Decoded } from './codec.ts';

interface Properties {
  contentType?: unknown;
  headers?: Record<string, unknown>;
  messageId?: string;
  appId?: string;
}

const message = (content: Buffer | string, properties: Properties = {}, routingKey = 'order.paid') =>
  ({ content: Buffer.from(content), fields: { routingKey }, properties }) as unknown as ConsumeMessage;

const eventsOf = (decoded: Decoded[]) => decoded.map((item) => ('event' in item ? item.event : item));
const invalid = (decoded: Decoded[]) => decoded.map((item) => ('invalid' in item ? item.invalid : 'valid'));
/** As it is after a journey over the wire. */
const overTheWire = <T>(value: T): T => JSON.parse(JSON.stringify(value));

const text = fc.string({ minLength: 1, maxLength: 100, unit: 'grapheme' });
const json = fc.jsonValue();
const cloudEvent: fc.Arbitrary<CloudEvent> = fc
  .record(
    {
      specversion: fc.constant('1.0' as const),
      id: text,
      source: text,
      type: text,
      time: fc
        .date({ min: new Date(0), max: new Date('2100-01-01'), noInvalidDate: true })
        .map((date) => date.toISOString()),
      subject: text,
      tenant: fc.stringMatching(/^[a-z0-9][a-z0-9_-]{0,20}$/),
      data: json,
    },
    { requiredKeys: ['specversion', 'id', 'source', 'type', 'data'] },
  )
  .map(overTheWire);
const anywhere = fc.boolean();

describe('a CloudEvent', () => {
  it('in structured mode comes out as it went in, through an open door and inside', () => {
    fc.assert(
      fc.property(cloudEvent, anywhere, (event, open) => {
        const decoded = decode(message(JSON.stringify(event), { contentType: cloudEventsJson }), open);
        expect(eventsOf(decoded)).toEqual([event]);
      }),
    );
  });

  it('is told to be no JSON without a word of what it says', () => {
    for (const body of ['Amina {', '{"name": Amina}', '{"name":"Amina"', '{"name":"Amina', '[1] Amina', '"Amina\n"']) {
      const [decoded] = decode(message(body), true);
      expect(decoded).toMatchObject({ invalid: expect.stringMatching(/^the body is not JSON: \w/), body });
      expect((decoded as { invalid: string }).invalid).not.toMatch(/mina\b/);
    }
  });

  it('is known by its specversion where an open door is told no content type, or only “JSON”', () => {
    fc.assert(
      fc.property(cloudEvent, fc.constantFrom(undefined, 'application/json', ''), (event, contentType) => {
        expect(eventsOf(decode(message(JSON.stringify(event), { contentType }), true))).toEqual([event]);
      }),
    );
  });

  it('comes out of a batch in its place, however many there are', () => {
    fc.assert(
      fc.property(fc.array(cloudEvent, { maxLength: 20 }), anywhere, (events, open) => {
        const content = encodeBatch(events.map((event) => JSON.stringify(event)));
        expect(eventsOf(decode(message(content, { contentType: cloudEventsBatchJson }), open))).toEqual(events);
      }),
    );
  });

  it('that is alone in an internal message comes with its JSON as it was written', () => {
    fc.assert(
      fc.property(cloudEvent, fc.nat(3), fc.boolean(), (event, indent, batch) => {
        const json = JSON.stringify(event, null, indent);
        const contentType = batch ? cloudEventsBatchJson : cloudEventsJson;
        const [item] = decode(message(batch ? encodeBatch([json]) : json, { contentType }), false);
        expect(item).toEqual({ event, json });
      }),
    );
  });

  it('in binary mode is put together from headers and body, in either spelling of the headers', () => {
    fc.assert(
      fc.property(cloudEvent, fc.constantFrom('cloudEvents:', 'cloudEvents_'), ({ data, ...attributes }, prefix) => {
        const headers = Object.fromEntries(Object.entries(attributes).map(([name, value]) => [prefix + name, value]));
        const decoded = decode(message(JSON.stringify(data), { contentType: 'application/json', headers }), true);
        expect(eventsOf(decoded)).toEqual([{ ...attributes, data }]);
      }),
    );
  });

  it('in binary mode may have no body at all', () => {
    const headers = {
      'cloudEvents:specversion': '1.0',
      'cloudEvents:id': '1',
      'cloudEvents:source': '/s',
      'cloudEvents:type': 't',
    };
    expect(eventsOf(decode(message('', { headers }), true))).toEqual([
      { specversion: '1.0', id: '1', source: '/s', type: 't', data: undefined },
    ]);
  });

  it('that says it is structured is read as such, whatever its headers say', () => {
    const event = { specversion: '1.0', id: '1', source: '/s', type: 't', data: 5 };
    const headers = { 'cloudEvents:specversion': '1.0', 'cloudEvents:id': 'other' };
    expect(
      eventsOf(
        decode(message(JSON.stringify(event), { contentType: `${cloudEventsJson}; charset=utf-8`, headers }), true),
      ),
    ).toEqual([event]);
  });

  it.each(['id', 'source', 'type'])('without %s is refused by that name', (attribute) => {
    const event: Record<string, unknown> = { specversion: '1.0', id: '1', source: '/s', type: 't', data: {} };
    delete event[attribute];
    expect(invalid(decode(message(JSON.stringify(event)), true))[0]).toContain(
      `not a valid CloudEvent 1.0: ${attribute} `,
    );
  });

  it('of another version, with an empty id, a broken time or a strange tenant is refused with all its mistakes', () => {
    const event = { specversion: '0.3', id: '', source: '/s', type: 't', time: 'yesterday', tenant: 'Not Allowed' };
    const [mistake] = invalid(decode(message(JSON.stringify(event)), true));
    expect(mistake).toContain('specversion must be "1.0"');
    expect(mistake).toContain('id must not be empty');
    expect(mistake).toContain('time must be an RFC 3339 time');
    expect(mistake).toContain('tenant must be 1 to 63');
  });

  it('that is broken leaves the others of its batch alone', () => {
    const good = { specversion: '1.0', id: '1', source: '/s', type: 't' };
    const content = JSON.stringify([good, 5, null, { id: 'x' }, good]);
    const decoded = decode(message(content, { contentType: cloudEventsBatchJson }), true);
    expect(invalid(decoded).map((mistake) => mistake === 'valid')).toEqual([true, false, false, false, true]);
    expect(decoded.map((item) => ('body' in item ? item.body : ''))).toEqual(['', '5', 'null', '{"id":"x"}', '']);
  });
});

describe('plain JSON', () => {
  it('at an open door becomes an event whose type is the routing key', () => {
    const notAnEvent = json
      .map(overTheWire)
      .filter((value) => !(typeof value === 'object' && value !== null && 'specversion' in value));
    fc.assert(
      fc.property(notAnEvent, fc.stringMatching(/^[a-z]+(\.[a-z_]+){0,3}$/), text, (data, key, id) => {
        const [event] = eventsOf(decode(message(JSON.stringify(data), { messageId: id, appId: 'shop' }, key), true));
        expect(event).toEqual({ specversion: '1.0', id, source: '/shop', type: key, data });
      }),
    );
  });

  describe('through an exchange of somebody else’s', () => {
    const through = (exchange: string, properties: Properties, body: unknown = { amount: 5 }) => {
      const { content, ...rest } = message(JSON.stringify(body), properties);
      return { ...rest, content, fields: { ...rest.fields, exchange } } as unknown as ConsumeMessage;
    };
    const read = (...args: Parameters<typeof through>) =>
      eventsOf(decode(through(...args), true, 'carillon.events'))[0];

    it('carries the exchange in its source, so that the same message id means two things in two exchanges', () => {
      expect(read('shop', { messageId: '1' })).toEqual({
        specversion: '1.0',
        id: '1',
        source: '/shop',
        type: 'order.paid',
        plain: true,
        data: { amount: 5 },
      });
      const sources = [
        ['shop', undefined],
        ['shop', 'till'],
        ['shop/till', undefined],
        ['till', 'shop'],
      ].map(([exchange, appId]) => (read(exchange!, { messageId: '1', appId }) as CloudEvent).source);
      expect(sources).toEqual(['/shop', '/shop/till', '/shop%2Ftill', '/till/shop']);
    });

    it('stays what it is when it is a CloudEvent, and when it came through Carillon’s own exchange or none', () => {
      const event = { specversion: '1.0', id: '1', source: '/till', type: 'order.paid', data: 1 };
      expect(read('shop', {}, event)).toEqual(event);
      for (const exchange of ['carillon.events', ''])
        expect(read(exchange, { messageId: '1' })).not.toHaveProperty('plain');
    });

    it('is of the type that the exchange is called when there is no routing key', () => {
      const { fields, ...rest } = through('shop', { messageId: '1' });
      const [event] = eventsOf(decode({ ...rest, fields: { ...fields, routingKey: '' } }, true, 'carillon.events'));
      expect(event).toMatchObject({ type: 'shop' });
    });

    it('is marked, and keeps the mark when it is written down and read again', () => {
      const event = read('shop', { messageId: '1' });
      expect(read('shop', {}, overTheWire(event))).toEqual(event);
    });
  });

  it('without a message id gets one that says it cannot be deduplicated, and no two the same', () => {
    const ids = Array.from({ length: 50 }, () => (decode(message('{}'), true) as { event: CloudEvent }[])[0]!.event.id);
    for (const id of ids) expect(id.startsWith(givenIdPrefix)).toBe(true);
    expect(new Set(ids).size).toBe(50);
  });

  it('is refused where only Carillon itself writes', () => {
    expect(invalid(decode(message('{"a":1}'), false))).toEqual(['not a CloudEvent 1.0']);
  });
});

describe('whatever arrives', () => {
  const property = fc.oneof(fc.string(), fc.integer(), fc.constant(null), fc.constant(undefined), fc.object());
  const headers = fc.dictionary(
    fc.oneof(fc.string(), fc.constantFrom('cloudEvents:specversion', 'cloudEvents:id', 'cloudEvents_type')),
    property,
  );
  const contentTypes = fc.oneof(
    fc.constantFrom(undefined, cloudEventsJson, cloudEventsBatchJson, 'application/json'),
    property,
  );
  const contents = fc.oneof(
    fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
    fc.anything({ maxDepth: 3 }).map((value) => Buffer.from(stringified(value))),
    fc.json().map((value) => Buffer.from(value)),
    fc.string().map((value) => Buffer.from(value)),
  );

  it('never makes the codec throw; each item is an event or has a reason in words', () => {
    fc.assert(
      fc.property(contents, contentTypes, headers, fc.string(), anywhere, (content, contentType, given, key, open) => {
        for (const item of decode(message(content, { contentType, headers: given }, key), open)) {
          if ('event' in item) expect(item.event).toMatchObject({ specversion: '1.0', id: expect.any(String) });
          else expect(item.invalid).toMatch(/^(the body is not|a CloudEvents batch|not a)/);
        }
      }),
      { numRuns: 1_000 },
    );
  });

  it('that is not UTF-8 is refused rather than read with holes', () => {
    const latin1 = Buffer.from('{"name":"José"}', 'latin1');
    expect(invalid(decode(message(latin1), true))).toEqual(['the body is not UTF-8 text']);
  });

  it('may be nested beyond all reason', () => {
    const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
    expect(decode(message(deep), true)).toHaveLength(1);
    expect(invalid(decode(message(`[${deep}]`, { contentType: cloudEventsBatchJson }), true))[0]).toContain(
      'not a valid',
    );
  });
});

function stringified(value: unknown): string {
  try {
    return JSON.stringify(value) ?? '';
  } catch {
    return '';
  }
}
