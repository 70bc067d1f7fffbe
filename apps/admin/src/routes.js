/** Addresses within the console stand after the `#`: `#/deliveries/email?status=failed`. */

/**
 * @typedef {object} Route
 * @property {string[]} path `['deliveries', 'email']`
 * @property {Record<string, string>} query
 */

/**
 * @param {string} hash
 * @returns {Route}
 */
export function parseHash(hash) {
  const [path = '', query = ''] = hash.replace(/^#\/?/, '').split('?', 2);
  return {
    path: path.split('/').filter(Boolean).map(decode),
    query: Object.fromEntries(new URLSearchParams(query)),
  };
}

/**
 * @param {string[]} path
 * @param {Record<string, string | null | undefined>} [query] members without a value are left out
 */
export function hrefTo(path, query = {}) {
  const given = Object.entries(query).filter(([, value]) => value);
  const search = new URLSearchParams(/** @type {[string, string][]} */ (given)).toString();
  return `#/${path.map(encodeURIComponent).join('/')}${search && `?${search}`}`;
}

/** @param {string} part */
function decode(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part; // a stray % that someone typed
  }
}
