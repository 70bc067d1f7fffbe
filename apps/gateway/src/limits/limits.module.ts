import { Module } from '@nestjs/common';
import { FailedCredentials } from './failed-credentials.ts';
import { RateLimits } from './rate-limits.ts';

/** How often somebody may ask, and how often be wrong about who they are. */
@Module({ providers: [RateLimits, FailedCredentials], exports: [RateLimits, FailedCredentials] })
export class LimitsModule {}
