/** How values are shown. Pure: the present and the language come in. */

/** Colours of the states: `good`, `busy`, `warn`, `bad`, `off`. */
export const tones = {
  // deliveries
  queued: 'busy',
  sending: 'busy',
  sent: 'good',
  delivered: 'good',
  retrying: 'warn',
  failed: 'bad',
  suppressed: 'off',
  expired: 'off',
  cancelled: 'off',
  uncertain: 'warn',
  // attempts
  accepted: 'good',
  retryable: 'warn',
  throttled: 'warn',
  permanent: 'bad',
  // decisions
  send: 'good',
  drop: 'off',
  defer: 'warn',
  digest: 'warn',
  batch: 'warn',
  // dead letters
  parked: 'bad',
  replayed: 'good',
  discarded: 'off',
  // in-app
  unread: 'busy',
  read: 'good',
  archived: 'off',
  snoozed: 'warn',
  // members and API keys
  active: 'good',
  invited: 'warn',
  revoked: 'off',
  // services
  ok: 'good',
  degraded: 'warn',
  not_ready: 'bad',
  missing: 'bad',
  // breakers of providers
  closed: 'good',
  half_open: 'warn',
  open: 'bad',
};

/** @param {string} status a state of anything; an unknown one is shown without a colour of its own */
export function toneOf(status) {
  return Object.hasOwn(tones, status) ? tones[/** @type {keyof typeof tones} */ (status)] : 'off';
}

/** States of a delivery that change by themselves. */
export const inFlight = ['queued', 'sending', 'retrying'];

/** States of a delivery that can be tried again by hand. */
export const retryable = ['failed', 'uncertain'];

/** @type {Record<string, string>} */
const channelNames = { in_app: 'In-app', email: 'Email', sms: 'SMS', push: 'Push', chat: 'Chat' };

/**
 * @param {string} channel
 * @returns {string}
 */
export function channelName(channel) {
  return (Object.hasOwn(channelNames, channel) && channelNames[channel]) || channel;
}

/** @type {[Intl.RelativeTimeFormatUnit, number][]} */
const units = [
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
  ['second', 1],
];

/**
 * `3 minutes ago`, `in 2 hours`; longer ago than a week is a date.
 * @param {string} time RFC 3339
 * @param {number} now Unix time in milliseconds
 * @param {string} [locale] default: the browser's
 */
export function timeAgo(time, now, locale) {
  const seconds = Math.round((Date.parse(time) - now) / 1000);
  if (Number.isNaN(seconds)) return time;
  if (Math.abs(seconds) > 7 * 86_400) return new Date(time).toLocaleDateString(locale, { dateStyle: 'medium' });
  const [unit, length] = units.find(([, length]) => Math.abs(seconds) >= length) ?? ['second', 1];
  return new Intl.RelativeTimeFormat(locale, { numeric: 'auto' }).format(Math.trunc(seconds / length), unit);
}

/**
 * For how long something has been so: `3 minutes`.
 * @param {string} since RFC 3339
 * @param {number} now Unix time in milliseconds
 * @param {string} [locale] default: the browser's
 */
export function lasting(since, now, locale) {
  const seconds = Math.max(0, Math.round((now - Date.parse(since)) / 1000));
  const [unit, length] = units.find(([, length]) => seconds >= length) ?? ['second', 1];
  return Math.trunc(seconds / length).toLocaleString(locale, { style: 'unit', unit, unitDisplay: 'long' });
}

/**
 * @param {string} time RFC 3339
 * @param {string} [locale]
 */
export function fullTime(time, locale) {
  const date = new Date(time);
  if (Number.isNaN(date.getTime())) return time;
  return date.toLocaleString(locale, { dateStyle: 'medium', timeStyle: 'medium' });
}

/**
 * How long an attempt took.
 * @param {string} from RFC 3339
 * @param {string} to RFC 3339
 */
export function duration(from, to) {
  const ms = Date.parse(to) - Date.parse(from);
  if (!(ms >= 0)) return '';
  return ms < 1000 ? `${ms} ms` : `${(ms / 1000).toFixed(1)} s`;
}

/**
 * JSON in lines; anything else as it is.
 * @param {string} text
 */
export function prettyJson(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}
