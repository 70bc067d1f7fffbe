/**
 * The one check that must work on any Node. Everything after it may use what Node 20.19 has; the services
 * themselves run on Node 24, which comes as the npm package `node`.
 */

/** Oldest Node that can run the bootstrap. */
const oldest = { major: 20, minor: 19 };

/**
 * @param {string} version as in `process.versions.node`, e.g. `20.19.0`
 * @returns {boolean} whether the bootstrap can run on it
 */
export function isSupported(version) {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major > oldest.major || (major === oldest.major && minor >= oldest.minor);
}

/** Ends the process with a clear line when Node is too old. */
export function requireNode() {
  if (isSupported(process.versions.node)) return;
  console.error(
    `Carillon needs Node ${oldest.major}.${oldest.minor} or newer to start; this is ${process.versions.node}.\n` +
      'Install a current Node (https://nodejs.org/en/download) and run the command again.',
  );
  process.exit(1);
}
