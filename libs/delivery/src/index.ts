export type { Message, Provider, SendOutcome } from './provider/provider.ts';
export { deliveryConfig } from './config.ts';
