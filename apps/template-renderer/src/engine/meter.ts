import type { Context } from 'liquidjs';
import type { Allowance } from './limits.ts';
import type { LimitName } from './template-error.ts';

/** A template has taken all that it may. The message says what to do. */
export class LimitExceeded extends Error {
  override readonly name = 'LimitExceeded';

  constructor(
    readonly limit: LimitName,
    message: string,
  ) {
    super(message);
  }
}

/** LiquidJS' own class of limiters; everything in a context is counted by two of them. */
type Limiter = Context['renderLimit'];

/** Counts what one filling takes, in place of LiquidJS' own limiters. */
export class Meter {
  /** Asked between any two steps. */
  readonly renderLimit = { check: (now: number) => this.checkTime(now) } as unknown as Limiter;
  /** Told of what is about to be allocated. */
  readonly memoryLimit = { use: (count: number) => this.use(count) } as unknown as Limiter;
  private readonly began = computingMs();
  private pause: number;
  private memory: number;

  constructor(private readonly allowance: Allowance) {
    this.pause = performance.now() + allowance.time;
    this.memory = allowance.memory;
  }

  /** @throws LimitExceeded */
  private checkTime(now: number): void {
    // Reading the clock is cheap, asking how much was computed is not; and nobody computes for longer than time passes.
    if (now < this.pause) return;
    const left = this.allowance.time - (computingMs() - this.began);
    if (left <= 0) {
      throw new LimitExceeded('time', `takes more than ${this.allowance.time} ms; use fewer or shorter loops`);
    }
    this.pause = now + left;
  }

  /** @throws LimitExceeded */
  private use(count: number): void {
    // A range that ends before it begins counts as nothing, and so does what is no number.
    if (!(count > 0)) return;
    this.memory -= count;
    if (this.memory < 0) {
      throw new LimitExceeded(
        'memory',
        `handles more than ${this.allowance.memory} list elements and characters; use shorter lists and texts`,
      );
    }
  }
}

/** Milliseconds that this thread has computed so far. */
function computingMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1_000;
}
