/** Ctrl-C, SIGTERM, a closed terminal, and the end of the npm that started us. */

import { readFileSync } from 'node:fs';

/** npm passes a signal on that the terminal has sent us too; within this time both are one. */
const samePressMs = 500;

/**
 * Calls back at the first request to end, and again at a second one.
 * @param {{ onFirst: (reason: string) => void, onSecond: () => void }} handlers
 */
export function onInterruption({ onFirst, onSecond }) {
  /** @type {number | undefined} */
  let first;
  const request = (/** @type {string} */ reason) => {
    const now = Date.now();
    if (first === undefined) {
      first = now;
      onFirst(reason);
    } else if (now - first > samePressMs) {
      onSecond();
    }
  };
  for (const signal of /** @type {NodeJS.Signals[]} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) {
    process.on(signal, () => request(signal));
  }
  if (process.env.npm_lifecycle_event) watchParent(() => request('the end of npm'));
}

/**
 * npm, killed with a signal that it cannot pass on, leaves us running with nobody to stop us.
 * @param {() => void} onGone
 */
function watchParent(onGone) {
  const parents = ancestors();
  const timer = setInterval(() => {
    if (ancestors() === parents) return;
    clearInterval(timer);
    onGone();
  }, 500);
  timer.unref();
}

/**
 * Our parent and, where the system tells, its parent: npm may run a shell that runs us. A process whose parent ends
 * is given another one.
 */
function ancestors() {
  try {
    // proc(5): `pid (name) state ppid …`; the name may itself hold spaces and brackets.
    const stat = readFileSync(`/proc/${process.ppid}/stat`, 'utf8');
    return `${process.ppid} ${stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]}`;
  } catch {
    return String(process.ppid);
  }
}
