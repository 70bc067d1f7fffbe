/** The thread in which documents are read. */
import { parentPort } from 'node:worker_threads';
import { placesOf, read } from './reading.ts';
import { withPart } from './with-part.ts';

/** What the thread can be asked. */
const tasks = { read, placesOf, withPart };
export type Tasks = typeof tasks;

// The parser makes an error of every mistake, and the stack of an error costs more than the mistake.
Error.stackTraceLimit = 0;

parentPort!.on('message', ({ task, args }: { task: keyof Tasks; args: never }) => {
  parentPort!.postMessage((tasks[task] as (...args: never) => unknown)(...args));
});
