/** How many files of tests run side by side. */

/** What one of them takes of PostgreSQL at most: all services, some twice, and what looks on. 30 were seen. */
const connectionsEach = 40;

/**
 * Half as many again as there are cores, because most tests wait for servers a good part of the time; but never more than the database
 * has connections for.
 * @param {{ cores: number, maxConnections: number }} machine
 * @returns {number}
 */
export function workersFor({ cores, maxConnections }) {
  return Math.max(1, Math.min(Math.ceil(cores * 1.5), Math.floor(maxConnections / connectionsEach)));
}

/**
 * @param {string[]} args for Jest
 * @returns {boolean} whether they say themselves how many
 */
export function nameWorkers(args) {
  return args.some((arg) => /^(-w|--maxWorkers|-i$|--runInBand)/.test(arg));
}
