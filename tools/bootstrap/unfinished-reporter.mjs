/**
 * A Jest reporter that ends a run which does not end by itself: a test that leaves a server or a timer open would
 * otherwise keep a build server waiting for ever.
 */

/** How long the run may take to end after its summary. */
const endWithinMs = 10_000;

export default class UnfinishedReporter {
  onRunComplete() {
    const timer = setTimeout(() => {
      const open = process.getActiveResourcesInfo().filter((kind) => !['TTYWrap', 'PipeWrap'].includes(kind));
      console.error(
        `\nThe tests are over, but something that one of them left open keeps the process running: ${open.join(', ')}.\n` +
          'Find it with: npm test -- <path> --detectOpenHandles',
      );
      process.exit(1);
    }, endWithinMs);
    timer.unref();
    // Left to itself, Node tears its environment down handle by handle, and after a run of this size that was seen to spin for
    // ever (Environment::CleanupHandles). Exiting by ourselves, once nothing is left to do, skips it and keeps Jest's exit code.
    process.once('beforeExit', () => process.exit());
  }

  /** Jest asks every reporter whether it found a reason to fail. */
  getLastError() {
    return undefined;
  }
}
