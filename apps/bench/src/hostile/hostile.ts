import { availableParallelism } from 'node:os';
import { CarillonSide } from '../carillon/carillon-side.ts';
import { now } from '../clock.ts';
import type { Options } from '../options.ts';
import { Progress } from '../report/progress.ts';
import { percentile } from '../report/statistics.ts';
import { Child, program } from '../run/child.ts';
import { cpuBetween, readCpu } from '../run/cpu.ts';
import type { Scratch } from '../run/scratch.ts';
import type { PublishOrder, Settled } from './orders.ts';
import { writeGood, writeHostile } from './templates.ts';

/** How long tenant A's notifications took from publish until their words were there. */
export interface Rendering {
  /** Each of them, in milliseconds. */
  times: number[];
  /** Share of the machine that was busy with something else; undefined where it cannot be told. */
  others?: number;
}

/** What became of tenant A's notifications, and of tenant B's. */
export interface HostileResult {
  perSecond: number;
  alone: Rendering[];
  beside: Rendering[];
  /** How many hostile messages were published; every one of them was parked. */
  hostile: number;
  /** Of them, how many were not tried because their templates had been stopped before. */
  held: number;
}

/**
 * Publishes what is routed for a tenant with good templates at an even rate, alone and while as much is routed for a tenant whose
 * fifty templates loop, explode and stall, in turns; and times when the template-renderer publishes the words. Every round brings
 * fifty that the service has not seen before, because those cost it most.
 *
 * @throws Error when a good one does not come, a hostile one is not parked, or the template-renderer ends
 */
export async function measureHostile(
  { rounds, rate, seconds, env, profile }: Pick<Options, 'rounds' | 'rate' | 'seconds' | 'env' | 'profile'>,
  scratch: Scratch,
  undo: (() => Promise<void>)[],
  signal: AbortSignal,
): Promise<HostileResult> {
  const side = new CarillonSide({ scratch, smtpUrl: '', withEmail: false, env, profileTo: profile }, [
    'template-renderer',
  ]);
  undo.push(() => side.stop());
  await side.start();
  signal.throwIfAborted();
  const progress = new Progress(2 * rounds);
  undo.push(async () => progress.clear());
  const [a, b] = [new Tenant('a', scratch, false), new Tenant('b', scratch, true)];
  for (const tenant of [a, b]) undo.push(() => tenant.child.stop());
  await Promise.all([a.child.next(), b.child.next()]);
  const good = { templates: await writeGood(scratch, 'a'), perSecond: rate, seconds, byChance: false };
  // The service compiles its hot code.
  await a.publish({ ...good, seconds: 3 });
  await a.settle();
  const result: HostileResult = { perSecond: rate, alone: [], beside: [], hostile: 0, held: 0 };
  for (let round = 1; round <= rounds; round++) {
    // By chance: else they would all come as long before one of tenant A's as the first.
    const hostile = { templates: await writeHostile(scratch, 'b', round), perSecond: rate, seconds, byChance: true };
    const turns = ['alone', 'beside'] as const;
    for (const which of round % 2 === 1 ? turns : turns.toReversed()) {
      signal.throwIfAborted();
      const processes = [...side.children, a.child, b.child, { name: 'bench', pid: process.pid }];
      const before = readCpu(processes);
      const began = now();
      await Promise.all([a.publish(good), which === 'beside' && b.publish(hostile)]);
      const took = now() - began;
      const { others } = cpuBetween(before, readCpu(processes));
      const { times, missing } = await a.settle();
      const { parked, missing: lost } = await b.settle();
      for (const child of side.children) if (child.trouble()) throw child.trouble();
      if (missing > 0) {
        const [, why = 'and nothing is known of them'] = Object.entries(parked).find(([id]) => a.owns(id)) ?? [];
        throw new Error(`${missing} of tenant A's did not come: ${why}`);
      }
      if (lost > 0) throw new Error(`${lost} hostile ones were neither parked nor rendered`);
      const reasons = Object.values(parked);
      result.hostile += reasons.length;
      result.held += reasons.filter((reason) => reason.includes('had to be stopped')).length;
      result[which].push({
        times,
        ...(others !== undefined && { others: others / took / availableParallelism() }),
      });
      const { p50, p99, max } = figuresOf(times);
      progress.finish(
        `round ${round}  ${which === 'alone' ? 'alone' : 'beside 50 hostile templates'}`,
        `p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms, at most ${max.toFixed(0)} ms`,
      );
    }
  }
  return result;
}

/** A tenant's process, see `tenant.main.ts`. */
class Tenant {
  readonly child: Child;

  /** @param letters whether it hears what is parked */
  constructor(
    private readonly name: string,
    { amqpUrl, prefix }: Scratch,
    letters: boolean,
  ) {
    this.child = new Child({
      name: `tenant ${name}`,
      file: program('./tenant.main', import.meta.url),
      env: { AMQP_URL: amqpUrl, PREFIX: prefix, TENANT: name, ...(letters && { LETTERS: 'yes' }) },
    });
  }

  owns(id: string): boolean {
    return id.startsWith(`${this.name}-`);
  }

  /** Resolves when the broker has taken everything. */
  publish(order: PublishOrder): Promise<'published'> {
    return this.child.ask(order);
  }

  /** What has become of it all, awaited. */
  settle(): Promise<Settled> {
    return this.child.ask('settle');
  }
}

/** What is told of them. */
export function figuresOf(times: readonly number[]): Record<'p50' | 'p99' | 'max', number> {
  return { p50: percentile(times, 50), p99: percentile(times, 99), max: Math.max(...times) };
}
