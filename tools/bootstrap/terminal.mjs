/** What the person at the terminal sees: colours, steps with their progress, tables. */

/** @typedef {'bold'|'dim'|'red'|'green'|'yellow'|'blue'|'magenta'|'cyan'|'gray'|'brightGreen'|'brightBlue'|'brightMagenta'|'brightCyan'|'brightYellow'} Style */

/** @type {Record<Style, [number, number]>} */
const codes = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  blue: [34, 39],
  magenta: [35, 39],
  cyan: [36, 39],
  gray: [90, 39],
  brightGreen: [92, 39],
  brightYellow: [93, 39],
  brightBlue: [94, 39],
  brightMagenta: [95, 39],
  brightCyan: [96, 39],
};

/**
 * Whether to colour, by the conventions of https://no-color.org and https://force-color.org.
 * @param {{ isTTY?: boolean }} stream
 * @param {NodeJS.ProcessEnv} [environment]
 */
export function wantsColour(stream, environment = process.env) {
  if (environment.NO_COLOR) return false;
  if (environment.FORCE_COLOR) return environment.FORCE_COLOR !== '0';
  return stream.isTTY === true && environment.TERM !== 'dumb';
}

/**
 * @typedef {(style: Style, text: string) => string} Painter
 */

/**
 * @param {boolean} coloured
 * @returns {Painter}
 */
export function painter(coloured) {
  return (style, text) => (coloured ? `\u001b[${codes[style][0]}m${text}\u001b[${codes[style][1]}m` : text);
}

/**
 * A drawn bar with its numbers: `████████░░░░ 412/980`.
 * @param {number} done
 * @param {number} total
 * @param {number} [width] characters of the bar
 */
export function bar(done, total, width = 24) {
  const share = total > 0 ? Math.min(1, done / total) : 0;
  const filled = Math.round(share * width);
  return `${'█'.repeat(filled)}${'░'.repeat(width - filled)} ${done}/${total}`;
}

/**
 * @param {number} milliseconds
 * @returns {string} `0.4 s`, `12 s`, `2 min 5 s`
 */
export function duration(milliseconds) {
  const seconds = milliseconds / 1000;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 60) return `${Math.round(seconds)} s`;
  const whole = Math.round(seconds);
  return `${Math.floor(whole / 60)} min ${whole % 60} s`;
}

/**
 * Columns padded to their widest cell; two spaces between, none after the last.
 * @param {string[][]} rows
 * @param {{ indent?: string, heading?: (cell: string) => string }} [options] `heading` paints the first row
 * @returns {string}
 */
export function table(rows, { indent = '  ', heading } = {}) {
  const widths = rows.reduce(
    (widest, row) => row.map((cell, column) => Math.max(widest[column] ?? 0, cell.length)),
    /** @type {number[]} */ ([]),
  );
  return rows
    .map((row, index) =>
      (indent + row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  '))
        .trimEnd()
        .replace(/\S.*/, (text) => (index === 0 && heading ? heading(text) : text)),
    )
    .join('\n');
}

/** @typedef {(progress: string | { done: number, total: number }) => void} Report */

const frames = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];

/**
 * Prints lines, and below them, on a terminal, one line that shows the steps under way. Without a terminal (a log
 * file, CI) progress becomes plain lines, few enough to read.
 */
export class Display {
  /** @type {Map<symbol, { label: string, since: number, progress: string }>} */
  #steps = new Map();
  /** @type {NodeJS.Timeout | undefined} */
  #timer;
  #frame = 0;
  #drawn = false;

  /** @param {NodeJS.WriteStream} [stream] */
  constructor(stream = process.stdout) {
    this.stream = stream;
    this.live = stream.isTTY === true && process.env.TERM !== 'dumb';
    this.paint = painter(wantsColour(stream));
  }

  /** @param {string} [text] */
  print(text = '') {
    this.#erase();
    this.stream.write(`${text}\n`);
    this.#draw();
  }

  /**
   * Runs one step and prints how it ended.
   * @template T
   * @param {string} label the thing that is worked on, in a word or two
   * @param {(report: Report) => Promise<T>} work
   * @param {(result: T) => string} [describe] what to say of the result; the time is added when it took long
   * @returns {Promise<T>}
   */
  async step(label, work, describe = () => '') {
    const step = Symbol(label);
    const since = Date.now();
    this.#steps.set(step, { label, since, progress: '' });
    this.#tick();
    try {
      const result = await work((progress) => this.#report(step, progress));
      this.#steps.delete(step);
      const took = Date.now() - since;
      const time = took >= 500 ? this.paint('gray', ` (${duration(took)})`) : '';
      this.print(`  ${this.paint('green', '✓')} ${label.padEnd(14)} ${describe(result)}${time}`);
      return result;
    } catch (error) {
      this.#steps.delete(step);
      this.print(`  ${this.paint('red', '✗')} ${label.padEnd(14)} ${this.paint('red', 'failed')}`);
      throw error;
    } finally {
      if (this.#steps.size === 0) this.stop();
    }
  }

  /** Takes the line of steps under way off the terminal. */
  stop() {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#erase();
  }

  /** @param {symbol} key @param {string | { done: number, total: number }} progress */
  #report(key, progress) {
    const step = this.#steps.get(key);
    if (!step) return;
    const before = step.progress;
    if (this.live) {
      step.progress = typeof progress === 'string' ? progress : bar(progress.done, progress.total);
      return;
    }
    // Quarters only: a log needs to show that it moves, not every step of it.
    step.progress =
      typeof progress === 'string'
        ? progress
        : `${Math.floor((4 * progress.done) / Math.max(1, progress.total)) * 25} %`;
    if (step.progress !== before) this.stream.write(`  … ${step.label.padEnd(14)} ${step.progress}\n`);
  }

  #tick() {
    if (!this.live || this.#timer) return;
    this.#timer = setInterval(() => {
      this.#erase();
      this.#draw();
    }, 100);
    this.#timer.unref();
  }

  #draw() {
    if (!this.live || this.#steps.size === 0) return;
    this.#frame = (this.#frame + 1) % frames.length;
    const parts = [...this.#steps.values()].map(
      ({ label, since, progress }) => `${label} ${progress || duration(Date.now() - since)}`,
    );
    const line = `  ${frames[this.#frame]} ${parts.join(' · ')}`;
    this.stream.write(line.slice(0, (this.stream.columns || 80) - 1));
    this.#drawn = true;
  }

  #erase() {
    if (!this.#drawn) return;
    this.stream.write('\r\u001b[K');
    this.#drawn = false;
  }
}
