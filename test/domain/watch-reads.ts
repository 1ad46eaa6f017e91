/** The same object, adding to `reads` the path of every field that is read of it and of what it holds; all items of a list have one path. */
export function watchReads<Watched extends object>(watched: Watched, reads: Set<string>): Watched {
  return watch(watched, reads, '');
}

/** The values that an object holds, by path as above; an object or list among them is `something`. */
export function valuesByPath(value: unknown, path = ''): (readonly [path: string, value: unknown])[] {
  if (typeof value !== 'object' || value === null) return [[path, value]];
  const inner = Object.entries(value).flatMap(([key, one]) => valuesByPath(one, pathTo(value, path, key)));
  return [[path, something], ...inner];
}

export const something = Symbol('something');

function watch<Watched extends object>(watched: Watched, reads: Set<string>, path: string): Watched {
  const inner = new Map<unknown, object>();
  return new Proxy(watched, {
    get(target, key) {
      const value: unknown = Reflect.get(target, key);
      if (typeof key === 'symbol' || !Object.hasOwn(target, key)) return value;
      const at = pathTo(target, path, key);
      reads.add(at);
      if (typeof value !== 'object' || value === null) return value;
      // Identity must hold: the same field is the same object each time.
      if (!inner.has(value)) inner.set(value, watch(value, reads, at));
      return inner.get(value);
    },
  });
}

function pathTo(of: object, path: string, key: string): string {
  return Array.isArray(of) ? `${path}[]` : `${path}.${key}`;
}
