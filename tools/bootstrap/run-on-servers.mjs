/** Runs one command on real servers and leaves none of its own behind: what `npm test` and `npm run bench` share. */
import { StartError } from './errors.mjs';
import { onInterruption } from './interruption.mjs';
import { prepare } from './prepare.mjs';
import { endEverything } from './processes.mjs';
import { Display } from './terminal.mjs';

/** Exit code of a command that was interrupted, as shells have it for Ctrl-C. */
const interrupted = 130;

/**
 * Ends the process: with the exit code that the work returned, 1 when it could not be done, 130 when interrupted.
 * @param {(context: { display: Display, servers: import('./servers.mjs').Servers }) => Promise<number>} work
 */
export async function runOnServers(work) {
  const display = new Display();
  /** @type {import('./servers.mjs').Servers | undefined} */
  let servers;
  let ending = false;
  const end = async (/** @type {number} */ code) => {
    ending = true;
    display.stop();
    await servers?.stop();
    await endEverything();
    process.exit(code);
  };
  onInterruption({
    onFirst: () => {
      ending = true;
      // The command first, while its servers are still there.
      void endEverything({ kinds: ['service'] }).then(() => end(interrupted));
    },
    onSecond: () => void endEverything({ force: true }).then(() => process.exit(interrupted)),
  });
  try {
    await prepare({ display, database: 'postgres', folder: ['test'], onServers: (found) => (servers = found) });
    if (ending || !servers) return;
    await servers.ready;
    const code = await work({ display, servers });
    if (!ending) await end(code);
  } catch (error) {
    if (ending) return;
    const { message, stack } = /** @type {Error} */ (error);
    display.stop();
    display.print(`\n${display.paint('red', error instanceof StartError ? message : (stack ?? message))}`);
    await end(1);
  }
}
