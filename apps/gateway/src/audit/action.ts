/** What an action is called and what it is done to, as its route tells: whoever adds a route has to think of neither. */

/** Ends the name of an action where its path does not. */
const verbs: Record<string, string> = { POST: 'create', PUT: 'put', PATCH: 'patch', DELETE: 'delete' };

/** `/v1/admin/api-keys/:id/rotate` as `api-keys/:id/rotate`, in parts. */
function partsOf(route: string): string[] {
  return route
    .replace(/^\/v1\/(admin\/)?/, '')
    .split('/')
    .filter((part) => part !== '');
}

/**
 * The stable name of an action, from its route, which is as stable: `POST /v1/admin/api-keys/:id/rotate` is `api-keys.rotate`, `PUT
 * /v1/admin/providers/:channel/:name` is `providers.put`.
 *
 * @param route as the router writes it, with `:name` for what varies
 */
export function actionOf(method: string, route: string): string {
  const words = partsOf(route).filter((part) => !part.startsWith(':'));
  const saysWhat = method === 'POST' && words.length > 1;
  return [...words, ...(saysWhat ? [] : [verbs[method] ?? method.toLowerCase()])].join('.');
}

/** Whether a route is one of those that admins have; what is done there is recorded whoever does it. */
export function isForAdmins(route: string): boolean {
  return route.startsWith('/v1/admin/');
}

/**
 * What an action is done to: `providers/email/smtp`.
 * @param say what may be told of a parameter
 */
export function targetOf(
  route: string,
  params: Readonly<Record<string, string>>,
  say: (value: string, name: string, collection: string) => string,
): string {
  const parts = partsOf(route);
  const varying = parts.findLastIndex((part) => part.startsWith(':'));
  // Behind the last parameter only the action is told: `rotate`.
  const kept = varying < 0 ? parts.slice(0, 1) : parts.slice(0, varying + 1);
  return kept
    .map((part) => (part.startsWith(':') ? say(params[part.slice(1)] ?? '', part.slice(1), parts[0]!) : part))
    .join('/');
}

/**
 * Where the state that an action changes can be read, most exact first: the path itself, then what the action is a verb of. Nowhere
 * for what is created, as it is not there before.
 *
 * @returns routes as the router writes them, each with the path of this request
 */
export function statePlaces(method: string, route: string, path: string): { route: string; path: string }[] {
  const routeParts = route.split('/');
  const pathParts = path.split('/');
  const first = (count: number) => ({
    route: routeParts.slice(0, count).join('/'),
    path: pathParts.slice(0, count).join('/'),
  });
  const varying = routeParts.findLastIndex((part) => part.startsWith(':'));
  const whole = routeParts.length;
  const places = method === 'POST' ? [] : [first(whole)];
  if (varying > 0 && varying < whole - 1) places.push(first(varying + 1));
  // `catalog/revert`: of the only one of its kind.
  if (varying < 0 && method === 'POST' && partsOf(route).length > 1) places.push(first(whole - 1));
  return places;
}
