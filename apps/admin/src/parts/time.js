import { h } from '../dom.js';
import { fullTime, timeAgo } from '../format.js';

/**
 * How long ago, with the exact time when pointed at.
 * @param {string} at RFC 3339
 */
export function ago(at) {
  return h('time', { datetime: at, title: fullTime(at) }, timeAgo(at, Date.now()));
}

/**
 * The exact time in the reader's zone.
 * @param {string} at RFC 3339
 */
export function exactly(at) {
  return h('time', { datetime: at, title: timeAgo(at, Date.now()) }, fullTime(at));
}
