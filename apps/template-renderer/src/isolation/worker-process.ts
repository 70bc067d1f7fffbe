import { fork, type ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
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
  /** Milliseconds of computing; ten times as many on the clock, because others may need the CPU more. */
  time: number;
  /** Megabytes of heap. */
  memory: number;
  /** 0 = as important as the service itself, 19 = only when nobody else wants the CPU. */
  nice: number;
}

/** Why a process was replaced. */
export type Ending = 'time' | 'memory' | 'crash';

/** A process takes a moment to start, on a busy machine a long one. */
const startingTime = 30_000;
/** One that has nothing to do for so long gives its memory back. */
const idleTime = 60_000;

/**
 * A process that does one job at a time and is replaced when one does not end or takes all its memory. A process and not a
 * thread: V8 ends the whole process when a thread's heap cannot grow by one large piece, whatever its limits.
 *
 * It gets no environment, so no secrets, and by Node's permissions may neither write files nor start programs.
 */
export class WorkerProcess {
  /** The one that is there, from the moment it starts. */
  private child?: ChildProcess;
  private ready?: Promise<ChildProcess>;
  private idle?: NodeJS.Timeout;
  private closed = false;

  constructor(
    private readonly limits: WorkerLimits,
    private readonly onEnding: (why: Ending) => void = () => undefined,
  ) {}

  /** @throws WorkerStopped when it took too long or too much memory; Error when something else went wrong */
  async ask<Job extends keyof Jobs>(job: Job, ...args: Parameters<Jobs[Job]>): Promise<Awaited<ReturnType<Jobs[Job]>>> {
    clearTimeout(this.idle);
    const child = await (this.ready ??= this.start());
    const answer = answerOf(child, (ended) => watch(child.pid!, this.limits.time, ended));
    child.send({ job, args });
    try {
      return (await answer) as Awaited<ReturnType<Jobs[Job]>>;
    } catch (error) {
      if (error instanceof Ended) {
        this.end();
        this.onEnding(error.why);
        if (error.why !== 'crash') throw new WorkerStopped(error.why);
      }
      throw error;
    } finally {
      this.idle = setTimeout(() => this.end(), idleTime).unref();
    }
  }

  /** Ends the process; it does not come back. */
  close(): void {
    this.closed = true;
    clearTimeout(this.idle);
    this.end();
  }

  private end(): void {
    this.child?.kill('SIGKILL');
    this.child = undefined;
    this.ready = undefined;
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
    this.child = child;
    // It keeps nobody from ending.
    child.unref();
    child.channel!.unref();
    child.on('error', () => undefined);
    // One that ends between two jobs is replaced by the next.
    child.once('exit', () => this.child === child && this.end());
    if (this.limits.nice > 0) setPriority(child.pid!, this.limits.nice);
    try {
      await answerOf(child, (ended) => setTimeout(() => ended('time'), startingTime));
    } catch (error) {
      if (this.child === child) this.end();
      throw new Error(`a worker did not start: ${(error as Error).message}`);
    }
    return child;
  }
}

class Ended extends Error {
  constructor(
    readonly why: Ending,
    message: string,
  ) {
    super(message);
  }
}

/** @param watchOver begins to watch over the time, and returns what to clear when it is not needed any more */
async function answerOf(
  child: ChildProcess,
  watchOver: (ended: (why: 'time') => void) => NodeJS.Timeout,
): Promise<unknown> {
  const { promise, resolve, reject } = Promise.withResolvers<unknown>();
  const onMessage = (answer: Answer) => {
    if ('error' in answer) reject(new Error(answer.error));
    else resolve('value' in answer ? answer.value : undefined);
  };
  const onExit = (code: number | null, signal: string | null) => {
    // V8 aborts when the heap is full.
    const why = signal === 'SIGABRT' || signal === 'SIGTRAP' ? 'memory' : 'crash';
    reject(new Ended(why, `the worker ended with ${signal ?? `code ${code}`}`));
  };
  const timer = watchOver((why) => reject(new Ended(why, 'the worker did not answer in time')));
  child.once('message', onMessage).once('exit', onExit);
  try {
    return await promise;
  } finally {
    clearInterval(timer);
    child.off('message', onMessage).off('exit', onExit);
  }
}

/** Says when a process has computed for so long, or for ten times as long has come to nothing. */
function watch(pid: number, time: number, ended: (why: 'time') => void): NodeJS.Timeout {
  const until = performance.now() + time * 10;
  const before = computedBy(pid);
  return setInterval(() => {
    const computed = computedBy(pid);
    if (performance.now() > until || computed === undefined || computed - before! >= time) ended('time');
  }, time);
}

/** How many milliseconds a process has computed; undefined where the system does not say, which is then taken for all the time. */
function computedBy(pid: number): number | undefined {
  try {
    // Behind the name, which may have spaces in it, come the state and then numbers; the 12th and 13th are hundredths of seconds.
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').pop()!.split(' ');
    return (Number(fields[11]) + Number(fields[12])) * 10;
  } catch {
    return undefined;
  }
}
