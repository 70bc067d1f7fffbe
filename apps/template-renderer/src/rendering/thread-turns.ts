import { Turns } from '../isolation/turns.ts';

/** Milliseconds from which on something took long. What is usual takes a tenth. */
const long = 2;

/**
 * The service's own thread. A tenant whose last rendering took long has to wait with the next until the event loop has gone round, so
 * that what came for others meanwhile is read, given its words and sent; several such tenants take turns. All others never wait here,
 * and what they bring in one turn of the loop goes on in one message.
 */
export class ThreadTurns {
  /** Tenants whose last one took long. */
  private readonly slow = new Set<string>();
  private readonly waiting = new Turns<() => void>();

  /** @param clock milliseconds */
  constructor(private readonly clock = () => performance.now()) {}

  /** @param work is done now or soon; what it returns or throws is passed on */
  run<Result>(tenant: string, work: () => Result): Promise<Result> {
    return new Promise((resolve, reject) => {
      const job = () => {
        try {
          resolve(work());
        } catch (error) {
          reject(error as Error);
        }
      };
      if (!this.slow.has(tenant)) return void this.do(tenant, job);
      this.waiting.add(tenant, job);
      if (this.waiting.size === 1) setImmediate(() => this.next());
    });
  }

  /** Until one takes long again. */
  private next(): void {
    let took = 0;
    while (this.waiting.size > 0 && took < long) {
      const { tenant, item } = this.waiting.next(() => true)!;
      took = this.do(tenant, item);
    }
    if (this.waiting.size > 0) setImmediate(() => this.next());
  }

  /** @returns how many milliseconds it took */
  private do(tenant: string, job: () => void): number {
    const began = this.clock();
    job();
    const took = this.clock() - began;
    if (took >= long) this.slow.add(tenant);
    else this.slow.delete(tenant);
    return took;
  }
}
