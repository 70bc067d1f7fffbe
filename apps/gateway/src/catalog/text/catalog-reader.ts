import { Worker } from 'node:worker_threads';
import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { invalidCatalog } from './catalog-text.ts';
import type { Tasks } from './reading.worker.ts';

/**
 * Reads documents in a thread of its own: YAML may be made so that a megabyte of it takes many seconds, during which the gateway
 * would answer nobody. One document at a time.
 */
@Injectable()
export class CatalogReader implements OnApplicationShutdown {
  /** A megabyte takes a second or two; a text that is made to be slow is given up. */
  protected readonly mostMs: number = 15_000;
  private worker?: Worker;
  private last: Promise<unknown> = Promise.resolve();

  /** @throws Problem 422 `invalid_catalog` for what takes too long */
  ask<Task extends keyof Tasks>(task: Task, ...args: Parameters<Tasks[Task]>): Promise<ReturnType<Tasks[Task]>> {
    const answer = this.last.then(() => this.run(task, args));
    this.last = answer.catch(() => undefined);
    return answer as Promise<ReturnType<Tasks[Task]>>;
  }

  async onApplicationShutdown(): Promise<void> {
    await this.worker?.terminate();
  }

  private async run(task: keyof Tasks, args: unknown[]): Promise<unknown> {
    const worker = (this.worker ??= start());
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    const timer = setTimeout(() => void worker.terminate(), this.mostMs);
    // A thread that runs out of memory says so by an error.
    const end = () => reject(invalidCatalog([{ path: '(root)', message: 'takes too long to read; make it smaller' }]));
    worker.once('message', resolve).once('error', end).once('exit', end);
    worker.postMessage({ task, args });
    try {
      return await promise;
    } catch (error) {
      this.worker = undefined;
      throw error;
    } finally {
      clearTimeout(timer);
      worker.off('message', resolve).off('error', end).off('exit', end);
    }
  }
}

function start(): Worker {
  const extension = import.meta.filename.endsWith('.ts') ? 'ts' : 'js';
  const worker = new Worker(new URL(`./reading.worker.${extension}`, import.meta.url), {
    resourceLimits: { maxOldGenerationSizeMb: 512 },
  });
  worker.unref();
  // One that ends after its answer is nobody's concern any more.
  worker.on('error', () => undefined);
  return worker;
}
