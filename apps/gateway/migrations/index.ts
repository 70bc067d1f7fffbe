import { CreateGateway0001 } from './0001-create-gateway.ts';
import { DeadLettersByRecipient0002 } from './0002-dead-letters-by-recipient.ts';
import { SignedTokens0004 } from './0004-signed-tokens.ts';
import { SettledDeadLetters0005 } from './0005-settled-dead-letters.ts';
import { ApiKeysManaged0006 } from './0006-api-keys-managed.ts';
import { Members0007 } from './0007-members.ts';
import { TokenKeys0008 } from './0008-token-keys.ts';
import { Tenants0010 } from './0010-tenants.ts';
import { IdempotencyKeys0013 } from './0013-idempotency-keys.ts';
import { Outbox0014 } from './0014-outbox.ts';
import { AuditLog0017 } from './0017-audit-log.ts';
import { RateWindows0015 } from './0015-rate-windows.ts';
import { OutboundWebhooks0018 } from './0018-outbound-webhooks.ts';
import { SharedTables0020 } from './0020-shared-tables.ts';
import { AllowedOrigins0021 } from './0021-allowed-origins.ts';

export const migrations = [
  CreateGateway0001,
  DeadLettersByRecipient0002,
  SignedTokens0004,
  SettledDeadLetters0005,
  ApiKeysManaged0006,
  Members0007,
  TokenKeys0008,
  Tenants0010,
  IdempotencyKeys0013,
  Outbox0014,
  AuditLog0017,
  RateWindows0015,
  OutboundWebhooks0018,
  SharedTables0020,
  AllowedOrigins0021,
];
