import { beforeEach, describe, expect, it } from '@jest/globals';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { ThreadTurns } from './thread-turns.ts';

describe('turns at the service’s own thread', () => {
  const done: string[] = [];
  let time = 0;
  beforeEach(() => void done.splice(0));
  const turns = () => new ThreadTurns(() => time);
  const take = (thread: ThreadTurns, tenant: string, ms = 0) =>
    thread.run(tenant, () => {
      time += ms;
      done.push(tenant);
    });

  it('are not waited for by whoever is quick, nor by the first that is slow', async () => {
    const thread = turns();
    const all = [take(thread, 'quick'), take(thread, 'slow', 5), take(thread, 'quick')];
    expect(done).toEqual(['quick', 'slow', 'quick']);
    await Promise.all(all);
  });

  it('let the event loop go round before the next of a tenant that was slow', async () => {
    const thread = turns();
    const all = ['slow', 'slow', 'slow'].map((tenant) => take(thread, tenant, 5));
    expect(done).toHaveLength(1);
    for (const count of [2, 3]) {
      await nextTurn();
      all.push(take(thread, 'quick'));
      expect(done.filter((tenant) => tenant === 'slow')).toHaveLength(count);
      expect(done.at(-1)).toBe('quick');
    }
    await Promise.all(all);
  });

  it('are shared by tenants that were slow, however much one of them brings', async () => {
    const thread = turns();
    const first = [take(thread, 'many', 5), take(thread, 'few', 5)];
    const later = ['many', 'many', 'many', 'few'].map((tenant) => take(thread, tenant, 5));
    await Promise.all([...first, ...later]);
    expect(done).toEqual(['many', 'few', 'many', 'few', 'many', 'many']);
  });

  it('are forgotten by whoever is quick again', async () => {
    const thread = turns();
    const all = [take(thread, 'a', 5), ...Array.from({ length: 100 }, () => take(thread, 'a'))];
    expect(done).toHaveLength(1);
    await nextTurn();
    expect(done).toHaveLength(101);
    all.push(take(thread, 'a'));
    expect(done).toHaveLength(102);
    await Promise.all(all);
  });

  it('hand back what was found, and what went wrong', async () => {
    const thread = turns();
    expect(await thread.run('a', () => 1)).toBe(1);
    const wrong = thread.run('a', () => {
      throw new Error('broken');
    });
    await expect(wrong).rejects.toThrow('broken');
  });
});
