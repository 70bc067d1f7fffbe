/** What a process of sockets is asked: to open one per recipient with its token, or what they were told since it was last asked. */
export type SocketsOrder = { url: string; tokens: Record<string, string> } | 'arrivals';

/** What it answers; times are on {@link now}'s clock. */
export type SocketsReport = 'ready' | [recipient: string, at: number][];
