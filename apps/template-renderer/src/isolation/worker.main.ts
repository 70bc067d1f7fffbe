/** The process in which templates are compiled and filled in that the service does not trust with its own thread. */
import { Worker } from 'node:worker_threads';
import { jobs, type Answer, type Question } from './jobs.ts';

// When the service is killed, nobody is left to stop a template that never ends.
new Worker(
  `const { ppid } = process;
   setInterval(() => process.ppid === ppid || process.kill(process.pid, 'SIGKILL'), 500);`,
  { eval: true, resourceLimits: { maxOldGenerationSizeMb: 4, maxYoungGenerationSizeMb: 1 } },
).unref();
process.on('disconnect', () => process.exit());
// Ctrl-C reaches the whole group; the service ends its workers when its own work is done.
process.on('SIGINT', () => undefined);

process.on('message', async ({ job, args }: Question) => {
  try {
    say({ value: await (jobs[job] as (...args: unknown[]) => unknown)(...args) });
  } catch (error) {
    say({ error: (error as Error).message });
  }
});
say({ ready: true });

function say(answer: Answer): void {
  process.send!(answer);
}
