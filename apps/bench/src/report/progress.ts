/** Where the run is: one live line on a terminal, a line per finished measurement elsewhere. */
export class Progress {
  private readonly live = process.stderr.isTTY === true && process.env.TERM !== 'dumb';

  /** @param steps measurements in the whole run */
  constructor(private readonly steps: number) {}

  private step = 0;

  /** A measurement is under way: `done` of `total`. */
  show(label: string, done: number, total: number, detail = ''): void {
    if (!this.live) return;
    const width = 24;
    const filled = Math.round((Math.min(done, total) / total) * width);
    const bar = '█'.repeat(filled) + '░'.repeat(width - filled);
    const line = `[${this.step + 1}/${this.steps}] ${label}  ${bar} ${done}/${total}  ${detail}`;
    process.stderr.write(`\r\u001b[K${line.slice(0, (process.stderr.columns ?? 100) - 1)}`);
  }

  /** A measurement ended. */
  finish(label: string, result: string): void {
    this.step += 1;
    this.say(`[${this.step}/${this.steps}] ${label}  ${result}`);
  }

  /** A line that stays. */
  say(line: string): void {
    if (this.live) process.stderr.write('\r\u001b[K');
    process.stderr.write(`${line}\n`);
  }

  /** Takes the live line away. */
  clear(): void {
    if (this.live) process.stderr.write('\r\u001b[K');
  }
}
