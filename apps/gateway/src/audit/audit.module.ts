import { Module } from '@nestjs/common';
import { APP_INTERCEPTOR } from '@nestjs/core';
import { AuditInterceptor } from './audit.interceptor.ts';
import { AuditLog } from './audit-log.ts';
import { AuditLogController } from './audit-log.controller.ts';
import { AuditRetention } from './audit-retention.ts';

/** Who did what. */
@Module({
  controllers: [AuditLogController],
  providers: [AuditLog, AuditRetention, AuditInterceptor, { provide: APP_INTERCEPTOR, useExisting: AuditInterceptor }],
  exports: [AuditLog],
})
export class AuditModule {}
