/** Turns the services' pino JSON lines into lines for people. */

/** @typedef {'TRACE'|'DEBUG'|'INFO'|'WARN'|'ERROR'|'FATAL'} Level */

/** @type {Record<Level, import('./terminal.mjs').Style>} */
const levelStyles = { TRACE: 'gray', DEBUG: 'gray', INFO: 'green', WARN: 'yellow', ERROR: 'red', FATAL: 'red' };

/** pino's numbers, where a service does not log the level's name. @type {Record<number, Level>} */
const levelNumbers = { 10: 'TRACE', 20: 'DEBUG', 30: 'INFO', 40: 'WARN', 50: 'ERROR', 60: 'FATAL' };

/** Fields that the label, the time and the level already show, or that are the same on every line. */
const shownElsewhere = new Set(['level', 'time', 'pid', 'hostname', 'name', 'service', 'msg', 'err', 'stack', 'v']);

/** Shown only from WARN on: where it helps to find what belongs together. */
const shownForTrouble = new Set(['context', 'trace_id']);

const longestValue = 120;

/**
 * Control characters in a log line could move the cursor or recolour the terminal: what is logged came from outside.
 * @param {string} text
 */
export function withoutControls(text) {
  return text.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, '');
}

/**
 * @param {string} line
 * @returns {Record<string, any> | undefined} the fields of a pino line
 */
export function parseLogLine(line) {
  if (!line.startsWith('{')) return undefined;
  try {
    const fields = JSON.parse(line);
    return typeof fields.level === 'number' || typeof fields.level === 'string' ? fields : undefined;
  } catch {
    return undefined;
  }
}

/** @param {unknown} value */
function shortValue(value) {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? String(value));
  const plain = withoutControls(text).replaceAll('\n', '\\n');
  const short = plain.length > longestValue ? `${plain.slice(0, longestValue - 1)}…` : plain;
  return typeof value === 'string' && /[\s=]/.test(short) ? `"${short}"` : short;
}

/** @param {unknown} time milliseconds or RFC 3339, as pino is configured */
function clock(time) {
  const date = new Date(/** @type {any} */ (time ?? Date.now()));
  const at = Number.isNaN(date.getTime()) ? new Date() : date;
  return [at.getHours(), at.getMinutes(), at.getSeconds()].map((part) => String(part).padStart(2, '0')).join(':');
}

/** What Nest tells of its own start, a line per module and route: true of every start, so nobody reads it. */
const startContexts = new Set([
  'NestFactory',
  'InstanceLoader',
  'RoutesResolver',
  'RouterExplorer',
  'NestApplication',
  'NestMicroservice',
]);

/**
 * Whether a line is left out: of Nest's own start only what goes wrong is shown, and until the suite is up nothing
 * about a service that is not ready yet or a broker that is still coming up.
 * @param {Record<string, any>} fields
 * @param {{ starting: boolean }} options
 */
export function isNoise({ level, context }, { starting }) {
  if (startContexts.has(context)) return ['TRACE', 'DEBUG', 'INFO'].includes(levelOf(level));
  return starting && (context === 'health' || String(context).startsWith('amqp '));
}

/**
 * One line of a service's output as one or more lines for the terminal.
 * @param {string} line
 * @param {{ label: string, paint: import('./terminal.mjs').Painter, style: import('./terminal.mjs').Style }} options `label`
 *   is padded already
 * @returns {string}
 */
export function formatLogLine(line, { label, paint, style }) {
  const fields = parseLogLine(line);
  const head = (/** @type {unknown} */ time) => `${paint('gray', clock(time))} ${paint(style, label)} `;
  // Not ours, so its colours are kept: a stack trace, a library's warning.
  if (!fields) return `${head(undefined)}${line}`;

  const level = levelOf(fields.level);
  const inTrouble = level === 'WARN' || level === 'ERROR' || level === 'FATAL';
  const details = Object.entries(fields)
    .filter(([key]) => !shownElsewhere.has(key) && (inTrouble || !shownForTrouble.has(key)))
    .filter(([, value]) => value !== undefined && value !== null)
    .map(([key, value]) => paint('gray', `${key}=${shortValue(value)}`));
  const [message = '', ...more] = withoutControls(String(fields.msg ?? '')).split('\n');
  const first = [`${paint(levelStyles[level], level.padEnd(5))} ${message}`, ...details].join('  ');
  const below = [...more, ...stackOf(fields).split('\n')]
    .filter(Boolean)
    .map((text) => `${' '.repeat(9)}${paint(style, label)} ${paint('gray', text)}`);
  return [head(fields.time) + first, ...below].join('\n');
}

/** @param {string | number} level @returns {Level} */
function levelOf(level) {
  const name = typeof level === 'number' ? levelNumbers[Math.floor(level / 10) * 10] : level.toUpperCase();
  return name !== undefined && name in levelStyles ? /** @type {Level} */ (name) : 'INFO';
}

/** The error of a line, as pino serialises it or as Nest hands it over. @param {Record<string, any>} fields */
function stackOf({ err, stack }) {
  const text = err ? (err.stack ?? err.message ?? JSON.stringify(err)) : (stack ?? '');
  return withoutControls(String(text));
}
