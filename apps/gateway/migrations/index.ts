import { CreateGateway0001 } from './0001-create-gateway.ts';
import { DeadLettersByRecipient0002 } from './0002-dead-letters-by-recipient.ts';
import { SignedTokens0004 } from './0004-signed-tokens.ts';

export const migrations = [CreateGateway0001, DeadLettersByRecipient0002, SignedTokens0004];
