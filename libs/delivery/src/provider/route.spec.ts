import { randomUUID } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { routeOf, type Routed } from './route.ts';

const provider = (name: string, order = 1, weight = 1): Routed => ({ name, order, weight });
const anyProviders = fc.uniqueArray(
  fc.record({ name: fc.string(), order: fc.integer({ min: 1, max: 3 }), weight: fc.integer({ min: 1, max: 9 }) }),
  { selector: ({ name }) => name, maxLength: 6 },
);

describe('The route of a delivery', () => {
  it('has every provider once, lower orders first, and is always the same', () => {
    fc.assert(
      fc.property(anyProviders, fc.uuid(), (providers, id) => {
        const route = routeOf(providers, id);
        expect(route.map(({ name }) => name).sort()).toEqual(providers.map(({ name }) => name).sort());
        expect(route.map(({ order }) => order)).toEqual(providers.map(({ order }) => order).sort());
        expect(routeOf([...providers].reverse(), id)).toEqual(route);
      }),
    );
  });

  it('changes for nobody else when a provider is taken away', () => {
    fc.assert(
      fc.property(anyProviders, fc.uuid(), fc.nat(), (providers, id, pick) => {
        fc.pre(providers.length > 0);
        const gone = providers[pick % providers.length]!;
        const without = routeOf(providers, id).filter((each) => each !== gone);
        expect(
          routeOf(
            providers.filter((each) => each !== gone),
            id,
          ),
        ).toEqual(without);
      }),
    );
  });

  it('shares deliveries by weight', () => {
    const providers = [provider('a', 1, 1), provider('b', 1, 3), provider('spare', 2, 1000)];
    const firsts = Array.from({ length: 8_000 }, () => routeOf(providers, randomUUID())[0]!.name);
    const share = firsts.filter((name) => name === 'b').length / firsts.length;
    // Five standard deviations of chance.
    expect(Math.abs(share - 0.75)).toBeLessThan(0.025);
    expect(firsts).not.toContain('spare');
  });
});
