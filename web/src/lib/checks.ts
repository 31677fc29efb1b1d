/** Rules for what is typed. Each returns the sentence that the API says when its own rule is broken, so that both sound alike. */

export function checkUsername(name: string): string | undefined {
  if (name.length < 3 || name.length > 30) return "username: 3 to 30 characters required";
  if (!/^\w+$/.test(name)) return 'username: only alphanumeric characters and the underscore character "_" allowed';
  return undefined;
}

/** Finds most typing errors; the API knows more. */
export function checkEmail(email: string): string | undefined {
  return /^[^\s@]+@[^\s@]+\.[^\s@.]+$/.test(email.trim()) ? undefined : "email: valid email must be provided";
}

export function checkPassword(password: string): string | undefined {
  if ([...password].length < 8) return "password: 8 characters required";
  return new TextEncoder().encode(password).length > 1024 ? "password: 1024 bytes at most" : undefined;
}

/** Checks a file of workouts by its name and its size in bytes; the limits are the instance's. */
export function checkTrackFile(
  file: Pick<File, "name" | "size">,
  limits: { max_single_file_size: number; max_zip_file_size: number },
): string | undefined {
  const ending = /\.([^.]*)$/.exec(file.name)?.[1]?.toLowerCase();
  if (ending !== "gpx" && ending !== "zip") return "file extension not allowed";
  const limit = ending === "zip" ? limits.max_zip_file_size : limits.max_single_file_size;
  if (file.size <= limit) return undefined;
  return `Error during workout upload, file size (${apiSize(file.size)}) exceeds ${apiSize(limit)}.`;
}

/** Returns a size as the API's sentences have it. */
function apiSize(bytes: number): string {
  if (bytes < 1024) return `${bytes.toFixed(1)} bytes`;
  const units = ["KB", "MB", "GB", "TB"];
  let size = bytes / 1024;
  while (size >= 1024 && units.length > 1) {
    size /= 1024;
    units.shift();
  }
  return `${size.toFixed(1)}${units[0]}`;
}
