import { CreateGateway0001 } from './0001-create-gateway.ts';

export const migrations = [CreateGateway0001];
