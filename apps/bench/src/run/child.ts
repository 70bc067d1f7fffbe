import { spawn, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export interface ChildOptions {
  /** For messages and for the CPU table: `floor inbox`. */
  name: string;
  /** Compiled JavaScript: a file URL, or a path. */
  file: string | URL;
  env: Record<string, string>;
  /** Whether it talks back over IPC; Carillon's services do not. */
  ipc?: boolean;
  /** Where `--cpu-prof` leaves its file. */
  profileTo?: string;
}

/**
 * A program beside the module that names it: compiled where that one is compiled, the source itself in tests (Node runs
 * TypeScript whose types can be stripped).
 */
export function program(path: string, nextTo: string): URL {
  return new URL(`${path}${nextTo.endsWith('.ts') ? '.ts' : '.js'}`, nextTo);
}

/** A process of the measurement. Its output is kept and shown only when something goes wrong. */
export class Child {
  readonly name: string;
  private readonly process: ChildProcess;
  private readonly output: string[] = [];
  private readonly exited: Promise<void>;
  private stopping = false;
  private wanted: { resolve(message: unknown): void; reject(error: Error): void }[] = [];
  private received: unknown[] = [];
  private ended?: Error;

  constructor({ name, file, env, ipc = true, profileTo }: ChildOptions) {
    this.name = name;
    const profiling = profileTo
      ? ['--cpu-prof', `--cpu-prof-dir=${profileTo}`, `--cpu-prof-name=${name.replaceAll(' ', '-')}.cpuprofile`]
      : [];
    this.process = spawn(process.execPath, [...profiling, typeof file === 'string' ? file : fileURLToPath(file)], {
      env: { PATH: process.env.PATH, NODE_OPTIONS: process.env.NODE_OPTIONS, ...env },
      stdio: ipc ? ['ignore', 'pipe', 'pipe', 'ipc'] : ['ignore', 'pipe', 'pipe'],
      // A group of its own: Ctrl-C reaches the bench, which stops its processes in order.
      detached: true,
    });
    for (const stream of [this.process.stdout!, this.process.stderr!]) {
      stream.setEncoding('utf8').on('data', (text: string) => this.keep(text));
    }
    this.process.on('message', (message) => {
      const next = this.wanted.shift();
      if (next) next.resolve(message);
      else this.received.push(message);
    });
    this.exited = new Promise((resolve) => {
      this.process.on('error', (error) => this.end(error, resolve));
      this.process.on('exit', (code, signal) =>
        this.end(new Error(`${name} ended with ${signal ?? `code ${code}`}${this.said()}`), resolve),
      );
    });
  }

  get pid(): number {
    return this.process.pid!;
  }

  /** Why it is gone, when it ended without being asked to. */
  trouble(): Error | undefined {
    return this.stopping ? undefined : this.ended;
  }

  /** What it says next. Rejects when it ends instead. */
  next<Message>(): Promise<Message> {
    if (this.received.length > 0) return Promise.resolve(this.received.shift() as Message);
    if (this.ended) return Promise.reject(this.ended);
    return new Promise((resolve, reject) =>
      this.wanted.push({ resolve: resolve as (message: unknown) => void, reject }),
    );
  }

  async ask<Answer>(question: string | object): Promise<Answer> {
    this.process.send!(question);
    return this.next<Answer>();
  }

  /** Asks it to end, and insists after a while. */
  async stop(): Promise<void> {
    this.stopping = true;
    if (this.ended) return;
    // Our own processes end when the channel closes, in an orderly way, so that a CPU profile is written.
    if (this.process.channel) this.process.disconnect();
    else this.process.kill('SIGTERM');
    const insist = setTimeout(() => this.process.kill('SIGKILL'), 10_000);
    await this.exited;
    clearTimeout(insist);
  }

  /** The last of its output, for an error message. */
  said(): string {
    return this.output.length > 0 ? `; it said:\n${this.output.slice(-20).join('\n')}` : '';
  }

  private keep(text: string): void {
    this.output.push(...text.split('\n').filter(Boolean));
    this.output.splice(0, this.output.length - 200);
  }

  private end(error: Error, resolve: () => void): void {
    this.ended ??= error;
    for (const { reject } of this.wanted.splice(0)) reject(error);
    resolve();
  }
}
