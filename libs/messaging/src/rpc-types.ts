import type { RpcContract } from '@carillon/contracts';

/** The request type of an RPC contract. */
export type RequestOf<C> = C extends RpcContract<infer Request, any> ? Request : never;
/** The response type of an RPC contract. */
export type ResponseOf<C> = C extends RpcContract<any, infer Response> ? Response : never;
