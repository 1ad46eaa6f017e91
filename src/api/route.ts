import { routes, type Route, type RouteName } from './contract.ts';
import { Failure } from './failure.ts';

/** The route of a request and the `:id` in its path. Throws Failure 400, 404 or 405. */
export function findRoute(method: string, url: string): { readonly name: RouteName; readonly id: string } {
  const segments = segmentsOf(url);
  const here = routes.filter(({ path }) => matches(path, segments));
  const route = here.find((one) => one.method === method);
  if (route) return { name: route.name, id: segments.at(-1) ?? '' };
  if (here.length > 0) throw wrongMethod(method, here);
  throw new Failure(
    404,
    'not_found',
    'there is no such path; the paths are in the documentation of the control API',
  );
}

function segmentsOf(url: string): readonly string[] {
  const [path = ''] = url.split('?');
  try {
    return path.split('/').map(decodeURIComponent);
  } catch {
    throw new Failure(400, 'bad_request', 'the path is not encoded well');
  }
}

function matches(path: string, segments: readonly string[]): boolean {
  const wanted = path.split('/');
  if (wanted.length !== segments.length) return false;
  return wanted.every((part, index) => (part === ':id' ? segments[index] !== '' : part === segments[index]));
}

function wrongMethod(method: string, here: readonly Route[]): Failure {
  const allowed = here.map((one) => one.method).join(', ');
  const message = `${method.slice(0, 20)} is not allowed here; allowed: ${allowed}`;
  return new Failure(405, 'method_not_allowed', message, { Allow: allowed });
}
