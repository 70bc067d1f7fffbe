import * as contracts from '@carillon/contracts';
import type { EventContract, RpcContract } from '@carillon/contracts';

// Some stand alone, some in a record of several (the outcomes of a delivery).
const candidates: unknown[] = Object.values(contracts).flatMap((exported: unknown) =>
  isObject(exported) && !isEventContract(exported) && !isRpcContract(exported) ? Object.values(exported) : [exported],
);

/** Every event that `libs/contracts` exports. */
export const eventContracts: readonly EventContract<unknown>[] = candidates.filter(isEventContract);

/** Every question that `libs/contracts` exports. */
export const rpcContracts: readonly RpcContract<unknown, unknown>[] = candidates.filter(isRpcContract);

function isEventContract(value: unknown): value is EventContract<unknown> {
  return isObject(value) && 'exchange' in value && 'schema' in value && 'example' in value;
}

function isRpcContract(value: unknown): value is RpcContract<unknown, unknown> {
  return isObject(value) && 'request' in value && 'response' in value && 'example' in value;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
