/**
 * What tests import as `fast-check`: with the same cases in every run, so that a run is red for what was changed. Others are looked for on
 * purpose: `PROPERTY_SEED=random npm test`, or the seed of a failure to see it again.
 */
import fc from '../../node_modules/fast-check/lib/fast-check.js';

const { PROPERTY_SEED: seed = '20261122' } = process.env;
if (seed !== 'random') fc.configureGlobal({ ...fc.readConfigureGlobal(), seed: Number(seed) });

export * from '../../node_modules/fast-check/lib/fast-check.js';
export default fc;
