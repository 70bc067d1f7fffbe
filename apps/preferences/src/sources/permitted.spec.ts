import { describe, expect, it } from '@jest/globals';
import { exchangePermitsSchema } from '@carillon/messaging';
import fc from 'fast-check';
import { sourceMistakes } from './permitted.ts';

const permits = (list: string) => exchangePermitsSchema.parse(list);
const mistakes = (tenant: string, exchange: string, list?: string) =>
  sourceMistakes(tenant, { exchange }, { prefix: 'carillon', permits: list === undefined ? undefined : permits(list) });

describe('a source', () => {
  it('may be any exchange of a domain service when no setting says otherwise', () => {
    for (const exchange of ['studio.events', 'amq.topic', 'carillonistas', 'Stundenplan für alle'])
      expect(mistakes('school', exchange)).toEqual([]);
  });

  it('may never be an exchange of Carillon’s own or the default one, whatever the setting says', () => {
    for (const exchange of ['carillon.events', 'carillon.dead', 'carillon'])
      expect(mistakes('school', exchange, '*=*')).toEqual([
        {
          path: 'exchange',
          message: `"${exchange}" is Carillon’s own: what is published to carillon.events arrives without a source`,
        },
      ]);
    expect(mistakes('school', '', '*=*')).toMatchObject([{ path: 'exchange' }]);
  });

  it('may be what the setting permits to its tenant or to all', () => {
    const list = 'school=studio.*, school=lessons ,*=amq.topic,shop=*.shop.*.v1';
    expect(mistakes('school', 'studio.events', list)).toEqual([]);
    expect(mistakes('school', 'lessons', list)).toEqual([]);
    expect(mistakes('shop', 'amq.topic', list)).toEqual([]);
    expect(mistakes('shop', 'eu.shop.orders.v1', list)).toEqual([]);
    expect(mistakes('shop', 'studio.events', list)).toEqual([
      {
        path: 'exchange',
        message: 'tenant "shop" may not name "studio.events"; the setting SOURCE_EXCHANGES says what it may',
      },
    ]);
    for (const exchange of ['lessons2', 'studio', 'eu.shop.orders.v2', 'shop.shop.v1'])
      expect([exchange, mistakes('school', exchange, list).length + mistakes('shop', exchange, list).length]).toEqual([
        exchange,
        2,
      ]);
  });

  it('is permitted by a pattern exactly when the pattern describes its name', () => {
    const name = fc.string({ unit: fc.constantFrom('a', 'b', '.'), minLength: 1, maxLength: 8 });
    const pattern = fc.string({ unit: fc.constantFrom('a', 'b', '.', '*'), minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(name, pattern, (exchange, given) => {
        const described = new RegExp(`^${given.replaceAll('.', '\\.').replaceAll('*', '.*')}$`).test(exchange);
        expect(mistakes('school', exchange, `school=${given}`).length === 0).toBe(described);
      }),
      { numRuns: 1_000 },
    );
  });

  it('has names that AMQP can carry', () => {
    const source = { exchange: 'ü'.repeat(128), routing_keys: ['fine', 'ü'.repeat(128)] };
    expect(sourceMistakes('school', source, { prefix: 'carillon' })).toEqual([
      { path: 'exchange', message: 'must be at most 255 bytes long' },
      { path: 'routing_keys[1]', message: 'must be at most 255 bytes long' },
    ]);
  });
});

describe('the setting SOURCE_EXCHANGES', () => {
  it('may be left out', () => {
    expect(exchangePermitsSchema.parse(undefined)).toBeUndefined();
  });

  it.each(['studio.events', 'school=', '=studio', 'school=a,,shop=b', 'Sch ool=a'])('%j is refused by name', (list) => {
    const { error } = exchangePermitsSchema.safeParse(list);
    expect(error?.issues[0]?.message).toMatch(/must be a list of tenant=exchange, such as .+ is not$/);
  });
});
