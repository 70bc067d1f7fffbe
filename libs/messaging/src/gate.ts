import { setTimeout as sleep } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { Abandoned } from './errors.ts';
import { consumerPaused } from './metrics.ts';

/** Something that handlers need, whose absence is not the message's fault: the database, the broker. */
export interface Dependency {
  name: string;
  /** Whether an error means that the dependency is away. */
  isAway(error: unknown): boolean;
  /** Resolves when the dependency answers. */
  ping(): Promise<unknown>;
}

/**
 * Pauses consumption while a dependency is away: items wait here instead of failing, the prefetch keeps further messages
 * at the broker, and one probe at a time asks for the dependency's return.
 */
export class Gate {
  private readonly logger = new Logger(Gate.name);
  private closed?: { dependency: Dependency; reopened: Promise<void> };
  private stopped = false;

  constructor(private readonly dependencies: readonly Dependency[]) {}

  /** Resolves at once while all is well, otherwise when the dependency is back. */
  async passed(): Promise<void> {
    while (this.closed) {
      if (this.stopped) throw new Abandoned();
      await this.closed.reopened;
    }
  }

  /** Closes the gate if the error says that a dependency is away. Returns whether it did: then try again after `passed`. */
  closesFor(error: unknown): boolean {
    const dependency = this.dependencies.find((candidate) => candidate.isAway(error));
    if (!dependency) return false;
    if (!this.closed) {
      this.logger.warn({ msg: `${dependency.name} is away, consumers pause`, error: (error as Error).message });
      consumerPaused.set({ dependency: dependency.name }, 1);
      this.closed = { dependency, reopened: this.waitFor(dependency) };
    }
    return true;
  }

  /** Which dependency is waited for. */
  waitsFor(): string | undefined {
    return this.closed?.dependency.name;
  }

  /** For shutdown: what waits here is abandoned, so the broker delivers it to another replica. */
  stop(): void {
    this.stopped = true;
  }

  private async waitFor(dependency: Dependency): Promise<void> {
    for (let delay = 100; !this.stopped; delay = Math.min(delay * 2, 2_000)) {
      await sleep(delay * (0.75 + Math.random() / 2));
      try {
        await dependency.ping();
      } catch {
        continue;
      }
      this.logger.log(`${dependency.name} is back, consumers resume`);
      consumerPaused.set({ dependency: dependency.name }, 0);
      this.closed = undefined;
      return;
    }
  }
}
