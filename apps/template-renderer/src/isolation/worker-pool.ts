import { Turns } from './turns.ts';
import { WorkerProcess, type Ending, type WorkerLimits } from './worker-process.ts';

/** What a pool is made of. */
export interface PoolOptions {
  /** How many processes; each starts when it is first needed. */
  processes: number;
  /** How many of them one tenant may have at a time. */
  perTenant: number;
  limits: WorkerLimits;
  /** Told when a process was stopped, or crashed. */
  onEnding?: (why: Ending) => void;
}

interface Waiting {
  work: (worker: WorkerProcess) => Promise<void>;
}

/** A few processes that tenants take turns at. */
export class WorkerPool {
  private readonly idle: WorkerProcess[];
  private readonly all: readonly WorkerProcess[];
  private readonly turns = new Turns<Waiting>();
  private readonly underWay = new Map<string, number>();

  constructor(private readonly options: PoolOptions) {
    const { processes, limits, onEnding } = options;
    this.all = Array.from({ length: processes }, () => new WorkerProcess(limits, onEnding));
    this.idle = [...this.all].reverse();
  }

  /** How many wait for a process. */
  get waiting(): number {
    return this.turns.size;
  }

  /** @param work is given a process when it is the tenant's turn; what it answers or throws is passed on */
  run<Result>(tenant: string, work: (worker: WorkerProcess) => Promise<Result>): Promise<Result> {
    return new Promise<Result>((resolve, reject) => {
      this.turns.add(tenant, { work: (worker) => work(worker).then(resolve, reject) });
      this.startNext();
    });
  }

  /** Ends all processes. */
  close(): void {
    for (const worker of this.all) worker.close();
  }

  private startNext(): void {
    while (this.idle.length > 0) {
      const next = this.turns.next((tenant) => (this.underWay.get(tenant) ?? 0) < this.options.perTenant);
      if (!next) return;
      // The one used last: others that are not needed need not start.
      const worker = this.idle.pop()!;
      this.count(next.tenant, 1);
      void next.item.work(worker).finally(() => {
        this.idle.push(worker);
        this.count(next.tenant, -1);
        this.startNext();
      });
    }
  }

  private count(tenant: string, change: number): void {
    const count = (this.underWay.get(tenant) ?? 0) + change;
    if (count > 0) this.underWay.set(tenant, count);
    else this.underWay.delete(tenant);
  }
}
