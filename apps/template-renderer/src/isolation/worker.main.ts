/** The process in which templates are compiled and filled in that the service does not trust with its own thread. */
import { Worker } from 'node:worker_threads';
import { jobs, type Answer, type Question } from './jobs.ts';

// When the service is killed, nobody is left to stop a template that never ends.
new Worker(
  `const { workerData: parent } = require('node:worker_threads');
   setInterval(() => process.ppid === parent || process.kill(process.pid, 'SIGKILL'), 500);`,
  { eval: true, workerData: process.ppid, resourceLimits: { maxOldGenerationSizeMb: 16, maxYoungGenerationSizeMb: 4 } },
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
