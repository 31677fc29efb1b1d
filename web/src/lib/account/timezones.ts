/** Time zones by their IANA names. */

/** Returns all that the browser knows. */
export function allTimezones(): string[] {
  return [...new Set([...Intl.supportedValuesOf("timeZone"), "UTC"])];
}

// How names look that the API takes. Intl also takes offsets such as +01:00.
const form = /^[A-Z][A-Za-z0-9_+-]*(\/[A-Z][A-Za-z0-9_+-]*){0,2}$/;

/** Returns the name of the zone that somebody means who does not look at capitals and blanks; nothing if there is none. */
export function findTimezone(text: string): string | undefined {
  const wanted = text.trim().replaceAll(" ", "_");
  const found = allTimezones().find((name) => name.toLowerCase() === wanted.toLowerCase());
  if (found) return found;
  try {
    Intl.DateTimeFormat("en", { timeZone: wanted });
  } catch {
    return undefined;
  }
  return form.test(wanted) ? wanted : undefined; // an older name
}
