export { runService, startService, type ServiceOptions, type RunningService } from './run-service.ts';
export { CONFIG, ConfigError, commonConfig, readConfig, type CommonConfig } from './config.ts';
export { PublicLinks, type LinkedDelivery, type LinkedSubscription } from './public-links/public-links.ts';
export { JsonLogger } from './logging.ts';
export { Repeating } from './repeating.ts';
export { days, daysByTenant } from './retention-days.ts';
export { SecretBox, secretBox, secretsConfig, SecretUnreadable, type SecretsKey } from './secrets/secret-box.ts';
export { ForbiddenTarget, OutboundGuard, outboundConfig } from './outbound/outbound-guard.ts';
export { NoAnswer, outboundRequest, type OutboundAnswer, type OutboundRequest } from './outbound/outbound-request.ts';
