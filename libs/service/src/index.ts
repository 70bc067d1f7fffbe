export { runService, startService, type ServiceOptions, type RunningService } from './run-service.ts';
export { CONFIG, ConfigError, commonConfig, readConfig, type CommonConfig } from './config.ts';
export { JsonLogger } from './logging.ts';
export { Repeating } from './repeating.ts';
export { days, daysByTenant } from './retention-days.ts';
