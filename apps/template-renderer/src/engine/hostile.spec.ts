import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { hostileTemplates, type Hostile } from '../testing/hostile.ts';
import { makeDirect } from './direct.ts';
import { fill, inWorker, limits, ownThread, parse, TemplateError, type Allowance } from './index.ts';
import { Meter } from './meter.ts';

const formatting = { locale: 'en', timeZone: 'UTC', siteUrl: 'https://school.example' };

/** What it was stopped for, and how long this thread has computed until then. */
function stop({ source, data }: Hostile, kind: 'html' | 'text', allowance: Allowance) {
  const part = makeDirect(parse(kind, source));
  const began = process.threadCpuUsage();
  try {
    fill(part, Object.assign(Object.create(null), data) as object, formatting, allowance);
  } catch (error) {
    const { user, system } = process.threadCpuUsage(began);
    return { error: error as TemplateError, ms: (user + system) / 1_000 };
  }
  throw new Error('it came to its end');
}

const allowances = [
  ['its own thread', ownThread],
  ['a worker', limits],
] as const;

describe('a hostile template', () => {
  it.each(
    hostileTemplates.flatMap((hostile) =>
      allowances.map(([where, allowance]) => [hostile.what, where, hostile, allowance] as const),
    ),
  )('is stopped, with a reason and soon: %s, in %s', (_, __, hostile, allowance) => {
    for (const kind of ['text', 'html'] as const) {
      const { error, ms } = stop(hostile, kind, allowance);
      expect(error).toBeInstanceOf(TemplateError);
      // On a slow machine time may be up first.
      expect([...hostile.limits, 'time']).toContain(error.limit);
      expect(error.reason).toMatch(/(takes|handles|writes) more than \d+ .*; (use|write) .*/);
      // A step that was begun is ended, and Jest's own modules are slow to warm up.
      expect(ms).toBeLessThan(allowance.time + 250);
    }
  });

  it('rests again and again in a worker, where it may take long', () => {
    const began = performance.now();
    const { error, ms } = stop(hostileTemplates[0]!, 'text', { ...inWorker, time: 50, memory: 1e9 });
    expect(error).toMatchObject({ limit: 'time' });
    expect(ms).toBeGreaterThanOrEqual(50);
    expect(performance.now() - began - ms).toBeGreaterThan(10);
  });

  it('sees nothing but its data', () => {
    const scope = Object.assign(Object.create(null), { text: 'x', list: [{ a: 1 }] }) as object;
    for (const path of ['constructor', '__proto__', 'text.constructor', 'list[0].__proto__', 'list.constructor.name']) {
      expect(() => fill(parse('text', `{{ ${path} }}`), scope, formatting)).toThrow(/undefined variable/);
    }
    for (const name of ['constructor', '__proto__', 'toString', 'hasOwnProperty', 'valueOf']) {
      const loop = `{% for x in list %}{{ forloop.${name} }}{% endfor %}`;
      expect(() => fill(parse('text', loop), scope, formatting)).toThrow(/undefined variable/);
      expect(fill(parse('text', `{{ list | map: "${name}" | join }}`), scope, formatting)).toBe('');
    }
    const own =
      '{% assign __proto__ = "a" %}{% capture constructor %}b{% endcapture %}{{ __proto__ }}{{ constructor }}';
    expect(fill(parse('text', own), scope, formatting)).toBe('ab');
    expect(Object.hasOwn(Object.prototype, 'a') || ({} as { polluted?: unknown }).polluted).toBeFalsy();
  });

  it('is refused when it is nested deeper than the stack', () => {
    const deep = (open: string, close: string) => open.repeat(5_000) + close.repeat(5_000);
    for (const source of [deep('{% if a %}', '{% endif %}'), `{{ ${'a['.repeat(20_000)}0${']'.repeat(20_000)} }}`]) {
      expect(() => fill(parse('text', source), { a: [] }, formatting)).toThrow(/nested too deeply|undefined variable/);
    }
  });

  it('cannot earn back what it has used', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.integer(), fc.constantFrom(NaN, -Infinity, -1e300))), (counts) => {
        const { memoryLimit } = new Meter({ time: 1_000, memory: 1_000, output: 1 });
        const used = counts.filter((count) => count > 0).reduce((sum, count) => sum + count, 0);
        const useAll = () => counts.forEach((count) => memoryLimit.use(count));
        if (used > 1_000) expect(useAll).toThrow(/handles more than 1000/);
        else expect(useAll).not.toThrow();
      }),
    );
  });
});
