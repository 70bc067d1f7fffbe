/** Whether a text is what REALTIME_ORIGINS may be. */
export function areOrigins(text: string): boolean {
  return listed(text).every((origin) => origin === '*' || isOrigin(origin));
}

/**
 * Whether a page of this origin may open a WebSocket. Browsers let any page open one to anywhere and say whose page it is;
 * whatever is no browser says nothing.
 *
 * @param allowed the setting REALTIME_ORIGINS
 * @param host to which the request was sent
 */
export function mayConnect(origin: string | undefined, host: string | undefined, allowed: string | undefined): boolean {
  if (origin === undefined) return true;
  if (allowed !== undefined) return listed(allowed).some((one) => one === '*' || one.toLowerCase() === origin);
  return URL.canParse(origin) && new URL(origin).host === host?.toLowerCase();
}

function listed(text: string): string[] {
  return text.split(',').map((origin) => origin.trim());
}

/** Apps in a web view have schemes of their own: `capacitor://localhost`. */
function isOrigin(text: string): boolean {
  return /^[a-z][a-z0-9+.-]*:\/\/[^\s/*?#@]+$/i.test(text);
}
