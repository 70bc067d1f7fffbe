/** What an API key may do; `admin` includes the others. */
export const scopes = ['events:write', 'recipients:write', 'admin'] as const;
export type Scope = (typeof scopes)[number];

/** Who is asking. */
export type Caller =
  | { kind: 'api_key'; tenant: string; keyId: string; name: string; scopes: readonly string[] }
  | { kind: 'recipient'; tenant: string; recipient: string };
