export { DeliveryModule, deliveryRpcs } from './delivery.module.ts';
export type { DeliveryOptions } from './delivery-options.ts';
export { deliveryConfig, deliveryOptionsOf, uncertainPolicySchema, type DeliveryConfig } from './config.ts';
export { Sender } from './sending/sender.ts';
export { deliveryOf } from './sending/rendered.ts';
export type { UncertainPolicy } from './sending/verdict.ts';
export { defaultRetryPolicy } from './retry/retry-policy.ts';
export type { CheckResult, Finding, Message, NotAccepted, Provider, SendOutcome } from './provider/provider.ts';
export { noAnswer, refusedWith, retryAfterSeconds } from './provider/http-outcome.ts';
export type { NewDelivery } from './store/delivery-row.ts';
export { deliveryMigrations } from './migrations/index.ts';
export { EngagementStore } from './engagement/engagement-store.ts';
export { observe } from './outcomes/observe.ts';
export { ProviderDirectory } from './providers/provider-directory.ts';
export {
  providerKind,
  type InstallationProvider,
  type ProviderKind,
  type ProviderParts,
} from './providers/provider-kind.ts';
export { longestPrefix } from './caps/cap-claims.ts';
