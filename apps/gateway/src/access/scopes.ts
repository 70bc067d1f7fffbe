/** What an API key may do; `admin` includes the others. */
export const scopes = ['events:write', 'recipients:write', 'admin'] as const;
export type Scope = (typeof scopes)[number];

/** What only keys that the settings name may do, whatever else they may: look after the tenants of the installation. */
export const platformScope = 'platform';

/** What members of a tenant may do in the console, least first: each may do what those before it may. */
export const roles = ['viewer', 'support', 'editor', 'owner'] as const;
export type Role = (typeof roles)[number];

/** Who is asking. */
export type Caller =
  | { kind: 'api_key'; tenant: string; keyId: string; name: string; scopes: readonly string[] }
  | { kind: 'member'; tenant: string; memberId: string; sessionId: string; name: string; role: Role }
  | { kind: 'recipient'; tenant: string; recipient: string };
