/**
 * Does something again and again as long as the person looks: not while the tab is hidden, at once when it is shown again,
 * never twice at a time.
 *
 * @param {number} everyMs
 * @param {AbortSignal} signal of leaving the page
 * @param {() => Promise<void>} work
 */
export function whileLooking(everyMs, signal, work) {
  let running = false;
  const turn = async () => {
    if (document.hidden || running) return;
    running = true;
    await work().finally(() => (running = false));
  };
  const timer = setInterval(turn, everyMs);
  document.addEventListener('visibilitychange', turn, { signal });
  signal.addEventListener('abort', () => clearInterval(timer));
}
