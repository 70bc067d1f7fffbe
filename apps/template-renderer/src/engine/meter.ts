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

/** For so many milliseconds computes who may not do so all the time, until it rests. */
const stride = 1;
const nobody = new Int32Array(new SharedArrayBuffer(4));

/** Counts what one filling takes, in place of LiquidJS' own limiters. */
export class Meter {
  /** Asked between any two steps. */
  readonly renderLimit = { check: (now: number) => this.checkTime(now) } as unknown as Limiter;
  /** Told of what is about to be allocated. */
  readonly memoryLimit = { use: (count: number) => this.use(count) } as unknown as Limiter;
  private readonly began = computingMs();
  private readonly beganWithHelpers: number;
  private readonly beganAt = performance.now();
  private pause: number;
  private memory: number;

  constructor(private readonly allowance: Allowance) {
    this.beganWithHelpers = allowance.share ? processMs() : 0;
    this.pause = this.beganAt + this.untilNextLook(allowance.time);
    this.memory = allowance.memory;
  }

  /** @throws LimitExceeded */
  private checkTime(now: number): void {
    // Reading the clock is cheap, asking how much was computed is not; and nobody computes for longer than time passes.
    if (now < this.pause) return;
    const { time, share } = this.allowance;
    const computed = computingMs() - this.began;
    const left = time - computed;
    if (left <= 0) {
      throw new LimitExceeded('time', `takes more than ${this.allowance.time} ms; use fewer or shorter loops`);
    }
    if (share) this.rest(share, now);
    this.pause = performance.now() + this.untilNextLook(left);
  }

  /** What other processes took meanwhile counts as rest; what V8's own threads compute for this one does not. */
  private rest(share: number, now: number): void {
    const due = (processMs() - this.beganWithHelpers) / share - (now - this.beganAt);
    Atomics.wait(nobody, 0, 0, Math.max(0, due));
  }

  /** @param left milliseconds of computing */
  private untilNextLook(left: number): number {
    return this.allowance.share ? Math.min(left, stride) : left;
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
  return milliseconds(process.threadCpuUsage());
}

/** Milliseconds that all threads of this process have computed so far: V8 collects garbage and compiles in some of its own. */
function processMs(): number {
  return milliseconds(process.cpuUsage());
}

function milliseconds({ user, system }: NodeJS.CpuUsage): number {
  return (user + system) / 1_000;
}
