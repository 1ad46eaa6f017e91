/** True when a text has no C0, DEL, C1 or bidi control character in it. */
export function isControlFree(text: string): boolean {
  return !/[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/.test(text);
}

/** Stricter than git's own rule: no option, no `refs/` path, no special name, nothing a shell or a glob could read. */
export function isBranchName(name: string): boolean {
  if (!/^[A-Za-z0-9._/][A-Za-z0-9._/-]{0,199}$/.test(name)) return false;
  if (/^(?:\/|refs\/|heads\/|HEAD$|FETCH_HEAD$)/.test(name)) return false;
  return !/\.\.|\/\/|\/$|\.lock(?:\/|$)|(?:^|\/)[.-]|\.$/.test(name);
}

/** A name of an attribute under nixosConfigurations, dots allowed between labels. */
export function isHostName(name: string): boolean {
  return name.length <= 253 && /^[A-Za-z0-9_](?:[A-Za-z0-9_-]|\.(?=[A-Za-z0-9_]))*$/.test(name);
}

/** An absolute path without `..`, so that what is checked is what is used. */
export function isAbsolutePath(path: string): boolean {
  return path.startsWith('/') && isControlFree(path) && !path.split('/').includes('..');
}

/** A directory inside the repository; it becomes part of a flake reference, hence the small alphabet. */
export function isSubdirectory(path: string): boolean {
  return /^[A-Za-z0-9._+][A-Za-z0-9._+/-]*$/.test(path) && !path.split('/').some((part) => part === '..');
}

/** A time zone this Node knows, such as Europe/Berlin. */
export function isTimeZone(zone: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: zone }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}
