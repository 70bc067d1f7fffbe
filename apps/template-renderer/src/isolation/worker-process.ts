import { fork, type ChildProcess } from 'node:child_process';
import { setPriority } from 'node:os';
import type { Answer, Jobs } from './jobs.ts';

/** A job did not end by itself: what it was asked is to blame. */
export class WorkerStopped extends Error {
  override readonly name = 'WorkerStopped';

  /** @param limit what there was not enough of */
  constructor(readonly limit: 'time' | 'memory') {
    super(`stopped for want of ${limit}`);
  }
}

/** What one job may use. */
export interface WorkerLimits {
  /** Milliseconds on the clock. */
  time: number;
  /** Megabytes of heap. */
  memory: number;
  /** 0 = as important as the service itself, 19 = only when nobody else wants the CPU. */
  nice: number;
}

/** A process takes a moment to start, on a busy machine a long one. */
const startingTime = 30_000;

/**
 * A process that does one job at a time and is replaced when one does not end or takes all its memory. A process and not a
 * thread: V8 ends the whole process when a thread's heap cannot grow by one large piece, whatever its limits.
 *
 * It gets no environment, so no secrets, and by Node's permissions may neither write files nor start programs.
 */
export class WorkerProcess {
  private child?: Promise<ChildProcess>;
  private closed = false;

  constructor(
    private readonly limits: WorkerLimits,
    private readonly onStop: (why: 'time' | 'memory' | 'crash') => void = () => undefined,
  ) {}

  /** @throws WorkerStopped when it took too long or too much memory; Error when something else went wrong */
  async ask<Job extends keyof Jobs>(job: Job, ...args: Parameters<Jobs[Job]>): Promise<Awaited<ReturnType<Jobs[Job]>>> {
    const child = await (this.child ??= this.start());
    const answer = answerOf(child, this.limits.time);
    child.send({ job, args });
    try {
      return (await answer) as Awaited<ReturnType<Jobs[Job]>>;
    } catch (error) {
      if (error instanceof Ended) {
        this.child = undefined;
        child.kill('SIGKILL');
        this.onStop(error.why);
        if (error.why !== 'crash') throw new WorkerStopped(error.why);
      }
      throw error;
    }
  }

  /** Ends the process; it does not come back. */
  async close(): Promise<void> {
    this.closed = true;
    (await this.child?.catch(() => undefined))?.kill('SIGKILL');
  }

  private async start(): Promise<ChildProcess> {
    if (this.closed) throw new Error('this worker is closed');
    const source = import.meta.filename.endsWith('.ts');
    const child = fork(new URL(`./worker.main.${source ? 'ts' : 'js'}`, import.meta.url), {
      env: {},
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
      serialization: 'advanced',
      execArgv: [
        `--max-old-space-size=${this.limits.memory}`,
        ...['--permission', '--allow-fs-read=*', '--allow-worker', '--no-warnings'],
        // In tests, which run the sources as they stand.
        ...(source ? ['--experimental-transform-types', '--conditions=@carillon/source'] : []),
      ],
    });
    // It keeps nobody from ending.
    child.unref();
    child.channel!.unref();
    child.on('error', () => undefined);
    // One that ends between two jobs is replaced by the next.
    child.once('exit', () => (this.child = undefined));
    if (this.limits.nice > 0) setPriority(child.pid!, this.limits.nice);
    try {
      await answerOf(child, startingTime);
    } catch (error) {
      this.child = undefined;
      child.kill('SIGKILL');
      throw new Error(`a worker did not start: ${(error as Error).message}`);
    }
    if (this.closed) child.kill('SIGKILL');
    return child;
  }
}

class Ended extends Error {
  constructor(
    readonly why: 'time' | 'memory' | 'crash',
    message: string,
  ) {
    super(message);
  }
}

function answerOf(child: ChildProcess, within: number): Promise<unknown> {
  const { promise, resolve, reject } = Promise.withResolvers<unknown>();
  const onMessage = (answer: Answer) => {
    if ('error' in answer) reject(new Error(answer.error));
    else resolve('value' in answer ? answer.value : undefined);
  };
  const onExit = (code: number | null, signal: string | null) =>
    // V8 aborts when the heap is full.
    reject(
      new Ended(
        signal === 'SIGABRT' || signal === 'SIGTRAP' ? 'memory' : 'crash',
        `the worker ended with ${signal ?? `code ${code}`}`,
      ),
    );
  const timer = setTimeout(() => reject(new Ended('time', 'the worker did not answer in time')), within);
  child.once('message', onMessage).once('exit', onExit);
  return promise.finally(() => {
    clearTimeout(timer);
    child.off('message', onMessage).off('exit', onExit);
  });
}
