import { h } from '../dom.js';
import { fullTime, lasting, timeAgo } from '../format.js';

/**
 * How long ago, with the exact time when pointed at.
 * @param {string} at RFC 3339
 * @param {number} [now] by the clock that `at` is of, Unix time in milliseconds; default: the browser's
 */
export function ago(at, now = Date.now()) {
  return h('time', { datetime: at, title: fullTime(at) }, timeAgo(at, now));
}

/**
 * For how long, with the exact time of the beginning when pointed at.
 * @param {string} since RFC 3339
 * @param {number} now by the clock that `since` is of, Unix time in milliseconds
 */
export function lastingSince(since, now) {
  return h('time', { datetime: since, title: `since ${fullTime(since)}` }, lasting(since, now));
}

/**
 * The time of day in the reader's zone.
 * @param {string} at RFC 3339
 */
export function clock(at) {
  return h('time', { datetime: at, title: fullTime(at) }, new Date(at).toLocaleTimeString());
}

/**
 * The exact time in the reader's zone.
 * @param {string} at RFC 3339
 */
export function exactly(at) {
  return h('time', { datetime: at, title: timeAgo(at, Date.now()) }, fullTime(at));
}
