import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Turns } from './turns.ts';

const anyone = () => true;

function taken(turns: Turns<number>, mayGo: (tenant: string) => boolean = anyone): [string, number][] {
  const all: [string, number][] = [];
  for (let next = turns.next(mayGo); next; next = turns.next(mayGo)) all.push([next.tenant, next.item]);
  return all;
}

describe('tenants that take turns', () => {
  it('wait for one of each other tenant’s, however many those bring', () => {
    const turns = new Turns<number>();
    for (let n = 0; n < 50; n++) turns.add('many', n);
    turns.add('one', 0);
    turns.add('two', 0);
    expect(taken(turns).slice(0, 4)).toEqual([
      ['many', 0],
      ['one', 0],
      ['two', 0],
      ['many', 1],
    ]);
  });

  it('keep their turn while they may not go', () => {
    const turns = new Turns<number>();
    turns.add('busy', 1);
    turns.add('free', 1);
    turns.add('free', 2);
    expect(turns.next((tenant) => tenant !== 'busy')).toEqual({ tenant: 'free', item: 1 });
    expect(turns.next(anyone)).toEqual({ tenant: 'busy', item: 1 });
    expect(turns.next(() => false)).toBeUndefined();
    expect(turns.size).toBe(1);
  });

  it('get everything, each in its own order, and nobody waits for a second round of another', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom('a', 'b', 'c', 'd')), (tenants) => {
        const turns = new Turns<number>();
        tenants.forEach((tenant, n) => turns.add(tenant, n));
        const all = taken(turns);
        expect(turns.size).toBe(0);
        for (const tenant of new Set(tenants)) {
          const own = all.filter(([of]) => of === tenant).map(([, n]) => n);
          expect(own).toEqual(tenants.flatMap((of, n) => (of === tenant ? [n] : [])));
        }
        // After so many rounds, everybody who had that many items has had that many.
        all.forEach(([tenant], at) => {
          const round = all.slice(0, at).filter(([of]) => of === tenant).length;
          for (const other of new Set(tenants)) {
            const had = all.slice(0, at).filter(([of]) => of === other).length;
            const has = tenants.filter((of) => of === other).length;
            expect(had).toBeGreaterThanOrEqual(Math.min(round, has));
          }
        });
      }),
    );
  });
});
