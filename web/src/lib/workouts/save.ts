/** Gives a file to the person at the screen. */

/** Saves a file under a name; what names of files cannot have is left out of it. */
export function saveFile(content: Blob, name: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(content);
  link.download = fileName(name);
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000); // the browser reads it after the click
}

/** Returns a name without what is not allowed on one of the usual systems, and short enough for all of them. */
export function fileName(name: string): string {
  const ending = /\.\w{1,10}$/.exec(name)?.[0] ?? "";
  const plain = name
    .slice(0, name.length - ending.length)
    .replace(/[\p{Cc}<>:"/\\|?*]+/gu, " ")
    .replace(/\s+/g, " ")
    .trim()
    .replace(/\.+$/, "");
  return [...plain].slice(0, 100).join("") + ending;
}
